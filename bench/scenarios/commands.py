"""Commands at a steady rate: how long their answers take, and what the changes notice of it."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from bench.bridge import receiver_id
from bench.children import ChildError
from bench.latency import percentile
from bench.mqtt import Client
from bench.scenarios import latency
from bench.stage import House, Stage
from bench.table import Row
from bench.watching import TENANT

P99_MS = 50.0
ANSWER_S = 5.0
BURST = 300


async def measure(stage: Stage) -> Sequence[Row]:
    """Changes alone, then changes with commands."""
    async with stage.house(stage.scale.quads, apart=True) as house:
        alone = await latency.run(house, stage, 1)
        async with asyncio.TaskGroup() as group:
            changes = group.create_task(latency.run(house, stage, 2))
            commands = group.create_task(_commands(house, stage))
        burst = await _burst(house)
    sent, took, statuses = commands.result()
    p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
    answered = f"{len(took):,} of {sent:,} answered ({', '.join(f'{n} {s}' for s, n in statuses.items())})"
    return [
        Row(
            "commands",
            f"{stage.scale.commands:g} refresh/detail a second",
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms; {answered}",
            f"all succeed, p99 < {P99_MS:g} ms",
            p99 < P99_MS and statuses["succeeded"] == sent,
            {"p50": p50, "p99": p99, "sent": sent, "answered": len(took), **statuses},
        ),
        latency.row("commands", "changes without commands", alone),
        latency.row("commands", "changes with commands", changes.result()),
        Row(
            "commands",
            f"{BURST} detail at once",
            f"{len(burst)} answered, the last after {max(burst, default=0.0):.0f} ms",
            "all",
            len(burst) == BURST,
            {"answered": len(burst), "last_ms": max(burst, default=None)},
        ),
    ]


async def _burst(house: House) -> list[float]:
    """As many commands as fit into one write; milliseconds until each was answered."""
    client = await Client.connect(house.broker.port, "bench-burst", lambda *_: None)
    wanted = {f"burst-{number}" for number in range(BURST)}
    begin = time.monotonic_ns()
    for number, request in enumerate(sorted(wanted)):
        receiver = receiver_id(number % len(house.hosts) + 1)
        client.publish(f"{TENANT}/receiver/{receiver}/cmd/detail", json.dumps({"request_id": request}).encode())
    with suppress(ChildError):  # what is missing shows in the row
        await house.watcher.until(lambda: wanted <= house.watcher.replies.keys(), ANSWER_S, "all are answered")
    client.close()
    return [(at - begin) / 1e6 for request, (at, _) in house.watcher.replies.items() if request in wanted]


async def _commands(house: House, stage: Stage) -> tuple[int, list[float], Counter[str]]:
    scale = stage.scale
    client = await Client.connect(house.broker.port, "bench-commander", lambda *_: None)
    rng = random.Random(3)
    sent: dict[str, int] = {}
    begin, number = time.monotonic(), 0
    while (passed := time.monotonic() - begin) < scale.window:
        while number < passed * scale.commands:
            number += 1
            request = f"request-{number}"
            receiver = receiver_id(rng.randrange(len(house.hosts)) + 1)
            kind, name = ("receiver", receiver) if number % 2 else ("channel", f"{receiver}-{rng.randrange(4) + 1}")
            verb = "refresh" if number % 4 < 2 else "detail"
            sent[request] = time.monotonic_ns()
            client.publish(f"{TENANT}/{kind}/{name}/cmd/{verb}", json.dumps({"request_id": request}).encode())
        await asyncio.sleep(0.001)
    with suppress(ChildError):  # what is missing shows in the row
        await house.watcher.until(lambda: sent.keys() <= house.watcher.replies.keys(), ANSWER_S, "all are answered")
    client.close()
    replies = {request: reply for request, reply in house.watcher.replies.items() if request in sent}
    took = [(at - sent[request]) / 1e6 for request, (at, _) in replies.items()]
    return len(sent), took, Counter(status.decode() for _, status in replies.values())
