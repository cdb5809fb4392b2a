"""When everything has been answered: whatever a dump contains, whatever is still due, whatever comes between."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.shure.barrier import ASKED, Barrier
from services.drivers.shure.families import WireAddress

FENCE: WireAddress = ("DEVICE_ID", None)
MODEL: WireAddress = ("MODEL", None)
NAME: WireAddress = ("CHAN_NAME", 1)
GAIN: WireAddress = ("AUDIO_GAIN", 1)
DUMP = [MODEL, FENCE, ("FW_VER", None), NAME, GAIN]
END = [FENCE] * ASKED


def passed_at(barrier: Barrier, answers: Iterable[WireAddress]) -> int | None:
    """After how many answers the end was seen."""
    for number, address in enumerate(answers, 1):
        barrier.receive(address)
        if barrier.passed:
            return number
    return None


def begun() -> Barrier:
    barrier = Barrier(FENCE)
    assert len(barrier.begin()) == ASKED
    assert not barrier.passed
    return barrier


@pytest.mark.parametrize("dumps", range(25))
def test_a_read_is_complete_only_behind_the_last_dump_however_many_contain_the_fence(dumps: int) -> None:
    answers = [*DUMP * dumps, *END]
    assert passed_at(begun(), answers) == len(answers) - ASKED + 2


@pytest.mark.parametrize("lost", range(ASKED))
def test_one_lost_answer_does_not_hide_the_end(lost: int) -> None:
    answers = [*DUMP, *(address for number, address in enumerate(END) if number != lost)]
    assert passed_at(begun(), answers) == len(answers)


@pytest.mark.parametrize("place", range(1, ASKED))
def test_an_unasked_report_in_the_end_does_not_hide_it(place: int) -> None:
    assert passed_at(begun(), [*DUMP, *END[:place], GAIN, *END[place:]]) is not None


def test_what_is_left_over_from_a_read_does_not_end_the_next_one() -> None:
    barrier = begun()
    assert passed_at(barrier, [*DUMP, FENCE, FENCE])
    barrier.begin()
    late, dump = [FENCE], [FENCE, MODEL, NAME]
    assert passed_at(barrier, [*late, *dump]) is None
    assert passed_at(barrier, END) == 2


def test_a_late_sign_of_life_does_not_end_a_read() -> None:
    barrier = Barrier(FENCE)
    barrier.sign_of_life()
    barrier.begin()
    assert passed_at(barrier, [FENCE, FENCE, MODEL, NAME]) is None
    assert passed_at(barrier, END) == 2


def test_a_sign_of_life_that_was_answered_takes_nothing_from_the_next_read() -> None:
    barrier = Barrier(FENCE)
    barrier.sign_of_life()
    barrier.receive(FENCE)
    barrier.begin()
    assert passed_at(barrier, [FENCE, FENCE]) == 2


def test_after_a_quiet_end_nothing_is_due() -> None:
    barrier = begun()
    barrier.give_up()
    assert barrier.passed
    barrier.begin()
    assert passed_at(barrier, [FENCE, FENCE]) == 2


@given(st.lists(st.sampled_from([MODEL, NAME, GAIN]), min_size=1, max_size=8), st.integers(1, 24), st.data())
def test_no_dump_looks_like_the_end(others: list[WireAddress], dumps: int, data: st.DataObject) -> None:
    # the fence anywhere in each dump, but with another line between two of them
    places = [data.draw(st.integers(0, len(others) - 1)) for _ in range(dumps)]
    answers = [address for place in places for address in (*others[:place], FENCE, *others[place:])]
    assert passed_at(begun(), answers) is None
