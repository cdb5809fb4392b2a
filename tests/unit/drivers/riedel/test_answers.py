"""Answers of a Bolero antenna: what they mean, and that nothing in them raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.port import UNIT, Part
from services.drivers.riedel.codec.answers import BELTPACKS, FIRMWARE, NODES, Net
from services.drivers.riedel.codec.replaying import replay

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["bp", "id", "battery", "x"]), inner),
    max_leaves=10,
)


def pack(id_: object = 4, **battery: object) -> dict[str, Any]:
    return {"id": id_, "signalLevel": 3, "battery": {"currentCharge": 24, "maxCharge": 48, "usbPower": 0, **battery}}


def net_of(*packs: object, registered: tuple[int, ...] = ()) -> Net:
    net = Net()
    assert net.nodes({"nodeStatus": [{"nodeId": 2, "isLocal": True, "name": "FOH", "bp": [*packs]}]})
    assert net.beltpacks({"bp": [{"registered": True, "id": id_, "bpConfig": {"bpName": "A"}} for id_ in registered]})
    return net


def beltpack(net: Net, number: int = 4) -> dict[str, object]:
    reading = next(each for each in net.readings() if each.part == Part(number))
    assert reading.whole
    return {**reading.values, **reading.more}


@pytest.mark.parametrize(
    ("battery", "percent"),
    [
        ({}, 50),
        ({"currentCharge": 0}, 0),
        ({"currentCharge": 49}, 100),
        ({"currentCharge": -1}, None),
        ({"maxCharge": 0}, None),
        ({"currentCharge": "24"}, None),
        ({"currentCharge": True}, None),
    ],
)
def test_percent_are_the_charge_of_what_the_battery_holds(battery: dict[str, object], percent: int | None) -> None:
    assert beltpack(net_of(pack(**battery)))["battery_percent"] == percent


@pytest.mark.parametrize(("usb", "word"), [(0, "battery"), (1, "external"), (2, None), ("1", None), (None, None)])
def test_power_on_its_socket_is_told(usb: object, word: str | None) -> None:
    assert beltpack(net_of(pack(usbPower=usb)))["power_source"] == word


def test_a_beltpack_is_connected_where_an_antenna_lists_it() -> None:
    net = net_of(pack(), registered=(4, 5))
    assert (beltpack(net)["connected"], beltpack(net)["antenna"], beltpack(net)["name"]) == (True, "FOH", "A")
    away = beltpack(net, 5)
    assert away["connected"] is False
    assert "battery_percent" not in away
    assert away["signal_level"] is None


def test_one_that_is_not_registered_is_none_and_one_that_only_an_antenna_lists_is() -> None:
    net = net_of(pack(7), registered=(4,))
    net.beltpacks({"bp": [{"registered": False, "id": 6}, {"registered": True, "id": 4}]})
    assert net.numbers == [4, 7]


def test_an_antenna_without_a_name_goes_by_its_id() -> None:
    net = Net()
    net.nodes({"nodeStatus": [{"nodeId": 3, "bp": []}, {"bp": []}]})
    assert net.antennas == ["antenna 3", "antenna ?"]
    assert net.name is None


@pytest.mark.parametrize("row", [pack(0), pack("4"), pack(True), pack(10**9), "x", None])
def test_a_row_that_makes_no_sense_is_counted_and_left_out(row: object) -> None:
    net = net_of(row)
    assert net.numbers == []
    assert net.strange["ill_formed"] == 1


@pytest.mark.parametrize("path", [NODES, BELTPACKS, FIRMWARE])
@pytest.mark.parametrize("body", [None, [], {}, {"nodeStatus": {}}, {"bp": 1}, {"firmware": []}, "x"])
def test_another_shape_is_told(path: str, body: object) -> None:
    assert Net().take(path, body) is False


@given(JSON, JSON)
def test_no_answer_raises(nodes: object, packs: object) -> None:
    replay(json.dumps({"nodeStatus": [nodes, {"bp": packs}], "bp": packs, "firmware": nodes}).encode())


def test_nothing_recorded_is_nothing_known() -> None:
    (unit,) = replay(b"\x00\xff no json\n")
    assert (unit.part, unit.values["antennas"]) == (UNIT, [])
