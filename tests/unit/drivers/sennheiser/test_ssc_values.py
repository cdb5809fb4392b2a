"""What stands at addresses of SSC v1: readers, controls and meters."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.sennheiser.ssc.codec import controls
from services.drivers.sennheiser.ssc.codec.meters import Gauge
from services.drivers.sennheiser.ssc.codec.values import mac, megahertz, told, tuning, warnings, whole
from services.drivers.sennheiser.ssc.families.catalogue import FAMILIES, find
from services.model import Kind

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
            found = leaf.read(value)
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
    ],
)
def test_a_unit_is_known_by_what_it_calls_itself(product: str, model: str) -> None:
    found = find(product)
    assert found is not None
    assert found[1].name == model


@pytest.mark.parametrize("product", ["KH 120 II", "TCC M", "", "EWD", "SL DW"])
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


def test_a_number_without_end_is_no_percent() -> None:
    assert whole("battery_percent", 0, 100)(10**400) is None


def test_products_of_a_family_are_of_its_kind() -> None:
    assert all(family.kind in (Kind.RECEIVER, Kind.CHARGER) for family in FAMILIES)
