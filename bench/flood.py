"""A stranger who writes to the bridge's port for ew G4, as a unit would and far too much.

python -m bench.flood FROM TO RATE, until its standard input ends
"""

from __future__ import annotations

import asyncio
import socket
import sys

import uvloop

from bench.children import emit, serve
from services.drivers.sennheiser.media_control.codec.lines import PORT

STEP_S = 0.005
CYCLE = b"RF1 5 50 1\rRF2 5 40 0\rStates 0 1\rRF 50 1 1\rAF 20 30 0\rBat 100\rMsg OK\rConfig 1\r"


class Stranger:
    """Sends until it is cancelled."""

    def __init__(self) -> None:
        self.sent = 0

    async def count(self) -> int:
        """How many datagrams were sent."""
        return self.sent

    async def write(self, source: str, to: str, rate: float) -> None:
        """At an even pace."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind((source, PORT))
            begin = loop.time()
            while True:
                while self.sent < rate * (loop.time() - begin):
                    stranger.sendto(CYCLE, (to, PORT))
                    self.sent += 1
                await asyncio.sleep(STEP_S)


async def run(source: str, to: str, rate: float) -> None:
    """Flood until standard input ends."""
    stranger = Stranger()
    writing = asyncio.create_task(stranger.write(source, to, rate))
    emit("begun")
    await serve({"sent": stranger.count})
    writing.cancel()


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], sys.argv[2], float(sys.argv[3])))
