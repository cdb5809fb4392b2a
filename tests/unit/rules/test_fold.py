"""What a channel's readings come to, without any receiver, database or broker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services import clock
from services.model import Kind, State, empty_state, state_keys
from services.rules import DEFAULT_RULES, BatteryLevel, Folded, Situation, fold_part, rejudge
from services.rules.channels import TRANSMITTER

NOON = "2026-11-22T12:00:00.000Z"
CHANNEL = Kind.CHANNEL
EMPTY = empty_state(CHANNEL)
ULXD = ("transmitter_model", "battery_bars")
AROUND = Situation(
    now=NOON, now_s=clock.unix_seconds(NOON), online=True, stale=False, rules=DEFAULT_RULES, presence=ULXD
)
ON_AIR: Mapping[str, object] = {
    "name": "Vox 1",
    "transmitter_model": "ULXD2",
    "battery_bars": 5,
    "battery_percent": 100,
    "battery_runtime_minutes": 600,
    "battery_runtime_status": "ok",
    "receiver_muted": False,
    "transmitter_muted": False,
    "interference": "none",
}
OFF_AIR: Mapping[str, object] = {**ON_AIR, "transmitter_model": None, "battery_bars": None, "battery_percent": None}


def fold(
    reported: Mapping[str, object],
    state: State = EMPTY,
    around: Situation = AROUND,
    level: BatteryLevel | None = None,
) -> Folded:
    folded = fold_part(CHANNEL, state, reported, around, level)
    assert folded is not None
    return folded


def events(folded: Folded) -> list[str]:
    return [happening.event for happening in folded.events]


def test_a_transmitter_on_the_air_is_good_and_live() -> None:
    state = fold(ON_AIR).state
    assert (state["status"], state["audio_path"], state["transmitter_present"]) == ("good", "live", True)
    assert state["transmitter_last_seen"] is None


def test_the_same_readings_again_are_no_change() -> None:
    assert fold_part(CHANNEL, fold(ON_AIR).state, ON_AIR, AROUND) is None


def test_first_values_are_no_events_because_nobody_saw_them_change() -> None:
    assert events(fold(ON_AIR)) == []


def test_a_transmitter_that_goes_takes_its_live_values_and_leaves_its_last_battery() -> None:
    folded = fold(OFF_AIR, fold(ON_AIR).state)
    state = dict(folded.state)
    assert events(folded) == ["transmitter_lost"]
    assert all(state[key] is None for key in TRANSMITTER.keys)
    assert (state["last_battery_percent"], state["last_battery_bars"]) == (100, 5)
    assert state["last_battery_runtime_minutes"] == 600
    assert (state["status"], state["transmitter_last_seen"], state["audio_path"]) == ("lost", NOON, "no_signal")


def test_a_transmitter_that_went_while_nobody_looked_was_heard_last_when_we_looked_last() -> None:
    earlier = "2026-11-22T11:59:00.000Z"
    folded = fold(OFF_AIR, fold(ON_AIR).state, replace(AROUND, heard_at=earlier))
    assert folded.state["transmitter_last_seen"] == earlier


def test_a_lost_transmitter_becomes_idle_when_its_time_has_passed() -> None:
    state = fold(OFF_AIR, fold(ON_AIR).state).state
    later = replace(AROUND, now_s=AROUND.now_s + 1801)
    judged = rejudge(CHANNEL, state, later)
    assert judged is not None
    assert (judged.state["status"], judged.state["status_reasons"]) == ("idle", [])
    assert rejudge(CHANNEL, state, replace(AROUND, now_s=AROUND.now_s + 1799)) is None


def test_a_transmitter_that_returns_is_on_again() -> None:
    folded = fold(ON_AIR, fold(OFF_AIR, fold(ON_AIR).state).state)
    assert events(folded) == ["transmitter_on"]
    assert (folded.state["status"], folded.state["transmitter_last_seen"]) == ("good", None)


def test_a_transmitter_on_external_power_is_there_without_any_bars() -> None:
    state = fold({**ON_AIR, "battery_bars": None, "power_source": "external"}).state
    assert state["transmitter_present"] is True
    assert state["battery_status"] == "external_power"


def test_what_the_family_cannot_tell_stays_unknown() -> None:
    around = replace(AROUND, presence=())
    state = fold({"name": "Vox 1"}, around=around).state
    assert (state["transmitter_present"], state["audio_path"], state["status"]) == (None, "unknown", "unknown")


def test_an_empty_battery_is_zero_and_critical_not_unknown() -> None:
    state = fold({**ON_AIR, "battery_percent": 0, "battery_bars": 0, "battery_runtime_minutes": 0}).state
    assert (state["battery_percent"], state["battery_bars"], state["status"]) == (0, 0, "critical")


def test_bars_count_only_where_neither_minutes_nor_percent_are_known() -> None:
    alkaline = {**ON_AIR, "battery_runtime_minutes": None, "battery_percent": None, "battery_bars": 2}
    assert fold(alkaline).state["status"] == "replace"
    assert fold({**ON_AIR, "battery_bars": 1}).state["status"] == "good"


def test_a_battery_that_flutters_on_its_threshold_rings_once() -> None:
    state, level, rung = fold(ON_AIR).state, None, []
    for minutes in (91, 90, 92, 90, 94, 89):
        folded = fold_part(CHANNEL, state, {**ON_AIR, "battery_runtime_minutes": minutes}, AROUND, level)
        if folded is not None:
            rung += events(folded)
            state, level = folded.state, folded.level
    assert rung == ["battery_replace"]


def test_a_fresh_battery_is_a_recovery() -> None:
    low = fold({**ON_AIR, "battery_runtime_minutes": 20}, fold(ON_AIR).state)
    assert events(low) == ["battery_critical"]
    assert events(fold(ON_AIR, low.state, level=low.level)) == ["battery_recovered"]


def test_the_worse_reason_gives_the_status_and_the_others_stay_readable() -> None:
    state = fold({**ON_AIR, "battery_runtime_minutes": 20, "encryption_fault": True, "transmitter_muted": True}).state
    assert state["status"] == "fault"
    assert state["status_reasons"] == ["encryption_fault", "battery_critical", "transmitter_muted"]
    assert state["audio_path"] == "muted"


def test_settings_that_change_are_told_with_before_and_after() -> None:
    folded = fold({**ON_AIR, "name": "Vox 2", "receiver_muted": True}, fold(ON_AIR).state)
    assert folded.before == {"name": "Vox 1", "receiver_muted": False}
    assert folded.after == {"name": "Vox 2", "receiver_muted": True}


values = st.one_of(st.none(), st.booleans(), st.integers(-5, 70_000), st.text(max_size=5))


@given(
    st.dictionaries(st.sampled_from(state_keys(CHANNEL)), values),
    st.dictionaries(st.sampled_from(list(ON_AIR)), values),
)
def test_whatever_is_reported_every_key_of_the_contract_is_there(
    first: Mapping[str, object], second: Mapping[str, object]
) -> None:
    state: State = EMPTY
    for reported in (first, {**first, **second}, ON_AIR):
        folded = fold_part(CHANNEL, state, reported, AROUND)
        state = folded.state if folded else state
        assert tuple(state) == state_keys(CHANNEL)


def test_where_its_signs_disagree_the_meters_decide_whether_a_transmitter_is_there() -> None:
    dead_gauge = {**ON_AIR, "battery_bars": None, "battery_runtime_status": "communication_error"}
    assert present({**dead_gauge, "carrier_received": True}) is True
    assert present({**dead_gauge, "carrier_received": False}) is False
    assert fold(dead_gauge).state["transmitter_present"] is None, "nothing was metered yet"
    again = replace(AROUND, heard_at=NOON)
    assert fold(dead_gauge, fold(ON_AIR).state, again).state["transmitter_present"] is True, "over a restart, too"
    assert fold(dead_gauge, fold(ON_AIR).state).state["transmitter_present"] is False
    assert present({"battery_bars": None, "carrier_received": True}) is True, "older firmware has no other sign"
    assert present({**OFF_AIR, "carrier_received": True}) is False, "a carrier may be anybody's"
    assert present({**ON_AIR, "carrier_received": False}) is True, "a fade is no end"


def present(reported: Mapping[str, object]) -> bool:
    return fold(reported).state["transmitter_present"] is True


@given(st.permutations(["transmitter_model", "battery_bars", "carrier_received"]))
def test_a_transmitter_comes_and_goes_once_in_whatever_order_its_signs_change(order: list[str]) -> None:
    on: dict[str, object] = {"transmitter_model": "QLXD2", "battery_bars": 4, "carrier_received": True}
    off: dict[str, object] = {"transmitter_model": None, "battery_bars": None, "carrier_received": False}
    for reported, then in ((dict(off), on), (dict(on), off)):
        seen = [present(reported)]
        for key in order:
            reported[key] = then[key]
            seen.append(present(reported))
        assert [*dict.fromkeys(seen)] == [then is not on, then is on]
        assert seen == sorted(seen, reverse=then is off)


def test_a_transmitter_in_its_charger_is_idle_and_not_lost() -> None:
    docked = fold({**OFF_AIR, "transmitter_docked": True}, fold(ON_AIR).state)
    assert (docked.state["status"], docked.state["status_reasons"]) == ("idle", [])
    assert "transmitter_lost" not in {happening.event for happening in docked.events}
    taken = fold({**OFF_AIR, "transmitter_docked": False}, docked.state)
    assert taken.state["status"] == "lost"


RF_MUTED: Mapping[str, object] = {**OFF_AIR, "transmitter_rf_muted": True}


def test_a_transmitter_whose_carrier_was_switched_off_is_muted_and_not_lost() -> None:
    folded = fold(RF_MUTED, fold(ON_AIR).state)
    assert (folded.state["status"], folded.state["status_reasons"]) == ("muted", ["transmitter_rf_muted"])
    assert folded.state["audio_path"] == "muted"
    assert events(folded) == []
    back = fold({**ON_AIR, "transmitter_rf_muted": False}, folded.state)
    assert (back.state["status"], events(back)) == ("good", ["transmitter_on"])
    lost = fold({**OFF_AIR, "transmitter_rf_muted": None}, folded.state)
    assert lost.state["status"] == "lost", "linked no longer, so nobody knows of a mute"


def test_a_transmitter_that_the_meters_lost_before_the_unit_said_so_was_last_seen_then() -> None:
    earlier = "2026-11-22T11:59:53.000Z"
    folded = fold(OFF_AIR, fold(ON_AIR).state, replace(AROUND, heard_at=earlier))
    assert folded.state["transmitter_last_seen"] == earlier
    assert [(happening.event, happening.at) for happening in folded.events] == [("transmitter_lost", earlier)]
