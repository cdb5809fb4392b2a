"""The catalogue: which receivers there are, what they report and take, and who answered. PURE."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from services.drivers.port import Description, Product
from services.drivers.shure.uhfr.codec.controls import CONTROLS
from services.drivers.shure.uhfr.codec.meters import TELEMETRY
from services.drivers.shure.uhfr.codec.state import PRESENT, UnitState
from services.drivers.shure.uhfr.codec.words import CHANNEL_WORDS, UNIT_WORDS
from services.drivers.shure.uhfr.keys import MORE_NAMES
from services.model import KEYS, Abilities, Identity, Kind, SettableRange

MANUFACTURER = "shure"
FAMILY = "uhfr"
TITLE = "UHF-R"

MODELS: Mapping[str, int] = {"UR4S": 1, "UR4D": 2}
"""Model -> its channels. What a receiver calls itself may go on behind it (UR4D+)."""

ALL_WORDS = frozenset(word.name for word in CHANNEL_WORDS)


def model_of(text: object) -> str | None:
    """The model that a receiver's own word for itself names; ``None`` for none that is known."""
    return next((model for model in MODELS if isinstance(text, str) and model in text.upper()), None)


def channel_abilities(words: Collection[str], tuning: object = None) -> Abilities:
    """What a channel can of which these words were reported; ``tuning``: the receiver's ranges, where it told them."""
    reported = {key for word in CHANNEL_WORDS if word.name in words for key in word.keys} - MORE_NAMES
    settable = {key: can for control in CONTROLS if control.word in words for key, can in control.can.items()}
    if "frequency_mhz" in settable and isinstance(tuning, str):
        settable["frequency_mhz"] = _tuning(tuning)
    return Abilities(
        KEYS.with_derived(Kind.CHANNEL, reported | {PRESENT}),
        TELEMETRY,
        settable=settable,
        features=("battery", "receiver_mute"),
    )


def unit_abilities(*, identifies: bool) -> Abilities:
    """What a receiver itself can: it has no label of its own."""
    return Abilities(KEYS.with_derived(Kind.RECEIVER, ()), identifies=identifies)


def identify(state: UnitState, parts: Collection[int]) -> Identity:
    """Who answered. Where it does not tell its model, a second channel proves a UR4D.

    A second channel that stays silent proves nothing, for datagrams get lost: another model would be another unit.
    """
    told = state.value(0, "model")
    model = str(told) if model_of(told) else "UR4D" if len(parts) == MODELS["UR4D"] else None
    texts = {key: _text(state.value(0, key)) for key in ("mac", "firmware", "band")}
    return Identity(MANUFACTURER, FAMILY, Kind.RECEIVER, model, part_count=len(parts), **texts)


def describe(state: UnitState, parts: Collection[int]) -> Description:
    """A receiver as it was read: what it answered decides what it can."""
    speaks_of_itself = any((0, word.name) in state.answered for word in UNIT_WORDS)
    tuning = state.value(0, "tuning_ranges_mhz")
    channels = {
        number: channel_abilities({word for channel, word in state.answered if channel == number}, tuning)
        for number in parts
    }
    return Description(identify(state, parts), unit_abilities(identifies=speaks_of_itself), channels)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _tuning(ranges: str) -> SettableRange:
    """Lowest and highest frequency. `SettableRange` knows no gaps: those stand in ``tuning_ranges_mhz``."""
    edges = [float(edge) for block in ranges.split() for edge in block.split("-")]
    return SettableRange(minimum=min(edges), maximum=max(edges), unit="MHz")


PRODUCTS: tuple[Product, ...] = tuple(
    Product(
        name=model.lower(),
        model=model,
        family=FAMILY,
        title=TITLE,
        kind=Kind.RECEIVER,
        parts=channels,
        abilities=unit_abilities(identifies=True),
        part_abilities=channel_abilities(ALL_WORDS),
        note="RF level only as the unit's own number. Model, MAC address and firmware only where it tells them.",
    )
    for model, channels in sorted(MODELS.items(), key=lambda pair: -pair[1])
)
