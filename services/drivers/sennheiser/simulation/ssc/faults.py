"""What can go wrong on the wire and in the unit, and how a simulated unit of SSC v1 does it."""

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
    "control_locked": "Firmware 4.0 with third-party access switched off: nothing is answered.",
    "forgetful": "Subscriptions end after one second, whatever was asked for.",
    "rebooted": "The unit forgets all subscriptions without a word, once.",
    "no_reports": "Requests for subscriptions are not answered, as an MCR does until it is started anew.",
    "crowded": "Eight other controllers hold all places: a further one is refused.",
    "malformed": "Refusals are no JSON: braces stand twice.",
    "refuses": "Nothing can be set: what stands there is echoed, or it is refused with 406.",
    "blank_name": "Every name is empty.",
    "transmitter_off": "All transmitters are switched off, and all bays are empty.",
    "stranger": "The unit names itself KH 120 II, which is a loudspeaker.",
}
"""Name of a fault and what happens; one at a time."""

MUTE = frozenset({"freeze", "control_locked"})
LOST = 0.2
OVERTAKE_S = 0.06
SLOW_S = 0.3
STRANGER = "KH 120 II"

_NONSENSE = (
    b"\x00\xff\x9c}{\r",
    b'{"rx1":{"gain":"loud"}}\r\n',
    b'{"rx9":{"name":"nobody"}}',
    b'{"rx1":{"name":',
    b'{"m":{"rx1":{"rssi":NaN}}}',
    b'{"osc":{"error":"oh no"}}',
    b'{"osc":{"state":{"subscribe":{"#":7}}}}\0',
    b"[1,2,3]",
    b'{"mates":[],"device":null}',
)


def nonsense(random: Random) -> bytes:
    """A datagram that means nothing."""
    return random.choice((*_NONSENSE, random.randbytes(random.randint(1, 200))))
