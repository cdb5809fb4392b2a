"""The program as people run it: processes, signals, a real broker, simulated receivers on real sockets."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.drivers import SimulatedUnit, find_simulators
from tests.integration.broker import Mosquitto, free_port

PROGRAM = str(Path(sys.executable).parent / "mic2mqtt")
LIMIT_S = 30.0


class Program:
    """A running mic2mqtt whose lines are read as they come."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self._news = asyncio.Condition()
        self._readers = [
            asyncio.create_task(self._read(stream)) for stream in (process.stdout, process.stderr) if stream
        ]

    async def _read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            async with self._news:
                self.lines.append(line.decode().rstrip())
                self._news.notify_all()

    async def says(self, wanted: str | Callable[[list[str]], object]) -> str:
        """Wait for a line with these words; all lines until now."""
        found = wanted if callable(wanted) else lambda lines: any(wanted in line for line in lines)
        try:
            async with asyncio.timeout(LIMIT_S), self._news:
                await self._news.wait_for(lambda: found(self.lines))
        except TimeoutError:
            pytest.fail(f"never said {wanted!r}; said:\n" + "\n".join(self.lines))
        return "\n".join(self.lines)

    async def ends(self) -> int:
        """Wait for the end; the exit code."""
        async with asyncio.timeout(LIMIT_S):
            code = await self.process.wait()
            await asyncio.gather(*self._readers)
        return code


@asynccontextmanager
async def started(*arguments: str, folder: Path, **env: str) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**{key: value for key, value in os.environ.items() if not key.startswith("MIC2MQTT_")}, **env},
    )
    program = Program(process)
    try:
        yield program
    finally:
        if process.returncode is None:
            process.kill()
        await program.ends()


async def run(*arguments: str, folder: Path, **env: str) -> tuple[int, str]:
    """Run to the end: exit code and everything that was said."""
    async with started(*arguments, folder=folder, **env) as program:
        code = await program.ends()
        return code, "\n".join(program.lines)


@pytest.fixture
async def rack() -> AsyncIterator[SimulatedUnit]:
    """A ULX-D quad on a free port."""
    simulator = find_simulators()["shure"]
    async with simulator.run("ulxd4q", count=1, listen="127.0.0.1", port=0, still=True) as (unit,):
        yield unit


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto, rack: SimulatedUnit) -> Path:
    """A folder with a configuration."""
    (tmp_path / "mic2mqtt.toml").write_text(
        f"""
[mqtt]
url = "mqtt://anna:hunter22@127.0.0.1:{mosquitto.port}"
[http]
listen = "127.0.0.1:0"
[[receivers]]
host = "{rack.host}"
port = {rack.port}
id = "rack1"
name = "Rack 1"
""",
        encoding="utf-8",
    )
    return tmp_path


def http_url(lines: str) -> str:
    return next(line for line in lines.splitlines() if "metrics and health on" in line).split()[-1]


async def test_the_whole_way_from_a_receiver_to_send_watch_audit_and_a_clean_end(house: Path) -> None:
    async with started("run", folder=house) as bridge:
        url = http_url(await bridge.says("metrics and health on"))
        await bridge.says("unit is online")
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            assert (await http.get("/readyz")).json() == {"ready": True, "reasons": []}
            assert "mic2mqtt_receiver_up" in (await http.get("/metrics")).text

        async with started("watch", "--plain", folder=house) as wall:
            await wall.says("rack1-4")
            assert any("Vox" in line or "status=" in line for line in wall.lines)
            wall.process.send_signal(signal.SIGINT)
            assert await wall.ends() == 0

        code, said = await run("send", "detail", "--json", "--to", "receiver/rack1", folder=house)
        assert code == 0, said
        reply = json.loads(said)
        assert (reply["verb"], reply["status"]) == ("detail", "succeeded")
        code, said = await run("send", "fly", "--json", folder=house)
        assert code == 1
        answer, end = json.JSONDecoder().raw_decode(said)
        assert answer["error"]["code"] == "unknown_verb"
        assert "fly" in said[end:], "what was wrong stands last, on one line"

        code, said = await run("receivers", "--json", folder=house)
        assert (code, json.loads(said)["id"], json.loads(said)["source"]) == (0, "rack1", "config")
        code, said = await run("units", folder=house)
        assert code == 0
        assert [line.split()[:2] for line in said.splitlines()] == [["kind", "id"], ["receiver", "rack1"]]
        code, said = await run("units", "--kind", "charger", folder=house)
        assert (code, "no units yet" in said) == (0, True)
        code, said = await run("check", "--connect", folder=house)
        assert (code, "broker: fine" in said, "database: fine" in said) == (0, True, True), said
        code, said = await run("db", "upgrade", folder=house)
        assert code == 1
        assert "is in use by another mic2mqtt" in said

        bridge.process.send_signal(signal.SIGTERM)
        assert await bridge.ends() == 0
        said = "\n".join(bridge.lines)
        assert "mic2mqtt has stopped" in said
        assert "Traceback" not in said
        assert "hunter22" not in said

    code, said = await run("audit", "--since", "1h", "--json", folder=house)
    events = [json.loads(line) for line in said.splitlines()]
    assert code == 0
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert {"receiver/rack1"} <= {event["resource"] for event in events}


async def test_sighup_takes_a_changed_file_over_and_refuses_a_wrong_one(house: Path) -> None:
    file = house / "mic2mqtt.toml"
    async with started("run", folder=house) as bridge:
        await bridge.says("unit is online")
        good = file.read_text(encoding="utf-8")
        file.write_text(good.replace("[http]", "[polling]\nkeepalive = 0\n[http]"), encoding="utf-8")
        bridge.process.send_signal(signal.SIGHUP)
        await bridge.says('polling.keepalive: 0 is outside of what is allowed: "1s" to "10m"')
        file.write_text(good.replace("[http]", '[polling]\nkeepalive = "5s"\n[http]'), encoding="utf-8")
        bridge.process.send_signal(signal.SIGHUP)
        await bridge.says("configuration read again")
        bridge.process.send_signal(signal.SIGINT)
        assert await bridge.ends() == 0


async def test_a_taken_http_port_ends_the_start_with_one_line(house: Path) -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        code, said = await run("run", folder=house, MIC2MQTT_HTTP__LISTEN=f"127.0.0.1:{port}")
    assert code == 1
    assert f"mic2mqtt: cannot listen on 127.0.0.1:{port}: another program listens there" in said
    assert "Traceback" not in said


async def test_logs_are_json_on_request(house: Path) -> None:
    async with started("run", folder=house, MIC2MQTT_LOG__FORMAT="json") as bridge:
        await bridge.says("unit is online")
        bridge.process.send_signal(signal.SIGTERM)
        assert await bridge.ends() == 0
        events = [json.loads(line) for line in bridge.lines]
    assert {"rack1"} == {event["unit"] for event in events if event["event"] == "unit is online"}


async def test_without_a_broker_send_and_check_say_so_at_once(tmp_path: Path) -> None:
    url = f"mqtt://127.0.0.1:{free_port()}"
    code, said = await run("send", "refresh", "--url", url, folder=tmp_path)
    assert (code, "nothing listens there" in said) == (1, True), said
    code, said = await run("check", "--connect", folder=tmp_path, MIC2MQTT_MQTT__URL=url)
    assert (code, "nothing listens there" in said) == (1, True), said


async def test_without_a_bridge_send_says_what_to_look_at(tmp_path: Path, mosquitto: Mosquitto) -> None:
    code, said = await run("send", "refresh", "--url", mosquitto.url, "--timeout", "200ms", folder=tmp_path)
    assert (code, "is a bridge running" in said) == (1, True), said


async def test_watch_waits_for_a_broker_and_comes_back(tmp_path: Path, mosquitto: Mosquitto) -> None:
    await mosquitto.stop()
    async with started("watch", "--plain", "--url", mosquitto.url, folder=tmp_path) as wall:
        await wall.says("no broker: ")
        await mosquitto.start()
        await wall.says("connected")
        wall.process.send_signal(signal.SIGTERM)
        assert await wall.ends() == 0


async def test_simulate_probe_and_discover_find_each_other(tmp_path: Path) -> None:
    arguments = ("simulate", "--family", "slxd", "--count", "2", "--listen", "127.0.61.1", "--option", "still=true")
    async with started(*arguments, folder=tmp_path) as units:
        await units.says("2 simulated units run")
        code, said = await run("probe", "127.0.61.1", "--listen", "200ms", "--meter-interval", "100ms", folder=tmp_path)
        assert code == 0, said
        assert " > < GET MODEL >" in said
        assert "SAMPLE" in said
        assert "VERDICT: a unit that mic2mqtt understands (driver shure)" in said
        code, said = await run("discover", "127.0.61.0/29", "--json", folder=tmp_path)
        assert code == 0, said
        assert sorted(json.loads(line)["host"] for line in said.splitlines()) == ["127.0.61.1", "127.0.61.2"]
        units.process.send_signal(signal.SIGINT)
        assert await units.ends() == 0


async def test_a_mixed_rack_of_every_family_runs_with_one_command_and_is_listed(tmp_path: Path) -> None:
    code, products = await run("simulate", "--list", folder=tmp_path)
    assert code == 0, products
    code, faults = await run("simulate", "--list", "--product", "Sennheiser/EM-G4", folder=tmp_path)
    assert code == 0, faults
    assert "blank_name " in faults
    async with started(
        "simulate", "--product", "all", "--listen", "127.0.64.1", "--port", "0", folder=tmp_path
    ) as rack:
        said = await rack.says("simulated units run")
        families = [line.split(" ")[0] for line in said.splitlines() if " listens on " in line]
        assert len(families) > 5
        assert all(f"{family} " in products for family in families)
        rack.process.send_signal(signal.SIGINT)
        assert await rack.ends() == 0


async def test_discover_lists_a_charger_without_a_number_of_bays_that_nobody_has_counted(tmp_path: Path) -> None:
    arguments = ("simulate", "--product", "shure/sbc220", "--listen", "127.0.63.1", "--option", "still=true")
    async with started(*arguments, folder=tmp_path) as units:
        await units.says("1 simulated unit")
        code, said = await run("discover", "127.0.63.1", folder=tmp_path)
        assert code == 0, said
        assert "SBC220" in said
        assert "8" not in said.split("SBC220")[1].split("firmware")[0], "two bays, and nobody asked for them"


async def test_a_probe_of_which_only_the_head_is_read_ends_quietly(rack: SimulatedUnit, tmp_path: Path) -> None:
    line = f"set -o pipefail; {PROGRAM} probe {rack.host} --port {rack.port} --driver shure --listen 20s | head -4"
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", line, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    async with asyncio.timeout(15):
        said, complaints = await process.communicate()
    assert (len(said.splitlines()), complaints, process.returncode) == (4, b"", 141)


async def test_probe_names_the_menu_that_stands_in_the_way(tmp_path: Path) -> None:
    arguments = ("simulate", "--family", "slxd", "--listen", "127.0.62.1", "--fault", "control_blocked")
    async with started(*arguments, folder=tmp_path) as units:
        await units.says("1 simulated units run")
        code, said = await run("probe", "127.0.62.1", folder=tmp_path)
        assert code == 1
        assert "VERDICT: no unit could be read at 127.0.62.1" in said
        assert "control_blocked" in said
        assert "Allow Third-Party Controls" in said


async def test_the_demo_shows_its_channels_and_ends_cleanly(tmp_path: Path) -> None:
    async with started("demo", "--plain", folder=tmp_path) as demo:
        said = await demo.says("main-stage-1")
        assert "mosquitto_sub -p " in said
        assert "import docs/node-red/flows.json" in said
        async with httpx.AsyncClient(trust_env=False) as http:
            url = next(line for line in said.splitlines() if line.startswith("Metrics")).split()[-1]
            assert (await http.get(url)).status_code == 200
        demo.process.send_signal(signal.SIGINT)
        assert await demo.ends() == 0
        assert "Traceback" not in "\n".join(demo.lines)
