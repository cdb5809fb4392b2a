"""Reads what stands at an address: values of keys, ``None`` for unknown. PURE.

A reader gets what came and returns all keys that it gives; ``None`` says that what came has no meaning, then the keys
are unknown and it is counted. Sentinels end here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from services.model import clean_text

Values = Mapping[str, object]
Read = Callable[[object], Values | None]

TEXT_MOST = 400
"""Characters of a text; the longest is a location."""
NOT_TOLD = frozenset({"", "not implemented", "not yet implemented", "notimplemented", "unknown", "n/a", "none", "-"})
"""What units write where they do not know who they are."""
MHZ_MOST = 6_000
_DIGITS = re.compile(r"[0-9]{1,9}")


def number(value: object) -> float | None:
    """A finite number; ``None`` for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def whole(key: str, low: int, high: int, *, unknown: frozenset[int] = frozenset()) -> Read:
    """A whole number within a range; one of ``unknown`` stands for no value."""

    def read(value: object) -> Values | None:
        found = number(value)
        if found is None or found % 1:
            return None
        if int(found) in unknown:
            return {key: None}
        return {key: int(found)} if low <= found <= high else None

    return read


def flag(key: str, *, yes: object = True, no: object = False) -> Read:
    """A switch; ``yes`` and ``no`` are what the key is called then."""

    def read(value: object) -> Values | None:
        return {key: yes if value else no} if isinstance(value, bool) else None

    return read


def binary(key: str, *, yes: object = True, no: object = False) -> Read:
    """A switch that is written as true and false or as 1 and 0; nothing is unknown."""

    def read(value: object) -> Values | None:
        if value is None or value == "":
            return {key: None}
        return {key: yes if value else no} if isinstance(value, bool | int) and value in (0, 1) else None

    return read


def labelled(key: str) -> Read:
    """A text, or the number of one, as it came."""

    def read(value: object) -> Values | None:
        if isinstance(value, int) and not isinstance(value, bool):
            return {key: str(value)}
        return {key: clean_text(value.strip(), TEXT_MOST) or None} if isinstance(value, str) else None

    return read


def text(key: str) -> Read:
    """A text without the blanks around it; empty is unknown."""

    def read(value: object) -> Values | None:
        return {key: clean_text(value.strip(), TEXT_MOST) or None} if isinstance(value, str) else None

    return read


def told(key: str) -> Read:
    """A text that a unit writes of itself, unless it says that it does not know."""

    def read(value: object) -> Values | None:
        if not isinstance(value, str):
            return None
        word = clean_text(value.strip(), TEXT_MOST)
        return {key: None if word.lower() in NOT_TOLD or not word.strip("0 .:-") else word}

    return read


def choice(key: str, meanings: Mapping[str, object]) -> Read:
    """One of these words, whatever its case."""
    known = {word.lower(): meaning for word, meaning in meanings.items()}

    def read(value: object) -> Values | None:
        if not isinstance(value, str) or value.strip().lower() not in known:
            return None
        return {key: known[value.strip().lower()]}

    return read


def numbered(key: str, meanings: Sequence[object]) -> Read:
    """The place of a meaning, counted from 0; a text of digits is taken, since documents print both."""

    def read(value: object) -> Values | None:
        found = number(int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value)
        if found is None or found % 1 or not 0 <= found < len(meanings):
            return None
        return {key: meanings[int(found)]}

    return read


def megahertz(key: str) -> Read:
    """A carrier in kHz; 0 and nothing are unknown."""

    def read(value: object) -> Values | None:
        khz = number(value)
        if khz is None:
            return {key: None} if value is None else None
        return {key: round(khz) / 1000 if khz else None} if 0 <= khz <= MHZ_MOST * 1000 else None

    return read


def words(value: object) -> tuple[str, ...] | None:
    """A list of words without empty ones: none is ``[]`` or ``[""]``, and one word may stand alone."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(each, str) for each in items):
        return None
    return tuple(clean_text(each.strip(), 60) for each in items if each.strip())


def warnings(flags: Mapping[str, str], *, listed: str = "warnings", none: str = "") -> Read:
    """Warnings as flags and, as they came, in a list. ``flags``: word -> key. ``none``: a word for no warning."""
    by_key = {key: word.lower() for word, key in flags.items()}

    def read(value: object) -> Values | None:
        found = words(value)
        if found is None:
            return None
        now = tuple(each for each in found if each.lower() != none.lower()) if none else found
        lower = {each.lower() for each in now}
        return {listed: list(now), **{key: word in lower for key, word in by_key.items()}}

    return read


_MAC = re.compile(r"[0-9a-fA-F]{2}([:-]?)[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2}){4}")


def mac(value: object) -> Values | None:
    """The first MAC address of a list or text."""
    items = value if isinstance(value, list) else [value]
    for each in items:
        if isinstance(each, str) and (found := _MAC.search(each)):
            digits = re.sub("[^0-9a-f]", "", found[0].lower())
            if digits.strip("0") and digits.strip("f"):
                return {"mac": ":".join(digits[place : place + 2] for place in range(0, 12, 2))}
    return {"mac": None} if isinstance(value, list | str) else None


_STEP_MOST_KHZ = 10_000


def tuning(value: object) -> Values | None:
    """Blocks of lowest, highest and step in kHz, in whatever order and signs between them the unit writes them.

    No source shows a whole answer, so every number is taken by its size: those above 10,000 are edges, a smaller one is
    the step.
    """
    blocks: list[tuple[int, int]] = []
    steps: list[int] = []
    for item in value if isinstance(value, list) else [value]:
        found = [int(each) for each in _DIGITS.findall(str(item))] if isinstance(item, str | list | dict) else []
        edges = sorted(each for each in found if each > _STEP_MOST_KHZ)
        if len(edges) != 2 or edges[1] > MHZ_MOST * 1000:  # noqa: PLR2004 - lowest and highest
            return None
        blocks.append((edges[0], edges[1]))
        steps += [each for each in found if 0 < each <= _STEP_MOST_KHZ]
    if not blocks:
        return None
    return {
        "tuning_ranges_mhz": " ".join(f"{low / 1000:.3f}-{high / 1000:.3f}" for low, high in sorted(blocks)),
        "tuning_step_khz": min(steps, default=None),
    }
