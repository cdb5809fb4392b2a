"""One connection to a broker; with `connecting` the only file that knows aiomqtt and the paho client under it.

aiomqtt connects, keeps alive, subscribes and disconnects. Publishing goes round both: this file builds PUBLISH
packets itself (bridge/mqtt/outgoing.py), writes those of one turn of the event loop with one system call and keeps its
own window of QoS 1 messages. What that touches of the library's insides is listed in `LIBRARY_INSIDES` and watched by
tests/integration/mqtt/test_client.py; docs/decisions has the reason and what it saves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar, cast

import aiomqtt
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import MQTTMessage as PahoMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from bridge.contract import Incoming, Message
from bridge.mqtt.endpoint import (
    BrokerError,
    MqttConfig,
    Version,
)
from bridge.mqtt.inbox import Inbox, Look
from bridge.mqtt.outgoing import Acked, Limits, Outgoing
from bridge.mqtt.refusals import FAILED
from bridge.mqtt.sockets import ReadAheadSocket
from bridge.mqtt.trimming import KEPT

# ruff: noqa: SLF001 -- the library's insides, by intent: see LIBRARY_INSIDES

LOG = logging.getLogger(__name__)

T = TypeVar("T")

LIBRARY_INSIDES: Final = {
    aiomqtt.Client: ("_client", "_connected", "_disconnected", "_on_connect", "_on_disconnect"),
    Paho: (
        "_create_socket",
        "_create_socket_connection",
        "_handle_pubackcomp",
        "_in_packet",
        "_keepalive",
        "_mid_generate",
        "_out_packet",
        "_sock",
        "_sock_close",
        "_ssl_wrap_socket",
    ),
}
"""Private names that this file and `connecting` use, by class."""

_PUBLISH: Final = 0x30
TURN_S: Final = 0.001
"""For how long packets are taken before the event loop does something else."""


class Connection:
    """An open connection. Lives on the event loop's thread."""

    def __init__(
        self,
        client: aiomqtt.Client,
        version: Version,
        config: MqttConfig,
        limits: Limits,
        why_lost: Callable[[], BrokerError],
    ) -> None:
        self.version = version
        self._why_lost = why_lost
        self._loop = asyncio.get_running_loop()
        self._client = client
        self._paho = client._client
        self._endpoint = config.endpoint
        self._inbox, self._echoes = Inbox(config.largest_payload), Inbox(KEPT)
        self._socket = cast("ReadAheadSocket", self._paho._sock)
        self._own_topics: frozenset[str] = frozenset()
        self._looks: list[Look] = []
        out = self._out = Outgoing(
            version, limits, name=str(self._endpoint), wake=self._flush_soon, next_id=self._paho._mid_generate
        )
        self.counters = out.counters
        self.refusals = out.refusals
        self.lost = out.lost
        """Done when the connection is gone, with the reason as its result."""
        self._take_over()

    def _take_over(self) -> None:
        """Put our own functions where the library would call its own."""
        self._paho._handle_pubackcomp = self._on_ack  # type: ignore[method-assign]
        self._paho.on_message = self._on_message
        self._paho.on_socket_register_write = self._on_want_write
        self._paho.on_socket_unregister_write = self._on_want_no_write
        self._client._disconnected.add_done_callback(self._on_library_lost)
        self._loop.add_reader(self._socket.fileno(), self._read)  # in place of the library's own

    @property
    def congested(self) -> bool:
        """Whether the broker does not keep up: nothing more is taken until `ready`."""
        return self._out.congested

    @property
    def in_flight(self) -> int:
        """QoS 1 messages that the broker has not acknowledged, those that wait for their turn included."""
        return self._out.in_flight

    # -- sending -------------------------------------------------------------------------------------------------

    def publish_nowait(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 0,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes | None = None,
        acked: Acked | None = None,
    ) -> bool:
        """Send a message with this turn of the event loop, or return ``False``: see `Outgoing.publish_nowait`."""
        return self._out.publish_nowait(
            topic, payload, qos=qos, retain=retain, expiry_s=expiry_s, correlation=correlation, acked=acked
        )

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes | None = None,
    ) -> None:
        """Send with QoS 1 and wait until the broker has it. Raises `PublishRefusedError`, `BrokerError` when lost."""
        await self._out.publish(topic, payload, retain=retain, expiry_s=expiry_s, correlation=correlation)

    async def publish_last(self, message: Message) -> None:
        """Send a message behind which no other comes, be the queue full or not; otherwise like `publish`."""
        await self._out.publish(message.topic, message.payload, retain=message.retain, beyond_limits=True)

    async def ready(self) -> None:
        """Wait until messages are taken again. Raises `BrokerError` when the connection is lost instead."""
        await self._out.ready()

    async def drained(self) -> None:
        """Wait until everything is written and every QoS 1 message acknowledged. Raises `BrokerError` when lost."""
        await self._out.drained()

    def flush(self) -> None:
        """Write now what was published in this turn of the event loop, instead of at its end."""
        paho, out = self._paho, self._out
        while True:
            if out.has_bytes and not paho._out_packet:
                self._hand_over(out.take())
            paho.loop_write()
            if paho._out_packet:
                return  # the socket is full: the event loop calls again when it is not
            if not out.has_bytes or self.lost.done():
                break
        out.written()

    def _flush_soon(self) -> None:
        self._loop.call_soon(self.flush)

    def _hand_over(self, chunk: bytearray) -> None:
        self._paho._out_packet.append(
            {
                "command": _PUBLISH,
                "mid": 0,
                "qos": 1,  # so that the library does not report the chunk as a delivered message
                "pos": 0,
                "to_process": len(chunk),
                "packet": memoryview(chunk),  # type: ignore[typeddict-item]  # what is left is sent uncopied
                "info": None,
            }
        )

    # -- receiving -----------------------------------------------------------------------------------------------

    async def subscribe(self, topics: Sequence[str]) -> list[str]:
        """Subscribe with QoS 1; the topics that the broker refuses come back. Raises `BrokerError` when lost."""
        wanted: Any = [(topic, 1) for topic in topics]
        if self.version == "5":
            # as published: a command that someone retains is seen as such at once, not at the next connect
            wanted = [(topic, SubscribeOptions(qos=1, retainAsPublished=True)) for topic in topics]
        return await self._ask_for(topics, wanted)

    async def subscribe_to_others(self, topics: Sequence[str]) -> list[str]:
        """Subscribe to what others publish from now on, and nothing of our own; MQTT 5 alone can. As `subscribe`."""
        options = SubscribeOptions(
            qos=1, noLocal=True, retainAsPublished=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND
        )
        return await self._ask_for(topics, [(topic, options) for topic in topics])

    async def look_at(self, topics: Collection[str], within_s: float) -> Mapping[str, Incoming]:
        """What stands under some topics that are not subscribed: what the broker hands out within that time.

        Raises `BrokerError` when the connection is lost.
        """
        look = Look(topics)
        self._looks.append(look)
        try:
            wanted = [(topic, SubscribeOptions(qos=0) if self.version == "5" else 0) for topic in topics]
            refused = await self._ask_for(list(topics), wanted)
            if len(refused) < len(topics):
                with suppress(TimeoutError):
                    async with asyncio.timeout(within_s):
                        await look.complete.wait()
                await self._wait_for(self._client.unsubscribe(list(topics)))
        finally:
            self._looks.remove(look)
        return look.found

    async def _ask_for(self, topics: Sequence[str], wanted: Any) -> list[str]:
        granted = await self._wait_for(self._client.subscribe(wanted))
        codes = [code.value if isinstance(code, ReasonCode) else code for code in granted]
        refused = [topic for topic, code in zip(topics, codes, strict=False) if code >= FAILED]
        return refused + list(topics[len(codes) :])  # what the broker says nothing of it does not grant

    async def _wait_for(self, answer: Coroutine[Any, Any, T]) -> T:
        """What the broker answers to a subscription. Raises `BrokerError` when the connection is lost instead."""
        asking = asyncio.ensure_future(answer)
        try:
            await asyncio.wait((asking, self.lost), return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():  # the library would wait for an answer that cannot come any more
                raise self.lost.result().afresh()
            return asking.result()
        except aiomqtt.MqttCodeError:
            raise self._why_lost() from None
        except aiomqtt.MqttError:
            raise BrokerError("lost", f"{self._endpoint}: it did not answer a subscription in time") from None
        finally:
            asking.cancel()

    def messages(self) -> AsyncIterator[Incoming]:
        """What arrives, until the connection is lost."""
        return self._inbox.messages()

    def set_apart(self, topics: Iterable[str]) -> None:
        """Have what arrives on exactly these topics come through `echoes`: no flood on others keeps it out."""
        self._own_topics = frozenset(topics)

    def echoes(self) -> AsyncIterator[Incoming]:
        """What arrives on the topics that were set apart, until the connection is lost."""
        return self._echoes.messages()

    def _on_message(self, _client: Paho, _userdata: object, message: PahoMessage) -> None:
        self.counters.received += 1
        cut = self._socket.trimmer.cut.popleft() if self._paho._in_packet["remaining_length"] == KEPT else 0
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return  # no topic at all (MQTT 3.1.1, 1.5.3): nobody can be answered
        properties = message.properties
        incoming = Incoming(
            topic,
            bytes(message.payload),
            bool(message.retain),
            getattr(properties, "ResponseTopic", None),
            getattr(properties, "CorrelationData", None),
            cut,
        )
        if any(look.take(incoming) for look in self._looks):
            return
        inbox = self._echoes if topic in self._own_topics else self._inbox
        if not inbox.put(incoming):
            self.counters.received_dropped += 1

    def _on_ack(self, cmd: str) -> MQTTErrorCode:
        packet = self._paho._in_packet["packet"]
        # a reason that is left out is success (MQTT 5, 3.4.2.1); MQTT 3.1.1 has none
        self._out.acknowledge(int.from_bytes(packet[:2], "big"), packet[2] if packet[2:] else 0)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    # -- the socket ----------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Take packets that have arrived, for a millisecond; the rest when others had their turn."""
        until = self._loop.time() + TURN_S
        try:
            while not self.lost.done():
                self._paho.loop_read()
                if self._paho._sock is None or not self._socket.pending():
                    return  # the event loop calls again when something arrives
                if self._loop.time() >= until:
                    self._loop.call_soon(self._read)
                    return
        except Exception as error:  # noqa: BLE001 - whatever the broker sent costs this connection and no more
            LOG.warning("%s sends what cannot be read: %s", self._endpoint, error)
            self._lose(BrokerError("lost", f"{self._endpoint}: it sends what cannot be read"))

    def _on_want_write(self, _client: Paho, _userdata: object, sock: Any) -> None:
        self._loop.add_writer(sock.fileno(), self.flush)

    def _on_want_no_write(self, _client: Paho, _userdata: object, sock: Any) -> None:
        self._loop.remove_writer(sock.fileno())

    def _on_library_lost(self, ended: asyncio.Future[None]) -> None:
        if not ended.cancelled():
            ended.exception()  # nobody else asks for it
        self._lose(self._why_lost())

    def _lose(self, reason: BrokerError) -> None:
        self._out.lose(reason)
        self._inbox.close()
        self._echoes.close()

    # -- the end -------------------------------------------------------------------------------------------------

    async def close(self, within_s: float) -> None:
        """Send DISCONNECT after what was published, so that the broker drops the will; hang up after ``within_s``."""
        try:
            async with asyncio.timeout(within_s):
                await self.drained()
                await self._client.__aexit__(None, None, None)
        except (TimeoutError, BrokerError, aiomqtt.MqttError):
            LOG.debug("%s took no DISCONNECT in time", self._endpoint)
        finally:
            self.abort()

    def leave(self, reason: BrokerError) -> None:
        """Disconnect now, so that the broker drops the will; what was not sent yet is gone, and ``reason`` is why."""
        self._paho.disconnect()
        self._lose(reason)

    def abort(self) -> None:
        """Hang up without a goodbye: the broker publishes the will."""
        self._paho._sock_close()
        self._lose(BrokerError("lost", f"{self._endpoint}: the bridge hung up"))
