"""What can go wrong on the wire and in the unit, and how a simulated one does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

FAULTS: Mapping[str, str] = {
    "none": "Every fault ends; a unit that was away listens again at its address.",
    "drop": "Every connection is closed cleanly (FIN), once.",
    "reset": "Every connection is reset (RST), once.",
    "freeze": "Connections stay open and nothing is answered.",
    "fragmented": "Every line is written in pieces of one to three bytes.",
    "garbage": "Noise stands between the lines.",
    "blank_name": "Every receiver name is empty.",
    "transmitter_off": "No transmitter is on the air.",
    "control_blocked": "The port only receives (portctl 1): connections are accepted and nothing is said.",
    "refuses": "Nothing can be set: each set is answered with an error.",
    "slow": "Each answer comes 50 ms late.",
    "offline": "Connections are closed and the port with them, until the fault ends.",
    "swap": "Another unit answers at this address: other serial number, MAC address and names.",
}
"""Name of a fault and what happens."""

ONCE = frozenset({"drop", "reset"})
SLOW_S = 0.05

_NOISE = (b"\x00\xff\x13\r\n", b"}\r\n", b"OK =\r\n", b"noise\r\n", b"1,2,3\r\n", b"\r\r\n", b"NOK rxname(1)\r\n")


def pieces(data: bytes, random: Random) -> Iterator[bytes]:
    """The same bytes in pieces of one to three."""
    start = 0
    while start < len(data):
        end = start + random.randint(1, 3)
        yield data[start:end]
        start = end


def noise(random: Random) -> bytes:
    """Bytes that mean nothing."""
    return b"".join(random.choices(_NOISE, k=random.randint(0, 2)))
