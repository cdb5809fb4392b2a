"""PURE. How values are written on the wire: each kind turns text into values and values back into text.

``decode`` gives one value a key of its property (``None`` for unknown), or ``None`` as a whole for text that makes no
sense; such a report is dropped and counted, never published. Facts are from Shure's command strings as collected in the
project's protocol notes, sections 1.5 to 1.8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Values = tuple[object, ...]

UNKNOWN_WORDS = frozenset({"UNKN", "UNKNOWN"})
UNKNOWN_8 = frozenset({254, 255})
"""255 is unknown; 254 is an error mark."""
UNKNOWN_16 = frozenset({65534, 65535})
RUNTIME_STATUS: Mapping[int, str] = {65533: "communication_error", 65534: "calculating", 65535: "not_reported"}
NUMBER_DIGITS = 8
"""More than any number of the protocol has."""


def is_unknown(wire: str) -> bool:
    """Whether it is one of the words for unknown."""
    return unbrace(wire).upper() in UNKNOWN_WORDS


@dataclass(frozen=True, slots=True)
class Kind:
    """Both directions of one way to write a value."""

    decode: Callable[[str], Values | None]
    encode: Callable[[Sequence[object]], str]


PADDING = " \t\r\n\0"


def unbrace(text: str) -> str:
    """A text without its braces and its padding."""
    if text.startswith("{"):
        text = text[1:]
        text = text.removesuffix("}")
    return text.rstrip(PADDING)


def readable(text: str) -> str:
    """A text that can be shown: a name with an odd byte in it is better than the name before."""
    if text.isprintable():
        return text
    marks = (each if each.isprintable() else " " if each.isspace() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return "".join(marks).rstrip()


def braced(text: str, width: int) -> str:
    """A text as a device writes it: padded to its width, in braces."""
    return f"{{{text[:width]:<{width}}}}"


def integer(text: str) -> int | None:
    """A number without sign; ``None`` for anything else."""
    text = unbrace(text)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= NUMBER_DIGITS else None


def text(width: int, keys: int = 1) -> Kind:
    """Free text, padded to ``width``; blank is unknown. With several ``keys`` all of them mean the same."""

    def decode(wire: str) -> Values | None:
        return (readable(unbrace(wire)) or None,) * keys

    def encode(values: Sequence[object]) -> str:
        return braced(str(next((value for value in values if value is not None), "")), width)

    return Kind(decode, encode)


def word(width: int = 0, unknown: str = "UNKNOWN") -> Kind:
    """What a transmitter is called: ``unknown`` and blank mean that there is none. ``width`` is that between braces."""

    def decode(wire: str) -> Values | None:
        plain = readable(unbrace(wire))
        return (None if not plain or is_unknown(plain) else plain,)

    def encode(values: Sequence[object]) -> str:
        if width:
            return braced("" if values[0] is None else str(values[0]), width)
        return unknown if values[0] is None else str(values[0])

    return Kind(decode, encode)


def number(digits: int, low: int, high: int, *, offset: int = 0, unknown: frozenset[int] = frozenset()) -> Kind:
    """Value = raw + ``offset``. ``low`` and ``high`` are raw.

    Only the documented marks mean unknown; whatever else lies outside of the range makes no sense (protocol notes,
    1.8, row 11).
    """

    def decode(wire: str) -> Values | None:
        raw = integer(wire)
        if raw is None:
            return (None,) if unknown and is_unknown(wire) else None
        if raw in unknown:
            return (None,)
        return (raw + offset,) if low <= raw <= high else None

    def encode(values: Sequence[object]) -> str:
        value = values[0]
        raw = max(unknown, default=low) if value is None else min(high, max(low, int(str(value)) - offset))
        return f"{raw:0{digits}}"

    return Kind(decode, encode)


def trim(offset: int, high: int) -> Kind:
    """Transmitter trim: dB (raw + ``offset``), and as it is written."""
    raw_kind = number(3, 0, high, unknown=UNKNOWN_8)

    def decode(wire: str) -> Values | None:
        raw = raw_kind.decode(wire)
        if raw is None or raw[0] is None:
            return None if raw is None else (None, None)
        return (int(str(raw[0])) + offset, raw[0])

    def encode(values: Sequence[object]) -> str:
        decibels, raw = values
        return raw_kind.encode([int(str(decibels)) - offset if decibels is not None else raw])

    return Kind(decode, encode)


def runtime(keys: int) -> Kind:
    """Minutes, 0 to 65532, and (with two ``keys``) what it means that there are none."""

    def decode(wire: str) -> Values | None:
        raw = integer(wire)
        if raw is None:
            return (None, "not_reported")[:keys] if is_unknown(wire) else None
        if raw in RUNTIME_STATUS:
            return (None, RUNTIME_STATUS[raw])[:keys]
        return (raw, "ok")[:keys] if raw < min(RUNTIME_STATUS) else None

    def encode(values: Sequence[object]) -> str:
        minutes, status = (*values, None)[:2]
        if minutes is not None:
            return f"{int(str(minutes)):05}"
        return f"{next((raw for raw, said in RUNTIME_STATUS.items() if said == status), 65535):05}"

    return Kind(decode, encode)


def megahertz(digits: int) -> Kind:
    """KHz on the wire; 0 is no frequency."""

    def decode(wire: str) -> Values | None:
        khz = integer(unbrace(wire))
        return None if khz is None else (round(khz / 1000, 3) if khz else None,)

    return Kind(decode, lambda values: f"{round(float(str(values[0] or 0)) * 1000):0{digits}}")


def choice(words: Mapping[str, object], unknown: str = "UNKN") -> Kind:
    """One of a few words, whatever their case. Of several for one value the first is the one that is written."""
    written = {value: wire for wire, value in reversed(list(words.items()))}
    known = {wire.upper(): value for wire, value in words.items()}

    def decode(wire: str) -> Values | None:
        plain = unbrace(wire).upper()
        if plain in known:
            return (known[plain],)
        return (None,) if is_unknown(plain) else None

    return Kind(decode, lambda values: written.get(values[0], unknown))


def group(width: int = 0) -> Kind:
    """Group and channel in it, ``01,02``; ``--,--`` is none. In braces where ``width`` is given."""

    def decode(wire: str) -> Values | None:
        left, comma, right = unbrace(wire).partition(",")
        if not comma:
            return None if left.strip() else (None, None)
        left, right = left.strip(), right.strip()
        if set(left) <= {"-"} and set(right) <= {"-"}:
            return (None, None)
        numbers = integer(left), integer(right)
        return None if None in numbers else numbers

    def encode(values: Sequence[object]) -> str:
        first, second = values
        if first is None or second is None:
            wire = "--,--"
        else:
            wire = f"{first},{second}" if width else f"{first:0>2},{second:0>2}"
        return braced(wire, width) if width else wire

    return Kind(decode, encode)


def firmware(width: int, keys: int = 2) -> Kind:
    """Version, and (with two ``keys``) whether a trailing ``*`` says that the self-test or an update failed."""

    def decode(wire: str) -> Values | None:
        plain = readable(unbrace(wire))
        if is_unknown(plain):
            return (None, None)[:keys]
        version = plain.rstrip("*").rstrip()
        return (version or None, plain.endswith("*") if plain else None)[:keys]

    def encode(values: Sequence[object]) -> str:
        version, failed = (*values, None)[:2]
        return braced(f"{version or ''}{'*' if failed else ''}", width)

    return Kind(decode, encode)


_BATTERIES = {"LION": "lithium_ion", "ALKA": "alkaline", "NIMH": "nimh", "LITH": "lithium_primary"}


def battery_type(keys: int) -> Kind:
    """Chemistry, and (with two ``keys``) whether the device warns of the battery instead of naming it."""
    plain = choice(_BATTERIES)

    def decode(wire: str) -> Values | None:
        if unbrace(wire).upper() == "WARN":
            return (None, True)[:keys]
        values = plain.decode(wire)
        return None if values is None else (values[0], False)[:keys]

    def encode(values: Sequence[object]) -> str:
        return "WARN" if len(values) > 1 and values[1] else plain.encode(values)

    return Kind(decode, encode)


def mac() -> Kind:
    """A MAC address, the last word of whatever stands there; lower case with colons."""

    def decode(wire: str) -> Values | None:
        words = unbrace(wire).split()
        digits = words[-1].lower().replace("-", ":") if words else ""
        pairs = digits.split(":")
        well_formed = len(pairs) == 6 and all(len(pair) == 2 and set(pair) <= _HEX for pair in pairs)  # noqa: PLR2004
        return (digits,) if well_formed and set(digits) != {"0", ":"} else None

    def encode(values: Sequence[object]) -> str:
        address = str(values[0] or "00:00:00:00:00:00").upper()
        return f"AUTO 000.000.000.000 000.000.000.000 000.000.000.000 {address}"

    return Kind(decode, encode)


_HEX = frozenset("0123456789abcdef")

IGNORED = Kind(lambda _: (), lambda _: "")
"""Known, and nothing that we tell."""

ANTENNAS = Kind(
    lambda wire: (len(wire),) if wire and set(wire.upper()) <= set("ABXR") else None, lambda values: str(values[0])
)
"""One character an antenna; what they mean is told by SAMPLE, their number is a fact of the channel."""
