"""``python -m bench [--quick] [--json FILE] [NAME ...]``: measure, print the table, write the JSON file."""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import uvloop

from bench import machine, table
from bench.scenarios import ALL, LONG
from bench.stage import FULL, QUICK, Stage

SCENARIOS = {**ALL, **LONG}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the bridge, in under ten minutes.")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"scenarios, default all: {', '.join(ALL)}; by name alone: {', '.join(LONG)}",
    )
    parser.add_argument("--quick", action="store_true", help="tiny numbers, to see that everything runs")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE", help="default %(default)s")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(SCENARIOS))
    if unknown:
        parser.error(f"no scenario {', '.join(unknown)}: there are {', '.join(SCENARIOS)}")
    return arguments


NOISE = 0.15
"""Cores that other programs may use before latencies say more of them than of the bridge."""


async def measure(names: list[str], stage: Stage) -> list[table.Row]:
    """Run scenarios, each printed as it ends."""
    rows: list[table.Row] = []
    for name in names:
        begin, busy, own = time.monotonic(), machine.busy_s(), machine.own_s()
        found = await SCENARIOS[name](stage)
        took = time.monotonic() - begin
        others = max(0.0, machine.busy_s() - busy - (machine.own_s() - own)) / took
        rows += [replace(row, figures={**row.figures, "others_cores": round(others, 2)}) for row in found]
        for row in found:
            print(f"{row.scenario}: {row.work}: {row.measured} {row.target} {row.verdict}", flush=True)
        noise = "" if others < NOISE else ": too much to judge by, run it again"
        print(f"  ({name} took {took:.0f} s; other programs used {others:.2f} cores{noise})", flush=True)
    return rows


def main() -> None:
    """Measure what was asked for."""
    arguments = _arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    on = machine.description()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mic2mqtt-bench-") as directory:
        stage = Stage(Path(directory), QUICK if arguments.quick else FULL)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rows = runner.run(measure(arguments.names or list(ALL), stage))
    seconds = time.monotonic() - begin
    print("\n" + "\n".join(table.lines(rows)))
    table.write(arguments.json, rows, on, seconds)
    missed = sum(row.ok is False for row in rows)
    print(f"\n{len(rows)} rows, {missed} missed, {seconds:.0f} s on {on['cores']} cores; {arguments.json}")


if __name__ == "__main__":
    main()
