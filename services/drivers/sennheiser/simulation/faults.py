"""What can go wrong on the wire and in the unit, and how a simulated unit does it."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

FAULTS: Mapping[str, str] = {
    "none": "All faults end.",
    "lossy": "One datagram in five is lost, in both directions.",
    "duplicated": "Each datagram of the unit arrives twice.",
    "reordered": "Datagrams of the unit overtake one another, by up to 60 ms.",
    "slow": "Each answer comes 0.3 s late.",
    "garbage": "Nonsense arrives between the datagrams of the unit.",
    "freeze": "The unit takes everything and sends nothing.",
    "offline": "Nobody listens at the address; afterwards the unit has forgotten who wanted its reports.",
    "old_firmware": "Firmware that speaks another protocol: nothing is answered.",
    "forgetful": "Reports end after one second, whatever was asked for.",
    "no_reports": "Push is confirmed, but no report follows.",
    "refuses": "Nothing can be set: each request that sets something is refused with 1020.",
    "blank_name": "The name is empty.",
    "transmitter_off": "The transmitter is switched off (an SR switches its carrier off).",
}
"""Name of a fault and what happens; one at a time."""

MUTE = frozenset({"freeze", "old_firmware"})
LOST = 0.2
OVERTAKE_S = 0.06
SLOW_S = 0.3
FORGET_S = 1.0

_NONSENSE = (
    b"\x00\xff\x9c}{\r",
    b"Bat banana\rRF\r",
    b"Temperature 55\r",
    b"1",
    b"RF1 -5 x 1\rStates\rMsg Hot_Potato\rConfig 5000\r",
    b"\r\r\r",
    b"9999\r[ ]\r12345: no [ such\r",
)


def nonsense(random: Random) -> bytes:
    """A datagram that means nothing."""
    return random.choice((*_NONSENSE, random.randbytes(random.randint(1, 200))))
