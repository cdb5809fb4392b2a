"""PUBLISH packets, byte by byte and against another reader of the protocol."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties, VariableByteIntegers

from bridge.mqtt.packets import NO_PROPERTIES, properties, publish, remaining_length


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (publish(b"a/b", b"hi", None, retain=False, properties=b""), b"\x30\x07\x00\x03a/bhi"),
        (publish(b"a/b", b"hi", None, retain=True, properties=b""), b"\x31\x07\x00\x03a/bhi"),
        (publish(b"a/b", b"", 258, retain=False, properties=b""), b"\x32\x07\x00\x03a/b\x01\x02"),
        (publish(b"t", b"x", 1, retain=True, properties=NO_PROPERTIES), b"\x33\x07\x00\x01t\x00\x01\x00x"),
        (
            publish(b"t", b"x", None, retain=False, properties=properties(10, None)),
            b"\x30\x0a\x00\x01t\x05\x02\x00\x00\x00\x0ax",
        ),
        (
            publish(b"t", b"x", None, retain=False, properties=properties(None, b"c")),
            b"\x30\x09\x00\x01t\x04\x09\x00\x01cx",
        ),
    ],
)
def test_packets_are_those_of_the_standard(packet: bytes, expected: bytes) -> None:
    assert packet == expected


@given(st.integers(0, 268_435_455))
def test_lengths_are_read_back_by_another_reader(value: int) -> None:
    encoded = remaining_length(value)
    assert VariableByteIntegers.decode(encoded) == (value, len(encoded))  # type: ignore[no-untyped-call]


@given(st.none() | st.integers(0, 2**32 - 1), st.none() | st.binary(max_size=300))
def test_properties_are_read_back_by_another_reader(expiry_s: int | None, correlation: bytes | None) -> None:
    found = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    found.unpack(properties(expiry_s, correlation))  # type: ignore[no-untyped-call]
    assert getattr(found, "MessageExpiryInterval", None) == expiry_s
    assert getattr(found, "CorrelationData", None) == correlation
