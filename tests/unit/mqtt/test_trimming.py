"""Packets that are too large are cut while they arrive, however the network cuts the stream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.mqtt.packets import remaining_length
from bridge.mqtt.trimming import KEPT, Trimmer

PUBLISH, PUBACK = 0x32, 0x40


def packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + remaining_length(len(body)) + body


BODIES = st.tuples(
    st.sampled_from([PUBLISH, PUBACK]),
    st.sampled_from([0, 1, 2, 127, 128, 16_384, KEPT - 1, KEPT, KEPT + 1, 3 * KEPT]),
)


@given(st.lists(BODIES, max_size=6), st.lists(st.integers(1, 300_000), max_size=20))
def test_every_packet_goes_on_whole_or_with_its_beginning_alone(
    packets: list[tuple[int, int]], pieces: list[int]
) -> None:
    trimmer, out = Trimmer(), bytearray()
    stream = b"".join(packet(first, bytes(size)) for first, size in packets)
    at = 0
    for size in [*pieces, len(stream)]:
        out += trimmer.feed(stream[at : at + size])
        at += size
    cut = [size - KEPT for first, size in packets if first == PUBLISH and size >= KEPT]
    assert list(trimmer.cut) == cut
    assert bytes(out) == b"".join(
        packet(first, bytes(min(size, KEPT) if first == PUBLISH else size)) for first, size in packets
    )


def test_a_large_packet_costs_no_memory() -> None:
    trimmer, passed = Trimmer(), 0
    trimmer.feed(bytes((PUBLISH,)) + remaining_length(200_000_000))
    piece = bytes(65_536)
    for _ in range(200_000_000 // 65_536):
        passed += len(trimmer.feed(piece))
    assert passed == KEPT
