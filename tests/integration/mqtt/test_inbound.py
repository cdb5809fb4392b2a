"""What the bridge reads at the broker: subscriptions that are refused, its own topics, floods of large messages."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiomqtt
import pytest

from bridge.contract import Published
from bridge.mqtt import Connection, Version
from services.model import Facet
from tests.integration.broker import Mosquitto
from tests.integration.door import SUBACK, SUBSCRIBE, Door, Packet, body, kind, packet
from tests.integration.house import BridgeProcess, House


@pytest.mark.parametrize(("version", "refusal"), [("5", 0x87), ("3.1.1", 0x80)])
async def test_a_refused_subscription_is_named_and_asked_for_again_until_it_is_granted(
    tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch, version: Version, refusal: int
) -> None:
    monkeypatch.setattr("bridge.inbound.subscriptions.MISSING_AGAIN_S", 0.2)
    async with Door(mosquitto.port) as door:

        def refuse(answer: Packet) -> Packet:
            if kind(answer) != SUBACK:
                return answer
            head = 3 if version == "5" else 2  # packet id, and the length of no properties
            content = body(answer)
            return packet(SUBACK, content[:head] + bytes([refusal]) * (len(content) - head))

        door.to_client = refuse
        house = House(tmp_path, mosquitto).serve(mqtt={"url": door.url, "protocol": version})
        async with house.running() as (app, seen):
            await seen.until(lambda: seen.bridge.get("reason") == "broker_refuses_subscriptions")
            assert seen.is_bridge("degraded")
            assert "it does not let us read mic2mqtt/v1/bridge/main/state (and " in str(app.health.not_ready())
            connection = app.client.connection
            door.to_client = lambda packet: packet
            await seen.until(lambda: seen.is_bridge("online"))
            assert app.health.not_ready() == []
            assert (await seen.ask("bridge/main", "republish"))["status"] == "succeeded"
            assert app.client.connection is connection, "nothing was connected anew for it"


async def test_whoever_sees_the_bridge_online_can_command_it(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """No command is lost between the word ``online`` and the subscription: the broker granted that before."""
    async with Door(mosquitto.port) as door:
        asked: set[bytes] = set()
        granted: list[bool] = []
        at_online: list[bool] = []

        def read_client(sent: Packet) -> Packet:
            if kind(sent) == SUBSCRIBE and b"/cmd/" in sent:
                asked.add(body(sent)[:2])
            elif b'"state":"online"' in sent:
                at_online.append(bool(granted))
            return sent

        def read_broker(sent: Packet) -> Packet:
            if kind(sent) == SUBACK and body(sent)[:2] in asked:
                granted.append(True)
            return sent

        door.to_broker, door.to_client = read_client, read_broker
        async with House(tmp_path, mosquitto).serve(mqtt={"url": door.url}).running() as (_, seen):
            await seen.until(lambda: seen.is_bridge("online"))
            assert at_online[0]


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_what_stands_under_an_own_topic_comes_back_to_whoever_reads_it_whoever_wrote_it(
    house: House, version: Version
) -> None:
    heads: asyncio.Queue[tuple[Published, bytes]] = asyncio.Queue()

    async def read(_connection: Connection, topic: Published, payload: bytes) -> None:
        heads.put_nowait((topic, payload))

    house.serve(mqtt={"protocol": version})
    async with asyncio.timeout(10), house.running() as (app, seen):
        app.presence.echoes.read_campuses(Facet.AUDIT_HEAD, read)
        await seen.until(lambda: seen.is_bridge("online"))
        await app.presence.subscriptions.extend()
        await seen.ask("bridge/main", "note", text="x")
        topic, payload = await heads.get()
        assert topic.facet is Facet.AUDIT_HEAD
        assert topic.address == app.inventory.bridge_address(app.default)
        assert b'"schema":"audit/1"' in payload
        await seen.publish(seen.topic("bridge/main", "audit_head"), retain=True)
        while payload:
            _, payload = await heads.get()


MEGABYTE = b"x" * 1_000_000


def peak_kb(process: BridgeProcess) -> int:
    """Memory that a process has had at most since this was asked last."""
    place = Path(f"/proc/{process.pid}")
    peak = next(line for line in (place / "status").read_text().splitlines() if line.startswith("VmHWM"))
    (place / "clear_refs").write_text("5")
    return int(peak.split()[1])


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_flood_of_megabytes_takes_no_memory_and_is_answered(house: House, version: Version) -> None:
    house.serve(mqtt={"protocol": version})
    here = "mic2mqtt/v1/bridge/main"
    async with (
        house.observer(f"{here}/state", f"{here}/reply/#", "mic2mqtt/v1/+/+/+/+/reply/#") as seen,
        house.process() as bridge,
        aiomqtt.Client("127.0.0.1", house.broker.port) as other,
    ):
        await seen.until(lambda: seen.is_bridge("online"))
        peak_kb(bridge)
        before = peak_kb(bridge)
        for _ in range(150):
            await other.publish(f"{here}/cmd/nonsense", MEGABYTE, qos=1)
        assert (await seen.ask("bridge/main", "note", text="x"))["status"] == "succeeded"
        assert peak_kb(bridge) - before < 12_000
        assert len(seen.all("reply/nonsense")) == 150, "the note came behind them"
        error = seen.all("reply/nonsense")[0].body["error"]
        assert error["code"] == "payload_too_large"
        assert "this one 1000000" in error["detail"]
        assert {one.body["state"] for one in seen.all("state")} == {"starting", "online"}


async def test_a_topic_that_the_broker_does_not_take_is_named_where_people_look(tmp_path: Path) -> None:
    rights = tmp_path / "acl"
    rights.write_text("topic deny mic2mqtt/v1/default/stage/bridge/main/candidates\ntopic readwrite #\n")
    rights.chmod(0o644)
    async with (
        Mosquitto(tmp_path / "broker", f"acl_file {rights}") as broker,
        House(tmp_path, broker).serve().running() as (app, seen),
    ):
        await seen.until(lambda: seen.bridge.get("reason") == "broker_refuses_messages")
        (reason,) = app.health.not_ready()
        assert "bridge/main/candidates (reason code 0x87): allow this user to publish there" in reason


async def test_a_reply_that_a_client_wants_where_nobody_may_write_is_no_trouble_of_the_bridge(tmp_path: Path) -> None:
    rights = tmp_path / "acl"
    rights.write_text("topic deny mic2mqtt/v1/bridge/main/reply/mine\ntopic readwrite #\n")
    rights.chmod(0o644)
    async with (
        Mosquitto(tmp_path / "broker", f"acl_file {rights}") as broker,
        House(tmp_path, broker).serve().running() as (app, seen),
    ):
        await seen.until(lambda: seen.is_bridge("online"))
        await seen.publish(seen.process("cmd/note"), '{"args":{"text":"x"}}', ResponseTopic=seen.process("reply/mine"))
        await seen.until(lambda: seen.audit("note"))
        await seen.ask("bridge/main", "note", text="y")
        assert app.client.connection is not None
        assert app.client.connection.counters.refused == 1
        assert app.health.not_ready() == []


async def test_a_broker_that_hands_out_nothing_any_more_is_connected_to_anew(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As mosquitto 2.0 does after twenty messages above the size that we asked it for."""
    monkeypatch.setattr("bridge.publishing.bridge_status.HEALTH_S", 0.2)
    monkeypatch.setattr("bridge.publishing.bridge_status.LOOK_S", 0.05)
    house.serve(mqtt={"protocol": "5"})
    here = "mic2mqtt/v1/bridge/main"
    async with (
        house.observer(f"{here}/state", f"{here}/health", f"{here}/reply/#") as seen,
        house.bridge() as app,
        aiomqtt.Client("127.0.0.1", house.broker.port) as other,
    ):
        await seen.until(lambda: len(seen.all("health")) > 1)
        for _ in range(25):
            await other.publish(f"{here}/cmd/note", b"x" * 1_100_000, qos=1)
        await seen.until(lambda: app.client.connects == 2)
        await seen.until(lambda: app.presence.subscriptions.reads(f"{here}/cmd/#"))
        assert (await seen.ask("", "note", text="x"))["status"] == "succeeded"
        assert "hands out nothing any more" in caplog.text
        assert not [one for one in seen.all("state") if one.body["state"] == "offline"], "it left without a will"
