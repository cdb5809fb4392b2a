"""A stranger's driver, made from nothing but docs/adding-a-driver.md: a wheel of its own, installed beside mic2mqtt."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.house import House

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "adding-a-driver.md"
PROGRAM = Path(sys.executable).parent / "mic2mqtt"
PRODUCT = "acme/ar2"

BUILD = "import hatchling.build, sys; print(hatchling.build.build_wheel(sys.argv[1]))"


def files_of_the_page() -> dict[str, str]:
    """Every file that stands on the page, by its name."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"^`([\w./]+)`:\n\n```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return dict(found)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder beside mic2mqtt in which the wheel of the page is installed."""
    source, target = tmp_path_factory.mktemp("acme"), tmp_path_factory.mktemp("site")
    for name, text in files_of_the_page().items():
        file = source / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(target)], cwd=source, check=True, capture_output=True, text=True
    )
    wheel = target / built.stdout.split()[-1]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    return target


def environment(installed: Path) -> dict[str, str]:
    own = {key: value for key, value in os.environ.items() if not key.startswith("MIC2MQTT_")}
    return {**own, "PYTHONPATH": str(installed)}


async def run(installed: Path, *command: str | Path, cwd: Path = ROOT) -> str:
    """Run a program to its end, beside the wheel; everything that it printed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment(installed),
        cwd=cwd,
    )
    async with asyncio.timeout(50):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


@asynccontextmanager
async def simulated(installed: Path, host: str, *options: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *("simulate", "--product", PRODUCT, "--listen", host, "--option", "still=true"),
        *(word for option in options for word in ("--option", option)),
        stdout=asyncio.subprocess.PIPE,
        env=environment(installed),
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            while b"simulated units run" not in (line := await process.stdout.readline()):
                assert line, "the simulator ended"
        yield
    finally:
        process.kill()
        await process.communicate()


def keeps_to_itself(secret: str, *texts: str) -> None:
    assert not [text for text in texts if secret in text]


def test_the_page_has_a_whole_package() -> None:
    assert {Path(name).name for name in files_of_the_page()} >= {
        *("pyproject.toml", "codec.py", "link.py", "driver.py", "simulator.py", "ar2.capture")
    }


async def test_the_wheel_is_found_simulated_probed_and_discovered(installed: Path) -> None:
    assert "driver acme: ar" in await run(installed, PROGRAM, "version")
    async with simulated(installed, "127.81.1.1"):
        probed = await run(installed, PROGRAM, "probe", "127.81.1.1", "--driver", "acme", "--listen", "100ms")
        assert "> ALL" in probed
        assert "VERDICT: a unit that mic2mqtt understands (driver acme)" in probed
        found = await run(installed, PROGRAM, "discover", "127.81.1.0/29", "--json")
    (unit,) = [json.loads(line) for line in found.splitlines()]
    assert (unit["driver"], unit["host"], unit["model"]) == ("acme", "127.81.1.1", "AR2")


async def test_the_driver_keeps_the_contract_of_all_drivers(installed: Path) -> None:
    printed = await run(
        installed, sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider",
        "tests/contract", "-k", "acme and not listed",
    )  # fmt: skip
    assert " passed" in printed
    assert "failed" not in printed


async def test_the_capture_of_the_page_is_understood(installed: Path, tmp_path: Path) -> None:
    script = (
        "import json, sys; from services.drivers import find_drivers; "
        "readings = find_drivers()['acme'].replay('ar2', sys.stdin.buffer.read()); "
        "print(json.dumps([[*reading.part, dict(reading.values)] for reading in readings]))"
    )
    capture = tmp_path / "ar2.capture"
    capture.write_text(files_of_the_page()["captures/ar2.capture"])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment(installed), cwd=ROOT,
    )  # fmt: skip
    output, _ = await process.communicate(capture.read_bytes())
    readings = json.loads(output)
    assert [1, 0, {"frequency_mhz": 526.225}] in readings
    assert [2, 0, {"transmitter_present": False, "battery_percent": None}] in readings


async def test_what_it_finds_is_published_on_the_broker(
    house: House, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(installed))
    house.serve(discovery={"ranges": [{"network": "127.81.2.0/29"}]})
    async with house.observer() as seen, simulated(installed, "127.81.2.1"), house.process():
        info = await seen.until(
            lambda: next((one.body["data"] for one in seen.all("info") if one.body["data"].get("channel_count")), None)
        )
        assert (info["driver"], info["manufacturer"], info["model"], info["channel_count"]) == (
            "acme",
            "acme",
            "AR2",
            2,
        )
        (unit,) = {one.topic.split("/")[-2] for one in seen.all("state") if "/receiver/" in one.topic}
        channel = f"{unit}-1"
        await seen.until(lambda: seen.shows(channel, name="Mic 1", frequency_mhz=526.225, battery_percent=87))
        await seen.until(lambda: seen.shows(channel, transmitter_present=True, more={"antenna_angle_deg": -30}))


async def test_a_unit_behind_a_gateway_with_a_password_is_served_and_the_password_is_shown_nowhere(
    house: House, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(installed))
    secret = house.directory / "acme-password"
    secret.write_text("open-sesame\n")
    behind = {"host": "127.81.3.1", "driver": "acme", "options": {"password_file": str(secret)}}
    house.serve().document["units"] = [{**behind, "unit": "A", "id": "choir"}, {**behind, "unit": "B", "id": "band"}]
    async with house.observer() as seen, simulated(installed, "127.81.3.1", "gateway=A,B", "password=open-sesame"):
        async with house.process() as bridge:
            await seen.live("choir", "band")
            assert seen.newest("receiver/choir", "info")["data"]["host"] == "127.81.3.1"
        keeps_to_itself("open-sesame", bridge.log.read_text(), *(str(one.payload) for one in seen.seen))
        asked = (PROGRAM, "probe", "127.81.3.1", "--driver", "acme", "--listen", "100ms", "--option")
        probed = await run(installed, *asked, f"password_file={secret}", "--unit", "A")
        assert "> USE A" in probed
        assert "VERDICT: a unit that mic2mqtt understands (driver acme)" in probed
        keeps_to_itself("open-sesame", probed)
    shown = await run(installed, PROGRAM, "check", "--show", "--config", bridge.config)
    keeps_to_itself("open-sesame", shown)
