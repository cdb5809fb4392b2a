"""What the System API server writes: every form that is known, and everything else without an exception."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.shure.system_api.codec.channels import CHANNELS_MOST, channel_index, parse_channels
from services.drivers.shure.system_api.codec.controls import NAME, SWITCH, gain_range, misfit
from services.drivers.shure.system_api.codec.events import Event, Transport, parse_message
from services.drivers.shure.system_api.codec.nodes import Node, parse_devices, parse_node
from services.drivers.shure.system_api.codec.replay import replay
from services.drivers.shure.system_api.codec.resources import (
    CHANNEL_RESOURCES,
    UNIT_RESOURCES,
    UnreadableError,
    value_of,
)
from services.drivers.shure.system_api.products import has_own_protocol, identity_of
from services.model import Kind, SettableRange

ID = "ddb03a46-0000-11dd-a000-000eddcccccc"
NODE: dict[str, Any] = {
    "compatibility": "COMPATIBLE_LATEST",
    "deviceState": "ONLINE",
    "hardwareIdentity": {"deviceId": ID, "serialNumber": "2EK24560748"},
    "softwareIdentity": {"model": "ADTQ", "firmwareVersion": "1.2.1.1"},
    "communicationProtocol": {"name": "ESTA.DMP", "address": "192.168.10.119"},
    "capabilities": ["audio-channels", "identify", "name"],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["edges", "node", "items", "pageInfo", "id", "capabilities", "i", "hardwareIdentity", "deviceId"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def encoded(descriptor: object) -> str:
    return base64.b64encode(json.dumps(descriptor).encode()).decode()


@pytest.mark.parametrize(
    "body",
    [[NODE], {"items": [NODE]}, {"edges": [{"cursor": "x", "node": NODE}], "pageInfo": {"hasNextPage": False}}],
    ids=["array", "items", "edges"],
)
def test_a_list_is_read_in_every_form_that_was_seen(body: Any) -> None:
    (node,) = parse_devices(body).nodes
    assert (node.device_id, node.model, node.serial, node.firmware) == (ID, "ADTQ", "2EK24560748", "1.2.1.1")
    assert (node.address, node.state) == ("192.168.10.119", "ONLINE")
    assert node.capabilities == {"audio-channels", "identify", "name"}


def test_a_page_names_the_next_one_only_where_there_is_one() -> None:
    info = {"hasNextPage": True, "endCursor": "abc="}
    assert parse_devices({"edges": [], "pageInfo": info}).after == "abc="
    assert parse_devices({"edges": [], "pageInfo": {**info, "hasNextPage": False}}).after == ""


def test_a_device_that_was_only_discovered_tells_less() -> None:
    reduced = {
        "deviceState": "DISCOVERED",
        "hardwareIdentity": {"deviceId": ID},
        "softwareIdentity": {"model": "ADTQ"},
    }
    node = parse_node(reduced)
    assert node == Node(ID, "ADTQ", state="DISCOVERED")
    identity = identity_of(node)
    assert identity is not None
    assert (identity.serial, identity.firmware, identity.kind) == (None, None, Kind.IEM)


def test_a_device_id_is_the_cid_and_gives_the_mac() -> None:
    identity = identity_of(Node(ID.upper(), "ADTQ"))
    assert identity is not None
    assert (identity.cid, identity.mac) == (ID, "00:0e:dd:b0:3a:46")


@pytest.mark.parametrize("text", ["ddb03a46-0000-11dd-a000-000eddcccccd", "aab03a46-0000-11dd-a000-000eddcccccc", "x"])
def test_an_id_of_another_form_gives_no_mac(text: str) -> None:
    assert Node(text, "ADTQ").mac is None


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("ADTQ", Kind.IEM),
        ("ADTD", Kind.IEM),
        ("ANX4", Kind.RECEIVER),
        ("ULXD4Q", Kind.RECEIVER),
        ("SBRC", Kind.CHARGER),
    ],
)
def test_a_unit_is_what_its_model_says(model: str, kind: Kind) -> None:
    node = Node(ID, model)
    identity = identity_of(node)
    assert identity is not None
    assert identity.kind is kind
    assert has_own_protocol(node) == (kind is not Kind.IEM)


@pytest.mark.parametrize("model", ["AD8C", "AD600", "MXA920", "P300", "ADTQX", "", "ADXR"])
def test_what_is_no_unit_of_ours_is_passed_over(model: str) -> None:
    assert identity_of(Node(ID, model)) is None


@pytest.mark.parametrize(
    "descriptor",
    [{"t": "AudioChannel", "c": "ADTQ", "v": 131088, "s": "CH", "i": 3}, {"type": "AudioChannel", "index": 3}],
)
def test_a_channel_id_has_its_number(descriptor: object) -> None:
    assert channel_index(encoded(descriptor)) == 3
    assert channel_index(encoded(descriptor).rstrip("=")) == 3


@pytest.mark.parametrize(
    "text", ["", "x", "!!!", encoded({}), encoded([1]), encoded({"i": True}), encoded({"i": -1}), encoded({"i": 1000})]
)
def test_an_id_without_a_number_gives_none(text: str) -> None:
    assert channel_index(text) is None


def test_channels_stand_by_their_numbers_and_not_by_their_order() -> None:
    body = [{"id": encoded({"i": place}), "capabilities": ["name"]} for place in (2, 0, 1)]
    channels, strange = parse_channels(body)
    assert [(channel.number, channel.id) for channel in channels] == [
        (place + 1, encoded({"i": place})) for place in range(3)
    ]
    assert strange == 0


def test_channels_that_ids_do_not_tell_apart_stand_in_their_order() -> None:
    body = [{"id": text, "capabilities": ["name"]} for text in ("b", "a", encoded({"i": 0}))]
    assert [channel.id for channel in parse_channels(body)[0]] == ["b", "a", encoded({"i": 0})]


def test_a_channel_that_can_nothing_that_we_know_is_no_part() -> None:
    assert parse_channels([{"id": "a", "capabilities": ["phantom-power"]}]) == ((), 0)


@pytest.mark.parametrize(
    ("name", "body", "value"),
    [
        ("name", {"name": "  Vox 1 "}, "Vox 1"),
        ("name", {"name": ""}, None),
        ("gain", {"gain": -20}, -20),
        ("gain", {"gain": 3.0}, 3),
        ("gain", {"gain": None}, None),
        ("mute", {"muted": True}, True),
        ("activity", {"audioLevel": "CLIPPING"}, "clipping"),
    ],
)
def test_a_body_means_what_its_field_says(name: str, body: object, value: object) -> None:
    assert value_of(CHANNEL_RESOURCES[name], body) == value


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("gain", {"gain": "loud"}),
        ("gain", {"gain": True}),
        ("gain", {"gain": 1e9}),
        ("gain", {"gain": float("nan")}),
        ("gain", {"gain": 0.5}),
        ("mute", {"muted": "yes"}),
        ("activity", {"audioLevel": "DEAFENING"}),
        ("name", {"name": 7}),
    ],
)
def test_a_value_that_nobody_can_read_is_said_to_be_one(name: str, body: object) -> None:
    with pytest.raises(UnreadableError):
        value_of(CHANNEL_RESOURCES[name], body)


@pytest.mark.parametrize("body", [None, [], {}, {"nmae": "x"}, "name"])
def test_a_body_without_its_field_says_nothing(body: object) -> None:
    with pytest.raises(LookupError):
        value_of(UNIT_RESOURCES["name"], body)


def test_the_first_message_names_the_transport() -> None:
    assert parse_message('{"transportId":"abc"}') == Transport("abc")


def test_an_event_says_of_whom_it_tells() -> None:
    envelope = {"eventName": "AUDIO_CHANNEL_GAIN", "deviceId": ID.upper(), "audioChannelId": "xyz="}
    message = json.dumps({"envelope": envelope, "body": {"gain": 3}})
    assert parse_message(message) == Event("AUDIO_CHANNEL_GAIN", ID, "xyz=", {"gain": 3})


def test_a_range_is_taken_as_the_unit_describes_it() -> None:
    described = {"constraints": {"gain": {"range": {"min": -20, "max": 16, "step": 1}}}}
    assert gain_range(described) == SettableRange(minimum=-20, maximum=16, step=1, unit="dB")


@pytest.mark.parametrize(
    "body",
    [None, {}, {"constraints": {"gain": {"range": {"min": 5, "max": 5}}}}, {"constraints": {"gain": {"range": {}}}}],
)
def test_without_a_range_there_is_nothing_to_set(body: object) -> None:
    assert gain_range(body) is None


@pytest.mark.parametrize(
    ("can", "value", "fits"),
    [
        (NAME, "Vox 1", True),
        (NAME, " Vox", False),
        (NAME, "", False),
        (NAME, "x" * 32, False),
        (NAME, "Ä", False),
        (NAME, 7, False),
        (SWITCH, False, True),
        (SWITCH, "false", False),
        (SettableRange(minimum=-20, maximum=16, step=2), -18, True),
        (SettableRange(minimum=-20, maximum=16, step=2), -17, False),
        (SettableRange(minimum=-20, maximum=16, step=2), 17, False),
        (SettableRange(minimum=-20, maximum=16, step=2), True, False),
        (SettableRange(minimum=-20, maximum=16, step=2), float("inf"), False),
        (SettableRange(minimum=-20, maximum=16, step=2), float("nan"), False),
    ],
)
def test_nothing_is_sent_that_does_not_fit(can: SettableRange, value: object, fits: bool) -> None:
    assert (misfit(can, value) == "") is fits


@given(JSON)
def test_no_answer_raises_but_for_what_is_no_list(body: Any) -> None:
    for parse in (parse_devices, parse_channels):
        with contextlib.suppress(ValueError):
            parse(body)
    parse_node(body)
    gain_range(body)


@given(st.binary(max_size=200) | JSON.map(lambda body: json.dumps(body).encode()))
def test_no_message_raises(data: bytes) -> None:
    parse_message(data)
    replay(Kind.IEM, data)
    replay(Kind.RECEIVER, b"GET /devices/x/audio-channels " + data + b"\nGET /devices/x/name " + data)


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda data: base64.b64encode(data).decode()))
def test_no_channel_id_raises(text: str) -> None:
    index = channel_index(text)
    assert index is None or 0 <= index < CHANNELS_MOST
