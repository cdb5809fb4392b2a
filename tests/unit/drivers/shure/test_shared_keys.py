"""Sets of keys that are kept once for all units."""

from __future__ import annotations

from services.drivers.shure import link


def test_sets_of_keys_that_strange_units_report_are_kept_in_bounds() -> None:
    for number in range(10_000):
        link._shared(frozenset({f"key{number}"}))
    assert link._shared.cache_info().currsize <= 256
    one, other = frozenset({"a", "b"}), frozenset({"b", "a"})
    assert link._shared(one) is link._shared(other)
