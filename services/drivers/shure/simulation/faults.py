"""No I/O. The faults that a simulated unit can be given, and how they spoil what it writes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

FAULTS: Mapping[str, str] = {
    "none": "Every fault ends; a unit that was away listens again at its address.",
    "drop": "Every connection is closed cleanly (FIN), once.",
    "reset": "Every connection is reset (RST), once.",
    "freeze": "Connections stay open and nothing is read or written.",
    "fragmented": "Every line is written in pieces of one to three bytes, each in a segment of its own.",
    "garbage": "Noise stands between the messages: binary, lone braces, halves of lines.",
    "blank_name": "Every channel name is empty.",
    "transmitter_off": "No transmitter is on the air.",
    "control_blocked": "Connections are accepted and everything is ignored, as with third-party control switched off.",
    "control_refused": "The port is closed, as one user saw it with third-party control switched off.",
    "refuses": "Nothing can be set but the metering rate: each SET is answered with the value that stands there.",
    "slow": "Answers come 500 ms late.",
    "offline": "Connections are closed and the port with them, until the fault ends.",
    "swap": "Another unit answers at this address: other device id, MAC address and names.",
}
ONCE = frozenset({"drop", "reset"})
"""Faults that are over as soon as they have happened."""
SLOW_S = 0.5

_NOISE = (b"\x00\xff\x13\x80", b"}", b"{", b">", b"\r\n", b"} {", b"noise ", b"\xc3\x28", b"REP 1 CHAN_NAME {", b"> >")
_HALF = b"< REP 1 CHAN"
"""A line that breaks off; the next one follows at once."""


def pieces(data: bytes, rng: random.Random) -> Iterator[bytes]:
    """The same bytes in pieces of one to three."""
    start = 0
    while start < len(data):
        end = start + rng.randint(1, 3)
        yield data[start:end]
        start = end


def with_noise(lines: Sequence[bytes], rng: random.Random) -> list[bytes]:
    """The same lines with something between them that is no message."""
    noisy: list[bytes] = []
    for line in lines:
        noisy += rng.sample(_NOISE, rng.randint(0, 2)) if rng.random() < 3 / 4 else [_HALF]
        noisy.append(line)
    return [*noisy, rng.choice(_NOISE)]
