"""What stands at addresses of SSC v1: readers, controls and meters."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.sennheiser.ssc.codec import controls
from services.drivers.sennheiser.ssc.codec.meters import Gauge
from services.drivers.sennheiser.ssc.codec.replay import replay
from services.drivers.sennheiser.ssc.codec.values import mac, megahertz, told, tuning, warnings, whole
from services.drivers.sennheiser.ssc.families.catalogue import FAMILIES, find
from services.model import Kind, Part

anything = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(st.text(max_size=5))
)


@pytest.mark.parametrize("word", ["not implemented", "Not Implemented", "", " ", "n/a", "0", "00:00", "unknown"])
def test_a_serial_number_that_is_none_is_no_identity(word: str) -> None:
    assert told("serial")(word) == {"serial": None}


@pytest.mark.parametrize(
    "value",
    [["00:1B:66:01:02:03"], "00-1b-66-01-02-03", ["00:00:00:00:00:00", "00:1b:66:01:02:03"], ["001b66010203"]],
)
def test_a_mac_address_is_found_in_every_form(value: object) -> None:
    assert mac(value) == {"mac": "00:1b:66:01:02:03"}


@pytest.mark.parametrize(
    "value",
    [
        ["606200:25:693800"],
        ["606200:693800:25"],
        "606200-693800 25",
        [[606200, 693800, 25]],
        [{"start": 606200, "end": 693800, "step": 25}],
    ],
)
def test_a_tuning_range_is_taken_in_every_order(value: object) -> None:
    assert tuning(value) == {"tuning_ranges_mhz": "606.200-693.800", "tuning_step_khz": 25}


def test_a_tuning_range_without_two_edges_is_not_guessed() -> None:
    assert tuning(["606200"]) is None


def test_a_frequency_that_is_not_there_is_unknown() -> None:
    assert megahertz("frequency_mhz")(None) == {"frequency_mhz": None}


def test_a_warning_is_a_flag_and_stands_in_the_list() -> None:
    read = warnings({"LowSignal": "low_rf_signal", "RfPeak": "rf_overload"})
    assert read(["LowSignal", ""]) == {"warnings": ["LowSignal"], "low_rf_signal": True, "rf_overload": False}


@given(anything)
def test_no_value_raises(value: object) -> None:
    for family in FAMILIES:
        for leaf in (*family.unit, *family.parts):
            items = [value] if leaf.split is None else [value, *(leaf.split(value, 4) or ())]
            for found in map(leaf.read, items):
                assert found is None or {*found} <= {*leaf.keys}
            if leaf.sign is not None:
                leaf.sign(value, 1)
        for meter in (*family.meters, *family.unit_meters):
            meter.take(Gauge(family.telemetry), value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, "7", None, [], {}])
def test_what_is_no_number_is_no_percent(value: object) -> None:
    assert whole("battery_percent", 0, 100)(value) is None


@pytest.mark.parametrize(
    ("product", "model"),
    [
        ("EWDX2CH", "ewdx_em2"),
        ("EWDX2CHD", "ewdx_em2"),
        ("EW-DX EM 2 Dante", "ewdx_em2"),
        ("EWDX4CHD", "ewdx_em4"),
        ("EW-DX EM4", "ewdx_em4"),
        ("EM6000", "em6000"),
        ("EM6000-Dante", "em6000_dante"),
        ("L6000", "l6000"),
        ("CHG70N-C", "chg70n"),
        ("SLDW", "sl_rack_receiver_dw"),
        ("SLDW4CH", "sl_mcr4_dw"),
        ("SL MCR 2 DW", "sl_mcr2_dw"),
        ("CHG2N", "chg2n"),
        ("CHG4N", "chg4n"),
    ],
)
def test_a_unit_is_known_by_what_it_calls_itself(product: str, model: str) -> None:
    found = find(product)
    assert found is not None
    assert found[1].name == model


@pytest.mark.parametrize("product", ["KH 120 II", "TCC M", "", "EWD", "SLDW8CH", "CHG2W"])
def test_a_stranger_is_of_no_family(product: str) -> None:
    assert find(product) is None


def test_a_summary_has_the_newest_the_lowest_and_the_loudest() -> None:
    gauge = Gauge(frozenset({"rf_dbm", "rf_min_dbm", "audio_peak_dbfs", "dropouts", "samples", "audio_overload"}))
    for level in (-50.0, -71.25, -60.0):
        gauge.rf(level)
        gauge.audio(level / 2)
    for percent in (90, 0, 0, 80):
        gauge.quality(percent)
    assert gauge.take() == {
        "rf_dbm": -60.0,
        "rf_min_dbm": -71.2,
        "audio_peak_dbfs": -25.0,
        "audio_overload": False,
        "dropouts": 1,
        "samples": 4,
    }
    assert gauge.take() is None


def test_an_overload_counts_as_long_as_the_unit_warns_of_it() -> None:
    gauge = Gauge(frozenset({"audio_overload"}))
    gauge.warn(overload=True)
    gauge.rf(-50)
    assert gauge.take() == {"audio_overload": True}
    gauge.rf(-50)
    assert gauge.take() == {"audio_overload": True}
    gauge.warn(overload=False)
    gauge.rf(-50)
    assert gauge.take() == {"audio_overload": False}


@pytest.mark.parametrize(
    ("control", "good", "written"),
    [
        (controls.name(8), "Vox 1", "Vox 1"),
        (controls.switch(yes="on", no="off"), "off", False),
        (controls.numbers(-3, 42, 3), 6, 6),
        (controls.megahertz(25), 606.225, 606225),
    ],
)
def test_what_fits_is_written_as_the_unit_wants_it(control: controls.Control, good: object, written: object) -> None:
    assert control.write(good) == written


@pytest.mark.parametrize("wrong", [None, [], True, 7.01, "loud", "", "x" * 9, "Ä", " a", 606.2101])
@pytest.mark.parametrize(
    "control", [controls.name(8), controls.numbers(-3, 42, 3), controls.megahertz(25), controls.switch(yes=1, no=0)]
)
def test_what_does_not_fit_is_not_written(control: controls.Control, wrong: object) -> None:
    if control.can.get("max_length") and wrong == "loud":
        pytest.skip("a name")
    with pytest.raises(ValueError, match=r"."):
        control.write(wrong)


@pytest.mark.parametrize(
    ("value", "percent", "minutes", "warns"),
    [
        (["70%", "5:12"], 70, 312, False),
        (["100%", "-:--"], 100, None, False),
        (["low", "-:--"], None, None, True),
        (["low", "0:20"], None, 20, True),
        ([], None, None, None),
    ],
)
def test_a_digital_6000_battery_is_two_texts(
    value: object, percent: int | None, minutes: int | None, warns: bool | None
) -> None:
    assert reading("em6000", {"rx1": {"skx": {"battery": value}}}) >= {
        ("battery_percent", percent),
        ("battery_runtime_minutes", minutes),
        ("battery_warning", warns),
    }


def test_digital_6000_levels_are_raw_bytes_of_both_channels() -> None:
    data = b'{"mm":[[83,0,53,0,1,1,128,165,0],[0,0,0,0,0,0,0,0,0]]}'
    first, second = (each.values for each in replay("em6000", data) if "samples" in each.values)
    assert (first["rf_a_dbm"], first["rf_b_dbm"], first["rf_dbm"]) == (-86.0, -101.0, -86.0)
    assert (first["quality_percent"], first["audio_peak_dbfs"]) == (50, -45.0)
    assert (first["antenna_a"], first["antenna_b"]) == ("active", "active")
    assert (second["rf_dbm"], second["quality_percent"], second["antenna_a"]) == (-127.5, 0, "inactive")


@pytest.mark.parametrize("value", [["70%"], "70%", ["x", "5:12"], [70, 312], {"a": 1}])
def test_a_battery_of_no_known_form_is_unknown(value: object) -> None:
    assert ("battery_percent", None) in reading("em6000", {"rx1": {"skx": {"battery": value}}})


def test_a_name_comes_without_the_mac_address_behind_it() -> None:
    data = json.dumps({"device": {"name": "Left rack-001b66a0b1c2"}}).encode()
    assert next(iter(replay("em6000", data))).values["name"] == "Left rack"


@pytest.mark.parametrize(
    ("light", "detected", "codes", "state", "fault"),
    [
        ("GREEN", True, [], "full", None),
        ("GREEN_FLASHING", True, [], "charging", None),
        ("YELLOW", True, [], "charging", None),
        ("YELLOW_FLASHING", True, [8], "precharging", None),
        ("RED", True, [16], "fault", "check_battery"),
        ("RED_FLASHING", True, [0], "hot", None),
        ("RED_FLASHING", True, [29], "cold", None),
        ("GREEN_YELLOW", True, [], "storing", None),
        ("OFF", False, [], "empty", None),
        ("OFF", True, [], None, None),
    ],
)
def test_a_bay_of_an_l6000_does_what_its_light_says(
    light: str, detected: bool, codes: list[int], state: str | None, fault: str | None
) -> None:
    bay = {"slot1": {"subslot1": {"led": light, "accu_detection": detected}}, "device": {"warnings": codes}}
    assert reading("l6000", bay) >= {("charge_state", state), ("fault", fault), ("occupied", detected)}


def test_a_battery_of_an_l6000_has_no_value_where_it_tells_none() -> None:
    numbers = [-60, 65280, 65280, 0, 65280, 0, 0, 65280, 65280, 65280, 65280, 65280]
    found = reading("l6000", {"slot1": {"subslot1": {"accu_parameter": numbers}}})
    assert {value for key, value in found if key.startswith(("battery", "capacity", "time"))} == {None}


def test_bays_of_a_chg70n_stand_in_lists() -> None:
    bays = {"bays": {"device_type": ["EW-DX SKM-S", "NONE"], "bat_gauge": [71, 0], "bat_timetofull": [40, 0]}}
    data = json.dumps(bays).encode()
    first, second = (each.values for each in replay("chg70n", data) if each.part.number)
    assert (first["device_type"], first["charge_state"], first["time_to_full_minutes"]) == ("handheld", "charging", 40)
    assert (second["occupied"], second["charge_state"]) == (False, "empty")


def reading(product: str, tree: object) -> set[tuple[str, object]]:
    """What part 1 is after one message."""
    found: dict[str, object] = {}
    for each in replay(product, json.dumps(tree).encode()):
        if each.part == Part(1) and "samples" not in each.values:
            found |= each.values
    return set(found.items()) if found else {("battery_percent", None)}


def test_a_number_without_end_is_no_percent() -> None:
    assert whole("battery_percent", 0, 100)(10**400) is None


def test_products_of_a_family_are_of_its_kind() -> None:
    assert all(family.kind in (Kind.RECEIVER, Kind.CHARGER) for family in FAMILIES)
