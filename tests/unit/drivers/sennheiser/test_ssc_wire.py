"""SSC v1, byte by byte: what datagrams say, and what requests look like."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.drivers.sennheiser.ssc.codec import wire
from services.drivers.sennheiser.ssc.codec.replay import replay
from services.drivers.sennheiser.ssc.codec.wire import Accepted, Datagram, Refusal, Value, parse
from services.drivers.sennheiser.ssc.families.catalogue import PRODUCTS


def test_a_question_is_one_object_with_a_null_and_its_number() -> None:
    assert wire.ask({"rx1/name": None}, 7) == b'{"rx1":{"name":null},"osc":{"xid":7}}\r\n'


def test_a_value_is_written_where_the_null_stands() -> None:
    assert wire.ask({"rx1/mute": True}) == b'{"rx1":{"mute":true}}\r\n'


def test_options_of_a_subscription_are_the_first_key_of_their_object() -> None:
    sent = wire.subscribe(["m/rx1/rssi", "m/rx1/af"], {"min": 480, "max": 480, "lifetime": 20, "count": 1000}, 3)
    assert sent == (
        b'{"osc":{"state":{"subscribe":[{"#":{"min":480,"max":480,"lifetime":20,"count":1000},'
        b'"m":{"rx1":{"rssi":null,"af":null}}}]},"xid":3}}\r\n'
    )


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\0", b"\r\n\0", b"\n"])
def test_a_message_may_end_in_anything_or_nothing(end: bytes) -> None:
    assert parse(b'{"rx1":{"name":"Vox"}}' + end) == Datagram((Value("rx1/name", "Vox"),))


def test_a_key_that_stands_twice_counts_twice() -> None:
    found = parse(b'{"osc":{"xid":7},"rx1":{"gain":3},"osc":{"error":[{"rx1":{"mute":[404]}}]},"rx1":{"name":"A"}}')
    assert found == Datagram((Value("rx1/gain", 3), Refusal("rx1/mute", 404), Value("rx1/name", "A")), 7)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ('{"osc":{"error":[400,{"desc":"not understood"}]}}', Refusal("", 400, "not understood")),
        ('{"osc":{"error":[400]}}', Refusal("", 400)),
        (
            '{"osc":{"error":[{"mates":{"tx1":{"type":[424,{"desc":"failed dependency"}]}}}]}}',
            Refusal("mates/tx1/type", 424, "failed dependency"),
        ),
        ('{"osc":{"error":[{"mates":{"tx1":{"type":[424]}}}]}}', Refusal("mates/tx1/type", 424)),
        (
            '{"osc":{"error":[{"rx1":{"gain":[406,{"desc":"not acceptable","reason":"integer expected"}]}}]}}',
            Refusal("rx1/gain", 406, "not acceptable, integer expected"),
        ),
        ('{"osc":{"error":[{{"out1":[404]}}]}}', Refusal("out1", 404)),
        ('{"osc":{"error":[{{"audio":{"out1":{"gain":[404]}}}}]}}', Refusal("audio/out1/gain", 404)),
        ('{"osc":{"error":[{"osc":{"state":{"subscribe":[503]}}}]}}', Refusal(wire.SUBSCRIBE, 503)),
    ],
)
def test_refusals_of_every_shape_are_understood(text: str, refusal: Refusal) -> None:
    found = parse(text.encode())
    assert found is not None
    assert found.messages == (refusal,)


def test_several_addresses_may_be_refused_in_one_message() -> None:
    text = b'{"osc":{"xid":"12","error":[{"rx1":{"a":[404],"b":[424,{"desc":"x"}]}},{"rx2":{"c":[310]}}]}}'
    found = parse(text)
    assert found == Datagram((Refusal("rx1/a", 404), Refusal("rx1/b", 424, "x"), Refusal("rx2/c", 310)), 12)


def test_an_acknowledgement_has_the_adopted_options_of_each_address() -> None:
    text = (
        b'{"osc":{"state":{"subscribe":[{"#":{"lifetime":10},"sys":{"count":null}},'
        b'{"rx1":{"#":{"lifetime":5},"a":null}}]}}}'
    )
    found = parse(text)
    assert found is not None
    assert found.messages == (Accepted("sys/count", {"lifetime": 10}), Accepted("rx1/a", {"lifetime": 5}))


def test_a_value_in_an_acknowledgement_is_a_value_too() -> None:
    found = parse(b'{"osc":{"state":{"subscribe":[{"bays":{"bat_gauge":[71,0]}}]}}}')
    assert found is not None
    assert found.messages == (Accepted("bays/bat_gauge", None), Value("bays/bat_gauge", [71, 0]))


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"\0",
        b"[1,2]",
        b'"x"',
        b"7",
        b"{",
        b'{"a":NaN}',
        b"Name Vox\r",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"a":' * 9_000,
    ],
)
def test_what_is_no_message_is_none(nonsense: bytes) -> None:
    assert parse(nonsense) is None


def test_a_tree_without_end_is_cut() -> None:
    deep: object = 1
    for _ in range(100):
        deep = {"a": deep}
    found = parse(json.dumps(deep).encode())
    assert found == Datagram(())


_WORDS = [
    *("osc", "error", "state", "subscribe", "#", "xid", "lifetime", "min", "count", "device", "identity", "product"),
    *("name", "rx1", "m", "mates", "tx1", "warnings", "battery", "gauge", "rssi", "mm", "bays", "skx"),
]
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.sampled_from(_WORDS), each, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    parse(data)


@settings(max_examples=40)
@given(st.lists(_json, max_size=6))
def test_no_tree_raises_whatever_product_says_it(trees: list[object]) -> None:
    data = b"\n".join(json.dumps(each).encode() for each in trees)
    for product in PRODUCTS:
        replay(product.name, data)
