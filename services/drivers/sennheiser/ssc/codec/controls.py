"""What can be set: a value of a key becomes what is written at an address. PURE.

Nothing is clamped or repaired: a value that cannot be written as it is raises `ValueError`. Units of this protocol may
clamp what they get in silence, so only an equal value that they report counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Final

from services.model import SettableRange

PRINTABLE: Final = "".join(map(chr, range(0x20, 0x7F)))
"""Signs of a text: the protocol knows ASCII 32 to 126 (docs/protocols/sennheiser-ssc.md#messages)."""
ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Control:
    """One thing that can be set. ``write`` raises `ValueError` for what does not fit."""

    can: SettableRange
    write: Callable[[object], object]


def name(most: int, *, without: str = "") -> Control:
    """A text of 1 to ``most`` signs that neither begins nor ends with a blank; some signs may be forbidden."""
    signs = "".join(each for each in PRINTABLE if each not in without)

    def write(value: object) -> object:
        if not isinstance(value, str) or not 1 <= len(value) <= most or not {*value} <= {*signs}:
            raise ValueError(f"{value!r} is no text of 1 to {most} characters of {signs}")
        if value != value.strip():
            raise ValueError("a name neither begins nor ends with a blank")
        return value

    return Control(SettableRange(min_length=1, max_length=most, characters=signs), write)


def label(most: int) -> Control:
    """A name of letters, digits, hyphen and underscore that begins with a letter and ends with a letter or digit."""
    signs = ascii_letters + digits + "-_"

    def write(value: object) -> object:
        if not isinstance(value, str) or not 1 <= len(value) <= most or not {*value} <= {*signs}:
            raise ValueError(f"{value!r} is no name of 1 to {most} letters, digits, hyphens and underscores")
        if value[0] not in ascii_letters or value[-1] in "-_":
            raise ValueError("such a name begins with a letter, and ends with a letter or a digit")
        return value

    return Control(SettableRange(min_length=1, max_length=most, characters=signs), write)


def switch(*, yes: object = True, no: object = False) -> Control:
    """On or off; ``yes`` and ``no`` are what the key is called then."""
    meanings: tuple[tuple[object, bool], ...] = ((yes, True), (no, False))

    def write(value: object) -> object:
        for meaning, written in meanings:
            if type(value) is type(meaning) and value == meaning:
                return written
        raise ValueError(f"{value!r} is neither {yes} nor {no}")

    return Control(SettableRange(choices=[str(each).lower() for each in (yes, no)]), write)


def numbers(low: int, high: int, step: int = 1, unit: str = "") -> Control:
    """Whole numbers from ``low`` to ``high`` in steps from ``low``."""

    def write(value: object) -> object:
        found = _number(value)
        if not low <= found <= high or (found - low) % step:
            raise ValueError(f"{value} is not one of {low} to {high} in steps of {step}")
        return int(found)

    can = SettableRange(minimum=low, maximum=high, step=step)
    if unit:
        can["unit"] = unit
    return Control(can, write)


def indexed(low: int, high: int, step: int, unit: str = "") -> Control:
    """As `numbers`, and written as the place in that row, from 0."""
    plain = numbers(low, high, step, unit)

    def write(value: object) -> object:
        written = plain.write(value)
        assert isinstance(written, int)  # noqa: S101 - what numbers give
        return (written - low) // step

    return Control(plain.can, write)


def megahertz(step_khz: int, low_khz: int | None = None, high_khz: int | None = None) -> Control:
    """A carrier in MHz, written in kHz, in steps of ``step_khz`` from 0."""

    def write(value: object) -> object:
        khz = round(_number(value) * 1000, 6)
        if khz <= 0 or khz % step_khz:
            raise ValueError(f"{value} MHz is no multiple of {step_khz} kHz")
        if (low_khz is not None and khz < low_khz) or (high_khz is not None and khz > high_khz):
            raise ValueError(f"{value} MHz is outside of what these units can be tuned to")
        return int(khz)

    can = SettableRange(step=step_khz / 1000, unit="MHz")
    if low_khz is not None and high_khz is not None:
        can |= SettableRange(minimum=low_khz / 1000, maximum=high_khz / 1000)
    return Control(can, write)


def words(meanings: Mapping[str, object]) -> Control:
    """One of these words, each with what is written for it."""

    def write(value: object) -> object:
        if not isinstance(value, str) or value not in meanings:
            raise ValueError(f"{value!r} is none of {', '.join(meanings)}")
        return meanings[value]

    return Control(SettableRange(choices=list(meanings)), write)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number")  # noqa: TRY004 - one kind of error for all that cannot be written
    return float(value)
