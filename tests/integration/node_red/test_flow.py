"""docs/node-red/flows.json in a real headless Node-RED: `make test-nodered`, which installs it.

Imported as a person would: posted to its editor's interface, with host and port of the broker filled in. What the test
adds are nodes that write down what the flow says.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.drivers import SimulatedUnit
from services.model import Part
from tests.integration.broker import free_port
from tests.integration.house import House, entry, simulated
from tests.integration.observer import observing

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


async def answer(red: NodeRed, way: str, button: str) -> dict[str, Any]:
    """Press a button of group 3 or 4; the one final answer that the flow matched to it."""

    def final() -> list[dict[str, Any]]:
        return [one for one in red.said(way) if one["status"] not in {"accepted", "progress"}]

    before = len(final())
    await red.press(f"{way}-{button}")
    (found,) = await red.until(lambda: final()[before:])
    found_now: dict[str, Any] = found
    return found_now


def check_all_green(red: NodeRed, way_answers: Mapping[str, int]) -> None:
    """Every purple node at its broker, every question answered, every function without complaint."""
    nodes = json.loads(FLOW.read_text(encoding="utf-8"))
    shown = red.statuses()
    mqtt = {node["id"] for node in nodes if node["type"] in {"mqtt in", "mqtt out"}}
    assert mqtt <= set(shown)
    assert {status["fill"] for status in shown.values()} == {"green"}
    for way, answers in way_answers.items():
        assert shown[f"{way}-match"]["text"] == f"{answers} answered, 0 open"
    assert not red.said("error")


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
                final = await answer(red, way, verb)
                assert final["asked"].endswith(f"/{verb}")
                assert (final["status"], final["code"]) == (status, code), json.dumps(final)
                assert (final["sentence"] is None) is (code is None)
                assert final["values"] is None
            assert "[[control.rules]]" in final["sentence"]

        functions = {node["id"] for node in json.loads(FLOW.read_text(encoding="utf-8")) if node["type"] == "function"}
        await red.until(lambda: functions <= set(red.statuses()))
        check_all_green(red, {"v5": 3, "v311": 3})
        assert len(red.said("note")) == 1, "one note for one battery"
        stage.set_value(Part(2), "battery_runtime_minutes", 600)
        await red.until(lambda: red.statuses()["note-turned"]["text"] == "0 critical now")
        stage.set_value(Part(2), "battery_runtime_minutes", 5)
        await red.until(lambda: len(red.said("note")) == 2)
        assert not red.said("error")


async def test_where_a_rule_allows_it_the_flow_sets_a_receiver_and_shows_what_it_reports(
    house: House, stage: SimulatedUnit, red_folder: Path
) -> None:
    rule = {"verbs": ["set"], "campus": "default", "keys": ["gain_db"]}
    house.serve(entry(stage, "main-stage"), bridge={"campus": "default"}, control={"rules": [rule]})
    async with (
        observing(house.broker.port, "default/default") as seen,
        house.bridge(),
        node_red(red_folder, house.broker.port) as red,
    ):
        await seen.live("main-stage")
        await red.until(lambda: red.said("channels"))
        for way in ("v5", "v311"):
            stage.set_value(Part(1), "gain_db", 20)
            await seen.until(lambda: seen.shows("main-stage-1", gain_db=20))
            for button, gain in (("set", 6), ("step", 9)):
                final = await answer(red, way, button)
                assert final["asked"].endswith("/channel/main-stage-1/cmd/set")
                assert (final["status"], final["code"], final["sentence"]) == ("succeeded", None, None), final
                assert final["data"] == {"gain_db": {"wanted": gain, "reported": gain, "ok": True}}
                assert final["values"] == f"gain_db: wanted {gain}, reported {gain}"
                await seen.until(lambda gain=gain: seen.shows("main-stage-1", gain_db=gain))  # type: ignore[misc]
            await seen.ask("receiver/main-stage", "refresh")  # read anew: it is the receiver that has it
            assert seen.shows("main-stage-1", gain_db=9)

        await stage.fault("refuses")
        for way in ("v5", "v311"):
            final = await answer(red, way, "set")
            assert (final["status"], final["code"]) == ("failed", "device_rejected")
            assert final["sentence"].startswith("gain_db: ")
            assert final["values"] == "gain_db: wanted 6, reported 9"
        check_all_green(red, {"v5": 3, "v311": 3})
    to_me = seen.all("reply/node-red")
    assert len(to_me) == 3, "what was asked with MQTT 5 is answered to its response topic, the other on reply/set"
    assert all(one.correlation for one in to_me)
    assert len(seen.all("reply/set")) == 3
