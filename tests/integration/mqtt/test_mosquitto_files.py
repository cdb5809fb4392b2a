"""The files in mosquitto/, run by a real mosquitto: it accepts them, and each role may do what it should, no more."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiomqtt
import pytest

from tests.integration.broker import free_port

FILES = Path(__file__).parents[3] / "mosquitto"
ROLES = ("bridge", "reader", "operator", "homeassistant", "stage-reader", "stage-operator")
SYSTEM_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

PROCESS = "mic2mqtt/v1/bridge/main"
CAMPUS = "mic2mqtt/v1/acme/main-stage"
ELSEWHERE = ("mic2mqtt/v1/acme/other-stage", "mic2mqtt/v1/rival/main-stage")


def said_of(campus: str) -> set[str]:
    return {
        f"{campus}/bridge/main/summary",
        f"{campus}/bridge/main/audit",
        f"{campus}/bridge/main/audit_head",
        f"{campus}/bridge/main/reply/refresh",
        f"{campus}/receiver/rack1/state",
        f"{campus}/channel/rack1-1/telemetry",
        f"{campus}/channel/rack1-1/reply/set",
        f"{campus}/charger/dock1/state",
    }


def units_commands_of(campus: str) -> set[str]:
    return {f"{campus}/receiver/rack1/cmd/detail", f"{campus}/channel/rack1-1/cmd/set"}


def commands_of(campus: str) -> set[str]:
    return {f"{campus}/bridge/main/cmd/refresh", *units_commands_of(campus)}


WHETHER_THERE = {f"{PROCESS}/state"}
SAID = {
    *WHETHER_THERE,
    f"{PROCESS}/info",
    f"{PROCESS}/health",
    f"{PROCESS}/reply/reload",
    *(topic for campus in (CAMPUS, *ELSEWHERE) for topic in said_of(campus)),
}
BRIDGE_COMMANDS = {f"{PROCESS}/cmd/reload", *(f"{campus}/bridge/main/cmd/refresh" for campus in (CAMPUS, *ELSEWHERE))}
RECEIVER_COMMANDS = {topic for campus in (CAMPUS, *ELSEWHERE) for topic in units_commands_of(campus)}
COMMANDS = BRIDGE_COMMANDS | RECEIVER_COMMANDS
HOME_ASSISTANT = {"homeassistant/status", "homeassistant/device/rack1/config"}
FOREIGN = {"elsewhere/secret"}
EVERYTHING = SAID | COMMANDS | HOME_ASSISTANT | FOREIGN


@dataclass(frozen=True)
class Broker:
    port: int
    websocket_port: int

    def client(self, role: str, transport: Literal["tcp", "websockets"] = "tcp") -> aiomqtt.Client:
        port = self.port if transport == "tcp" else self.websocket_port
        return aiomqtt.Client("127.0.0.1", port, username=role, password=f"{role}-password", transport=transport)


def program(name: str) -> str:
    path = shutil.which(name, path=SYSTEM_PATH)
    assert path, f"{name} is missing: run scripts/bootstrap --servers"
    return path


def lay_out(folder: Path, ports: list[int], *, extra_acl: str = "") -> Path:
    """The shipped files at another place and on other ports; nothing else differs."""
    config = (FILES / "mosquitto.conf").read_text()
    config = config.replace("/mosquitto/config/", f"{folder}/").replace("/mosquitto/data/", f"{folder}/")
    for shipped, ours in zip(("1883", "9001"), ports, strict=True):
        config = re.sub(rf"^listener {shipped}$", f"listener {ours} 127.0.0.1", config, flags=re.MULTILINE)
    # as root, mosquitto would give up its rights to the test's folder
    (folder / "mosquitto.conf").write_text(config + "\nuser root\n")
    (folder / "acl").write_text((FILES / "acl").read_text() + extra_acl)
    return folder / "mosquitto.conf"


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    ports = [free_port(), free_port()]
    # the marker tells a subscriber that everything sent before it has arrived
    config = lay_out(tmp_path, ports, extra_acl="\npattern readwrite marker/#\n")
    for role in ROLES:
        arguments = ["-b", *(["-c"] if role == ROLES[0] else []), str(tmp_path / "passwd"), role, f"{role}-password"]
        made = await asyncio.create_subprocess_exec(program("mosquitto_passwd"), *arguments)
        assert await made.wait() == 0
    # -v: every kind of log line, "running" among them
    process = await asyncio.create_subprocess_exec(
        program("mosquitto"), "-v", "-c", str(config), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    drain = None
    try:
        lines = []
        while line := (await process.stderr.readline()).decode():
            lines.append(line)
            if line.rstrip().endswith("running"):
                break
        else:
            pytest.fail("mosquitto did not start:\n" + "".join(lines))
        drain = asyncio.create_task(process.stderr.read())
        yield Broker(*ports)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        if drain is not None:
            await drain


async def topics_until_marker(client: aiomqtt.Client) -> set[str]:
    seen = set()
    async for message in client.messages:
        if message.topic.matches("marker/#"):
            break
        seen.add(str(message.topic))
    return seen


async def publish_all(client: aiomqtt.Client, topics: set[str]) -> None:
    for topic in sorted(topics):
        await client.publish(topic, b"{}", qos=1)


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("bridge", SAID | COMMANDS | HOME_ASSISTANT),
        ("reader", set()),
        ("operator", COMMANDS),
        ("homeassistant", RECEIVER_COMMANDS | HOME_ASSISTANT),
        ("stage-reader", set()),
        ("stage-operator", commands_of(CAMPUS)),
    ],
)
async def test_a_role_writes_what_it_may_and_nothing_else(broker: Broker, role: str, allowed: set[str]) -> None:
    async with broker.client("bridge") as witness, broker.client(role) as writer:
        await witness.subscribe("#", qos=1)
        await publish_all(writer, EVERYTHING)
        await witness.publish("marker/end", qos=1)
        assert await topics_until_marker(witness) == allowed


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("bridge", SAID | COMMANDS | HOME_ASSISTANT),
        ("reader", SAID),
        ("operator", SAID | COMMANDS),
        ("homeassistant", SAID | COMMANDS | HOME_ASSISTANT),
        ("stage-reader", said_of(CAMPUS) | WHETHER_THERE),
        ("stage-operator", said_of(CAMPUS) | commands_of(CAMPUS) | WHETHER_THERE),
    ],
)
async def test_a_role_reads_what_it_may_and_nothing_else(broker: Broker, role: str, allowed: set[str]) -> None:
    async with broker.client("bridge") as writer, broker.client(role) as reader:
        await reader.subscribe("#", qos=1)
        await publish_all(writer, EVERYTHING)
        await writer.publish("marker/end", qos=1)
        assert await topics_until_marker(reader) == allowed


async def test_nobody_connects_without_a_password(broker: Broker) -> None:
    stranger = aiomqtt.Client("127.0.0.1", broker.port)
    with pytest.raises(aiomqtt.MqttError, match=r"[Nn]ot authori[sz]ed"):
        await stranger.__aenter__()


async def test_a_browser_reads_over_websockets(broker: Broker) -> None:
    topic = f"{CAMPUS}/channel/rack1-1/state"
    async with broker.client("bridge") as writer:
        await writer.publish(topic, b'{"data":{}}', qos=1, retain=True)
    async with broker.client("reader", "websockets") as browser:
        await browser.subscribe(topic)
        message = await anext(aiter(browser.messages))
    assert (str(message.topic), message.payload, message.retain) == (topic, b'{"data":{}}', True)


async def test_a_subscriber_that_is_slow_gets_everything_of_a_full_republish(broker: Broker) -> None:
    messages = 5_000  # five times mosquitto's own queue
    async with broker.client("bridge") as writer:
        async with aiomqtt.Client(
            "127.0.0.1",
            broker.port,
            username="reader",
            password="reader-password",
            identifier="recorder",
            protocol=aiomqtt.ProtocolVersion.V311,
            clean_session=False,
        ) as recorder:
            await recorder.subscribe(f"{CAMPUS}/#", qos=1)
        # it is away now; the broker queues for it
        await asyncio.gather(
            *(writer.publish(f"{CAMPUS}/channel/rack1-{n}/state", b"{}", qos=1) for n in range(messages))
        )
        await writer.publish("marker/end", qos=1)
        async with aiomqtt.Client(
            "127.0.0.1",
            broker.port,
            username="reader",
            password="reader-password",
            identifier="recorder",
            protocol=aiomqtt.ProtocolVersion.V311,
            clean_session=False,
        ) as recorder:
            seen = 0
            async with asyncio.timeout(30):
                async for _ in recorder.messages:
                    seen += 1
                    if seen == messages:
                        break
    assert seen == messages


async def test_a_reader_who_sends_a_command_is_told_which_right_is_missing(broker: Broker) -> None:
    said = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("mic2mqtt")), "send", "refresh", "--url"),
        f"mqtt://reader:reader-password@127.0.0.1:{broker.port}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    text = (await said.communicate())[0].decode()
    assert said.returncode == 1
    assert "as the role operator of mosquitto/acl has it" in text
    assert "Traceback" not in text
