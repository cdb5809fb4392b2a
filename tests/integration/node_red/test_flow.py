"""docs/node-red/flows.json in a real headless Node-RED: `make test-nodered`, which installs it.

Imported as a person would: posted to its editor's interface, with host and port of the broker filled in. What the test
adds are nodes that write down what the flow says.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.drivers import SimulatedUnit
from services.model import Part
from tests.integration.broker import free_port
from tests.integration.house import House, entry, simulated

ROOT = Path(__file__).parents[3]
FLOW = ROOT / "docs" / "node-red" / "flows.json"
PROGRAM = ROOT / ".node-red" / "node_modules" / "node-red" / "red.js"
LIMIT_S = 30.0

pytestmark = [
    pytest.mark.skipif("MIC2MQTT_TEST_NODERED" not in os.environ, reason="a test of its own: make test-nodered"),
    pytest.mark.timeout(180),
]

SHOWN = {"look-list": "channels", "note-turned": "note", "v5-match": "v5", "v311-match": "v311"}
"""Nodes whose output a person reads in the sidebar."""


class NodeRed:
    """A running Node-RED with the flow, and what its nodes said."""

    def __init__(self, url: str, written: Path) -> None:
        self._http = httpx.AsyncClient(base_url=url, trust_env=False)
        self._written = written

    async def load(self, nodes: list[dict[str, Any]]) -> None:
        reply = await self._http.post("/flows", json=nodes, headers={"Node-RED-Deployment-Type": "full"})
        assert reply.status_code == 204, reply.text

    async def press(self, button: str) -> None:
        """The button of an inject node."""
        reply = await self._http.post(f"/inject/{button}")
        assert reply.status_code == 200, f"{button}: {reply.text}"

    async def answers(self) -> bool:
        with suppress(httpx.TransportError):
            return (await self._http.get("/flows")).status_code == 200
        return False

    def said(self, what: str) -> list[Any]:
        """Everything that was shown there until now."""
        if not self._written.exists():
            return []
        lines = [json.loads(line) for line in self._written.read_text(encoding="utf-8").splitlines()]
        return [line["payload"] for line in lines if line["what"] == what]

    def statuses(self) -> dict[str, dict[str, Any]]:
        """Below each node that shows something: colour and words, the newest."""
        return {said["id"]: said["status"] for said in self.said("status")}

    async def until(self, seen: Callable[[], Any]) -> Any:
        """What ``seen`` gives once it is something; Node-RED writes into a file, so it is looked at."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while True:
                    if found := seen():
                        return found
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(f"never came; errors {self.said('error')}, statuses {self.statuses()}")

    async def end(self) -> None:
        await self._http.aclose()


def prepared(port: int, written: Path) -> list[dict[str, Any]]:
    """The shipped flow at this broker, with nodes that write down what the others say."""
    nodes: list[dict[str, Any]] = json.loads(FLOW.read_text(encoding="utf-8"))
    tab = next(node["id"] for node in nodes if node["type"] == "tab")
    for node in nodes:
        if node["type"] == "mqtt-broker":
            node.update(broker="127.0.0.1", port=str(port))
        elif node["id"] in SHOWN:
            node["wires"][0].append(f"write-{node['id']}")
    plain = {"z": tab, "x": 0, "y": 0}
    function = {**plain, "type": "function", "outputs": 1, "noerr": 0, "wires": [["file"]]}
    line = "return {payload: JSON.stringify({what: '%s', payload: %s})};"
    nodes += [{**function, "id": f"write-{id_}", "func": line % (what, "msg.payload")} for id_, what in SHOWN.items()]
    status = "{id: msg.status.source.id, status: msg.status}"
    nodes += [
        {**plain, "id": "statuses", "type": "status", "scope": None, "wires": [["write-status"]]},
        {**function, "id": "write-status", "func": line % ("status", status)},
        {**plain, "id": "errors", "type": "catch", "scope": None, "uncaught": False, "wires": [["write-error"]]},
        {**function, "id": "write-error", "func": line % ("error", "msg.error")},
        {
            **plain,
            "id": "file",
            "type": "file",
            "filename": str(written),
            "filenameType": "str",
            "appendNewline": True,
            "overwriteFile": "false",
            "encoding": "utf8",
            "wires": [[]],
        },
    ]
    return nodes


@asynccontextmanager
async def node_red(folder: Path, broker_port: int) -> AsyncIterator[NodeRed]:
    node = shutil.which("node")
    assert node, "no node: run `make test-nodered`"
    assert PROGRAM.exists(), "no Node-RED: run `make test-nodered`"
    port = free_port()
    settings = {
        "uiPort": port,
        "uiHost": "127.0.0.1",
        "credentialSecret": False,
        "telemetry": {"enabled": False, "updateNotification": False},
        "externalModules": {"autoInstall": False, "palette": {"allowInstall": False}},
    }
    (folder / "settings.js").write_text(f"module.exports = {json.dumps(settings)};", encoding="utf-8")
    log = folder / "node-red.log"
    with log.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            node, str(PROGRAM), "-u", str(folder), "-s", str(folder / "settings.js"), stdout=sink, stderr=sink
        )
    running = NodeRed(f"http://127.0.0.1:{port}", folder / "said.jsonl")
    try:
        async with asyncio.timeout(60):
            while not await running.answers():
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.1)
        await running.load(prepared(broker_port, folder / "said.jsonl"))
        yield running
    finally:
        await running.end()
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@pytest.fixture
def red_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "red"
    folder.mkdir()
    return folder


@pytest.fixture
async def stage() -> AsyncIterator[SimulatedUnit]:
    async with simulated() as unit:
        yield unit


async def test_every_node_is_green_every_reply_matched_and_a_critical_battery_noted(
    house: House, stage: SimulatedUnit, red_folder: Path
) -> None:
    house.serve(
        entry(stage, "main-stage"), bridge={"campus": "default"}, discovery={"ranges": [{"network": "127.0.0.1"}]}
    )
    async with house.bridge(), node_red(red_folder, house.broker.port) as red:
        rows = await red.until(lambda: [rows for rows in red.said("channels") if len(rows) == 4])
        assert {row["channel"] for row in rows[-1]} == {f"main-stage-{number}" for number in (1, 2, 3, 4)}

        await red.until(lambda: "note-turned" in red.statuses())
        stage.set_value(Part(2), "battery_runtime_minutes", 5)
        (note,) = await red.until(lambda: red.said("note"))
        assert "main-stage-2" in note
        assert "battery_critical" in note

        for way in ("v5", "v311"):
            for verb, status, code in (
                ("refresh", "succeeded", None),
                ("discover", "succeeded", None),
                ("set", "rejected", "forbidden"),
            ):
                await red.press(f"{way}-{verb}")
                final = await red.until(
                    lambda way=way, verb=verb: [  # type: ignore[misc]
                        answer
                        for answer in red.said(way)
                        if answer["asked"].endswith(f"/{verb}") and answer["status"] not in {"accepted", "progress"}
                    ]
                )
                assert [(answer["status"], answer["code"]) for answer in final] == [(status, code)], json.dumps(final)
                assert (final[0]["sentence"] is None) is (code is None)
            shown = await red.until(lambda way=way: red.statuses().get(f"{way}-match"))  # type: ignore[misc]
            assert shown["text"] == "3 answered, 0 open"

        nodes = json.loads(FLOW.read_text(encoding="utf-8"))
        mqtt = {node["id"] for node in nodes if node["type"] in {"mqtt in", "mqtt out"}}
        functions = {node["id"] for node in nodes if node["type"] == "function"}
        assert mqtt | functions <= set(red.statuses())
        assert {status["fill"] for status in red.statuses().values()} == {"green"}
        assert len(red.said("note")) == 1, "one note for one battery"
        stage.set_value(Part(2), "battery_runtime_minutes", 600)
        await red.until(lambda: red.statuses()["note-turned"]["text"] == "0 critical now")
        stage.set_value(Part(2), "battery_runtime_minutes", 5)
        await red.until(lambda: len(red.said("note")) == 2)
        assert not red.said("error")
