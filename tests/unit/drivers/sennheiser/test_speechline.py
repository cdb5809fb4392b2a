"""SpeechLine and its chargers: codec, order of what comes, and that the simulated units do as the notes say."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.sennheiser.simulation.ssc.multichannel import MultiReceiver
from services.drivers.sennheiser.simulation.ssc.slcharger import SlCharger
from services.drivers.sennheiser.simulation.ssc.speechline import Rack
from services.drivers.sennheiser.simulation.ssc.tree import Answers, Dialect, Refused
from services.drivers.sennheiser.ssc.codec import controls, wire
from services.drivers.sennheiser.ssc.codec.state import UnitState
from services.drivers.sennheiser.ssc.codec.values import numbered
from services.drivers.sennheiser.ssc.families.chg4n import CHG4N
from services.drivers.sennheiser.ssc.families.speechline import SL_MCR, SL_RACK
from services.model import Part


@given(st.sampled_from(range(-24, 13, 6)))
def test_a_gain_is_written_as_the_index_that_is_read_as_it(gain: int) -> None:
    written = controls.indexed(-24, 12, 6, "dB").write(gain)
    assert written in range(7)
    assert numbered("gain_db", tuple(range(-24, 13, 6)))(written) == {"gain_db": gain}


@pytest.mark.parametrize("gain", [-25, 13, -23, 0.5, "0", True, None])
def test_a_gain_that_has_no_index_is_not_written(gain: object) -> None:
    with pytest.raises(ValueError, match=r"number|steps"):
        controls.indexed(-24, 12, 6, "dB").write(gain)


@pytest.mark.parametrize("value", [-1, 4, 1.5, "x", "", True, None, [], "99999999999"])
def test_a_place_that_nothing_stands_at_has_no_meaning(value: object) -> None:
    assert numbered("transmitter_type", ("handheld", "bodypack", "tablestand", "boundary"))(value) is None


def test_a_place_written_as_a_text_is_read() -> None:
    assert numbered("mute_mode", ("off", "on"))("1") == {"mute_mode": "on"}


def test_an_acknowledgement_with_values_in_place_of_nulls_is_both() -> None:
    found = wire.parse(b'{"osc":{"xid":5},"osc":{"state":{"subscribe":[{"bays":{"bat_gauge":[0,100]}}]}}}\0')
    assert found == wire.Datagram(
        (wire.Accepted("bays/bat_gauge", None), wire.Value("bays/bat_gauge", [0, 100])), xid=5
    )


def test_a_bare_code_beside_a_second_osc_is_a_refusal_of_its_address() -> None:
    found = wire.parse(b'{"osc":{"xid":9},"osc":{"error":[{"mates":{"tx1":{"bat_state":[404]}}}]}}\0')
    assert found == wire.Datagram((wire.Refusal("mates/tx1/bat_state", 404),), xid=9)


def test_a_refusal_says_its_reason() -> None:
    said = b'{"osc":{"error":[{"audio":{"rx1":{"gain":[406,{"desc":"not acceptable","reason":"invalid value"}]}}}]}}'
    found = wire.parse(said)
    assert found is not None
    assert found.messages == (wire.Refusal("audio/rx1/gain", 406, "not acceptable, invalid value"),)


PUSHED = {
    "bays/active": [True, False],
    "bays/device_type": [1, 0],
    "bays/bat_gauge": [64, 0],
    "bays/charging": [True, False],
    "bays/bat_health": [97, 0],
}


@pytest.mark.parametrize("order", [*itertools.permutations(PUSHED)])
def test_a_bay_is_told_in_whatever_order_its_addresses_come(order: tuple[str, ...]) -> None:
    state = UnitState(CHG4N, 2)
    state.take("bays/active", [False, False])
    state.changes()
    told: dict[str, object] = {}
    for address in order:
        state.take(address, PUSHED[address])
        for reading in state.changes():
            if reading.part == Part(1):
                told |= reading.values
            else:
                assert not {
                    key for key in ("battery_percent", "battery_health_percent") if reading.values.get(key) == 0
                }
    assert (told["occupied"], told["device_type"], told["battery_percent"]) == (True, "handheld", 64)
    assert (told["charge_state"], told["battery_health_percent"]) == ("charging", 97)


@pytest.mark.parametrize(
    ("percent", "charging", "state"),
    [(100, False, "full"), (90, False, "full"), (20, False, None), (20, True, "charging")],
)
def test_a_bay_that_does_not_charge_is_full_only_if_the_battery_is(
    percent: int,
    charging: bool,
    state: str | None,
) -> None:
    unit = UnitState(CHG4N, 2)
    for address, value in {"active": True, "device_type": 2, "bat_gauge": percent, "charging": charging}.items():
        unit.take(f"bays/{address}", [value, value])
    assert unit.value(2, "charge_state") == state


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ([[0, 0], [0, 0]], None),
        ([[2, 0], [1, 0]], "communication_failure"),
        ([[2, 0], [4, 0]], "check_charger"),
        ([[2, 0], [8, 0]], "check_charger"),
        ([[2, 0], [2, 0]], "unspecified"),
        ([[2, 0], [0, 0]], "unspecified"),
        ([[1, 0], [0, 0]], None),
    ],
)
def test_errors_of_a_bay_are_bits(said: list[list[int]], fault: str | None) -> None:
    state = UnitState(CHG4N, 2)
    assert state.take("bays/state", said)
    assert (state.value(1, "fault"), state.value(2, "fault")) == (fault, None)


@pytest.mark.parametrize("said", [[0, 0], [[0, 0]], [[0, 0], 7], "0", None, {}, [["x", 0], [0, 0]]])
def test_states_that_make_no_sense_are_unknown(said: object) -> None:
    state = UnitState(CHG4N, 2)
    state.take("bays/state", said)
    assert state.value(1, "bay_state") is None


def test_zeros_of_an_absent_transmitter_prove_nothing() -> None:
    state = UnitState(SL_RACK, 1)
    state.take("mates/active", [])
    state.take("mates/tx1/bat_gauge", 0)
    state.take("rx1/mute_state", False)
    assert [state.value(1, key) for key in ("transmitter_present", "battery_percent", "transmitter_muted")] == [
        False,
        None,
        None,
    ]


def test_a_run_time_of_nothing_is_not_believed() -> None:
    state = UnitState(SL_MCR, 2)
    state.take("mates/tx2/active", True)
    state.take("mates/tx2/bat_lifetime", 0)
    assert state.value(2, "battery_runtime_minutes") is None
    state.take("mates/tx2/bat_lifetime", 36240)
    assert state.value(2, "battery_runtime_minutes") == 604


@pytest.mark.parametrize("name", ["a", "Vox-1", "R_2d", "abcdefgh"])
def test_a_name_of_an_mcr_is_written_as_it_is(name: str) -> None:
    assert controls.label(8).write(name) == name


# -- simulated units ---------------------------------------------------------------------------------------------


def test_a_simulated_rack_clamps_and_a_simulated_mcr_refuses() -> None:
    rack = Rack(1, Random(1), still=True, drain=0)
    mcr = MultiReceiver("SLDW2CH", 2, 1, Random(1), still=True, drain=0)
    for node, value in ((rack.nodes["audio/out1/gain_db"], 9), (rack.nodes["brightness"], 300)):
        assert node.write is not None
        node.write(value)
    assert (rack.nodes["audio/out1/gain_db"].read(), rack.nodes["brightness"].read()) == (6, 100)
    gain = mcr.nodes["audio/rx1/gain"]
    assert gain.write is not None
    with pytest.raises(Refused):
        gain.write(15)
    assert gain.read() == 0


def test_a_simulated_charger_shows_a_bay_for_ten_seconds() -> None:
    charger = SlCharger("CHG2N", 2, 1, Random(1), still=True)
    identify = charger.nodes["bays/identify"]
    assert identify.write is not None
    identify.write([True, None])
    charger.step(9)
    assert identify.read() == [True, False]
    charger.step(1)
    assert identify.read() == [False, False]


def test_a_simulated_battery_runs_down_and_ends_the_link() -> None:
    rack = Rack(1, Random(1), still=False, drain=10)
    rack.step(3600)
    assert rack.nodes["mates/tx1/bat_gauge"].read() == 61
    rack.step(8 * 3600)
    assert rack.nodes["mates/active"].read() == []
    assert rack.nodes["rx1/warnings"].read() == ["No Link"]


def test_a_dialect_writes_keys_twice_and_ends_in_a_nul() -> None:
    answers = Answers(Random(1), Dialect(ends=(b"\0",), bare=True, twice=True))
    assert answers.write([("rx1/a", 1), ("rx1/b", 2)], {}, xid=3) == b'{"osc":{"xid":3},"rx1":{"a":1},"rx1":{"b":2}}\0'
    assert answers.write((), {"rx1/a": 404}, xid=3) == b'{"osc":{"xid":3},"osc":{"error":[{"rx1":{"a":[404]}}]}}\0'
