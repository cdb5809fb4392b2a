"""Cuts packets that are too large out of what a broker sends, while they arrive. PURE.

Whoever may publish where we listen may publish 256 MB: MQTT 3.1.1 knows no way to ask a broker for less, and the client
library collects a packet before anybody sees it. Of a larger PUBLISH its beginning goes on, with a length that fits:
topic and properties are whole, the payload is not, and `Trimmer.cut` says how many bytes of it are missing.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from bridge.mqtt.packets import remaining_length

KEPT: Final = 256 * 1024
"""What goes on of a PUBLISH packet behind its fixed header, in bytes: topic and properties of 64 KB each, and more."""

_PUBLISH: Final = 0x30
_TYPE: Final = 0xF0
_MORE: Final = 0x80
_DIGITS_MOST: Final = 4


class Trimmer:
    """The stream of one connection."""

    def __init__(self) -> None:
        self._head = bytearray()  # the fixed header as far as it is here
        self._passes = 0  # bytes of the body that still go on
        self._skips = 0  # bytes of the body behind them that do not
        self.cut: deque[int] = deque()
        """Bytes missing of each PUBLISH with a remaining length of `KEPT`, oldest first; the reader takes them."""

    def feed(self, data: bytes) -> bytes:
        """What goes on of the next bytes; nothing may be."""
        if self._passes >= len(data):  # the middle of a packet
            self._passes -= len(data)
            return data
        out: list[bytes] = []
        at, end = 0, len(data)
        while at < end:
            if self._passes:
                size = min(self._passes, end - at)
                out.append(data[at : at + size])
                self._passes -= size
            elif self._skips:
                size = min(self._skips, end - at)
                self._skips -= size
            else:
                size = self._read_head(data, at, out)
            at += size
        return b"".join(out)

    def _read_head(self, data: bytes, at: int, out: list[bytes]) -> int:
        """Take one byte of a fixed header, or a whole one at once where it is short; how many bytes it took."""
        head = self._head
        if not head and at + 1 < len(data) and data[at + 1] < _MORE:  # two bytes, as nearly always
            self._passes = data[at + 1]
            out.append(data[at : at + 2])
            return 2
        head.append(data[at])
        digits = len(head) - 1
        if digits and (head[-1] < _MORE or digits == _DIGITS_MOST):
            length = sum((digit & 0x7F) << 7 * place for place, digit in enumerate(head[1:]))
            self._begin(head[0], length, out)
            head.clear()
        return 1

    def _begin(self, first: int, length: int, out: list[bytes]) -> None:
        if first & _TYPE == _PUBLISH and length >= KEPT:
            self.cut.append(length - KEPT)
            self._skips = length - KEPT
            length = KEPT
            out.append(bytes((first,)) + remaining_length(length))
        else:
            out.append(bytes(self._head))
        self._passes = length
