"""PURE. Raw SAMPLE messages of one receiver -> one summary of the meters of each channel.

Lines are kept as bytes until somebody wants the summary, and then read together: one column of all lines at once. The
fields have a fixed width, so the largest and smallest of a column are found by comparing bytes, and what a field means
is looked up instead of computed. The file of each family lists its fields: docs/protocols.md#meters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import cast

from services.drivers.shure.codec.framing import Framer
from services.model import (
    AntennaState,
    Telemetry,
)

Columns = Sequence[Sequence[bytes]]
"""The channel and then the fields of many messages: one column each, newest last."""

VERB = b"SAMPLE"
HEAD, SHORT_HEAD = 3, 2
"""Words before the fields: SAMPLE, channel, ALL; Microflex Wireless has no ALL."""
ANTENNA_LETTERS = "abcd"
"""Antennas as they stand in keys, in the order of a SAMPLE."""


def audio_scale(offset: int, unknown: int = 255) -> Mapping[bytes, int]:
    """What three digits mean, in dBFS: raw + ``offset``, at most full scale; nothing from ``unknown`` on."""
    return {b"%03d" % raw: min(0, raw + offset) for raw in range(unknown)}


def rf_scale(offset: int) -> Mapping[bytes, int]:
    """What a field of three digits means, in dBm: raw + ``offset``. No microphone is received with more than 0 dBm."""
    return {b"%03d" % raw: raw + offset for raw in range(1 - offset)}


RF, AUDIO = rf_scale(-120), audio_scale(-120)
"""dBm and dBFS of SLX-D and Axient."""

RF_MOST = max(RF)
"""The field of 0 dBm; what compares as higher is no level."""

STRANGE = b"?"
"""In place of a letter that stands for no state of an antenna that we know."""

ANTENNA_STATES: Mapping[int, AntennaState] = {
    ord("A"): "active",
    ord("B"): "active",
    ord("X"): "inactive",
    ord("R"): "interference",
}


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What a family's SAMPLE looks like, and how its columns are read.

    ``message`` matches a message whose digits have become 0 and whose antennas A, which the translation table ``shape``
    does: messages that differ in values alone look the same. What stands behind the ``fields`` that it finds is for
    newer programs than this one. ``letters`` makes `STRANGE` of what is no letter of an antenna. ``read`` gets one
    column a field, the channel first, and fills some of ``keys``. Compared and hashed by identity.
    """

    message: re.Pattern[bytes]
    shape: bytes
    letters: bytes
    read: Callable[[Columns], Telemetry]
    keys: frozenset[str]
    head: int = HEAD
    """Words before the fields."""


def sample_layout(
    fields: bytes, letters: bytes, read: Callable[[Columns], Telemetry], keys: Iterable[str], *, head: int = HEAD
) -> Layout:
    """A layout of what stands behind ALL, or without it; ``letters`` are those of an antenna apart from A."""
    antennas = letters + STRANGE
    shape = bytes.maketrans(b"123456789" + antennas, b"0" * 9 + b"A" * len(antennas))
    known = bytes(each if each in b"A" + letters else STRANGE[0] for each in range(256))
    begin = rb"< SAMPLE 00? " + (b"ALL " if head == HEAD else b"")
    message = re.compile(begin + rb"(?P<fields>" + fields + rb")(?P<more>(?: (?!" + VERB + rb")[^ <>]+)*) >")
    return Layout(message, shape, known, read, frozenset(keys), head)


def summarise(layout: Layout, messages: bytes) -> dict[int, Telemetry]:
    """Sum up SAMPLE messages, one behind the other and oldest first: by channel, where it has well-formed ones.

    Ill-formed messages are left out: ``samples`` in a summary counts the others.
    """
    summaries = _summarise_alike(layout, messages)
    return _summarise_unlike(layout, messages) if summaries is None else summaries


def _summarise_alike(layout: Layout, messages: bytes) -> dict[int, Telemetry] | None:
    """Messages of one shape, as nearly all are; ``None`` where they are not."""
    shapes = messages.translate(layout.shape)
    shape = shapes[: shapes.find(b">") + 1]
    fields = _fields(layout, shape)
    if fields is None or shapes != shape * (len(shapes) // len(shape)):
        return None
    rows: defaultdict[bytes, list[Sequence[bytes]]] = defaultdict(list)
    for row in fields.iter_unpack(messages):
        rows[row[0]].append(row)
    return {int(channel): layout.read(list(zip(*own, strict=True))) for channel, own in rows.items()}


def _summarise_unlike(layout: Layout, messages: bytes) -> dict[int, Telemetry]:
    """Channels that differ, each by itself; where one has changed, or noise is in it, each message by itself."""
    channels: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for body in Framer().feed(messages):
        channels[b"".join(body.split(None, 2)[1:2])].append(b"< %b >" % body)
    summaries: dict[int, Telemetry] = {}
    for own in channels.values():
        whole = _summarise_alike(layout, b"".join(own))
        parts = (
            [whole] if whole is not None else [_summarise_alike(layout, _as_documented(layout, each)) for each in own]
        )
        for part in filter(None, parts):
            for channel, telemetry in part.items():
                earlier = summaries.get(channel)
                summaries[channel] = telemetry if earlier is None else merge(earlier, telemetry)
    return summaries


@lru_cache(maxsize=64)
def _fields(layout: Layout, shape: bytes) -> Struct | None:
    """Where the fields are in a message of this shape; ``None`` where none of the family looks like that.

    A family has a handful of shapes: antennas, carriers, and bitmaps of two or three digits.
    """
    found = layout.message.fullmatch(shape)
    if found is None:
        return None
    opening, verb, channel, *everything = (len(word) for word in shape.split()[: 1 + layout.head])
    head = f"{opening}xx{verb}xx{channel}sx" + "".join(f"{length}xx" for length in everything)
    return Struct(head + "".join(f"{len(field)}sx" for field in found["fields"].split()) + f"{len(found['more'])}xx")


def _as_documented(layout: Layout, message: bytes) -> bytes:
    """A message as all devices that were seen write it: in capitals, with single blanks and numbers of three digits.

    Signs that stand for no state of an antenna become `STRANGE`.
    """
    opening, *words, closing = message.upper().split()
    fields = (_field(layout, word) for word in words[layout.head :])
    return b" ".join((opening, *words[: layout.head], *fields, closing))


def _field(layout: Layout, word: bytes) -> bytes:
    if word.isdigit():
        return word.lstrip(b"0").zfill(3)
    return word if word == VERB else word.translate(layout.letters)


def merge(earlier: Telemetry, later: Telemetry) -> Telemetry:
    """Two summaries of the same channel as one: the newest levels, and the extremes of both."""
    merged: dict[str, object] = dict(later)
    for key, combine in _EXTREMES.items():
        old, new = earlier.get(key), merged.get(key)
        if old is not None:
            merged[key] = old if new is None else combine((old, new))
    return cast("Telemetry", merged)


_EXTREMES: Mapping[str, Callable[[Sequence[object]], object]] = {
    "samples": sum,  # type: ignore[dict-item]  # all of these are numbers or flags
    "dropouts": sum,  # type: ignore[dict-item]
    "audio_peak_dbfs": max,  # type: ignore[dict-item]
    "audio_peak_raw": max,  # type: ignore[dict-item]
    "rf_min_dbm": min,  # type: ignore[dict-item]
    "quality_min": min,  # type: ignore[dict-item]
    "interference_seen": any,
    "audio_overload": any,
    "audio_left_raw": max,  # type: ignore[dict-item]
    "audio_right_raw": max,  # type: ignore[dict-item]
    **{f"rf_overload_{letter}": any for letter in ANTENNA_LETTERS},
}


def strongest(levels: Columns) -> tuple[int | None, int | None]:
    """The strongest antenna's level in the newest sample, and in the weakest one, dBm."""
    if max(map(max, levels)) > RF_MOST:  # blank compares as the lowest
        levels = [[b"" if raw > RF_MOST else raw for raw in column] for column in levels]
    best = list(map(max, *levels))
    newest, lowest = best[-1], min(filter(None, best), default=b"")
    return RF.get(newest), RF.get(lowest)


def highest(column: Sequence[bytes], levels: Mapping[bytes, int]) -> int | None:
    """The highest level of a column; ``None`` where all are unknown."""
    most = levels.get(max(column))
    if most is None:  # the mark for unknown compares as the highest
        most = max((level for each in column if (level := levels.get(each)) is not None), default=None)
    return most
