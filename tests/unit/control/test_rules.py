"""What rules allow: a value is taken as it is or refused before anything is sent."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.control.rules import ControlRule, Place, allowed, checked, is_idle, rule_of
from services.model import Campus, ServiceError, SettableRange

RACK = Place(Campus("default", "stage"), "rack1", frozenset({"a", "c"}))
GAIN = SettableRange(minimum=-24, maximum=24, step=3, unit="dB")
SQUELCH = SettableRange(choices=["0", "5", "7", "25"], unit="dB")


def rule(**more: Any) -> ControlRule:
    return ControlRule(**{"number": 1, "verbs": frozenset({"set"}), **more})


@pytest.mark.parametrize(
    "elsewhere",
    [{"organization": "other"}, {"campus": "club"}, {"units": frozenset({"rack2"})}, {"tags": frozenset({"a", "b"})}],
)
def test_a_rule_counts_only_where_all_its_places_fit(elsewhere: dict[str, Any]) -> None:
    assert rule_of([rule(**elsewhere)], RACK, "set") is None
    here = rule(number=2, organization="default", campus="stage", units=frozenset({"rack1"}), tags=frozenset({"a"}))
    assert rule_of([rule(**elsewhere), here], RACK, "set") is here
    assert rule_of([here], RACK, "identify") is None


@given(st.integers(-24, 24), st.integers(-24, 24), st.integers(-60, 60))
def test_a_value_is_allowed_exactly_where_unit_and_limits_take_it(one: int, other: int, value: int) -> None:
    least, most = sorted((one, other))
    can = allowed([rule(limits={"gain_db": (least, most)})], RACK, {"gain_db": GAIN}).get("gain_db")
    if least <= value <= most and value % 3 == 0:
        assert can is not None
        assert checked("gain_db", can, value) == value
    elif can is not None:
        with pytest.raises(ServiceError) as failure:
            checked("gain_db", can, value)
        assert failure.value.code == "out_of_range"


NAME: SettableRange = {"min_length": 1, "max_length": 8, "characters": "ABC xyz"}
MUTE: SettableRange = {"choices": ["true", "false"]}
GRID: SettableRange = {"step": 0.025, "unit": "MHz"}
FREE: SettableRange = {"minimum": 470.125}


@pytest.mark.parametrize(
    ("key", "can", "value", "code", "words"),
    [
        ("gain_db", GAIN, "x", "schema_violation", 'gain_db must be a number from -24 to 24 dB, not "x"'),
        ("gain_db", GAIN, None, "schema_violation", "gain_db must be a number from -24 to 24 dB, not null"),
        ("gain_db", GAIN, [6], "schema_violation", "gain_db must be a number from -24 to 24 dB, not a list"),
        ("gain_db", GAIN, True, "schema_violation", "gain_db must be a number from -24 to 24 dB, not true"),
        ("gain_db", GAIN, math.nan, "schema_violation", "gain_db must be a number from -24 to 24 dB, not NaN"),
        ("gain_db", GAIN, 1e30, "out_of_range", "gain_db must be a number from -24 to 24 dB, not 1e+30"),
        ("gain_db", GAIN, 7, "out_of_range", "gain_db must be a number from -24 to 24 dB in steps of 3 dB, not 7"),
        ("gain_db", GAIN, {}, "schema_violation", 'gain_db must be a value, {"step": NUMBER} or {"toggle": true}'),
        ("gain_db", GAIN, {"step": "3"}, "schema_violation", "gain_db must be a value"),
        ("frequency_mhz", FREE, 1, "out_of_range", "frequency_mhz must be a number from 470.125, not 1"),
        ("frequency_mhz", GRID, 606.01, "out_of_range", "must be a number in steps of 0.025 MHz, not 606.01"),
        ("squelch_db", SQUELCH, 4, "out_of_range", "squelch_db must be one of "),
        ("squelch_db", SQUELCH, None, "out_of_range", "not null"),
        ("receiver_muted", MUTE, "true", "schema_violation", 'receiver_muted must be true or false, not "true"'),
        ("receiver_muted", MUTE, 1, "schema_violation", "receiver_muted must be true or false, not 1"),
        ("receiver_muted", MUTE, {"toggle": False}, "schema_violation", "receiver_muted must be a value"),
        ("name", NAME, 5, "schema_violation", "name must be a text, not 5"),
        ("name", NAME, None, "schema_violation", "name must be a text, not null"),
        ("name", NAME, "", "out_of_range", "name must have 1 to 8 characters on this unit, not 0"),
        ("name", NAME, "x" * 9, "out_of_range", "name must have 1 to 8 characters on this unit, not 9"),
        ("name", NAME, "A?", "out_of_range", "name cannot hold '?' on this unit"),
        ("name", NAME, " A", "out_of_range", "name must neither begin nor end with a blank"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_what_would(
    key: str, can: SettableRange, value: object, code: str, words: str
) -> None:
    with pytest.raises(ServiceError) as failure:
        checked(key, can, value)
    assert (failure.value.code, failure.value.field) == (code, f"args.{key}")
    assert words in failure.value.detail


def test_limits_hold_where_a_unit_has_a_list_of_numbers() -> None:
    can = allowed([rule(limits={"squelch_db": (5, 9)})], RACK, {"squelch_db": SQUELCH})["squelch_db"]
    assert can["choices"] == ["5", "7"]
    assert checked("squelch_db", can, 7) == 7
    with pytest.raises(ServiceError, match="one of 5, 7"):
        checked("squelch_db", can, 25)
    assert allowed([rule(limits={"squelch_db": (8, 9)})], RACK, {"squelch_db": SQUELCH}) == {}


@pytest.mark.parametrize(
    ("states", "idle"),
    [
        ([{"transmitter_present": False}, {"transmitter_present": False}], True),
        ([{"transmitter_present": False}, {"transmitter_present": True}], False),
        ([{"transmitter_present": None}], False),
        ([{"rf_muted": True}], True),
        ([{"rf_muted": False}], False),
        ([{"rf_muted": None}], False),
        ([{"occupied": True}], True),
    ],
)
def test_a_unit_is_idle_only_where_it_is_known_that_nothing_of_it_is_on_the_air(
    states: list[dict[str, object]],
    idle: bool,
) -> None:
    assert is_idle(states) is idle
