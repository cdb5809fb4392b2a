"""A naive bridge, as it is easily written: a task a receiver, a line a read, an awaited publish a sample."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime

import aiomqtt
import uvloop

from bench.children import emit, serve
from bench.floor import METERING_OFF, METERING_ON, PORT

handled = 0
"""Lines of all receivers that were handled."""


async def follow(host: str, number: int, client: aiomqtt.Client) -> None:
    """Publish every sample of one receiver."""
    global handled  # noqa: PLW0603 - a naive bridge counts like this
    reader, writer = await asyncio.open_connection(host, PORT)
    writer.write(METERING_ON)
    try:
        while True:
            line = (await reader.readuntil(b">")).decode("ascii")
            words = line.strip("<> ").split()
            handled += 1
            if words[0] != "SAMPLE":
                continue
            sample = {
                "time": datetime.now(UTC).isoformat(),
                "antenna": words[3],
                "rf_dbm": int(words[4]) - 128,
                "audio_dbfs": int(words[5]) - 50,
            }
            await client.publish(f"naive/{number}/{words[1]}/telemetry", json.dumps(sample))
    finally:
        writer.write(METERING_OFF)
        writer.close()


async def run(hosts: list[str], port: int) -> None:
    """Bridge these hosts until standard input ends."""

    async def lines() -> int:
        return handled

    async with aiomqtt.Client("127.0.0.1", port) as client:
        tasks = [asyncio.create_task(follow(host, number, client)) for number, host in enumerate(hosts, 1)]
        emit("connected")
        await serve({"lines": lines})
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    uvloop.run(run(json.loads(sys.stdin.readline()), int(sys.argv[1])))
