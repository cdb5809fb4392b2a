"""Finds out which line of units answers: by the model that it names, or by what it can be asked."""

from __future__ import annotations

from services.drivers.audio_technica.asking import HELD, STRANGER_AGAIN_S, Asking, Reply
from services.drivers.audio_technica.codec.lines import BUSY, NO_LINK, REFUSALS, fields
from services.drivers.audio_technica.families.atw import ATW
from services.drivers.audio_technica.families.catalogue import FAMILIES, family_of
from services.drivers.audio_technica.families.family import Family
from services.drivers.audio_technica.families.system20 import LINKS
from services.drivers.port import DriverError
from services.model import clean_text

SILENT_AGAIN_S = 15.0
BUSY_AGAIN_S = 15.0
"""A change of the mode takes that long."""
NAMED_MOST = 40

_MODEL, _LEVELS = "gmymodel", "garlv"
_FIRST_PART = "1"
_BY_PORT: dict[int, tuple[tuple[str, str, str], ...]] = {
    17200: ((_MODEL, "", NO_LINK), (_MODEL, "", LINKS[0])),
    17300: ((_LEVELS, _FIRST_PART, NO_LINK), (_MODEL, "", NO_LINK)),
}
_ANYWHERE = ((_MODEL, "", NO_LINK), (_MODEL, "", LINKS[0]), (_LEVELS, _FIRST_PART, NO_LINK))
"""What is asked: word, parameters, id. A System 20 may listen to its RxLink id alone."""

_KNOWN = ", ".join(family.title for family in FAMILIES)


async def recognise(asking: Asking, port: int) -> Family:
    """The line of the unit. Raises `DriverError` (wrong_model, timeout)."""
    refused = False
    for word, text, link in _BY_PORT.get(port, _ANYWHERE):
        reply = await asking.ask(word, text, link=link)
        if reply.answered and word == _LEVELS:
            return ATW
        if reply.answered:
            return _named(asking, reply)
        if reply.refusal in BUSY:
            detail = f"{asking.connection.peer} stays busy: {REFUSALS[reply.refusal or 0]}"
            raise DriverError("timeout", detail, again_s=BUSY_AGAIN_S)
        refused = refused or not reply.silent
    where = asking.connection.peer
    if refused:
        detail = (
            f"{where} speaks Audio-Technica's commands but is none of {_KNOWN}: maybe a mixer (ATDM) or a conference "
            "system (ATUC), which this driver does not read"
        )
        raise DriverError("wrong_model", detail, again_s=STRANGER_AGAIN_S, stranger="Audio-Technica, a mixer or ATUC")
    if asking.strange and not asking.heard:
        raise asking.stranger()
    detail = f"{where} takes the connection and answers nothing: {HELD}. Else restart it"
    raise DriverError("timeout", detail, again_s=SILENT_AGAIN_S)


def _named(asking: Asking, reply: Reply) -> Family:
    """The line of the model that a unit names. Raises `DriverError`."""
    model = clean_text(fields(reply.message.text)[0].strip(), NAMED_MOST) if reply.message is not None else ""
    family = family_of(model)
    if family is None:
        detail = f"{asking.connection.peer} is a {model or 'unit without a name'}: this driver reads {_KNOWN}"
        raise DriverError("wrong_model", detail, again_s=STRANGER_AGAIN_S, stranger=f"Audio-Technica {model}")
    return family
