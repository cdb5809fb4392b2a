"""PURE. Ways to write a value beyond plain texts, numbers and words. Source: docs/protocols.md#values."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from services.drivers.shure.codec.wire_types import (
    Pair,
    WireType,
    braced,
    choice,
    integer,
    is_unknown,
    number,
    pair,
    unbrace,
)
from services.model import clean_text

RUNTIME_STATUS: Mapping[int, str] = {65533: "communication_error", 65534: "calculating", 65535: "not_reported"}
"""Codes in place of minutes, of SLX-D and Axient."""
RUNTIME_STATUS_BLOCK: Mapping[int, str] = {65532: "not_reported", **RUNTIME_STATUS}
"""The same of ULX-D and QLX-D."""


def trim(offset: int, high: int, unknown: Collection[int]) -> WireType[Pair[int, int]]:
    """Transmitter trim: dB (raw + ``offset``), and as it is written."""
    decibels = number(3, 0, high, offset=offset, unknown=unknown)
    raw = number(3, 0, high, unknown=unknown)
    return pair(decibels, raw, lambda db, plain: raw.encode(plain) if db is None else decibels.encode(db))


def minutes(codes: Mapping[int, str] = RUNTIME_STATUS) -> WireType[int]:
    """Run time in minutes, below the first of the codes."""
    return number(5, 0, min(codes) - 1, unknown=codes)


def runtime(codes: Mapping[int, str] = RUNTIME_STATUS) -> WireType[Pair[int, str]]:
    """Minutes, and what it means that there are none: ``ok`` or a word of ``codes``."""
    known, written = minutes(codes), {status: raw for raw, status in codes.items()}

    def status_of(wire: str) -> str:
        if is_unknown(wire):
            return "not_reported"
        return codes.get(integer(wire), "ok")

    def encode_status(status: str | None) -> str:
        return f"{written.get(status or '', max(codes)):05}"

    status = WireType(status_of, encode_status)
    return pair(known, status, lambda left, why: status.encode(why) if left is None else known.encode(left))


def megahertz(digits: int) -> WireType[float]:
    """KHz on the wire; 0 is no frequency."""

    def decode(wire: str) -> float | None:
        khz = integer(wire)
        return round(khz / 1000, 3) if khz else None

    return WireType(decode, lambda value: f"{round((value or 0) * 1000):0{digits}}")


def group(width: int = 0) -> WireType[Pair[int, int]]:
    """Group and channel in it, ``01,02``; ``--,--`` is none. In braces where ``width`` is given."""

    def decode(wire: str) -> Pair[int, int]:
        plain = unbrace(wire).strip()
        # ULX-D's page parts the two by a blank in one example
        left, divider, right = plain.partition("," if "," in plain else " ")
        left, right = left.strip(), right.strip()
        if not divider and left:
            raise ValueError(f"{wire!r} is no group and channel")
        if set(left) <= {"-"} and set(right) <= {"-"}:
            return None, None
        return integer(left), integer(right)

    def encode(values: Pair[int, int] | None) -> str:
        first, second = values or (None, None)
        if first is None or second is None:
            wire = "--,--"
        else:
            wire = f"{first},{second}" if width else f"{first:0>2},{second:0>2}"
        return braced(wire, width) if width else wire

    return WireType(decode, encode)


def version(width: int) -> WireType[str]:
    """A firmware version, without the ``*`` of a failed self-test."""

    def decode(wire: str) -> str | None:
        plain = clean_text(unbrace(wire))
        return None if is_unknown(plain) else plain.rstrip("*").rstrip() or None

    return WireType(decode, lambda value: braced(value or "", width))


def firmware(width: int) -> WireType[Pair[str, bool]]:
    """Version, and whether a trailing ``*`` shows that the self-test or an update failed."""
    plain = version(width)

    def has_failed(wire: str) -> bool | None:
        written = clean_text(unbrace(wire))
        return None if is_unknown(written) or not written else written.endswith("*")

    failed: WireType[bool] = WireType(has_failed, lambda value: "*" if value else "")
    return pair(plain, failed, lambda release, mark: braced(f"{release or ''}{failed.encode(mark)}", width))


_WARNING = "WARN"
_BATTERIES = {"LION": "lithium_ion", "ALKA": "alkaline", "NIMH": "nimh", "LITH": "lithium_primary"}


def chemistry() -> WireType[str]:
    """Battery chemistry; unknown where the unit warns of the battery instead of naming it."""
    named = choice(_BATTERIES)
    return WireType(lambda wire: None if _warns(wire) else named.decode(wire), named.encode)


def battery() -> WireType[Pair[str, bool]]:
    """Chemistry, and whether the unit warns of the battery instead of naming it."""
    named = chemistry()
    warning: WireType[bool] = WireType(_warns, lambda value: _WARNING if value else "")
    return pair(named, warning, lambda kind, warned: warning.encode(warned) or named.encode(kind))


def _warns(wire: str) -> bool:
    return unbrace(wire).upper() == _WARNING


def mac() -> WireType[str]:
    """A MAC address, the last word of whatever stands there; lower case with colons."""

    def decode(wire: str) -> str:
        words = unbrace(wire).split()
        digits = words[-1].lower().replace("-", ":") if words else ""
        pairs = digits.split(":")
        well_formed = len(pairs) == 6 and all(len(pair) == 2 and set(pair) <= _HEX for pair in pairs)  # noqa: PLR2004
        if not well_formed or set(digits) == {"0", ":"}:
            raise ValueError(f"{wire!r} ends in no MAC address")
        return digits

    def encode(value: str | None) -> str:
        address = (value or "00:00:00:00:00:00").upper()
        return f"AUTO 000.000.000.000 000.000.000.000 000.000.000.000 {address}"

    return WireType(decode, encode)


_HEX = frozenset("0123456789abcdef")


def _count_antennas(wire: str) -> int:
    if not wire or not set(wire.upper()) <= set("ABXR"):
        raise ValueError(f"{wire!r} has no letter for each antenna")
    return len(wire)


ANTENNAS: WireType[int] = WireType(_count_antennas, str)
"""One character an antenna; what they mean is in SAMPLE, their number is a fact of the channel."""
