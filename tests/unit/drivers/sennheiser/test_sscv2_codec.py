"""What resources of SSCv2 mean, value by value; whatever a unit sends, nothing raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.port import UNIT, Part
from services.drivers.sennheiser.sscv2.codec.controls import CONTROLS, SETTABLE, inside, tunable
from services.drivers.sennheiser.sscv2.codec.ewdx import EwdxState
from services.drivers.sennheiser.sscv2.codec.meters import KEYS as METERED
from services.drivers.sennheiser.sscv2.codec.meters import ChannelMeters
from services.drivers.sennheiser.sscv2.codec.notifications import changes, is_session, session_path
from services.drivers.sennheiser.sscv2.codec.replay import replay
from services.drivers.sennheiser.sscv2.codec.spectera import SpecteraState
from services.drivers.sennheiser.sscv2.keys import MORE, MORE_NAMES
from services.drivers.sennheiser.sscv2.options import Options
from services.drivers.sennheiser.sscv2.products import PRODUCTS, channels_of
from services.model import KEYS, Facet, Kind

ONE = Part(1)
PATHS = [*EwdxState(2).asked, "/api/transmitters", "/api/transmitters/0/battery", "/api/transmitters/0/warnings"]
FAST = [path for part in EwdxState(2).parts for path in EwdxState(2).fast(part)]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["None", "Battery"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "mute", "gain", "ranges", "presets", "type", "value", "id", "transmitter", "gauge"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def after(*resources: tuple[str, Any]) -> EwdxState:
    state = EwdxState(2)
    for path, value in resources:
        state.take(path, value)
    return state


@pytest.mark.parametrize(
    ("path", "value", "key", "meaning"),
    [
        ("/api/channel/0", {"name": "VOX  "}, "name", "VOX"),
        ("/api/channel/0", {"name": ""}, "name", None),
        ("/api/channel/0", {"gain": -3}, "gain_db", -3),
        ("/api/channel/0", {"gain": 6.0}, "gain_db", 6),
        ("/api/channel/0", {"gain": True}, "gain_db", None),
        ("/api/channel/0", {"mute": "yes"}, "receiver_muted", None),
        ("/api/rf/channels/0", {"frequency": 606_525}, "frequency_mhz", 606.525),
        ("/api/rf/channels/0", {"frequency": 0}, "frequency_mhz", None),
        ("/api/rf/channels/0", {"presets": {"type": "User", "bank": 0, "channel": 12}}, "group_channel", 12),
        ("/api/rf/channels/0", {"presets": {"type": "None"}}, "group_channel", None),
        ("/api/channel/0/warnings", ["Aes256Error"], "encryption_fault", True),
        ("/api/channel/0/warnings", [], "encryption_fault", False),
        ("/api/transmitters/0", {"trim": -12}, "tx_offset_db", -12),
        ("/api/transmitters/0", {}, "transmitter_present", True),
        ("/api/transmitters/0", None, "transmitter_present", False),
        ("/api/transmitters/0/battery", {"gauge": 101}, "battery_percent", None),
        ("/api/transmitters/0/battery", {"type": "Battery", "lifetime": 65_535}, "battery_runtime_minutes", None),
        ("/api/transmitters/0/battery", {"type": "NoBattery", "gauge": 0}, "battery_percent", None),
        ("/api/transmitters/0/warnings", ["LowBattery"], "battery_warning", True),
    ],
)
def test_a_value_of_a_channel(path: str, value: object, key: str, meaning: object) -> None:
    assert after((path, value)).value(ONE, key) == meaning


def test_a_range_of_the_unit_stands_at_every_channel() -> None:
    ranges = [{"start": 863_200, "end": 864_800, "stepsize": 25}, {"start": 823_200, "end": 831_800, "stepSize": 25}]
    state = after(("/api/rf", {"code": "U1/5", "ranges": ranges}))
    assert {state.value(part, "tuning_ranges_mhz") for part in state.parts} == {"823.2-831.8 863.2-864.8"}
    assert state.value(UNIT, "band") == "U1/5"


def test_a_notification_with_one_property_leaves_the_others() -> None:
    state = after(("/api/channel/0", {"name": "VOX", "gain": 6}), ("/api/channel/0", {"gain": 9}))
    assert (state.value(ONE, "name"), state.value(ONE, "gain_db")) == ("VOX", 9)


def test_what_is_not_in_the_list_of_transmitters_is_not_linked() -> None:
    state = after(("/api/transmitters", [{"id": 1, "transmitter": {"type": "EW_DX_SK"}}]))
    assert [state.value(part, "transmitter_present") for part in state.parts] == [False, True]


def test_a_new_transmitter_is_asked_for() -> None:
    state = after(("/api/transmitters/0", None))
    state.take("/api/transmitters/0", {})
    assert set(state.wanted) == {
        "/api/transmitters/0",
        "/api/transmitters/0/battery",
        "/api/transmitters/0/warnings",
    }


def test_a_battery_that_tells_after_its_transmitter_went_is_not_believed() -> None:
    state = after(("/api/transmitters/0", None), ("/api/transmitters/0/battery", {"gauge": 50}))
    assert state.value(ONE, "battery_percent") is None
    assert state.wanted == ["/api/transmitters/0"]


def test_a_word_that_nobody_knows_is_unknown_and_kept_to_be_told() -> None:
    state = after(("/api/device/state", {"state": "Dreaming"}), ("/api/channel/0/warnings", ["Sunspots"]))
    assert state.value(UNIT, "device_state") is None
    assert [text for _, text in state.strange] == ['"Dreaming"', "Sunspots"]


def test_a_resource_that_is_not_there_takes_back_what_it_gave() -> None:
    state = after(("/api/rf/encryption", {"enabled": True}))
    state.lacking("/api/rf/encryption", 404)
    assert state.value(UNIT, "encryption_mode") is None


@given(st.sampled_from([*PATHS, *FAST, "/api/none"]), JSON)
def test_whatever_a_resource_has_nothing_raises_and_all_can_be_published(path: str, value: object) -> None:
    state = EwdxState(2)
    readings = state.take(path, value) or []
    state.meter(path, value)
    for reading in [*readings, *state.everything(), *state.lacking(path, 422)]:
        kind = Kind.CHANNEL if reading.part.number else Kind.RECEIVER
        assert reading.values.keys() <= KEYS.reportable(kind)
        assert reading.more.keys() <= MORE_NAMES
        json.dumps([dict(reading.values), dict(reading.more)], allow_nan=False)
    for meters in state.meters.values():
        json.dumps(meters.take(heard=True), allow_nan=False)


@given(st.text() | JSON.map(json.dumps))
def test_whatever_an_event_has_nothing_raises(data: str) -> None:
    found = changes(data)
    assert found is None or isinstance(found, dict)
    path = session_path(data)
    assert path is None or is_session(path)


@given(st.binary())
def test_whatever_was_recorded_nothing_raises(data: bytes) -> None:
    replay(EwdxState(2), data)
    replay(SpecteraState(), data)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ('{"path":"/api/ssc/state/subscriptions/abc","sessionUUID":"abc"}', "/api/ssc/state/subscriptions/abc"),
        ('{"sessionUUID":"0f-1"}', "/api/ssc/state/subscriptions/0f-1"),
        ('{"path":"/api/elsewhere","sessionUUID":"../../x"}', None),
        ('{"path":"//evil.example/api/ssc/state/subscriptions/abc"}', None),
        ("[]", None),
    ],
)
def test_a_session_is_a_path_below_the_sessions(data: str, path: str | None) -> None:
    assert session_path(data) == path


def test_a_pair_of_path_and_value_is_a_notification_too() -> None:
    assert changes('{"path":"/api/x","value":null}') == {"/api/x": None}


# -- meters ------------------------------------------------------------------------------------------------------


def test_a_level_that_does_not_change_is_the_highest_and_the_lowest_of_the_next_interval() -> None:
    meters = ChannelMeters()
    meters.add(0, -60.0)
    meters.take(heard=True)
    taken = meters.take(heard=True)
    assert taken is not None
    assert (taken["rf_dbm"], taken["rf_min_dbm"], taken["samples"]) == (-60.0, -60.0, 1)
    assert taken.keys() == METERED


def test_nothing_metered_is_nothing() -> None:
    assert ChannelMeters().take(heard=True) is None


@pytest.mark.parametrize("value", [True, "-60", None, float("nan"), -1000, 21])
def test_what_is_no_level_is_none(value: object) -> None:
    assert ChannelMeters().add(0, value) is False


def test_a_warning_that_came_and_went_was_an_overload() -> None:
    meters = ChannelMeters()
    meters.add(3, -1.0)
    meters.warn(peaking=True)
    meters.warn(peaking=False)
    assert [(meters.take(heard=True) or {})["audio_overload"] for _ in range(2)] == [True, False]


def test_without_a_transmitter_nothing_drops_out() -> None:
    meters = ChannelMeters()
    for quality in (90, 0):
        meters.add(1, quality)
    assert (meters.take(heard=True) or {})["dropouts"] == 0


# -- what can be set ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "wire"),
    [
        ("name", "VOX 1|", "VOX 1|"),
        ("gain_db", 42, 42),
        ("output_level_db", -24, -24),
        ("frequency_mhz", 470.225, 470_225),
    ],
)
def test_a_value_as_it_is_written(key: str, value: object, wire: object) -> None:
    assert CONTROLS[key].write(value) == wire


@pytest.mark.parametrize(
    ("key", "value"),
    [("name", "vox"), ("name", "X" * 9), ("gain_db", 1), ("output_level_db", 3), ("frequency_mhz", 470.21)],
)
def test_a_value_that_cannot_be_written(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        CONTROLS[key].write(value)


def test_the_range_of_a_frequency_is_the_units_own_with_its_gap() -> None:
    blocks = "823.2-831.8 863.2-864.8"
    assert tunable(blocks, 25) == {"minimum": 823.2, "maximum": 864.8, "step": 0.025, "unit": "MHz"}
    assert [inside(blocks, mhz) for mhz in (823.2, 840.0, 864.8)] == [True, False, True]


def test_all_that_can_be_set_can_be_written() -> None:
    assert SETTABLE.keys() == CONTROLS.keys()


# -- catalogue ---------------------------------------------------------------------------------------------------


def test_every_key_of_the_products_has_a_row() -> None:
    for product in PRODUCTS:
        assert product.abilities.keys <= {*KEYS.names(Kind.RECEIVER)}
        assert product.part_abilities.keys <= {*KEYS.names(Kind.CHANNEL)}
        assert product.part_abilities.telemetry <= {*KEYS.names(Kind.CHANNEL, Facet.TELEMETRY)}
    assert len({row.name for row in MORE}) == len(MORE)


@pytest.mark.parametrize(
    ("product", "channels"), [("EWDX2CHS", 2), ("EWDX4CHDS", 4), ("EWDX2CH", 2), ("EWDXSKM", None), ("TCCM", None)]
)
def test_a_product_names_its_channels(product: str, channels: int | None) -> None:
    assert channels_of(product) == channels


def test_a_fingerprint_is_taken_in_any_form_and_nothing_else() -> None:
    assert Options(fingerprint="ab" * 32).fingerprint == ":".join(["AB"] * 32)
    with pytest.raises(ValueError, match="64 hexadecimal"):
        Options(fingerprint="ab")
