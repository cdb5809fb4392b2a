"""What can go wrong, and how a simulated base does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

FAULTS: Mapping[str, str] = {
    "none": "Every fault ends; a unit that was away listens again at its address.",
    "drop": "Every connection is closed cleanly (FIN), once.",
    "reset": "Every connection is reset (RST), once.",
    "freeze": "Connections stay open and nothing is read or written.",
    "fragmented": "Every line is written in pieces of one to three bytes, each in a segment of its own.",
    "garbage": "Noise stands between the lines: binary, halves of lines, lines of other devices.",
    "transmitter_off": "All microphones are switched off.",
    "refuses": "No microphone can be muted or unmuted: the base reports what it has.",
    "slow": "Answers come 500 ms late.",
    "offline": "Connections are closed and the port with them, until the fault ends.",
    "occupied": "A control system is logged in: every other connection is told so and closed.",
    "occupied_closes": "The same, but the connection is closed without a word.",
    "occupied_silent": "The same, but the connection is left open, and silent.",
    "no_notifications": "Changes are reported by val alone: regnotify is taken and not confirmed.",
    "notifications_only": "Changes are reported by notify alone.",
    "silent_changes": "Changes are not reported at all, and are seen by asking alone.",
    "battery_by_get": "The battery's answer begins with get, as one edition of the guide prints it.",
}
SLOW_S = 0.5
_NOISE = (
    b"\x00\x01\x02\r",
    b"val \r",
    b"val batterystatus ch 99 5\r",
    b"notify\r",
    b"< REP 1 CHAN_NAME {x} >\r",
    b"val micstatus ch\r",
    b"\r\r\n",
    b"welcome\r\n",
)


def pieces(data: bytes, random: Random) -> Iterator[bytes]:
    """The same bytes in pieces of one to three."""
    start = 0
    while start < len(data):
        end = start + random.randint(1, 3)
        yield data[start:end]
        start = end


def with_noise(data: bytes, random: Random) -> bytes:
    """The same lines with something between them that is none."""
    lines = data.split(b"\r")
    return b"\r".join(line if not line else random.choice(_NOISE) + line for line in lines)
