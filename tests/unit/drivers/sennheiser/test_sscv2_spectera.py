"""What a Spectera base station tells of its mobile devices."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.port import UNIT, Part
from services.drivers.sennheiser.sscv2.codec.spectera import FANS, MOBILES, RF_CHANNELS, SpecteraState
from services.drivers.sennheiser.sscv2.keys import MORE_NAMES
from services.drivers.sennheiser.sscv2.products import FAMILIES, family_of
from services.model import KEYS, Kind
from tests.unit.drivers.sennheiser.test_sscv2_codec import JSON

SKM: dict[str, Any] = {
    "mtUid": 7,
    "type": "SKM",
    "name": "Lead",
    "serial": "1234567890",
    "rfChannelId": 0,
    "state": "Connected",
    "batteryFillLevel": 66,
    "batteryRuntime": 250,
    "batteryLow": False,
    "micAudiolinkActive": True,
    "micLqi": 4,
    "interference": {"severity": "Mid"},
    "rssi": -51,
}
LEAD = Part(8)


def after(*resources: tuple[str, Any]) -> SpecteraState:
    state = SpecteraState()
    for path, value in resources:
        state.take(path, value)
    return state


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "Lead"),
        ("transmitter_present", True),
        ("transmitter_model", "SKM"),
        ("transmitter_id", "1234567890"),
        ("battery_percent", 66),
        ("battery_runtime_minutes", 250),
        ("battery_runtime_status", "ok"),
        ("interference", "detected"),
        ("interference_severity", "medium"),
        ("mic_link_quality", 4),
    ],
)
def test_a_mobile_device_is_a_channel(key: str, value: object) -> None:
    state = after((MOBILES, [SKM]))
    assert state.parts == [LEAD]
    assert state.value(LEAD, key) == value


@pytest.mark.parametrize("state", ["Disconnected", "Sleeping", "Syncing", "Updating"])
def test_nothing_of_a_device_is_current_while_it_is_not_connected(state: str) -> None:
    known = after((MOBILES, [SKM]), (f"{MOBILES}/7", {"mtUid": 7, "state": state, "batteryFillLevel": 66}))
    assert known.value(LEAD, "transmitter_present") is False
    assert known.value(LEAD, "battery_percent") is None
    assert (known.value(LEAD, "name"), known.value(LEAD, "mobile_state")) == ("Lead", state.lower())


def test_a_battery_of_minus_one_is_unknown() -> None:
    state = after((MOBILES, [{**SKM, "batteryFillLevel": -1, "batteryRuntime": -1}]))
    assert (state.value(LEAD, "battery_percent"), state.strange) == (None, [])


def test_a_device_that_is_being_paired_waits_for_its_serial_number() -> None:
    assert after((f"{MOBILES}/9", {**SKM, "mtUid": 9, "serial": "0000000000"})).parts == []


@pytest.mark.parametrize("gone", [(f"{MOBILES}/7", None), (MOBILES, [])])
def test_an_unpaired_device_is_left_out(gone: tuple[str, Any]) -> None:
    state = after((MOBILES, [SKM]))
    told = {key: value for each in state.take(*gone) or [] for key, value in each.values.items()}
    assert (state.parts, told["transmitter_present"], told["battery_percent"]) == ([], False, None)


def test_one_item_of_a_list_leaves_the_others() -> None:
    state = after((MOBILES, [SKM, {**SKM, "mtUid": 3}]), (MOBILES, {"mtUid": 7, "name": "Solo"}))
    assert state.parts == [Part(4), LEAD]
    assert state.value(LEAD, "name") == "Solo"


def test_the_frequency_is_that_of_the_rf_channel() -> None:
    state = after((MOBILES, [SKM]), (RF_CHANNELS, [{"rfChannelId": 0, "frequency": 474_000, "rfState": "RfActive"}]))
    assert (state.value(LEAD, "frequency_mhz"), state.value(LEAD, "rf_active")) == (474.0, True)
    state.take(f"{RF_CHANNELS}/0", {"rfChannelId": 0, "rfState": "RfMuted"})
    assert (state.value(LEAD, "frequency_mhz"), state.value(LEAD, "rf_active")) == (474.0, False)


def test_a_fan_that_fails_is_named_in_either_form() -> None:
    state = after((FANS[0], {"value": False}), (FANS[1], {"errorState": {"value": True}}))
    assert state.value(UNIT, "fan_faults") == ["FAN_2"]


def test_a_base_station_is_asked_as_its_own_user() -> None:
    family = family_of("Spectera-Base-Station")
    assert family is FAMILIES["spectera"]
    assert family.user == "controlSennheiser"


@given(st.sampled_from([*SpecteraState().asked, f"{MOBILES}/7", f"{RF_CHANNELS}/0"]), JSON)
def test_whatever_a_resource_has_nothing_raises_and_all_can_be_published(path: str, value: object) -> None:
    state = after((MOBILES, [SKM]))
    for reading in [*(state.take(path, value) or []), *state.everything(), *state.lacking(path, 404)]:
        kind = Kind.CHANNEL if reading.part.number else Kind.RECEIVER
        assert reading.values.keys() <= KEYS.reportable(kind)
        assert reading.more.keys() <= MORE_NAMES
        json.dumps([dict(reading.values), dict(reading.more)], allow_nan=False)
