"""What can go wrong on the wire and in the receiver, and how a simulated one does it."""

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
    "offline": "Nobody listens at the address; afterwards the unit has forgotten who wanted meters and changes.",
    "restart": "The unit forgets who wanted meters and changes, once.",
    "refuses": "Nothing can be set: each SET is answered with the value that stands there.",
    "blank_name": "Every channel name is empty.",
    "transmitter_off": "No transmitter is on the air.",
    "swap": "Another unit answers at this address: other MAC address and names.",
}
"""Name of a fault and what happens; one at a time."""

LOST = 0.2
OVERTAKE_S = 0.06
SLOW_S = 0.3

_NONSENSE = (
    b"\x00\xff\x9c* \r\n",
    b"* REPORT 1 *",
    b"* REPORT 9 CHAN_NAME Nobody *",
    b"* SAMPLE 1 ALL ?? 0x7 -- 9 999 *",
    b"* SAMPLE 1 *",
    b"* REPORT 1 CARRIER_PIGEON 7 *",
    b"* REPORT 1 TX_TRIM banana *",
    b"* NOTE x 1 MUTE ON *",
    b"****",
    b"*",
    b"< REP 1 CHAN_NAME {Lost} >",
)


def nonsense(random: Random) -> bytes:
    """A datagram that means nothing."""
    return random.choice((*_NONSENSE, random.randbytes(random.randint(1, 200))))
