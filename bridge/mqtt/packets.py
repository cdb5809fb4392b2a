"""The bytes of an MQTT PUBLISH packet. PURE.

Everything else of the protocol is the client library's; this one packet is built a thousand times a second, and the
library takes ten times as long for it (docs/decisions). MQTT 3.1.1 section 3.3, MQTT 5 section 3.3.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_PUBLISH: Final = 0x30
_RETAIN: Final = 0x01
_QOS_1: Final = 0x02
_MORE: Final = 0x80
_EXPIRY: Final = b"\x02"
_CORRELATION: Final = b"\x09"

MOST_BYTES: Final = 268_435_460
"""The largest packet there is: 256 MB and its head (MQTT 5, 1.5.5)."""

NO_PROPERTIES: Final = b"\x00"
"""The properties of an MQTT 5 packet that has none; an MQTT 3.1.1 packet has no such field at all."""


@lru_cache(maxsize=1024)
def remaining_length(value: int) -> bytes:
    """A variable byte integer: seven bits a byte, lowest first; 0 to 268,435,455 (MQTT 5, 1.5.5)."""
    if value < _MORE:
        return bytes((value,))
    encoded = bytearray()
    while value >= _MORE:
        encoded.append(value % _MORE + _MORE)
        value //= _MORE
    encoded.append(value)
    return bytes(encoded)


@lru_cache(maxsize=16)
def properties(expiry_s: int | None, correlation: bytes | None) -> bytes:
    """The properties field of an MQTT 5 PUBLISH: message expiry in whole seconds, and correlation data as it came."""
    if expiry_s is None and correlation is None:
        return NO_PROPERTIES
    body = b""
    if expiry_s is not None:
        body += _EXPIRY + expiry_s.to_bytes(4, "big")
    if correlation is not None:
        body += _CORRELATION + len(correlation).to_bytes(2, "big") + correlation
    return remaining_length(len(body)) + body


def publish(topic: bytes, payload: bytes, packet_id: int | None, *, retain: bool, properties: bytes) -> bytes:
    """A PUBLISH packet: QoS 0 without a packet id, QoS 1 with one. ``properties`` is empty for MQTT 3.1.1."""
    head = _PUBLISH | _RETAIN if retain else _PUBLISH
    length = 2 + len(topic) + len(properties) + len(payload)
    if packet_id is None:
        middle = properties
    else:
        head |= _QOS_1
        length += 2
        middle = packet_id.to_bytes(2, "big") + properties
    return b"".join(
        (bytes((head,)), remaining_length(length), len(topic).to_bytes(2, "big"), topic, middle, payload),
    )
