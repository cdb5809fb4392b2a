"""Configured receivers that are not there: half of them refuse, half of them never answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from bench.latency import Latency
from bench.scenarios import latency
from bench.stage import Stage
from bench.table import Row

PORT = 2202
REFUSING, SILENT = "127.45.0.", "127.45.1."
RUNS = 2
TOLERANCE_MS = 0.5
"""Two runs of the same thing differ by as much."""
RATIO = 1.25


async def measure(stage: Stage) -> Sequence[Row]:
    """Without them, then with them."""
    half = stage.scale.dead // 2
    refusing = [f"{REFUSING}{number}" for number in range(1, half + 1)]
    silent = [f"{SILENT}{number}" for number in range(1, half + 1)]
    without = await _runs(stage, ())
    with unanswered(silent):
        beside = await _runs(stage, refusing + silent)
    rows = [latency.row("dead", f"all receivers there, run {number}", run) for number, run in enumerate(without, 1)]
    rows += [
        latency.row("dead", f"{2 * half} more unreachable, run {number}", run) for number, run in enumerate(beside, 1)
    ]
    return [*rows, _compared(without, beside, 2 * half)]


async def _runs(stage: Stage, dead: Sequence[str]) -> list[Latency]:
    async with stage.house(stage.scale.quads, dead=dead, apart=True) as house:
        return [await latency.run(house, stage, number) for number in range(1, RUNS + 1)]


def _compared(without: Sequence[Latency], beside: Sequence[Latency], dead: int) -> Row:
    before = min(run.p50 for run in without), min(run.p99 for run in without)
    after = min(run.p50 for run in beside), min(run.p99 for run in beside)
    same = all(new <= RATIO * old + TOLERANCE_MS for old, new in zip(before, after, strict=True))
    return Row(
        "dead",
        f"what {dead} unreachable receivers change",
        f"p50 {before[0]:.2f} -> {after[0]:.2f} ms, p99 {before[1]:.2f} -> {after[1]:.2f} ms",
        f"neither (within {RATIO} x + {TOLERANCE_MS:g} ms)",
        same,
        {"p50": [before[0], after[0]], "p99": [before[1], after[1]]},
    )


@contextmanager
def unanswered(hosts: Sequence[str]) -> Iterator[None]:
    """Listeners whose queue is full: the kernel drops what knocks, as a switched-off unit behind a router does."""
    with ExitStack() as stack:
        for host in hosts:
            listener = stack.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, PORT))
            listener.listen(0)
            for _ in range(2):  # one is taken, one fills the queue
                knocking = stack.enter_context(socket.socket())
                knocking.setblocking(False)
                knocking.connect_ex((host, PORT))
        yield
