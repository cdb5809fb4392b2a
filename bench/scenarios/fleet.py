"""What one broker and one database of this machine take, and what that would mean for many bridges."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import asdict

import psycopg

from bench import machine, postgresql
from bench.fleet import Capacity, Plan, take_over
from bench.latency import percentile
from bench.mqtt import Client
from bench.stage import Stage
from bench.table import Row

RETAINED = 50_000
STATE = b'{"schema":"channel.state/1",' + b" " * 1170 + b"}"
"""As large as a channel's state."""
PUBLISHERS = 4
WINDOW = 500
LEASES = 1000
CONNECTIONS = 16
BRIDGE_RATE = 10_000.0
"""Retained messages a second of one bridge; the start scenario measures 15,000 topics in 1.5 s."""
READ_S = 3.0
"""To read 250 receivers after a won lease, rounded up from the start scenario."""
PLANS = (Plan(10), Plan(100), Plan(1000))
NODES = (1, 3)
"""Brokers in the cluster; a cluster is taken to do what its nodes do together, which none does quite."""
RENEW = "UPDATE leases SET ends = now() + interval '15 s' WHERE bridge = %s AND holder = %s"


async def measure(stage: Stage) -> Sequence[Row]:
    """Broker, database, arithmetic, storms."""
    quick = stage.scale.window < 2
    taken, broker_row = await _broker(stage, RETAINED // 100 if quick else RETAINED)
    rows = [broker_row, await _database(stage)]
    for plan in PLANS:
        rows.append(_arithmetic(plan))
        for nodes in NODES:
            capacity = Capacity(taken * nodes, BRIDGE_RATE, READ_S)
            storm = take_over(plan, plan.bridges // 2, capacity, random.Random(1))
            rows.append(
                Row(
                    "fleet",
                    f"simulated: {plan.bridges // 2} of {plan.bridges:,} bridges taken over, {nodes} broker nodes",
                    f"half fresh after {storm.half_fresh_s:.0f} s, all after {storm.all_fresh_s:.0f} s; "
                    f"broker the limit for {storm.saturated_s:.0f} s",
                    figures=asdict(storm),
                )
            )
    return rows


async def _broker(stage: Stage, count: int) -> tuple[float, Row]:
    """Retained messages of their own topics, from a few connections, each with a window of its own."""
    async with stage.broker() as broker:
        before = machine.memory(broker.pid).resident
        clients = [await Client.connect(broker.port, f"publisher-{one}", lambda *_: None) for one in range(PUBLISHERS)]
        begin = time.monotonic()
        await asyncio.gather(
            *(_fill(client, number, count // PUBLISHERS) for number, client in enumerate(clients)),
        )
        rate = count / (time.monotonic() - begin)
        each = 1e6 * (machine.memory(broker.pid).resident - before) / count
        for client in clients:
            client.close()
    row = Row(
        "fleet",
        f"one mosquitto: {count:,} new retained states of {len(STATE):,} bytes, QoS 1",
        f"{rate:,.0f}/s; {each:,.0f} bytes of memory each",
        figures={"per_second": rate, "bytes_each": each},
    )
    return rate, row


async def _fill(client: Client, number: int, count: int) -> None:
    for message in range(count):
        client.publish(
            f"mic2mqtt/v1/default/c{number}/channel/q{message // 4}-{message % 4 + 1}/state", STATE, retain=True
        )
        if message % WINDOW == WINDOW - 1:
            await client.acknowledged(message + 1 - WINDOW)
    await client.acknowledged(count)


async def _database(stage: Stage) -> Row:
    """Leases renewed one by one, each a commit that waits for the disk."""
    work = f"one PostgreSQL: {LEASES:,} leases renewed over {CONNECTIONS} connections"
    binaries = postgresql.find()
    if binaries is None:
        return Row("fleet", work, "not measured: no PostgreSQL here (make servers)")
    async with postgresql.server(binaries, stage.place("postgresql")) as where:
        async with await psycopg.AsyncConnection.connect(where, autocommit=True) as connection:
            await connection.execute("CREATE TABLE leases (bridge int PRIMARY KEY, holder int, ends timestamptz)")
            await connection.execute("INSERT INTO leases SELECT n, 1, now() FROM generate_series(1, %s) n", (LEASES,))
        took: list[float] = []
        begin = time.monotonic()
        seconds = stage.scale.window / 2
        await asyncio.gather(*(_renew(where, one, begin + seconds, took) for one in range(CONNECTIONS)))
        rate = len(took) / (time.monotonic() - begin)
    p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
    figures = {"per_second": rate, "p50": p50, "p99": p99}
    return Row("fleet", work, f"{rate:,.0f}/s; p50 {p50:.1f} ms, p99 {p99:.1f} ms", figures=figures)


async def _renew(where: str, first: int, until: float, took: list[float]) -> None:
    async with await psycopg.AsyncConnection.connect(where, autocommit=True) as connection:
        bridge = first
        while (begin := time.monotonic()) < until:
            bridge = bridge % LEASES + 1
            await connection.execute(RENEW, (bridge, 1))
            took.append(1000 * (time.monotonic() - begin))


def _arithmetic(plan: Plan) -> Row:
    return Row(
        "fleet",
        f"arithmetic: {plan.bridges:,} bridges of {plan.quads} quads ({plan.channels:,} channels), 1 standby each",
        f"{plan.retained:,} retained; {plan.published:,.0f} messages/s; {plan.lease_statements:,.0f} lease "
        f"statements/s; {plan.commits:,.0f} commits/s",
        figures={
            "retained": plan.retained,
            "published": plan.published,
            "lease_statements": plan.lease_statements,
            "commits": plan.commits,
        },
    )
