"""Networks of mostly dead addresses, searched while a fleet is served."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from ipaddress import ip_network

from bench.mqtt import Client
from bench.scenarios import latency
from bench.stage import House, Stage
from bench.table import Row
from bench.watching import TENANT

TARGETS_S = {24: 3.0, 16: 90.0}


async def measure(stage: Stage) -> Sequence[Row]:
    """Changes alone, then with each network searched."""
    rows: list[Row] = []
    async with stage.house(stage.scale.quads, apart=True) as house:
        rows.append(latency.row("discovery", "changes without discovery", await latency.run(house, stage, 1)))
        for number, network in enumerate(stage.scale.networks, 1):
            rows += await _search(house, stage, network, number)
    return rows


async def _search(house: House, stage: Stage, network: str, number: int) -> list[Row]:
    prefix = ip_network(network).prefixlen
    target_s = TARGETS_S.get(prefix, TARGETS_S[24])
    async with asyncio.TaskGroup() as group:
        changes = group.create_task(latency.run(house, stage, 10 + number, min(stage.scale.window, 3 * number)))
        search = group.create_task(_discover(house, network, f"search-{number}", 2 * target_s))
    took_s, status = search.result()
    return [
        Row(
            "discovery",
            f"a /{prefix} of refused addresses",
            f"{took_s:.1f} s ({status})",
            f"< {target_s:g} s",
            took_s < target_s and status == "succeeded",
            {"seconds": took_s, "status": status},
        ),
        latency.row("discovery", f"changes while a /{prefix} is searched", changes.result()),
    ]


async def _discover(house: House, network: str, request: str, within_s: float) -> tuple[float, str]:
    """Ask for a discovery; seconds until the final reply, and its status."""
    client = await Client.connect(house.broker.port, "bench-discoverer", lambda *_: None)
    begin = time.monotonic_ns()
    arguments = {"request_id": request, "args": {"networks": [network]}}
    client.publish(f"{TENANT}/bridge/main/cmd/discover", json.dumps(arguments).encode())
    await house.watcher.until(lambda: request in house.watcher.replies, within_s, f"discovery of {network} ends")
    client.close()
    at, status = house.watcher.replies[request]
    return (at - begin) / 1e9, status.decode()
