"""PURE. What recorded bytes of a unit mean, without a unit: for captures."""

from __future__ import annotations

from collections.abc import Iterable

from services.drivers.port import Part, Reading
from services.drivers.shure.codec import messages as codec
from services.drivers.shure.codec.framing import Framer
from services.drivers.shure.codec.samples import VERB
from services.drivers.shure.families import Family, Model


def replay(family: Family, model: Model, pieces: Iterable[bytes]) -> list[Reading]:
    """Pieces as reads bring them. All readings in order, and one summary of all meters of each channel behind them."""
    framer, composer = Framer(), family.composer(model)
    levels = family.meters.levels if family.meters else None
    readings: list[Reading] = []
    meters = b""
    for body in (body for piece in pieces for body in framer.feed(piece)):
        is_sample = body[: len(VERB)].upper() == VERB  # of Microflex Wireless it is no message: it has no name
        if is_sample or (levels is not None and levels.has(body)):
            meters += b"< %b >" % body
            continue
        message = codec.parse(body)
        if message is None:
            continue
        if (meaning := codec.decode(codec.renamed(message, model.synonyms), family.properties)) is not None:
            readings += composer.compose(meaning.reading)
    readings += composer.complete()
    summaries = family.meters.summarise(meters)[0] if family.meters else {}
    return [*readings, *(Reading(Part(channel), telemetry) for channel, telemetry in summaries.items())]
