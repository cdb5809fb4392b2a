"""The bench runs: tiny numbers, nothing timed. To measure, `make bench` needs a machine that does nothing else."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("load", "latency", "commands", "audit", "discovery", "fleet", "scrape", "sscv2")


async def bench(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench", "--quick", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.timeout(180)
async def test_the_bench_measures_every_program_and_writes_what_it_found(tmp_path: Path) -> None:
    report = tmp_path / "bench.json"
    code, said = await bench("--json", str(report), *NAMES)
    assert code == 0, said
    found = json.loads(report.read_text())
    assert {row["scenario"] for row in found["rows"]} == {*NAMES}
    assert all(row["work"] in said and row["measured"] in said for row in found["rows"])
    assert found["machine"]["cores"] >= 1
    assert {row["figures"].get("status") for row in found["rows"] if row["scenario"] == "discovery"} == {
        None,
        "succeeded",
    }
    latency = next(row for row in found["rows"] if row["scenario"] == "latency")
    assert latency["figures"]["arrived"] > 0
    assert latency["figures"]["missed"] == 0


async def test_an_unknown_scenario_is_refused_with_those_that_there_are() -> None:
    code, said = await bench("speed")
    assert code == 2
    assert "no scenario speed" in said
    assert "latency" in said
