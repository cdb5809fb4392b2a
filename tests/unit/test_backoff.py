from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.backoff import Backoff, pause_of_absent

FIRST = st.floats(min_value=0.001, max_value=100)
FACTOR = st.floats(min_value=1, max_value=10_000)
CERTAIN = st.floats(min_value=0, max_value=1)


@given(FIRST, FACTOR, CERTAIN, st.integers(min_value=1, max_value=300))
def test_a_pause_grows_to_its_limit_and_is_never_longer_or_shorter_than_agreed(
    first: float, factor: float, certain: float, failures: int
) -> None:
    most = first * factor
    backoff = Backoff(first, most, certain=certain)
    for number in range(failures):
        longest = min(most, first * 2.0**number)
        assert certain * longest * 0.999_999 <= backoff.pause() <= longest * 1.000_001
    assert backoff.failures == failures


@given(FIRST, FACTOR, st.integers(min_value=0, max_value=50))
def test_after_a_success_pauses_are_short_again(first: float, factor: float, failures: int) -> None:
    backoff = Backoff(first, first * factor, certain=1.0)
    for _ in range(failures):
        backoff.pause()
    backoff.reset()
    assert backoff.pause() == first


def test_many_clients_do_not_come_back_in_one_moment() -> None:
    assert len({Backoff(1.0, 8.0).pause() for _ in range(100)}) > 90


@pytest.mark.parametrize(("first", "most", "certain"), [(0.0, 1.0, 0.5), (2.0, 1.0, 0.5), (1.0, 2.0, 1.5)])
def test_numbers_that_make_no_sense_are_refused(first: float, most: float, certain: float) -> None:
    with pytest.raises(ValueError, match="impossible"):
        Backoff(first, most, certain=certain)


def test_what_has_been_away_for_long_is_asked_for_seldom_and_never_forgotten() -> None:
    assert pause_of_absent(20) <= 1.0
    assert 4 <= pause_of_absent(100) <= 5
    assert 24 <= pause_of_absent(3600) <= 30
    assert 24 <= pause_of_absent(1e9) <= 30
