"""The floor of datagrams: the least that a program on this loop does with cyclic reports: receive, split, count."""

from __future__ import annotations

import asyncio
import json
import sys

import uvloop

from bench.children import emit, serve

PORT = 53212
LISTEN = "127.0.0.1"
REPORTS_ON = b"Push 60 100 7\r"
"""For 60 s, every 100 ms, everything cyclic (docs/protocols.md)."""
REPORTS_OFF = b"Push 0 0 0\r"


class Reports(asyncio.DatagramProtocol):
    """All receivers, on one socket."""

    taken = 0

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        """Split."""
        data.split(b"\r")
        Reports.taken += 1


async def run(hosts: list[str]) -> None:
    """Receive the reports of these hosts until standard input ends."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Reports, local_addr=(LISTEN, PORT))

    async def lines() -> int:
        return Reports.taken

    for host in hosts:
        transport.sendto(REPORTS_ON, (host, PORT))
    emit("connected")
    await serve({"lines": lines})
    for host in hosts:
        transport.sendto(REPORTS_OFF, (host, PORT))
    await asyncio.sleep(0.2)
    transport.close()


if __name__ == "__main__":
    uvloop.run(run(json.loads(sys.stdin.readline())))
