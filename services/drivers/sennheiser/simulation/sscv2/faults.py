"""What can go wrong in a simulated unit of SSCv2, and on its wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random

FAULTS: Mapping[str, str] = {
    "none": "All faults end.",
    "drop": "Every connection is closed cleanly (FIN), once.",
    "reset": "Every connection is reset (RST), once.",
    "freeze": "Connections stay open and nothing is answered or told.",
    "fragmented": "Every event is written in pieces of one to three bytes.",
    "garbage": "Nonsense stands between the events of the unit.",
    "slow": "Answers come 50 ms late.",
    "offline": "Connections are closed and the port with them, until the fault ends.",
    "refuses": "Nothing can be set: each write is refused with 422.",
    "blank_name": "Every channel name is empty.",
    "transmitter_off": "No transmitter is linked.",
    "busy": "The unit is busy, and refuses writes with 409.",
    "access_off": "Third-party access is switched off: everything but the identity is refused with 403.",
    "wrong_password": "Every password is refused with 401, and the unit locks itself after some.",
    "sessions_full": "No further session of events is opened.",
    "ends_sessions": "Every session of events is ended by the unit, once.",
    "forgets_sessions": "Sessions are unknown, though their streams stay open.",
    "refuses_lists": "The list of transmitters cannot be followed.",
    "swap": "Another unit answers at this address: other serial number and certificate.",
}
"""Name of a fault and what happens; one at a time."""

SLOW_S = 0.05

_NONSENSE = (
    b": a comment\n\n",
    b"event: message\ndata: {not json\n\n",
    b"event: message\ndata: [1, 2]\n\n",
    b'data: {"/api/no/such/thing": {"value": 5}}\n\n',
    b'data: {"/api/channel/99": {"name": "X"}}\n\n',
    b"event: surprise\ndata: 5\n\n",
    b"\xff\xfe\x00\n\n",
    b"retry: later\n\n",
)


def nonsense(random: Random) -> Iterable[bytes]:
    """Events that mean nothing."""
    return [random.choice(_NONSENSE)]


def pieces(random: Random, data: bytes) -> Iterable[bytes]:
    """The same in pieces of one to three bytes."""
    place = 0
    while place < len(data):
        end = place + random.randint(1, 3)
        yield data[place:end]
        place = end
