"""Reads values of JSON. A reader returns the value, ``None`` for none, and raises `ValueError` for nonsense."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.drivers.port import Part, Reading
from services.drivers.sennheiser.sscv2.keys import MORE_NAMES
from services.model import clean_text, in_words

Reader = Callable[[object], object]
Values = Mapping[str, object]

KHZ_A_MHZ = 1000
KHZ_MOST = 3_000_000
"""No wireless microphone is tuned above 3 GHz."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key of ours, from one property of a resource; an empty ``name`` stands for the whole value."""

    name: str
    key: str
    read: Reader


def text(value: object) -> str | None:
    """A text without its padding; an empty one is none."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004 - one kind of error for all that cannot be read
    return clean_text(value).strip() or None


def flag(value: object) -> bool | None:
    """True or false."""
    if value is not None and not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def number(value: object, low: float, high: float) -> float | None:
    """A number within a range; true is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"no number from {low:g} to {high:g}")
    return value


def whole(low: int, high: int) -> Reader:
    """Reads whole numbers within a range, ``6.0`` among them."""

    def read(value: object) -> int | None:
        found = number(value, low, high)
        if found is not None and found != int(found):
            raise ValueError("no whole number")
        return None if found is None else int(found)

    return read


def word(meanings: Mapping[str, str]) -> Reader:
    """Reads words of a closed list."""

    def read(value: object) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str) or value not in meanings:
            raise ValueError(f"none of {', '.join(meanings)}")
        return meanings[value]

    return read


def texts(value: object) -> list[str] | None:
    """A list of texts, without empty ones."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("no list of texts")
    return [clean_text(each) for each in value if each.strip()]


def has(wanted: str) -> Reader:
    """Reads whether a list of words has one."""

    def read(value: object) -> bool | None:
        found = texts(value)
        return None if found is None else wanted in found

    return read


def megahertz(value: object) -> float | None:
    """A frequency in kHz, as MHz; 0 is none."""
    khz = number(value, 0, KHZ_MOST)
    return round(khz / KHZ_A_MHZ, 6) if khz else None


def below(name: str, read: Reader) -> Reader:
    """Reads a property of an object."""

    def inner(value: object) -> object:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise ValueError("no object")  # noqa: TRY004 - see above
        return read(value.get(name))

    return inner


def read(name: str, fields: Sequence[Field], value: object, strange: list[tuple[str, str]]) -> dict[str, object]:
    """What a resource says, key by key; what cannot be read is unknown and goes to ``strange``.

    Of an object only the properties that it has, for a notification may carry some; ``None``: the resource is gone.
    """
    if value is None:
        return dict.fromkeys(field.key for field in fields)
    values: dict[str, object] = {}
    for field in fields:
        if field.name and not isinstance(value, dict):
            strange.append((name, in_words(value)))
            return values
        if field.name and isinstance(value, dict) and field.name not in value:
            continue
        own = value[field.name] if field.name and isinstance(value, dict) else value
        try:
            values[field.key] = field.read(own) if values.get(field.key) is None else values[field.key]
        except ValueError:
            strange.append((f"{name} {field.name}".strip(), in_words(own)))
            values[field.key] = None
    return values


def reading(part: Part, values: Values, *, whole: bool = False) -> Reading:
    """A reading of keys of the core and of keys of ours."""
    common = {key: value for key, value in values.items() if key not in MORE_NAMES}
    own = {key: value for key, value in values.items() if key in MORE_NAMES}
    return Reading(part, common, own, whole)
