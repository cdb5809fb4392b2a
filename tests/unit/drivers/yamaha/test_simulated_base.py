"""The simulated base answers and changes as the notes on the vendor's guides say."""

from __future__ import annotations

from random import Random

import pytest

from services.drivers.yamaha.simulation.base import CHARGING, OFF, ON, Base


def base(**more: float) -> Base:
    return Base(4, Random(1), firmware="1.0", still=True, drain_per_hour=more.get("drain_per_hour", 12.0))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("batterystatus ch 3", "val batterystatus ch 3 100"),
        ("micstatus ch 1", "val micstatus ch 1 1"),
        ("mutestatus ch 1", "val mutestatus ch 1 0,0,0"),
        ("gain ch 1", "val gain ch 1 100"),
        ("batt ch 1", "val batt ch 1 4"),
        ("fw", "val fw 1.0"),
        ("batterystatus ch 5", None),
        ("serial", None),
    ],
)
def test_what_is_asked_is_answered_by_val_and_else_by_nothing(question: str, answer: str | None) -> None:
    assert base().answer(question.split()) == answer


def test_muting_all_locks_the_buttons_and_muting_one_does_not() -> None:
    unit = base()
    assert unit.mute("A", "1") == [1, 2, 3, 4]
    assert unit.answer(["mutestatus", "ch", "2"]) == "val mutestatus ch 2 1,0,1"
    assert unit.mute("2", "0") == [2]
    assert unit.answer(["mutestatus", "ch", "2"]) == "val mutestatus ch 2 0,0,0"
    assert unit.mute("9", "1") == []
    assert unit.mute("1", "7") == []


def test_a_notification_has_no_blank_before_the_channel() -> None:
    assert base().reports(2, "batterystatus") == (
        "val batterystatus ch 2 100",
        "notify status_change_battery ch2 100",
    )


def test_the_legacy_mute_tells_of_a_microphone_that_is_away() -> None:
    unit = base()
    unit.microphones[0].status = OFF
    assert unit.answer(["mute", "ch", "1"]) == "val mute ch 1 3"


def test_a_battery_drains_until_the_microphone_is_put_into_its_charger_and_comes_back_full() -> None:
    unit = base(drain_per_hour=36_000.0)
    microphone = unit.microphones[0]
    for _ in range(10):
        unit.step(1.0)
    assert microphone.status == CHARGING
    for _ in range(2):
        unit.step(3600.0)
    assert (microphone.status, microphone.battery) == (ON, 100.0)
