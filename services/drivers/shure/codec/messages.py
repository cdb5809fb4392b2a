"""PURE. Bodies of messages <-> messages <-> readings. Nothing in here raises, whatever bytes come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from services.drivers.port import Part, Reading
from services.drivers.shure.codec.properties import PropertyTable, Scope

VERBS = frozenset({b"GET", b"SET", b"REP", b"REPORT", b"SAMPLE"})
ANSWERS = frozenset({"REP", "REPORT"})
"""Verbs of what a unit says of itself; REPORT is that of PSM1000 and UHF-R. All others are questions and meters."""
_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_]*\Z")
_SUB = re.compile(r"(\d{1,2})(?:\s+|\Z)")

INDEX_DIGITS = 2
"""No receiver has a hundred channels."""


PLACES = frozenset({"CH", "BAY", "PRI", "SEC"})
"""What stands before an index on Microflex Wireless and belongs to the name: a channel, a bay of a dock, the first or
the second microphone of a channel (docs/protocols/mxw.md#places)."""
MIC, MIC_INPUTS = "MIC", range(21, 40)
"""Our word for the inputs of an access point that are its wireless microphones, and their numbers there."""
_INPUTS = frozenset({"INPUT_CH_GAIN", "INPUT_CH_MUTE"})

ONLY_PART = 1
"""What a property of a part is of that comes without an index."""
_SUB_INDEXED = frozenset({Scope.SLOT, Scope.ANTENNA})
"""What stands behind a second index."""

REMEMBERED = 1024
"""Messages whose meaning is remembered: receivers repeat much the same, a whole dump at every re-read."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``index`` is the part (0 for all of them, ``None`` for the unit).

    ``value`` is the rest as it stands on the wire, braces and padding included; it may begin with a slot or an antenna,
    which only the family's table knows: `split_sub`. Of NET_SETTINGS the interface belongs to the name:
    ``NET_SETTINGS SC``. So does a word of `PLACES`, ``BAY TX_STATUS``, and `MIC` for a microphone's input, whose index
    counts from 1: ``MIC INPUT_CH_GAIN``.
    """

    verb: str
    index: int | None
    name: str
    value: str = ""


@lru_cache(maxsize=REMEMBERED)
def parse(body: bytes) -> Message | None:
    """A message of its body (without the outer brackets); ``None`` where it is none."""
    head = body.split(None, 2)
    if len(head) < 2:  # noqa: PLR2004 - a verb and something that it is about
        return None
    verb = head[0].upper()
    if verb not in VERBS:
        return None
    index: int | None = None
    name, rest = head[1].upper(), head[2] if len(head) > 2 else b""  # noqa: PLR2004 - and more of it
    place = ""
    if (word := name.decode("ascii", "replace")) in PLACES and rest:
        place, (name, *further) = f"{word} ", rest.split(None, 1)
        name, rest = name.upper(), further[0] if further else b""
    if name.isdigit():
        index = int(name) if len(name) <= INDEX_DIGITS else None
        parts = rest.split(None, 1)
        if index is None or not parts:
            return None
        name, rest = parts[0].upper(), parts[1] if len(parts) > 1 else b""
    if _NAME.match(name) is None:
        return None
    if name == b"NET_SETTINGS":
        parts = rest.split(None, 1)
        name, rest = b" ".join((name, *parts[:1])).upper(), parts[1] if len(parts) > 1 else b""
    return _placed(Message(verb.decode(), index, place + name.decode("ascii", "replace"), decode_text(rest)))


def _placed(message: Message) -> Message:
    if message.name in _INPUTS and message.index is not None and message.index in MIC_INPUTS:
        return replace(message, name=f"{MIC} {message.name}", index=message.index - MIC_INPUTS.start + 1)
    return message


def renamed(message: Message, synonyms: Mapping[str, str]) -> Message:
    """The message under the name that its model's table has it by."""
    name = synonyms.get(message.name)
    return message if name is None else replace(message, name=name)


def split_sub(value: str, *, alone: bool = False) -> tuple[int | None, str]:
    """A slot or antenna, and the value behind it; ``alone`` allows that nothing follows, as in a GET."""
    found = _SUB.match(value)
    if found is None or not (alone or found.end() < len(value)):
        return None, value
    return int(found[1]), value[found.end() :]


def decode_text(raw: bytes) -> str:
    """UTF-8 where it is that, else Latin-1: people write names with whatever their computer has."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


HARDWARE = frozenset({"model", "family", "device_id", "firmware", "mac", "band", "antenna_count"})
"""Who a unit is and what it is built of: a text that nobody can read changes nothing of that."""


class Meaning(NamedTuple):
    """What a REP means: its ``reading``, which may hold `composing.PRIVATE_KEYS`, and whether its text is ``legible``.

    What is known and not published has a reading without values. A text that is not legible (a new word, a number
    out of its range, nothing at all) makes its keys unknown: what the property was before is not true any more.
    """

    reading: Reading
    legible: bool = True


@lru_cache(maxsize=REMEMBERED)
def decode(message: Message, table: PropertyTable) -> Meaning | None:
    """The meaning of a REP; ``None`` where the family has no such property, or it stands at no such place."""
    prop = table.find(message.name, indexed=message.index is not None)
    if prop is None or message.verb != table.verb or message.index == 0:
        return None
    slot, value = split_sub(message.value) if prop.scope in _SUB_INDEXED else (None, message.value)
    if prop.scope is Scope.SLOT and not slot:
        return None
    number = 0 if prop.scope is Scope.UNIT else message.index or ONLY_PART
    part = Part(number, (slot or 0) if prop.scope is Scope.SLOT else 0)
    try:
        values = dict(zip(prop.keys, prop.decode(value.strip()), strict=True))
    except ValueError:
        return Meaning(Reading(part, dict.fromkeys(key for key in prop.keys if key not in HARDWARE)), legible=False)
    return Meaning(Reading(part, MappingProxyType(values)))  # shared by every listener: nobody may change it


def encode(
    table: PropertyTable, scope: Scope, key: str, value: object, others: Mapping[str, object] | None = None
) -> list[tuple[str, str]]:
    """A key's new value as (wire name, wire text) of every askable property that carries it.

    ``others`` holds the further keys of such a property (``group`` beside ``group_channel``); missing means unknown.
    """
    values = {**(others or {}), key: value}
    return [
        (prop.name, prop.encode([values.get(each) for each in prop.keys]))
        for prop in table
        if key in prop.keys and prop.scope is scope and prop.askable and not prop.metered
    ]


def get(name: str, index: int | None = None, sub: int | None = None) -> bytes:
    """``< GET 1 SLOT_STATUS 0 >``."""
    return _message("GET", name, index, sub, "")


def set_(name: str, index: int | None, value: str, sub: int | None = None) -> bytes:
    """``< SET 1 METER_RATE 01000 >``."""
    return _message("SET", name, index, sub, value)


def report(name: str, index: int | None = None, sub: int | None = None, value: str = "") -> bytes:
    """``< REP 1 SLOT_STATUS 2 EMPTY >``."""
    return _message("REP", name, index, sub, value)


def _message(verb: str, name: str, index: int | None, sub: int | None, value: str) -> bytes:
    place, _, plain = name.partition(" ")
    if place == MIC and index:
        index, name = index + MIC_INPUTS.start - 1, plain
    elif place in PLACES:
        verb, name = f"{verb} {place}", plain
    words = [verb, *([] if index is None else [str(index)]), name, *([] if sub is None else [str(sub)])]
    if value:
        words.append(value)
    return f"< {' '.join(words)} >".encode()


ERROR = b"< REP ERR >"
