"""What recorded answers mean, without an antenna: for captures. PURE."""

from __future__ import annotations

import json

from services.drivers.port import Reading
from services.drivers.riedel.codec.answers import Net


def replay(data: bytes) -> list[Reading]:
    """One JSON answer a line, in the order of asking: what is known after the last one."""
    net = Net()
    for line in data.splitlines():
        try:
            body = json.loads(line)
        except ValueError:
            continue
        for take in (net.nodes, net.beltpacks, net.firmware_of):
            take(body)
    return net.readings()
