"""What of a driver's report is let in: values of the form that the key table describes. PURE.

A driver may be wrong, and a unit may send anything. Texts are cleaned here for all drivers (a terminal must not obey a
microphone's name), and a value that is no value of its key becomes unknown: nothing downstream meets a percentage of
300, a word that nobody knows or an infinite level.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from services.model import KEYS, Facet, Key, Kind, clean_text

TEXT_MOST = 64
"""Characters of a text of a unit; the longest that a unit stores has 32."""

Check = Callable[[object], object]


def admitted(checks: Mapping[str, Check], values: Mapping[str, object]) -> Mapping[str, object]:
    """The values that are let in: others are unknown. Of keys that have no check only texts are cleaned."""
    changed = {}
    for key, value in values.items():
        if value is not None:
            let_in = checks.get(key, _unchecked)(value)
            if let_in is not value:
                changed[key] = let_in
    return {**values, **changed} if changed else values


@cache
def checks_of(kind: Kind, *, slot: bool = False) -> Mapping[str, Check]:
    """The checks of what is reported of a unit or part of this kind, or of a slot of it."""
    facets: tuple[Facet | None, ...] = (Facet.SLOTS,) if slot else (Facet.INFO, None, Facet.STATE)
    return checks_for(row for facet in facets for row in KEYS.of(kind, facet))


def checks_for(rows: Iterable[Key]) -> Mapping[str, Check]:
    """The checks of rows of keys, for example of a driver's own."""
    return {row.name: _check(row) for row in rows}


def _check(row: Key) -> Check:
    if row.choices:
        words = frozenset(row.choices)
        return lambda value: value if isinstance(value, str) and value in words else None
    return {str: _text, bool: _flag, int: _within(row, whole=True), float: _within(row, whole=False)}.get(
        row.type, lambda value: value
    )


def _unchecked(value: object) -> object:
    return clean_text(value, TEXT_MOST) if isinstance(value, str) else value


def _text(value: object) -> object:
    return clean_text(value, TEXT_MOST) if isinstance(value, str) else None


def _flag(value: object) -> object:
    return value if isinstance(value, bool) else None


def _within(row: Key, *, whole: bool) -> Check:
    low = -math.inf if row.minimum is None else row.minimum
    high = math.inf if row.maximum is None else row.maximum
    types: tuple[type, ...] = (int,) if whole else (int, float)

    def check(value: object) -> object:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not isinstance(value, types):
            return None
        return value if low <= value <= high and math.isfinite(value) else None

    return check
