"""What bays and IEM channels come to, and chargers and IEM transmitters themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import clock
from services.model import KEYS, Key, Kind, State, empty_state, state_keys
from services.rules import DEFAULT_RULES, PRECEDENCE, Folded, Situation, fold_part, fold_unit, rejudge, reported_of
from services.rules.bays import BATTERY_KEYS

NOON = "2026-11-22T12:00:00.000Z"
AROUND = Situation(now=NOON, now_s=clock.unix_seconds(NOON), online=True, stale=False, rules=DEFAULT_RULES)
BATTERY: Mapping[str, object] = {
    "occupied": True,
    "charge_state": "charging",
    "battery_percent": 60,
    "battery_bars": 3,
    "battery_cycles": 42,
    "time_to_full_minutes": 50,
}
EMPTY_BAY: Mapping[str, object] = {"occupied": False, "charge_state": "empty"}
ON_AIR: Mapping[str, object] = {"name": "IEM 1", "frequency_mhz": 518.2, "rf_muted": False}


def fold(kind: Kind, reported: Mapping[str, object], state: State | None = None, around: Situation = AROUND) -> Folded:
    folded = fold_part(kind, state or empty_state(kind), reported, around)
    assert folded is not None
    return folded


def events(folded: Folded) -> list[str]:
    return [happening.event for happening in folded.events]


# -- bays ----------------------------------------------------------------------------------------------------


def test_a_battery_that_is_taken_out_leaves_nothing_behind() -> None:
    folded = fold(Kind.BAY, {**BATTERY, **EMPTY_BAY}, fold(Kind.BAY, BATTERY).state)  # its figures are still reported
    assert events(folded) == ["device_removed"]
    assert all(folded.state[key] is None for key in BATTERY_KEYS)
    assert (folded.state["occupied"], folded.state["charge_state"], folded.state["status"]) == (False, "empty", "empty")
    assert {"battery_percent", "battery_cycles", "device_id"} <= {*folded.gone}


def test_a_battery_that_is_put_in_is_an_event() -> None:
    folded = fold(Kind.BAY, BATTERY, fold(Kind.BAY, EMPTY_BAY).state)
    assert events(folded) == ["device_inserted"]
    assert (folded.state["status"], folded.state["battery_percent"]) == ("charging", 60)


def test_what_stands_in_a_bay_at_first_is_no_event() -> None:
    assert events(fold(Kind.BAY, BATTERY)) == []
    assert events(fold(Kind.BAY, EMPTY_BAY)) == []
    assert events(fold(Kind.BAY, {**BATTERY, "charge_state": "fault", "fault": "check_battery"})) == []


@pytest.mark.parametrize("word", ["full", "stored"])
def test_a_battery_that_becomes_full_is_complete_once(word: str) -> None:
    full = fold(Kind.BAY, {**BATTERY, "charge_state": word}, fold(Kind.BAY, BATTERY).state)
    assert (events(full), full.state["status"]) == (["charge_complete"], "full")
    trickle = fold(Kind.BAY, {**BATTERY, "charge_state": word, "battery_percent": 99}, full.state)
    assert events(trickle) == []


def test_a_full_battery_that_is_put_in_has_not_become_full_here() -> None:
    folded = fold(Kind.BAY, {**BATTERY, "charge_state": "full"}, fold(Kind.BAY, EMPTY_BAY).state)
    assert events(folded) == ["device_inserted"]


def test_a_fault_is_the_status_and_an_event_once() -> None:
    broken = {**BATTERY, "charge_state": "fault", "fault": "charge_failed"}
    folded = fold(Kind.BAY, broken, fold(Kind.BAY, BATTERY).state)
    assert events(folded) == ["bay_fault"]
    assert (folded.state["status"], folded.state["status_reasons"]) == ("fault", ["bay_fault"])
    assert dict(folded.events[0].after) == {"charge_state": "fault", "fault": "charge_failed"}
    assert events(fold(Kind.BAY, {**broken, "battery_percent": 61}, folded.state)) == []
    assert fold(Kind.BAY, BATTERY, folded.state).state["status"] == "charging"


def test_a_charge_of_nothing_is_zero_and_unknown_is_unknown() -> None:
    state = fold(Kind.BAY, {**BATTERY, "battery_percent": 0}).state
    assert state["battery_percent"] == 0
    assert fold(Kind.BAY, {"battery_bars": 1}).state["status"] == "unknown"


def test_a_bay_of_a_charger_that_is_gone_is_offline_whatever_is_in_it() -> None:
    state = fold(Kind.BAY, {**BATTERY, "fault": "check_battery"}).state
    judged = rejudge(Kind.BAY, state, replace(AROUND, online=False, stale=True))
    assert judged is not None
    assert judged.state["status"] == "offline"
    assert judged.state["status_reasons"] == ["charger_offline", "stale", "bay_fault"]


def test_nobody_changed_a_setting_of_a_bay() -> None:
    assert fold(Kind.BAY, EMPTY_BAY, fold(Kind.BAY, BATTERY).state).before == {}


# -- IEM channels --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reported", "status", "reasons"),
    [
        (ON_AIR, "on_air", []),
        ({**ON_AIR, "rf_muted": True}, "rf_muted", ["rf_muted"]),
        ({"name": "IEM 1"}, "unknown", []),
    ],
)
def test_an_iem_channel_is_on_the_air_where_its_carrier_is(
    reported: Mapping[str, object], status: str, reasons: list[str]
) -> None:
    state = fold(Kind.IEM_CHANNEL, reported).state
    assert (state["status"], state["status_reasons"]) == (status, reasons)


def test_settings_of_an_iem_channel_are_told_with_before_and_after() -> None:
    folded = fold(Kind.IEM_CHANNEL, {**ON_AIR, "rf_muted": True}, fold(Kind.IEM_CHANNEL, ON_AIR).state)
    assert (folded.before, folded.after) == ({"rf_muted": False}, {"rf_muted": True})


# -- units ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.RECEIVER, Kind.IEM, Kind.CHARGER])
def test_a_first_value_of_a_unit_is_no_changed_setting_and_a_second_is(kind: Kind) -> None:
    first = fold_unit(kind, empty_state(kind), {"name": "Rack 1", "lock": "none"})
    assert first is not None
    assert first.before == {}
    second = fold_unit(kind, first.state, {"name": "Rack 2", "lock": "none"})
    assert second is not None
    assert (second.before, second.after) == ({"name": "Rack 1"}, {"name": "Rack 2"})
    assert fold_unit(kind, second.state, {"name": "Rack 2", "lock": "none"}) is None


# -- more ----------------------------------------------------------------------------------------------------

ROWS = (
    Key("module_type", str, "What holds the bay.", kinds=frozenset({Kind.BAY})),
    Key("charged_mah", int, "Charge in the battery.", "mAh", kinds=frozenset({Kind.BAY}), gone_with="occupied"),
    Key("squelch_db", int, "Squelch.", "dB", kinds=frozenset({Kind.CHANNEL})),
)


def test_keys_of_one_maker_stand_under_more_and_go_with_the_battery() -> None:
    around = replace(AROUND, more=ROWS)
    more = {"module_type": "primary", "charged_mah": 1200, "strange": 1}
    full = fold(Kind.BAY, {**BATTERY, "more": more}, around=around).state
    assert full["more"] == {"module_type": "primary", "charged_mah": 1200}
    empty = fold(Kind.BAY, {**BATTERY, **EMPTY_BAY, "more": more}, full, around).state
    assert empty["more"] == {"module_type": "primary", "charged_mah": None}


def test_more_is_an_empty_object_where_a_driver_has_nothing_of_its_own() -> None:
    assert fold(Kind.BAY, BATTERY).state["more"] == {}


# -- whatever is reported ------------------------------------------------------------------------------------

anything = st.one_of(st.none(), st.booleans(), st.integers(-5, 70_000), st.text(max_size=5))
words = {
    row.name: st.one_of(st.none(), st.sampled_from(row.choices)) if row.choices else anything
    for kind in PRECEDENCE
    for row in KEYS.of(kind)
}


@pytest.mark.parametrize("kind", PRECEDENCE)
@given(st.data())
def test_whatever_a_part_reports_every_key_is_there_and_its_status_is_one_of_its_words(
    kind: Kind, data: st.DataObject
) -> None:
    state: State = empty_state(kind)
    known = {row.name: row for row in KEYS.of(kind)}
    reports = st.fixed_dictionaries({}, optional={name: words[name] for name in known if name != "more"})
    for _ in range(3):
        reported = data.draw(reports)
        around = replace(AROUND, online=data.draw(st.booleans()), stale=data.draw(st.booleans()))
        folded = fold_part(kind, state, reported, around)
        state = folded.state if folded else state
        assert tuple(state) == state_keys(kind)
        assert state["status"] in known["status"].choices
        assert {*_texts(state["status_reasons"])} <= {reason for reason, _ in PRECEDENCE[kind]}
        assert fold_part(kind, state, reported, around, folded.level if folded else None) is None  # said twice
        if kind is Kind.BAY and state["occupied"] is False:
            assert all(state[key] is None for key in BATTERY_KEYS)


@pytest.mark.parametrize("kind", PRECEDENCE)
def test_every_reason_leads_to_a_status_that_the_contract_has(kind: Kind) -> None:
    (status,) = [row for row in KEYS.of(kind) if row.name == "status"]
    assert {word for _, word in PRECEDENCE[kind]} <= {*status.choices}


@pytest.mark.parametrize(("kind", "reported"), [(Kind.BAY, BATTERY), (Kind.IEM_CHANNEL, ON_AIR)])
def test_a_state_that_was_kept_can_be_folded_again(kind: Kind, reported: Mapping[str, object]) -> None:
    state = fold(kind, reported).state
    assert fold_part(kind, state, reported_of(kind, state), AROUND) is None


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return value


# -- beltpacks -----------------------------------------------------------------------------------------------

WORN: Mapping[str, object] = {
    "name": "Stage left",
    "connected": True,
    "antenna": "Antenna 1",
    "battery_percent": 60,
    "power_source": "battery",
}
AWAY: Mapping[str, object] = {"name": "Stage left", "connected": False}


def test_a_connected_beltpack_is_good_and_one_that_never_was_is_idle() -> None:
    assert fold(Kind.BELTPACK, WORN).state["status"] == "good"
    assert fold(Kind.BELTPACK, AWAY).state["status"] == "idle"
    assert events(fold(Kind.BELTPACK, WORN)) == []


def test_a_beltpack_that_goes_is_lost_for_a_while_and_leaves_its_last_charge() -> None:
    folded = fold(Kind.BELTPACK, {**WORN, **AWAY}, fold(Kind.BELTPACK, WORN).state)
    assert events(folded) == ["beltpack_lost"]
    assert (folded.state["battery_percent"], folded.state["antenna"]) == (None, None)
    assert (folded.state["last_battery_percent"], folded.state["last_seen"]) == (60, NOON)
    assert folded.state["status"] == "lost"
    later = rejudge(Kind.BELTPACK, folded.state, replace(AROUND, gone_s=DEFAULT_RULES.lost_hold_s))
    assert later is not None
    assert later.state["status"] == "idle"


def test_a_beltpack_that_comes_back_is_an_event_and_no_longer_lost() -> None:
    away = fold(Kind.BELTPACK, AWAY, fold(Kind.BELTPACK, WORN).state).state
    folded = fold(Kind.BELTPACK, WORN, away)
    assert events(folded) == ["beltpack_connected"]
    assert (folded.state["status"], folded.state["last_seen"]) == ("good", None)


def test_a_beltpack_that_runs_out_is_critical_but_not_while_it_charges() -> None:
    folded = fold(Kind.BELTPACK, {**WORN, "battery_percent": 8}, fold(Kind.BELTPACK, WORN).state)
    assert (folded.state["status"], events(folded)) == ("critical", ["battery_critical"])
    charging = fold(Kind.BELTPACK, {**WORN, "battery_percent": 8, "power_source": "external"})
    assert (charging.state["status"], charging.state["status_reasons"]) == (
        "charging",
        ["on_external_power", "battery_critical"],
    )
