"""How many datagrams leave a second, and how they are numbered."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.port import DriverError
from services.drivers.transport.asking import TransactionIds
from services.pace import Pace

RATES = st.floats(0.1, 10_000)
BURSTS = st.integers(1, 100)
STEPS = st.lists(st.floats(0, 2), min_size=1, max_size=200)


@given(RATES, BURSTS, STEPS)
def test_no_second_sends_more_than_the_rate_and_one_burst(rate: float, burst: int, steps: list[float]) -> None:
    pace, now, turns = Pace(rate, burst), 1000.0, []
    for step in steps:
        now += step / rate
        turns.append(now + pace.reserve(now))
    assert turns == sorted(turns), "turns come in the order of asking"
    for first, begin in enumerate(turns):
        for last in range(first, len(turns)):
            assert last - first + 1 <= burst + (turns[last] - begin) * rate + 1e-6 * rate + 1e-6


@given(RATES, BURSTS)
def test_a_burst_leaves_at_once_after_a_rest_and_not_before(rate: float, burst: int) -> None:
    pace = Pace(rate, burst)
    for start in (5000.0, 5000.0 + 2 * burst / rate):
        assert [pace.reserve(start) for _ in range(burst)] == [0.0] * burst
        assert pace.reserve(start) == pytest.approx(1 / rate, rel=1e-3)


@given(RATES, BURSTS, STEPS)
def test_a_refused_turn_costs_nobody_a_turn(rate: float, burst: int, steps: list[float]) -> None:
    impatient, patient, now = Pace(rate, burst), Pace(rate, burst), 1000.0
    for step in steps:
        now += step / rate
        took = impatient.take(now)
        if took:
            assert patient.reserve(now) == 0.0
        for _ in range(3):
            if not impatient.take(now):
                break
            assert patient.reserve(now) == 0.0


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_a_pace_that_lets_nothing_through_is_refused(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        Pace(rate, burst)


@given(st.integers(1, 20), st.lists(st.integers(0, 30), max_size=200))
def test_a_number_that_waits_is_never_given_again(size: int, steps: list[int]) -> None:
    ids = TransactionIds(5, 4 + size)
    waiting: list[tuple[int, ExitStack]] = []
    for step in steps:
        if step < len(waiting):
            waiting.pop(step)[1].close()
        elif len(waiting) < size:
            stack = ExitStack()
            number = stack.enter_context(ids.take())
            assert 5 <= number <= 4 + size
            assert number not in [other for other, _ in waiting]
            waiting.append((number, stack))
        else:
            with pytest.raises(DriverError, match="ask less at once"), ids.take():
                pass
    for _, stack in waiting:
        stack.close()


def test_a_number_comes_back_only_after_all_others_had_their_turn() -> None:
    ids = TransactionIds(1, 4)
    taken = []
    for _ in range(9):
        with ids.take() as number:
            taken.append(number)
    assert taken == [1, 2, 3, 4, 1, 2, 3, 4, 1]


def test_a_range_without_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="before the first"):
        TransactionIds(2, 1)
