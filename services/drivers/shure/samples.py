"""PURE. Raw SAMPLE lines of one channel -> one summary of its meters.

Lines are kept as bytes until somebody wants the summary, and then read together: one column of all lines at once. The
fields have a fixed width, so the largest and smallest of a column are found by comparing bytes. Layouts: protocol notes
section 1.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import cast

from services.model import AntennaState, ChannelTelemetry

Columns = Sequence[Sequence[bytes]]
"""One column a field, newest last."""

HEAD = 3
"""SAMPLE, channel, ALL."""
UNKNOWN = b"255"
ULXD_RF, ULXD_AUDIO = -128, -50
LEVEL = -120
AUDIO_OVERLOAD = 0x80
RF_OVERLOAD = 0x20
"""Above the five lights of the level: the published examples write all five as 31."""

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


def summarise(family: str, samples: Sequence[bytes]) -> ChannelTelemetry | None:
    """Sum up the bodies of one channel's SAMPLE messages, oldest first; ``None`` where none of them is well-formed.

    Ill-formed lines are left out: ``samples`` in the result counts the others.
    """
    layout = LAYOUTS[family]
    if layout.batch.fullmatch(b"\n".join(samples)) is None:
        return _one_by_one(layout, samples)
    try:
        columns = list(zip(*map(bytes.split, samples), strict=True))
    except ValueError:  # the number of antennas changed in between
        return _one_by_one(layout, samples)
    return layout.read(columns[HEAD:])


def _one_by_one(layout: Layout, samples: Sequence[bytes]) -> ChannelTelemetry | None:
    written = [_as_documented(sample) for sample in samples]
    whole = [
        layout.read([[field] for field in sample.split()[HEAD:]])
        for sample in written
        if layout.batch.fullmatch(sample) is not None
    ]
    return reduce(merge, whole) if whole else None


def _as_documented(sample: bytes) -> bytes:
    """A line in capitals, with single blanks and numbers of three digits, as all devices that were seen write it."""
    words = sample.upper().split()
    return b" ".join(
        (*words[:HEAD], *(word.lstrip(b"0").zfill(3) if word.isdigit() else word for word in words[HEAD:]))
    )


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


def _level(raw: bytes, offset: int) -> int | None:
    return None if raw == UNKNOWN else int(raw) + offset


def _read_ulxd(columns: Columns) -> ChannelTelemetry:
    """Antennas, one RF level, one audio level that stands for the peak."""
    tokens, rf, audio = columns
    lowest = min(rf)
    return {
        "rf_dbm": _level(rf[-1], ULXD_RF),
        "rf_min_dbm": _level(lowest, ULXD_RF),
        "antenna_a": _antenna(tokens[-1], 0),
        "antenna_b": _antenna(tokens[-1], 1),
        "audio_peak_dbfs": _audio_peak(audio, ULXD_AUDIO),
        "dropouts": tokens.count(b"XX"),
        "samples": len(rf),
    }


def _read_slxd(columns: Columns) -> ChannelTelemetry:
    """Peak, RMS, one RF level."""
    peak, rms, rf = columns
    return {
        "rf_dbm": _level(rf[-1], LEVEL),
        "rf_min_dbm": _level(min(rf), LEVEL),
        "audio_peak_dbfs": _audio_peak(peak),
        "audio_rms_dbfs": _audio(rms[-1]),
        "samples": len(rf),
    }


def _read_axient(columns: Columns) -> ChannelTelemetry:
    """Quality, audio lights, peak, RMS, then for each carrier its antennas and a pair (lights, RF) for each."""
    quality, lights, peak, rms, tokens = columns[:5]
    count = len(tokens[-1])
    pairs = columns[5 : 5 + 2 * count]
    second = columns[5 + 2 * count :]
    told: dict[str, object] = {
        "audio_peak_dbfs": _audio_peak(peak),
        "audio_rms_dbfs": _audio(rms[-1]),
        "audio_overload": not _AUDIO_OVERLOADED.isdisjoint(lights),
        "quality": _quality(quality[-1]),
        "quality_min": _quality(min(quality)),
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
        told[f"rf_{carrier}{letter}_dbm"] = _level(rf[-1], LEVEL)
        key = f"rf_overload_{letter}"
        told[key] = not _RF_OVERLOADED.isdisjoint(lights) or bool(told.get(key, False))
        if not carrier:
            told[f"antenna_{letter}"] = _antenna(tokens[-1], number)


def _strongest(levels: Columns) -> tuple[int | None, int | None]:
    """The strongest antenna's level in the newest sample, and in the weakest one, dBm."""
    if any(UNKNOWN in column for column in levels):  # blank compares as the lowest
        levels = [[b"" if raw == UNKNOWN else raw for raw in column] for column in levels]
    strongest = list(map(max, *levels))
    newest, lowest = strongest[-1], min(filter(None, strongest), default=b"")
    return int(newest) + LEVEL if newest else None, int(lowest) + LEVEL if lowest else None


def _dropouts(states: Sequence[bytes], quality: Sequence[bytes]) -> int:
    """Samples without an active antenna, or of quality 0."""
    silent = sum(map(_SILENT.__contains__, states))
    if b"000" not in quality:
        return silent
    return sum(state in _SILENT or each == b"000" for state, each in zip(states, quality, strict=True))


def _antenna(token: bytes, number: int) -> AntennaState | None:
    return ANTENNA_STATES.get(token[number])


def _quality(raw: bytes) -> int | None:
    value = int(raw)
    return value if value <= 5 else None  # noqa: PLR2004 - 0 to 5; 255 is unknown


def _audio(raw: bytes, offset: int = LEVEL) -> int | None:
    return None if raw == UNKNOWN else min(0, int(raw) + offset)


def _audio_peak(column: Sequence[bytes], offset: int = LEVEL) -> int | None:
    highest = max(column)
    if highest == UNKNOWN:
        highest = max((each for each in column if each != UNKNOWN), default=UNKNOWN)
    return _audio(highest, offset)


def _batch(fields: bytes) -> re.Pattern[bytes]:
    line = rb"SAMPLE +\d{1,2} +ALL +" + fields
    return re.compile(rb"(?:" + line + rb"(?:\n(?!\Z)|\Z))++")


@dataclass(frozen=True, slots=True)
class Layout:
    """What a family's SAMPLE looks like, any number of them in lines, and how its columns are read."""

    batch: re.Pattern[bytes]
    read: Callable[[Columns], ChannelTelemetry]


_CARRIER = rb"(?:[ABRX]{2}(?: +\d{2,3} +\d{3}){2}|[ABRX]{4}(?: +\d{2,3} +\d{3}){4})"
LAYOUTS: Mapping[str, Layout] = {
    **dict.fromkeys(("ulxd", "qlxd"), Layout(_batch(rb"[ABX]{2} +\d{3} +\d{3}"), _read_ulxd)),
    **dict.fromkeys(("slxd", "slxd_plus"), Layout(_batch(rb"\d{3} +\d{3} +\d{3}"), _read_slxd)),
    "axient": Layout(_batch(rb"\d{3} +\d{3} +\d{3} +\d{3} +" + _CARRIER + rb"(?: +" + _CARRIER + rb")?"), _read_axient),
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
