"""Run as root in a network of its own (``unshare --net``): prints where adverts were received, one line a stage."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterable

from services.drivers import Gone
from services.drivers.shure import slp_listener
from services.drivers.shure.codec import slp

NETWORK = "10.91.0.1"


def ip(*words: str) -> None:
    subprocess.run(("ip", *words), check=True)


def come() -> None:
    ip("link", "add", "stage0", "type", "veth", "peer", "name", "stage1")
    ip("address", "add", f"{NETWORK}/24", "dev", "stage0")
    for end in ("stage0", "stage1"):
        ip("link", "set", end, "up")


def go() -> None:
    ip("link", "delete", "stage0")


class Ear:
    """One listener; it hears what comes by a network since the newest stage."""

    def __init__(self, interface: str) -> None:
        self.heard: set[str] = set()
        self.task = asyncio.create_task(self._listen(interface))

    async def _listen(self, interface: str) -> None:
        async for sighting in slp_listener.receive_adverts(interface):
            if not isinstance(sighting, Gone):
                self.heard.add(sighting.name or "")


async def announce(stage: str, ears: Iterable[Ear]) -> None:
    """Send an advert by the stage's network until every ear has it."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(NETWORK))
    advert = slp.build(slp.attributes_of("QLXD4", stage, "00:0e:dd:01:02:03", NETWORK))
    async with asyncio.timeout(5):
        while not all(stage in ear.heard for ear in ears):
            sock.sendto(advert, (slp.GROUP, slp.PORT))
            await asyncio.sleep(0.02)
    sock.close()
    sys.stdout.write(f"{stage}\n")
    sys.stdout.flush()


async def chatter() -> None:
    """A network that never falls silent: adverts on loopback, far more than units send."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    advert = slp.build(slp.attributes_of("QLXD4", "chatter", "00:0e:dd:09:09:09", "127.0.0.1"))
    while True:
        sock.sendto(advert, (slp.GROUP, slp.PORT))
        await asyncio.sleep(0.001)


async def main() -> None:
    slp_listener.JOIN_AGAIN_S = 0.05
    ip("link", "set", "lo", "up")
    talking = asyncio.create_task(chatter())
    ears = [Ear(""), Ear(NETWORK)]
    await asyncio.sleep(0.1)
    come()
    await announce("came", ears)
    go()
    come()
    await announce("returned", ears)
    for _ in range(25):  # more than a socket may have memberships
        go()
        come()
        await asyncio.sleep(0.06)
    await announce("still", ears)
    for task in (talking, *(ear.task for ear in ears)):
        assert not task.done()
        task.cancel()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
