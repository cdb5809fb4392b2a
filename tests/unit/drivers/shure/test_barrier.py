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


def is_passed(barrier: Barrier, answers: list[WireAddress]) -> bool:
    """Whether the end was seen; the barrier receives the answers behind it as well."""
    number = passed_at(barrier, answers)
    for address in answers[number or len(answers) :]:
        barrier.receive(address)
    return number is not None


def begun() -> Barrier:
    barrier = Barrier(FENCE)
    assert len(barrier.begin(dumps=True)) == ASKED
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
    barrier.begin(dumps=True)
    late, dump = [FENCE], [FENCE, MODEL, NAME]
    assert passed_at(barrier, [*late, *dump]) is None
    assert passed_at(barrier, END) == 2


def test_a_late_sign_of_life_does_not_end_a_read() -> None:
    barrier = Barrier(FENCE)
    barrier.sign_of_life()
    barrier.begin(dumps=True)
    assert passed_at(barrier, [FENCE, FENCE, MODEL, NAME]) is None
    assert passed_at(barrier, END) == 2


def test_a_sign_of_life_that_was_answered_takes_nothing_from_the_next_read() -> None:
    barrier = Barrier(FENCE)
    barrier.sign_of_life()
    barrier.receive(FENCE)
    barrier.begin(dumps=True)
    assert passed_at(barrier, [FENCE, FENCE]) == 2


def test_after_a_quiet_end_nothing_is_due() -> None:
    barrier = begun()
    barrier.give_up()
    assert barrier.passed
    barrier.begin(dumps=True)
    assert passed_at(barrier, [FENCE, FENCE]) == 2


@given(st.lists(st.sampled_from([MODEL, NAME, GAIN]), min_size=1, max_size=8), st.integers(1, 24), st.data())
def test_no_dump_looks_like_the_end(others: list[WireAddress], dumps: int, data: st.DataObject) -> None:
    # the fence anywhere in each dump, but with another line between two of them
    places = [data.draw(st.integers(0, len(others) - 1)) for _ in range(dumps)]
    answers = [address for place in places for address in (*others[:place], FENCE, *others[place:])]
    assert passed_at(begun(), answers) is None


@pytest.mark.parametrize("chatter", range(1, ASKED))
def test_a_unit_that_chatters_between_all_answers_does_not_hide_the_end_of_any_round(chatter: int) -> None:
    # an unasked report after every second message, wherever the count begins
    barrier = Barrier(FENCE)
    said = chatter
    for dumps in (True, False, False, False):
        answers: list[WireAddress] = []
        for address in (*(DUMP if dumps else [NAME, GAIN]), *END):
            answers.append(address)
            said += 1
            if said % 2 == 0:
                answers.append(MODEL)
        barrier.begin(dumps=dumps)
        assert is_passed(barrier, answers), (dumps, answers)


Round = tuple[bool, list[WireAddress], int, int]
"""Whether it is a dump, what is answered, answers to the fence that come only in the next round, where one reports."""
ROUNDS = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(st.sampled_from([MODEL, NAME, GAIN]), min_size=1, max_size=4),
        st.integers(0, 1),
        st.integers(0, ASKED),
    ),
    min_size=1,
    max_size=6,
)


@given(ROUNDS)
def test_no_round_ends_before_its_own_answers_however_late_those_of_the_one_before_are(rounds: list[Round]) -> None:
    barrier = Barrier(FENCE)
    late: list[WireAddress] = []
    for is_dump, others, later, reports_at in rounds:
        barrier.begin(dumps=is_dump)
        assert passed_at(barrier, [*late, *([FENCE] if is_dump else []), *others]) is None
        end = END[: ASKED - later]
        late = END[ASKED - later :]
        if not is_passed(barrier, [*end[:reports_at], NAME, *end[reports_at:]]):
            barrier.give_up()  # after a quiet time, in which those that are late would have come
            late = []
