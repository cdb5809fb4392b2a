"""What can go wrong on the wire and in the unit, and how a simulated unit does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

FAULTS: Mapping[str, str] = {
    "none": "All faults end; a unit that was away listens again at its address.",
    "drop": "The connection is closed cleanly (FIN), once.",
    "reset": "The connection is reset (RST), once.",
    "freeze": "The connection stays open, everything is taken and nothing is sent.",
    "offline": "The connection is closed and the port with it, until the fault ends.",
    "held": "Another client has the only place: every connection is accepted and reset at once.",
    "fragmented": "Every line is written in pieces of one to three bytes, each in a segment of its own.",
    "garbage": "Noise stands between the lines: binary, halves of lines, lines of other units.",
    "slow": "Each answer comes 20 ms late.",
    "divided": "Each answer comes in pieces: CS, CM, CE.",
    "busy": "Everything is answered with NAK 90 for two seconds, as while the mode changes.",
    "safe_mode": "Everything is answered with NAK 92.",
    "refuses": "Nothing can be set: each command that sets something gets NAK 99.",
    "blank_name": "Every channel name is empty.",
    "transmitter_off": "No transmitter is linked; the ports of a dock are empty.",
    "swap": "Another unit answers at this address: other MAC address, id and name.",
}
"""Name of a fault and what happens; one at a time."""
ONCE = frozenset({"drop", "reset"})
SLOW_S = 0.02
BUSY_S = 2.0

_NOISE = (
    b"\x00\xff\x13\x80\r",
    b"\r\r",
    b"gchname 0000 00 N\r",
    b"MD napplog 0000 00 NC x\r",
    b'gchname 0000 00 NC "\r',
    b"NAK\r",
    b"\xc3\x28 CS\r",
    b"glevelrf 0000 00 NC 99,7\r",
)


def pieces(data: bytes, random: Random) -> Iterator[bytes]:
    """The same bytes in pieces of one to three."""
    start = 0
    while start < len(data):
        end = start + random.randint(1, 3)
        yield data[start:end]
        start = end


def noise(random: Random) -> bytes:
    """Something that is no answer."""
    return b"".join(random.sample(_NOISE, random.randint(0, 2)))


def divided(head: str, text: str) -> list[str]:
    """A message of ``head NC text`` in three pieces."""
    third = max(1, len(text) // 3)
    cut = (text[:third], text[third : 2 * third], text[2 * third :])
    return [f"{head} {mark} {piece}" for mark, piece in zip(("CS", "CM", "CE"), cut, strict=True)]
