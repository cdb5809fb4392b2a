"""The client against real brokers, and against brokers that behave badly."""

from __future__ import annotations

import asyncio
import logging
import re
import resource
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bridge.contract import Incoming, Message
from bridge.mqtt import (
    BrokerError,
    Connection,
    MqttClient,
    MqttConfig,
    PublishRefusedError,
    Version,
    connect,
)
from bridge.mqtt.client import LIBRARY_INSIDES
from bridge.mqtt.outgoing import BACKLOG_BYTES, WAITING_BYTES
from tests.integration.broker import Mosquitto, free_port
from tests.integration.door import CONNACK, PINGREQ, PUBACK, SUBACK, Door, Packet, body, kind, packet

TLS = Path(__file__).parents[1] / "tls"
VERSIONS: tuple[Version, ...] = ("5", "3.1.1")
both_versions = pytest.mark.parametrize("version", VERSIONS)


def config(broker: Mosquitto | str, **changes: Any) -> MqttConfig:
    """Impatient, so that tests are quick."""
    url = broker if isinstance(broker, str) else broker.url
    quick = MqttConfig(
        url=url, client_id="mic2mqtt-test", retry_first_s=0.05, retry_most_s=0.2, version_5_timeout_s=0.3
    )
    return replace(quick, **changes)


@asynccontextmanager
async def connection(broker: Mosquitto | str, version: Version = "5", **changes: Any) -> AsyncIterator[Connection]:
    opened = await connect(config(broker, **changes), version, None)
    try:
        yield opened
    finally:
        await opened.close(2.0)


@asynccontextmanager
async def listener(broker: Mosquitto, *topics: str) -> AsyncIterator[aiomqtt.Client]:
    """Somebody else, with MQTT 5, who sees what we publish."""
    async with aiomqtt.Client("127.0.0.1", broker.plain_port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        for topic in topics:
            await client.subscribe(topic, qos=1)
        yield client


async def heard(client: aiomqtt.Client) -> aiomqtt.Message:
    async with asyncio.timeout(10):
        return await anext(aiter(client.messages))


class Site:
    """A supervised client and what happens to it."""

    def __init__(self, client: MqttClient) -> None:
        self.client = client
        self.connections: asyncio.Queue[Connection] = asyncio.Queue()
        self.cancelled = 0
        self.task = asyncio.create_task(client.run(self.serve))

    async def serve(self, connection: Connection) -> None:
        self.connections.put_nowait(connection)
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled += 1

    async def connected(self) -> Connection:
        async with asyncio.timeout(10):
            return await self.connections.get()

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait((self.task,))


@asynccontextmanager
async def site(
    broker: Mosquitto | str,
    *,
    will: Callable[[], Message | None] = lambda: None,
    farewell: Callable[[], Message | None] = lambda: None,
    **changes: Any,
) -> AsyncIterator[Site]:
    running = Site(MqttClient(config(broker, **changes), will=will, farewell=farewell))
    try:
        yield running
    finally:
        await running.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # log lines and counters wake nobody
            await asyncio.sleep(0.005)


# -- publishing and receiving ------------------------------------------------------------------------------------------


@both_versions
async def test_what_is_published_arrives_retained_or_not(mosquitto: Mosquitto, version: Version) -> None:
    async with connection(mosquitto, version) as ours:
        assert ours.publish_nowait("t/kept", b"1", qos=1, retain=True)
        assert ours.publish_nowait("t/kept-too", b"2", retain=True)
        assert ours.publish_nowait("t/passing", b"3", qos=1)
        await ours.drained()
        async with listener(mosquitto, "t/#") as theirs:
            first, second = sorted([await heard(theirs), await heard(theirs)], key=lambda message: message.topic.value)
            assert [(first.payload, first.retain), (second.payload, second.retain)] == [(b"1", True), (b"2", True)]
            ours.publish_nowait("t/kept", b"", qos=1, retain=True)
            ours.publish_nowait("t/live", b"4")
            await ours.drained()
            assert {(await heard(theirs)).payload, (await heard(theirs)).payload} == {b"", b"4"}


@both_versions
async def test_every_message_of_a_burst_is_acknowledged_once_and_in_order(
    mosquitto: Mosquitto, version: Version
) -> None:
    acked: list[int] = []

    def note(number: int, reason: int) -> None:
        assert reason == 0
        acked.append(number)

    async with connection(mosquitto, version) as ours, listener(mosquitto, "t/#") as theirs:
        for number in range(3000):
            while not ours.publish_nowait("t/n", b"%d" % number, qos=1, acked=partial(note, number)):
                await ours.ready()
        await ours.drained()
        assert acked == list(range(3000))
        assert (ours.counters.sent, ours.counters.acked, ours.in_flight) == (3000, 3000, 0)
        assert [int(str((await heard(theirs)).payload, "ascii")) for _ in range(900)] == list(range(900))


async def test_the_window_respects_the_broker_receive_maximum(tmp_path: Path) -> None:
    async with Mosquitto(tmp_path, "max_inflight_messages 5") as broker, connection(broker) as ours:
        await broker.freeze()
        for number in range(50):
            assert ours.publish_nowait("t", b"%d" % number, qos=1)
        assert len(ours._out._window) == 5
        assert ours.in_flight == 50
        await broker.thaw()
        await ours.drained()
        assert ours.counters.acked == 50


@both_versions
async def test_publish_waits_for_the_broker(mosquitto: Mosquitto, version: Version) -> None:
    async with connection(mosquitto, version) as ours:
        await ours.publish("t/sure", b"yes", retain=True)
        assert ours.counters.acked == 1
    async with listener(mosquitto, "t/#") as theirs:
        assert (await heard(theirs)).payload == b"yes"


async def test_a_large_message_arrives_whole(mosquitto: Mosquitto) -> None:
    async with connection(mosquitto) as ours, listener(mosquitto, "t") as theirs:
        payload = bytes(range(256)) * 4096
        await ours.publish("t", payload)
        assert (await heard(theirs)).payload == payload


async def test_message_expiry_and_correlation_reach_an_mqtt_5_reader(mosquitto: Mosquitto) -> None:
    async with connection(mosquitto) as ours, listener(mosquitto, "t") as theirs:
        ours.publish_nowait("t", b"x", expiry_s=10, correlation=b"\x00\xff7")
        message = await heard(theirs)
        assert 1 <= getattr(message.properties, "MessageExpiryInterval", 0) <= 10
        assert getattr(message.properties, "CorrelationData", None) == b"\x00\xff7"


async def test_what_only_mqtt_5_can_is_left_out_with_3_1_1(mosquitto: Mosquitto) -> None:
    async with connection(mosquitto, "3.1.1") as ours, listener(mosquitto, "t") as theirs:
        ours.publish_nowait("t", b"x", qos=1, expiry_s=10, correlation=b"c")
        assert (await heard(theirs)).payload == b"x"


async def next_incoming(ours: Connection) -> Incoming:
    async with asyncio.timeout(10):
        return await anext(ours.messages())


async def test_response_topic_and_correlation_data_come_in_byte_for_byte(mosquitto: Mosquitto) -> None:
    asked = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    asked.ResponseTopic = "answers/here"
    asked.CorrelationData = b"\x00\x01\xfe"
    async with connection(mosquitto) as ours, listener(mosquitto) as theirs:
        assert await ours.subscribe(["cmd/#"]) == []
        await theirs.publish("cmd/refresh", b"{}", qos=1, properties=asked)
        assert await next_incoming(ours) == Incoming("cmd/refresh", b"{}", False, "answers/here", b"\x00\x01\xfe")


@both_versions
async def test_a_retained_command_is_seen_as_retained(mosquitto: Mosquitto, version: Version) -> None:
    async with listener(mosquitto) as theirs, connection(mosquitto, version) as ours:
        await theirs.publish("cmd/before", b"x", qos=1, retain=True)
        await ours.subscribe(["cmd/#"])
        assert await next_incoming(ours) == Incoming("cmd/before", b"x", True)
        await theirs.publish("cmd/live", b"y", qos=1, retain=True)
        # 3.1.1 brokers hide it from whoever is there already
        assert await next_incoming(ours) == Incoming("cmd/live", b"y", version == "5")


async def test_messages_beyond_what_the_reader_takes_are_counted_not_kept(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.mqtt.inbox.MESSAGES", 3)
    async with connection(mosquitto) as ours, listener(mosquitto) as theirs:
        await ours.subscribe(["cmd/#"])
        for number in range(10):
            await theirs.publish("cmd/x", b"%d" % number, qos=1)
        await until(lambda: ours.counters.received == 10)
        assert ours.counters.received_dropped == 7
        assert (await next_incoming(ours)).payload == b"0"


# -- brokers that say no -----------------------------------------------------------------------------------------------


async def test_what_the_broker_refuses_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "acl").write_text("topic readwrite allowed/#\n")
    async with Mosquitto(tmp_path, f"acl_file {tmp_path / 'acl'}") as broker, connection(broker) as ours:
        with pytest.raises(PublishRefusedError, match="secret/x with reason code 0x87"):
            await ours.publish("secret/x", b"1")
        await ours.publish("allowed/x", b"1")
        assert ours.counters.refused == 1
        assert list(ours.refusals) == ["secret/x"]
        assert "does not take messages to secret/x (reason code 0x87): allow this user to publish there" in caplog.text


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        (0x83, "message_size_limit"),
        (0x87, "allow this user to publish there"),
        (0x95, "message_size_limit"),
        (0x97, "quota"),
        (0xB0, "no reason that we know"),
    ],
)
async def test_a_refusal_names_what_helps_and_is_over_when_the_next_message_is_taken(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture, reason: int, remedy: str
) -> None:
    async with Door(mosquitto.port) as door, connection(door.url) as ours:
        door.to_client = lambda answer: packet(PUBACK, body(answer)[:2] + bytes((reason, 0)))
        with pytest.raises(PublishRefusedError):
            await ours.publish("t", b"1")
        assert remedy in ours.refusals.words("t")
        assert remedy in caplog.text
        door.to_client = lambda answer: answer
        await ours.publish("t", b"2")
        assert not ours.refusals


async def test_a_message_above_the_brokers_size_limit_is_named_as_too_large(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Mosquitto(tmp_path, "message_size_limit 1000") as broker, connection(broker) as ours:
        with pytest.raises(PublishRefusedError):
            await ours.publish("t", b"x" * 2000)
        assert "message_size_limit" in caplog.text
        assert "allow this user" not in caplog.text


async def test_a_message_above_the_brokers_limit_is_not_sent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with Mosquitto(tmp_path, "max_packet_size 1000") as broker, connection(broker) as ours:
        with pytest.raises(PublishRefusedError, match="0x95"):
            await ours.publish("t", b"x" * 2000)
        await ours.publish("t", b"x")
        assert (ours.counters.too_large, ours.lost.done()) == (1, False)
        assert "t of 2009 bytes (reason code 0x95): raise its limit of a message to 128 KB" in caplog.text


@pytest.mark.parametrize("protocol", ["auto", "3.1.1"])
async def test_wrong_credentials_are_one_clear_line_without_the_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, protocol: str
) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        Mosquitto(tmp_path, anonymous=False) as broker,
        site(broker.url.replace("//", "//anna:geheim@"), protocol=protocol) as ours,
    ):
        await until(lambda: caplog.text.count("CONNACK") >= 0 and "trying again" in caplog.text)
        await asyncio.wait((ours.task,), timeout=0.5)  # some more tries
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == 1
    assert "check [mqtt] user and password" in said[0].getMessage()
    assert said[0].exc_info is None
    assert "geheim" not in caplog.text
    assert "geheim" not in repr(ours.client._config)
    assert "no MQTT 5" not in caplog.text, "a broker that refuses a password has understood us"


async def test_a_name_that_no_server_answers_for_holds_up_no_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    answered, asked = threading.Event(), threading.Event()

    def look_up(host: str, *_args: object, **_more: object) -> list[Any]:
        asked.set()
        answered.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, host)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with site("mqtt://no-server-answers.example.org") as ours:
        await until(asked.is_set)
        started = time.monotonic()
        await ours.stop()
        assert time.monotonic() - started < 1
    await asyncio.get_running_loop().shutdown_default_executor()
    assert time.monotonic() - started < 1, "no thread is waited for"
    answered.set()


async def test_nothing_that_listens_is_told_once_and_tried_again(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    port = free_port()
    async with site(f"mqtt://127.0.0.1:{port}") as ours:
        await until(lambda: "nothing listens there" in caplog.text)
        async with Mosquitto(tmp_path, port=port):
            await ours.connected()
            assert ours.client.trouble is None
    assert caplog.text.count("nothing listens there") == 1


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_second_client_with_our_id_is_named_and_not_fought(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture, protocol: Version
) -> None:
    changes: dict[str, Any] = {"protocol": protocol, "fight_first_s": 30.0}
    async with site(mosquitto, **changes) as ours, site(mosquitto, **changes) as theirs:
        await until(lambda: "two bridges with the same [bridge] id?" in caplog.text)
        loser, winner = (ours, theirs) if ours.client.connection is None else (theirs, ours)
        await until(lambda: winner.client.connection is not None)
        assert loser.client.trouble is not None
        assert loser.client.trouble.trouble == "taken_over"


async def test_a_broker_that_says_taken_over_is_believed_at_once(caplog: pytest.LogCaptureFixture) -> None:
    async with (
        OldBroker(None, b"\x20\x03\x00\x00\x00" + b"\xe0\x01\x8e") as broker,
        site(broker.url, fight_first_s=30.0) as ours,
    ):
        await until(lambda: "another client connected with our client id" in caplog.text)
        assert broker.levels == [5]
        assert ours.connections.empty()


# -- versions ----------------------------------------------------------------------------------------------------------

CONNACK_OLD_STYLE = b"\x20\x02\x00\x01"
CONNACK_NEW_STYLE = b"\x20\x03\x00\x84\x00"


class OldBroker:
    """A broker that knows MQTT 3.1.1 only: a real one, behind a door that treats MQTT 5 as ``answer`` says."""

    def __init__(self, behind: Mosquitto | None, answer: bytes | str, port: int = 0) -> None:
        self._behind = behind
        self._answer = answer
        self._port = port
        self.levels: list[int] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", self._port, reuse_address=True)
        self.url = f"mqtt://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            hello = await reader.read(4096)
            self.levels.append(hello[8])  # fixed header 2, "MQTT" with its length 6
            if hello[8] == 4:
                await self._pass_on(hello, reader, writer)
            elif self._answer == "silence":
                await reader.read()
            elif isinstance(self._answer, bytes):
                writer.write(self._answer)
                await writer.drain()
        finally:
            writer.close()

    async def _pass_on(self, hello: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._behind is not None
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self._behind.port)
        behind_writer.write(hello)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(4096):
                sink.write(data)
            sink.close()

        try:
            await asyncio.gather(pump(reader, behind_writer), pump(behind_reader, writer))
        finally:
            behind_writer.close()


@pytest.mark.parametrize("answer", [CONNACK_OLD_STYLE, CONNACK_NEW_STYLE, "hang up", "silence"])
async def test_a_broker_that_does_not_know_mqtt_5_is_spoken_to_in_3_1_1(
    mosquitto: Mosquitto, answer: bytes | str
) -> None:
    async with OldBroker(mosquitto, answer) as old, site(old.url) as ours:
        connected = await ours.connected()
        assert connected.version == "3.1.1"
        await connected.publish("t", b"1", retain=True)
        assert old.levels == [5, 4]
        connected.abort()
        assert (await ours.connected()).version == "3.1.1"
        assert old.levels == [5, 4, 4], "what worked is remembered"


async def test_mqtt_5_gets_another_chance_after_a_while(mosquitto: Mosquitto) -> None:
    async with OldBroker(mosquitto, CONNACK_OLD_STYLE) as old, site(old.url, version_5_again_s=0.0) as ours:
        (await ours.connected()).abort()
        await ours.connected()
        assert old.levels == [5, 4, 5, 4]


async def test_a_chosen_version_is_not_changed(mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    async with OldBroker(mosquitto, CONNACK_OLD_STYLE) as old, site(old.url, protocol="5"):
        await until(lambda: "does not speak this version of MQTT" in caplog.text)
        await until(lambda: len(old.levels) > 1)
        assert set(old.levels) == {5}


async def test_a_broker_that_spoke_mqtt_5_speaks_it_again_after_it_hung_up_for_a_while(mosquitto: Mosquitto) -> None:
    async with site(mosquitto) as ours:
        assert (await ours.connected()).version == "5"
        await mosquitto.stop()
        async with OldBrokerOn(mosquitto.port) as door:
            await until(lambda: len(door.levels) >= 3)
            assert set(door.levels) == {5}
            await until(lambda: 4 in door.levels)
        await mosquitto.start()
        connected = await ours.connected()
        assert connected.version == "5"
        await connected.publish("t", b"1")


@pytest.mark.parametrize("answer", [CONNACK_OLD_STYLE, "hang up", "silence"])
async def test_a_broker_of_3_1_1_in_the_place_of_one_of_mqtt_5_is_found(
    mosquitto: Mosquitto, tmp_path: Path, answer: bytes | str
) -> None:
    async with Mosquitto(tmp_path / "newer") as newer, site(newer) as ours:
        assert (await ours.connected()).version == "5"
        await newer.stop()
        async with OldBroker(mosquitto, answer, newer.port) as old:
            connected = await ours.connected()
            assert connected.version == "3.1.1"
            await connected.publish("t", b"1")
            assert 1 <= old.levels.index(4) <= 4
            connected.abort()
            assert (await ours.connected()).version == "3.1.1"
            assert old.levels[-2:] == [4, 4], "what worked is remembered"


class OldBrokerOn(OldBroker):
    """A door on a given port that hangs up on everybody."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.levels = []
        self._tasks = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._slam, "127.0.0.1", self._port, reuse_address=True)
        return self

    async def _slam(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await reader.read(4096)
        self.levels.append(hello[8])
        writer.close()


GARBAGE = {
    "bytes of nothing": b"\x00\xff\x13\x37" * 50,
    "a length without end": b"\x30\xff\xff\xff\xff\xff",
    "a topic longer than its packet": b"\x30\x04\xff\xffab",
    "a topic that is no text": b"\x30\x06\x00\x02\xff\xfe\x00x",
    "an empty topic": b"\x30\x04\x00\x00\x00x",
    "a message with QoS 3": b"\x36\x08\x00\x01t\x00\x01\x00xy",
    "a message with QoS 2": b"\x34\x08\x00\x01t\x00\x01\x00xy",
    "properties that do not exist": b"\x30\x07\x00\x01t\x02\x7f\x01x",
    "an acknowledgement of nothing": b"\x40\x02\x77\x77",
    "an empty acknowledgement": b"\x40\x00",
    "a second CONNACK": b"\x20\x03\x00\x00\x00",
    "a CONNECT": b"\x10\x02\x00\x00",
    "a SUBACK that nobody asked for": b"\x90\x04\x77\x77\x00\x01",
    "an empty SUBACK": b"\x90\x00",
    "a DISCONNECT of nonsense": b"\xe0\x02\x7b\x00",
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
async def test_whatever_a_broker_sends_costs_its_connection_at_most(
    garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with OldBroker(None, b"\x20\x03\x00\x00\x00" + garbage) as broker:
        async with site(broker.url, fight_first_s=0.05, fight_most_s=0.1) as ours:
            await until(lambda: len(broker.levels) >= 2)
            assert not ours.task.done(), "the client goes on"
        assert not [record for record in caplog.records if record.exc_info or record.name == "asyncio"]


@both_versions
@pytest.mark.parametrize("codes", [b"", b"\x01", b"\x01\x01\x01\x01"])
async def test_a_suback_of_the_wrong_length_refuses_what_it_does_not_grant(
    mosquitto: Mosquitto, version: Version, codes: bytes
) -> None:
    head = 3 if version == "5" else 2

    def shorten(answer: Packet) -> Packet:
        return packet(SUBACK, body(answer)[:head] + codes) if kind(answer) == SUBACK else answer

    async with Door(mosquitto.port) as door, connection(door.url, version) as ours:
        door.to_client = shorten
        assert await ours.subscribe(["a", "b"]) == ["a", "b"][len(codes) :]


# -- coming and going --------------------------------------------------------------------------------------------------


@both_versions
async def test_the_client_is_back_soon_after_the_broker_and_its_work_starts_anew(
    mosquitto: Mosquitto, version: Version
) -> None:
    async with site(mosquitto, protocol=version) as ours:
        first = await ours.connected()
        await mosquitto.kill()
        assert (await first.lost).trouble == "lost"
        with pytest.raises(BrokerError):
            await first.publish("t", b"1")
        await until(lambda: ours.cancelled == 1)
        await mosquitto.start()
        started = time.monotonic()
        second = await ours.connected()
        assert time.monotonic() - started < 2
        assert second is not first
        await second.publish("t", b"2")


async def test_a_machine_that_answers_nothing_is_left_soon_and_tried_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.create_connection(("127.0.0.1", port))]  # the queue is full: what comes now is dropped
        async with site(f"mqtt://127.0.0.1:{port}", connect_timeout_s=0.2) as ours:
            await until(lambda: ours.client.trouble is not None and ours.client.trouble.trouble == "timeout")
            for one in (*waiting, full):
                one.close()
            async with Mosquitto(tmp_path, port=port):
                started = time.monotonic()
                await ours.connected()
                assert time.monotonic() - started < 2


async def test_a_connection_whose_bytes_nobody_acknowledges_is_given_up_within_seconds(mosquitto: Mosquitto) -> None:
    async with connection(mosquitto, unacknowledged_s=4.0) as ours:
        sock = ours._paho.socket()
        assert sock is not None
        with socket.socket(fileno=socket.dup(sock.fileno())) as ours_too:
            assert ours_too.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 4000


async def test_the_will_is_said_when_we_vanish_and_is_made_anew_for_each_connection(mosquitto: Mosquitto) -> None:
    epochs = iter(range(10))
    async with (
        listener(mosquitto, "state") as theirs,
        site(mosquitto, will=lambda: Message("state", b"gone %d" % next(epochs))) as ours,
    ):
        (await ours.connected()).abort()
        assert (await heard(theirs)).payload == b"gone 0"
        (await ours.connected()).abort()
        assert (await heard(theirs)).payload == b"gone 1"


async def test_a_clean_stop_says_farewell_and_leaves_no_will(mosquitto: Mosquitto) -> None:
    async with listener(mosquitto, "state") as theirs:
        async with site(
            mosquitto, will=lambda: Message("state", b"gone"), farewell=lambda: Message("state", b"offline")
        ) as ours:
            connected = await ours.connected()
            connected.publish_nowait("state", b"last words", qos=1)
        assert ours.cancelled == 1
        assert [(await heard(theirs)).payload, (await heard(theirs)).payload] == [b"last words", b"offline"]
        await theirs.publish("state", b"end")
        assert (await heard(theirs)).payload == b"end", "no will came between"


async def test_a_failure_of_the_work_ends_the_client_and_the_will_is_said(mosquitto: Mosquitto) -> None:
    async def fail(_connection: Connection) -> None:
        raise RuntimeError("a bug")

    async with listener(mosquitto, "state") as theirs:
        client = MqttClient(config(mosquitto), will=lambda: Message("state", b"gone"))
        with pytest.raises(RuntimeError, match="a bug"):
            await client.run(fail)
        assert (await heard(theirs)).payload == b"gone"


@both_versions
@pytest.mark.parametrize("paused_s", [0.2, 1.5])
async def test_a_stop_beside_a_full_queue_ends_with_the_farewell_or_the_will(
    mosquitto: Mosquitto, version: Version, paused_s: float
) -> None:
    """A broker that goes on in time has the farewell; one that stands still longer is left without a goodbye."""
    gone = asyncio.create_task(asyncio.sleep(0))
    async with site(
        mosquitto,
        protocol=version,
        will=lambda: Message("state", b"the will"),
        farewell=lambda: Message("state", b"farewell"),
        farewell_s=0.7,
    ) as ours:
        connected = await ours.connected()
        await connected.publish("state", b"online", retain=True)
        await mosquitto.freeze()
        while connected.publish_nowait("fill", b"x" * 10_000, qos=1):  # noqa: ASYNC110  # a turn of the loop
            await asyncio.sleep(0)
        gone = asyncio.create_task(later(paused_s, mosquitto.thaw))
        started = time.monotonic()
        await ours.stop()
        assert time.monotonic() - started < 1.2
    await gone
    async with listener(mosquitto, "state") as theirs:
        left = (await heard(theirs)).payload
        while left == b"online":
            left = (await heard(theirs)).payload
        assert left == (b"farewell" if paused_s < 0.7 else b"the will")


async def later(pause_s: float, do: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(pause_s)
    await do()


async def test_stopping_does_not_wait_for_a_broker_that_is_frozen(mosquitto: Mosquitto) -> None:
    async with site(mosquitto, farewell=lambda: Message("state", b"offline"), farewell_s=0.2) as ours:
        await ours.connected()
        await mosquitto.freeze()
        started = time.monotonic()
        await ours.stop()
        assert time.monotonic() - started < 2


async def test_stopping_does_not_wait_for_a_broker_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        async with site(f"mqtt://127.0.0.1:{mute.getsockname()[1]}", version_5_timeout_s=30.0) as ours:
            accepted, _ = await asyncio.to_thread(mute.accept)
            started = time.monotonic()
            await ours.stop()
            assert time.monotonic() - started < 1
            with accepted:
                accepted.settimeout(5)
                while accepted.recv(4096):
                    pass  # CONNECT, then the end: the socket is not left open


# -- a broker that does not keep up ------------------------------------------------------------------------------------


@both_versions
async def test_a_broker_that_stops_reading_blocks_nothing_and_fills_no_memory(
    mosquitto: Mosquitto, version: Version
) -> None:
    async with connection(mosquitto, version) as ours:
        await mosquitto.freeze()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        worst = 0.0
        for _ in range(100):
            started = time.thread_time()  # not what other programs take
            for _ in range(200):
                ours.publish_nowait("telemetry", b"x" * 1000)
            ours.publish_nowait("state", b"y" * 1000, qos=1)
            await asyncio.sleep(0)
            worst = max(worst, time.thread_time() - started)
        assert ours.congested
        assert worst < 0.5
        assert ours.counters.dropped > 5_000
        assert len(ours._out._buffer) < BACKLOG_BYTES * 2
        assert ours._out._waiting_bytes < WAITING_BYTES * 2
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "kilobytes"
        assert not ours.publish_nowait("state", b"z", qos=1), "the caller keeps it"
        waiting = asyncio.create_task(ours.ready())
        await mosquitto.thaw()
        await waiting
        assert ours.publish_nowait("state", b"z", qos=1)
        await ours.drained()
        assert ours.in_flight == 0


async def test_whoever_waits_is_told_that_the_connection_is_lost(mosquitto: Mosquitto) -> None:
    ours = await connect(config(mosquitto), "5", None)
    await mosquitto.freeze()
    while ours.publish_nowait("t", b"x" * 10_000):  # noqa: ASYNC110  # a turn of the loop is what is wanted
        await asyncio.sleep(0)
    ours.publish_nowait("t", b"x", qos=1)
    waiting = [asyncio.create_task(ours.ready()), asyncio.create_task(ours.drained())]
    await asyncio.sleep(0)
    ours.abort()
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [BrokerError, BrokerError]
    assert [message async for message in ours.messages()] == []


# -- ways to a broker --------------------------------------------------------------------------------------------------


def encrypted(*more: str) -> tuple[str, ...]:
    return (*more, f"certfile {TLS / 'server.pem'}", f"keyfile {TLS / 'server.key'}")


def at(scheme: str, broker: Mosquitto) -> str:
    return f"{scheme}://localhost:{broker.port}"


@both_versions
@pytest.mark.parametrize(
    ("scheme", "lines"),
    [
        ("mqtt", ()),
        ("mqtts", encrypted()),
        ("ws", ("protocol websockets",)),
        ("wss", encrypted("protocol websockets")),
    ],
)
async def test_every_way_carries_messages_both_ways(
    tmp_path: Path, version: Version, scheme: str, lines: tuple[str, ...]
) -> None:
    large = bytes(range(256)) * 400
    async with (
        Mosquitto(tmp_path, *lines) as broker,
        listener(broker, "large/#") as theirs,
        connection(at(scheme, broker), version, ca_file=TLS / "ca.pem") as ours,
    ):
        # what comes back is small: mosquitto's WebSockets send 4 KB every 100 ms
        await ours.subscribe(["small/#"])
        for number in range(20):
            await ours.ready()
            assert ours.publish_nowait("small/n", b"%d" % number, qos=1)
            await ours.ready()
            assert ours.publish_nowait("large/n", b"%d:" % number + large, qos=1)
        await ours.drained()
        messages = [await next_incoming(ours) for _ in range(20)]
        assert [message.payload for message in messages] == [b"%d" % number for number in range(20)]
        assert [(await heard(theirs)).payload for _ in range(20)] == [b"%d:" % number + large for number in range(20)]


async def test_a_websocket_that_is_full_for_a_while_loses_nothing(tmp_path: Path) -> None:
    async with (
        Mosquitto(tmp_path, "protocol websockets") as broker,
        listener(broker, "t") as theirs,
        connection(at("ws", broker), "3.1.1") as ours,
    ):
        await broker.freeze()
        sent = 0
        while ours.publish_nowait("t", b"%d:" % sent + b"x" * 50_000, qos=1):
            sent += 1
            await asyncio.sleep(0)
        await broker.thaw()
        numbers = [int(str((await heard(theirs)).payload, "ascii").split(":")[0]) for _ in range(sent)]
        assert numbers == list(range(sent))


async def test_a_certificate_that_nobody_vouches_for_is_refused_with_the_remedy(tmp_path: Path) -> None:
    async with Mosquitto(tmp_path, *encrypted()) as broker:
        with pytest.raises(BrokerError, match=r"not trusted .*set \[mqtt\] ca_file") as caught:
            await connect(config(at("mqtts", broker)), "5", None)
        assert caught.value.trouble == "tls_not_trusted"


@pytest.mark.parametrize(("certificate", "what"), [("expired", "has expired"), ("future", "not yet valid")])
async def test_a_certificate_of_another_time_names_the_clock_once_and_is_taken_as_soon_as_it_is_right(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, certificate: str, what: str
) -> None:
    key, other = TLS / "other-times.key", TLS / f"{certificate}.pem"
    trusted = tmp_path / "trusted.pem"
    trusted.write_text((TLS / "other-times-ca.pem").read_text() + (TLS / "ca.pem").read_text())
    broker = Mosquitto(tmp_path / "broker", f"certfile {other}", f"keyfile {key}")
    async with broker, site(at("mqtts", broker), ca_file=trusted, refused_most_s=0.2) as ours:
        await until(lambda: ours.client.trouble is not None)
        assert what in str(ours.client.trouble)
        assert f"this machine's clock says {datetime.now(UTC):%Y-%m-%d}" in str(ours.client.trouble)
        await broker.stop()
        async with Mosquitto(tmp_path / "renewed", *encrypted(), port=broker.port):
            await ours.connected()
    assert caplog.text.count(what) == 1


async def test_a_broker_that_wants_a_client_certificate_is_explained(tmp_path: Path) -> None:
    lines = encrypted("require_certificate true", f"cafile {TLS / 'ca.pem'}")
    async with Mosquitto(tmp_path, *lines) as broker:
        with pytest.raises(BrokerError, match="If it wants a client certificate: the bridge has none"):
            await connect(config(at("mqtts", broker), ca_file=TLS / "ca.pem"), "5", None)


ALERT = "1503020002"
HELLO_OF_1_1 = "160302002a020000260302" + "00" * 33 + "c01300"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ALERT + "0246", "let it offer TLS 1.2 or newer"),
        (HELLO_OF_1_1, "let it offer TLS 1.2 or newer"),
        (ALERT + "0228", "it refuses the TLS connection"),
    ],
)
async def test_a_broker_whose_tls_is_too_old_or_refuses_us_is_not_said_to_have_none(answer: str, words: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(bytes.fromhex(answer))
        await reader.read(4096)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"mqtts://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(BrokerError, match=re.escape(words)) as caught:
            await connect(config(url), "5", None)
        assert caught.value.trouble == "tls_failed"


async def test_tls_to_a_plain_port_is_explained(mosquitto: Mosquitto) -> None:
    with pytest.raises(BrokerError, match="does without TLS use mqtt://"):
        await connect(config(at("mqtts", mosquitto)), "5", None)


async def test_a_websocket_to_a_plain_port_is_explained(mosquitto: Mosquitto) -> None:
    with pytest.raises(BrokerError, match="no WebSocket there"):
        await connect(config(at("ws", mosquitto)), "5", None)


async def test_a_missing_certificate_file_is_named(mosquitto: Mosquitto) -> None:
    with pytest.raises(BrokerError, match=r"nowhere\.pem.*check \[mqtt\] ca_file"):
        await connect(config(at("mqtts", mosquitto), ca_file=Path("nowhere.pem")), "5", None)


async def test_small_messages_are_not_held_back_by_the_network_stack(mosquitto: Mosquitto) -> None:
    async with connection(mosquitto) as ours:
        sock = ours._paho.socket()
        assert sock is not None
        with socket.socket(fileno=socket.dup(sock.fileno())) as ours_too:
            assert ours_too.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


# -- the library's insides ---------------------------------------------------------------------------------------------


async def test_the_library_still_has_the_insides_that_we_use(mosquitto: Mosquitto) -> None:
    async with connection(mosquitto) as ours:
        for owner, names in LIBRARY_INSIDES.items():
            example = ours._client if owner is aiomqtt.Client else ours._paho
            assert isinstance(example, owner)
            missing = [name for name in names if not hasattr(example, name)]
            assert not missing, f"{owner.__module__}: adapt bridge/mqtt/client.py to its new version"
        ours.publish_nowait("t", b"x", qos=1)
        assert len(ours._paho._out_packet) == 0, "nothing is handed over before the turn ends"
        ours.flush()
        await ours.drained()
        assert ours.counters.acked == 1, "acknowledgements come through our function"


async def test_an_idle_connection_is_kept_alive(mosquitto: Mosquitto) -> None:
    async with connection(mosquitto, keepalive_s=1) as ours:
        await asyncio.wait((ours.lost,), timeout=3.5)  # the broker gives up after 1.5 keep-alives
        assert not ours.lost.done()


async def test_a_broker_that_wants_to_hear_us_more_often_does(mosquitto: Mosquitto) -> None:
    def shorten(answer: Packet) -> Packet:
        if kind(answer) != CONNACK:
            return answer
        flags, reason, length, *properties = body(answer)
        return packet(CONNACK, bytes((flags, reason, length + 3, 0x13, 0, 1, *properties)))

    async with Door(mosquitto.port) as door:
        door.to_client = shorten
        async with connection(door.url, keepalive_s=60):
            await until(lambda: PINGREQ in map(kind, door.passed))


async def test_acknowledgements_that_come_all_at_once_let_others_have_their_turns(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.mqtt.client.TURN_S", 0.0)
    held: list[Packet] = []
    turns: list[int] = []

    def hold_back(answer: Packet) -> Packet | None:
        if kind(answer) != PUBACK:
            return answer
        held.append(answer)
        return b"".join(held) if len(held) == 20 else None

    async with Door(mosquitto.port) as door, connection(door.url) as ours:
        door.to_client = hold_back
        turn = 0
        for _ in range(20):
            ours.publish_nowait("t", b"x", qos=1, acked=lambda _reason: turns.append(turn))
        while len(turns) < 20:
            await asyncio.sleep(0)
            turn += 1
        assert len(set(turns)) == 20


async def test_a_broker_that_freezes_is_noticed_by_its_silence(mosquitto: Mosquitto) -> None:
    async with connection(mosquitto, keepalive_s=1) as ours:
        await mosquitto.freeze()
        async with asyncio.timeout(8):
            assert (await ours.lost).trouble == "lost"
