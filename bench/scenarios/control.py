"""Control beside a full load: from the command to the byte on the wire, and many units set at a steady pace."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from bench.bridge import Bridge, receiver_id
from bench.latency import percentile
from bench.mqtt import Client
from bench.stage import START_S, Stage
from bench.table import Row
from bench.watching import TENANT

TAPPED = "127.46.0.1"
"""Where the first receiver is reached: everything that goes to it passes here."""
PORT = 2202
WIRE_P99_MS = 5.0
ECHO = "bench/echo"
APART_S = 0.05
ANSWER_S = 5.0
SETS_A_SECOND = 50
RULE = """
[[control.rules]]
verbs = ["set"]
"""
_SET = re.compile(rb"< SET 1 CHAN_NAME \{(\w+)\} >")


@dataclass(slots=True)
class Tap:
    """What was set at the tapped receiver: the name, and nanoseconds of the monotonic clock when it arrived."""

    arrived: dict[str, int] = field(default_factory=dict)

    @asynccontextmanager
    async def before(self, host: str) -> AsyncIterator[None]:
        """Stand in front of a receiver."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            theirs, ours = await asyncio.open_connection(host, PORT)
            await asyncio.gather(self._pump(reader, ours, watched=True), self._pump(theirs, writer, watched=False))

        async with await asyncio.start_server(serve, TAPPED, PORT):
            yield

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, watched: bool) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if watched:
                    now = time.monotonic_ns()
                    self.arrived |= {found[1].decode(): now for found in _SET.finditer(data)}
                writer.write(data)
        writer.close()


async def measure(stage: Stage) -> Sequence[Row]:
    """Both, one after the other, in one house."""
    quads, tap = stage.scale.quads, Tap()
    async with (
        stage.simulators(quads, apart=True) as (_, hosts),
        tap.before(hosts[0]),
        stage.broker() as broker,
        stage.watcher(broker.port) as watcher,
        Bridge(stage.place("bridge"), broker.port, [TAPPED, *hosts[1:]], more=RULE),
    ):
        await watcher.all_online(quads, START_S)
        await asyncio.sleep(stage.scale.warm_up)
        echo: dict[bytes, int] = {}
        client = await Client.connect(
            broker.port, "bench-controller", lambda _topic, payload, _retained, at: echo.update({payload: at})
        )
        await client.subscribe(ECHO)
        sent: dict[str, int] = {}
        begin = time.monotonic()
        while time.monotonic() < begin + stage.scale.window:
            name = f"c{len(sent):06d}"
            sent[name] = time.monotonic_ns()
            client.publish(ECHO, name.encode())  # the way to the broker and back to this process, for comparison
            _set(client, 1, name, {"name": name})
            await asyncio.sleep(APART_S)
        on_wire = await _settled(watcher.replies, sent)
        took = [(tap.arrived[name] - at) / 1e6 for name, at in sent.items() if name in tap.arrived]
        floor = [(echo[name.encode()] - at) / 1e6 for name, at in sent.items() if name.encode() in echo]
        spread: dict[str, int] = {}
        rng, units = random.Random(9), min(50, quads)
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < stage.scale.window:
            while len(spread) < SETS_A_SECOND * passed:
                request = f"s{len(spread):06d}"
                spread[request] = time.monotonic_ns()
                _set(client, 1 + len(spread) % units, request, {"gain_db": rng.randrange(-18, 43)})
            await asyncio.sleep(0.005)
        answered = await _settled(watcher.replies, spread)
        client.close()
    p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
    replied = [(watcher.replies[one][0] - at) / 1e6 for one, at in spread.items() if one in watcher.replies]
    return [
        Row(
            "control",
            f"a set at {quads * 40:,} lines/s, command to wire",
            f"p50 {p50:.2f}, p99 {p99:.2f} ms (to the broker and back alone {percentile(floor, 0.5):.2f} and "
            f"{percentile(floor, 0.99):.2f}); {len(took)} of {len(sent)} on the wire; {_words(on_wire)}",
            f"p99 < {WIRE_P99_MS:g} ms, all succeed",
            p99 < WIRE_P99_MS and on_wire["succeeded"] == len(sent),
            {
                "p50": p50,
                "p99": p99,
                "sent": len(sent),
                "on_wire": len(took),
                "floor_p99": percentile(floor, 0.99),
                **on_wire,
            },
        ),
        Row(
            "control",
            f"{SETS_A_SECOND} sets a second over {units} receivers",
            f"answered after p50 {percentile(replied, 0.5):.1f}, p99 {percentile(replied, 0.99):.1f} ms; "
            f"{_words(answered)} of {len(spread)}",
            "all succeed",
            answered["succeeded"] == len(spread),
            {"sent": len(spread), **answered},
        ),
    ]


def _set(client: Client, receiver: int, request: str, values: dict[str, object]) -> None:
    body = json.dumps({"request_id": request, "args": values}).encode()
    client.publish(f"{TENANT}/channel/{receiver_id(receiver)}-1/cmd/set", body)


async def _settled(replies: dict[str, tuple[int, bytes]], sent: dict[str, int]) -> Counter[str]:
    """Wait until all are answered, or nobody will any more; how often each status came."""
    until = time.monotonic() + ANSWER_S
    while time.monotonic() < until and not sent.keys() <= replies.keys():  # noqa: ASYNC110 - a measurement at rest
        await asyncio.sleep(0.05)
    return Counter(replies[request][1].decode() for request in sent if request in replies)


def _words(statuses: Counter[str]) -> str:
    return ", ".join(f"{count} {status}" for status, count in statuses.items()) or "none answered"
