"""PURE. Raw SAMPLE messages of one receiver -> one summary of the meters of each channel.

Lines are kept as bytes until somebody wants the summary, and then read together: one column of all lines at once. The
fields have a fixed width, so the largest and smallest of a column are found by comparing bytes, and what a field means
is looked up instead of computed. Layouts: protocol notes section 1.3.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from struct import Struct
from typing import cast

from services.drivers.shure.codec.framing import Framer
from services.model import AntennaState, ChannelTelemetry

Columns = Sequence[Sequence[bytes]]
"""The channel and then the fields of many messages: one column each, newest last."""

HEAD = 3
"""Words before the fields: SAMPLE, channel, ALL."""
UNKNOWN = b"255"
AUDIO_OVERLOAD = 0x80
RF_OVERLOAD = 0x20
"""Above the five lights of the level: the published examples write all five as 31."""


def _levels(offset: int, most: int = 255) -> Mapping[bytes, int]:
    """What a field of three digits means, in dB; ``most`` is full scale. 255, and whatever is above, is unknown."""
    return {b"%03d" % raw: min(most, raw + offset) for raw in range(255)}


ULXD_RF, ULXD_AUDIO = _levels(-128), _levels(-50, most=0)
RF, AUDIO = _levels(-120), _levels(-120, most=0)
QUALITY: Mapping[bytes, int] = {b"%03d" % raw: raw for raw in range(6)}
"""0 to 5; 255 is unknown."""

ANTENNA_STATES: Mapping[int, AntennaState] = {
    ord("A"): "active",
    ord("B"): "active",
    ord("X"): "inactive",
    ord("R"): "interference",
}
_LETTERS = "abcd"


def _written(mask: int) -> frozenset[bytes]:
    """Every way to write a bitmap that has a bit of ``mask``: looked up instead of converted."""
    return frozenset(b"%0*d" % (digits, bits) for bits in range(256) if bits & mask for digits in (2, 3))


_AUDIO_OVERLOADED, _RF_OVERLOADED = _written(AUDIO_OVERLOAD), _written(RF_OVERLOAD)
_SILENT = frozenset(bytes(token) for length in (2, 4, 6, 8) for token in product(b"XR", repeat=length))
"""Antenna tokens, of one carrier or of two, without an active antenna."""


def summarise(family: str, messages: bytes) -> dict[int, ChannelTelemetry]:
    """Sum up SAMPLE messages, one behind the other and oldest first: by channel, where it has well-formed ones.

    Ill-formed messages are left out: ``samples`` in a summary counts the others.
    """
    told = _summarise_alike(family, messages)
    return _summarise_unlike(family, messages) if told is None else told


def _summarise_alike(family: str, messages: bytes) -> dict[int, ChannelTelemetry] | None:
    """Messages of one shape, as nearly all are; ``None`` where they are not."""
    layout = LAYOUTS[family]
    shapes = messages.translate(layout.shape)
    shape = shapes[: shapes.find(b">") + 1]
    fields = _fields(family, shape)
    if fields is None or shapes != shape * (len(shapes) // len(shape)):
        return None
    rows: defaultdict[bytes, list[Sequence[bytes]]] = defaultdict(list)
    for row in fields.iter_unpack(messages):
        rows[row[0]].append(row)
    return {int(channel): layout.read(list(zip(*own, strict=True))) for channel, own in rows.items()}


def _summarise_unlike(family: str, messages: bytes) -> dict[int, ChannelTelemetry]:
    """Channels that differ, each by itself; where one has changed, or noise is in it, each message by itself."""
    channels: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for body in Framer().feed(messages):
        channels[b"".join(body.split(None, 2)[1:2])].append(b"< %b >" % body)
    summaries: dict[int, ChannelTelemetry] = {}
    for own in channels.values():
        whole = _summarise_alike(family, b"".join(own))
        parts = [whole] if whole is not None else [_summarise_alike(family, _as_documented(each)) for each in own]
        for part in filter(None, parts):
            for channel, telemetry in part.items():
                earlier = summaries.get(channel)
                summaries[channel] = telemetry if earlier is None else merge(earlier, telemetry)
    return summaries


@lru_cache(maxsize=64)
def _fields(family: str, shape: bytes) -> Struct | None:
    """Where the fields are in a message of this shape; ``None`` where none of the family looks like that.

    A family has a handful of shapes: antennas, carriers, and bitmaps of two or three digits.
    """
    if LAYOUTS[family].message.fullmatch(shape) is None:
        return None
    opening, verb, channel, everything, *fields, closing = (len(word) for word in shape.split())
    head = f"{opening}xx{verb}xx{channel}sx{everything}xx"
    return Struct(head + "".join(f"{width}sx" for width in fields) + f"{closing}x")


def _as_documented(message: bytes) -> bytes:
    """A message in capitals, with single blanks and numbers of three digits, as all devices that were seen write it."""
    opening, *words = message.upper().split()
    fields = (word.lstrip(b"0").zfill(3) if word.isdigit() else word for word in words[HEAD:])
    return b" ".join((opening, *words[:HEAD], *fields))


def merge(earlier: ChannelTelemetry, later: ChannelTelemetry) -> ChannelTelemetry:
    """Two summaries of the same channel as one: the newest levels, and the extremes of both."""
    merged: dict[str, object] = dict(later)
    for key, combine in _EXTREMES.items():
        old, new = earlier.get(key), merged.get(key)
        if old is not None:
            merged[key] = old if new is None else combine((old, new))
    return cast("ChannelTelemetry", merged)


_EXTREMES: Mapping[str, Callable[[Sequence[object]], object]] = {
    "samples": sum,  # type: ignore[dict-item]  # all of these are numbers or flags
    "dropouts": sum,  # type: ignore[dict-item]
    "audio_peak_dbfs": max,  # type: ignore[dict-item]
    "rf_min_dbm": min,  # type: ignore[dict-item]
    "quality_min": min,  # type: ignore[dict-item]
    "interference_seen": any,
    "audio_overload": any,
    **{f"rf_overload_{letter}": any for letter in _LETTERS},
}


def _read_ulxd(columns: Columns) -> ChannelTelemetry:
    """Antennas, one RF level, one audio level that stands for the peak."""
    _channel, tokens, rf, audio = columns
    newest = tokens[-1]
    return {
        "antenna_a": ANTENNA_STATES[newest[0]],
        "antenna_b": ANTENNA_STATES[newest[1]],
        "audio_peak_dbfs": _highest(audio, ULXD_AUDIO),
        "dropouts": tokens.count(b"XX"),
        "rf_dbm": ULXD_RF.get(rf[-1]),
        "rf_min_dbm": ULXD_RF.get(min(rf)),
        "samples": len(rf),
    }


def _read_slxd(columns: Columns) -> ChannelTelemetry:
    """Peak, RMS, one RF level."""
    _channel, peak, rms, rf = columns
    return {
        "audio_peak_dbfs": _highest(peak, AUDIO),
        "audio_rms_dbfs": AUDIO.get(rms[-1]),
        "rf_dbm": RF.get(rf[-1]),
        "rf_min_dbm": RF.get(min(rf)),
        "samples": len(rf),
    }


def _read_axient(columns: Columns) -> ChannelTelemetry:
    """Quality, audio lights, peak, RMS, then for each carrier its antennas and a pair (lights, RF) for each."""
    _channel, quality, lights, peak, rms, tokens, *pairs = columns
    count = 2 * len(tokens[-1])
    pairs, second = pairs[:count], pairs[count:]
    told: dict[str, object] = {
        "audio_peak_dbfs": _highest(peak, AUDIO),
        "audio_rms_dbfs": AUDIO.get(rms[-1]),
        "audio_overload": not _AUDIO_OVERLOADED.isdisjoint(lights),
        "quality": QUALITY.get(quality[-1]),
        "quality_min": QUALITY.get(min(quality)),
        "samples": len(quality),
    }
    _antennas(told, tokens, pairs, "")
    if second:
        _antennas(told, second[0], second[1:], "2_")
    levels = [*pairs[1::2], *second[2::2]]
    told["rf_dbm"], told["rf_min_dbm"] = _strongest(levels)
    states = [*map(b"".join, zip(tokens, second[0], strict=True))] if second else tokens
    told["interference_seen"] = b"R" in b"".join(states)
    told["dropouts"] = _dropouts(states, quality)
    return cast("ChannelTelemetry", told)


def _antennas(told: dict[str, object], tokens: Sequence[bytes], pairs: Columns, carrier: str) -> None:
    for number, letter in enumerate(_LETTERS[: len(tokens[-1])]):
        lights, rf = pairs[2 * number], pairs[2 * number + 1]
        told[f"rf_{carrier}{letter}_dbm"] = RF.get(rf[-1])
        key = f"rf_overload_{letter}"
        told[key] = not _RF_OVERLOADED.isdisjoint(lights) or bool(told.get(key, False))
        if not carrier:
            told[f"antenna_{letter}"] = ANTENNA_STATES[tokens[-1][number]]


def _strongest(levels: Columns) -> tuple[int | None, int | None]:
    """The strongest antenna's level in the newest sample, and in the weakest one, dBm."""
    if any(UNKNOWN in column for column in levels):  # blank compares as the lowest
        levels = [[b"" if raw == UNKNOWN else raw for raw in column] for column in levels]
    strongest = list(map(max, *levels))
    newest, lowest = strongest[-1], min(filter(None, strongest), default=b"")
    return RF.get(newest), RF.get(lowest)


def _dropouts(states: Sequence[bytes], quality: Sequence[bytes]) -> int:
    """Samples without an active antenna, or of quality 0."""
    silent = sum(map(_SILENT.__contains__, states))
    if b"000" not in quality:
        return silent
    return sum(state in _SILENT or each == b"000" for state, each in zip(states, quality, strict=True))


def _highest(column: Sequence[bytes], levels: Mapping[bytes, int]) -> int | None:
    highest = levels.get(max(column))
    if highest is None:  # the mark for unknown compares as the highest
        highest = max((level for each in column if (level := levels.get(each)) is not None), default=None)
    return highest


_SHAPE = bytes.maketrans(b"123456789BX", b"000000000AA")
_SHAPE_WITH_R = bytes.maketrans(b"123456789BXR", b"000000000AAA")
"""Digits look like 0 and antennas like A, so that lines that differ in values alone look the same."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a family's SAMPLE looks like once its values are levelled out, and how its columns are read."""

    message: re.Pattern[bytes]
    shape: bytes
    read: Callable[[Columns], ChannelTelemetry]


def _layout(fields: bytes, shape: bytes, read: Callable[[Columns], ChannelTelemetry]) -> Layout:
    return Layout(re.compile(rb"< SAMPLE 00? ALL " + fields + rb" >"), shape, read)


_CARRIER = rb"(?:AA(?: 000? 000){2}|AAAA(?: 000? 000){4})"
_OF_ULXD = _layout(rb"AA 000 000", _SHAPE, _read_ulxd)
_OF_SLXD = _layout(rb"000 000 000", _SHAPE, _read_slxd)
LAYOUTS: Mapping[str, Layout] = {
    "ulxd": _OF_ULXD,
    "qlxd": _OF_ULXD,
    "slxd": _OF_SLXD,
    "slxd_plus": _OF_SLXD,
    "axient": _layout(rb"000 000 000 000 " + _CARRIER + rb"(?: " + _CARRIER + rb")?", _SHAPE_WITH_R, _read_axient),
}

_ONE_RF = {"rf_dbm", "rf_min_dbm", "audio_peak_dbfs", "samples"}
_ULXD = frozenset({*_ONE_RF, "antenna_a", "antenna_b", "dropouts"})
_SLXD = frozenset({*_ONE_RF, "audio_rms_dbfs"})
TELEMETRY_KEYS: Mapping[str, frozenset[str]] = {
    "ulxd": _ULXD,
    "qlxd": _ULXD,
    "slxd": _SLXD,
    "slxd_plus": _SLXD,
    "axient": frozenset(
        {
            *_SLXD,
            *("audio_overload", "quality", "quality_min", "interference_seen", "dropouts"),
            *(f"{key}_{letter}" for key in ("antenna", "rf_overload") for letter in _LETTERS),
            *(f"rf_{carrier}{letter}_dbm" for carrier in ("", "2_") for letter in _LETTERS),
        }
    ),
}
"""What `summarise` can tell of each family."""
