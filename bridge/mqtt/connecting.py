"""Opens a connection to a broker through aiomqtt and paho, and says what stood in the way."""

from __future__ import annotations

import asyncio
import logging
import ssl
from functools import partial
from typing import Any, Final

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY, ConnectFlags, DisconnectFlags, WebsocketConnectionError
from paho.mqtt.client import Client as Paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from bridge.contract import Message
from bridge.mqtt import packets
from bridge.mqtt.client import Connection
from bridge.mqtt.endpoint import (
    BrokerError,
    Endpoint,
    MqttConfig,
    Version,
    disconnected,
    refused,
    unreachable,
)
from bridge.mqtt.outgoing import Limits
from bridge.mqtt.sockets import Opening, ReadAheadSocket
from bridge.mqtt.tls_words import NO_CERTIFICATE, NO_TLS, OLDEST_TLS, tls_trouble
from services.drivers import Unresolved, addresses_of

# ruff: noqa: SLF001 -- the library's insides, by intent: see LIBRARY_INSIDES

_LIBRARY_LOG = logging.getLogger(f"{__name__}.library")
_LIBRARY_LOG.setLevel(logging.CRITICAL)  # this package logs the same, once and with the remedy

PACKET_BYTES: Final = 1024 * 1024
"""The largest packet that an MQTT 5 broker should send us. Far more than we keep: a sender of less is answered, and to
mosquitto 2.0 each larger one costs a place in its window for us, of which it has twenty (see `BridgeStatus`)."""

_MOST_RECEIVE_MAXIMUM: Final = 65_535
KEEP_ALIVE_TIMEOUT: Final = "Keep alive timeout"
"""The library's reason code for a broker that answered no PINGREQ."""


def _limits(config: MqttConfig, granted: Properties | None) -> Limits:
    """What the CONNACK's properties allow; a broker that speaks 3.1.1 names none."""
    return Limits(
        in_flight=min(config.in_flight, getattr(granted, "ReceiveMaximum", _MOST_RECEIVE_MAXIMUM)),
        packet_bytes=getattr(granted, "MaximumPacketSize", packets.MOST_BYTES),
        qos_1=getattr(granted, "MaximumQoS", 1) > 0,
    )


async def connect(config: MqttConfig, version: Version, will: Message | None) -> Connection:
    """Open a connection with a clean session, or raise `BrokerError` with what stood in the way."""
    endpoint = config.endpoint
    context = await _tls_context(config, endpoint) if endpoint.tls else None
    client = _make_client(config, endpoint, version, will, context)
    addresses = await addresses_of(endpoint.host)
    if isinstance(addresses, Unresolved):
        raise BrokerError("name_not_resolved", f"{endpoint}: {addresses.detail}")
    opening = Opening(config, addresses, context)
    beginning = _Beginning(client, opening, endpoint)
    entering = asyncio.ensure_future(client.__aenter__())
    try:
        await asyncio.wait((entering,))
    except asyncio.CancelledError:
        opening.call_off()
        entering.add_done_callback(partial(_discard, client))
        raise
    try:
        entering.result()
    except (aiomqtt.MqttError, OSError, ValueError) as error:
        client._client._sock_close()
        raise _explain(endpoint, error) from None
    if client._client.socket() is None:
        # gone again before anybody looked: aiomqtt forgets a loss that comes together with the CONNACK
        raise beginning.why_lost()
    # the broker hangs up on who is silent for longer than its own keep-alive (MQTT 5, 3.2.2.3.14); 0 is none
    wanted = getattr(beginning.granted, "ServerKeepAlive", config.keepalive_s) or config.keepalive_s
    client._client._keepalive = min(wanted, config.keepalive_s)
    return Connection(client, version, config, _limits(config, beginning.granted), beginning.why_lost)


async def _tls_context(config: MqttConfig, endpoint: Endpoint) -> ssl.SSLContext:
    authorities = None if config.ca_file is None else str(config.ca_file)
    try:
        context = await asyncio.to_thread(ssl.create_default_context, cafile=authorities)
    except OSError as error:
        raise BrokerError(
            "tls_failed", f"{endpoint}: cannot read certificates from {authorities}: {error}: check [mqtt] ca_file"
        ) from None
    context.minimum_version = OLDEST_TLS
    return context


def _make_client(
    config: MqttConfig, endpoint: Endpoint, version: Version, will: Message | None, context: ssl.SSLContext | None
) -> aiomqtt.Client:
    five = version == "5"
    client = aiomqtt.Client(
        hostname=endpoint.host,
        port=endpoint.port,
        username=config.user if config.user is not None else endpoint.user,
        password=config.password if config.password is not None else endpoint.password,
        identifier=config.client_id,
        logger=_LIBRARY_LOG,
        protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
        clean_session=None if five else True,
        clean_start=True if five else MQTT_CLEAN_START_FIRST_ONLY,
        will=None if will is None else aiomqtt.Will(will.topic, will.payload, will.qos, will.retain),
        transport="websockets" if endpoint.websocket else "tcp",
        websocket_path=endpoint.path if endpoint.websocket else None,
        timeout=min(config.version_5_timeout_s, config.answer_timeout_s) if five else config.answer_timeout_s,
        keepalive=config.keepalive_s,
        tls_context=context,
        properties=_asked_for() if five else None,
    )
    client._client.connect_timeout = config.handshake_timeout_s  # its own is for WebSockets
    return client


def _asked_for() -> Properties:
    """What we ask an MQTT 5 broker for."""
    asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    asked.MaximumPacketSize = PACKET_BYTES
    return asked


class _Beginning:
    """Gives a client our socket, and watches the first packets, of which aiomqtt reports nothing."""

    def __init__(self, client: aiomqtt.Client, opening: Opening, endpoint: Endpoint) -> None:
        self.granted: Properties | None = None
        """The properties of the CONNACK (MQTT 5)."""
        self._ended: int | None = None  # the reason code with which the broker ended the connection
        self._silent = False
        self._endpoint = endpoint
        self._client = client
        self._opening = opening
        paho = client._client
        self._library_socket = paho._create_socket
        paho._create_socket = self._create_socket  # type: ignore[method-assign]
        paho._create_socket_connection = opening.tcp  # type: ignore[method-assign]
        paho._ssl_wrap_socket = opening.tls  # type: ignore[method-assign,assignment]
        paho.on_message = None  # nothing is subscribed yet: what comes all the same is nobody's
        client._disconnected.add_done_callback(_retrieve)  # aiomqtt forgets an end that comes together with the CONNACK
        paho.on_connect = self._on_connect
        paho.on_disconnect = self._on_disconnect

    def _create_socket(self) -> Any:
        try:
            return ReadAheadSocket(self._library_socket())
        except BaseException:
            self._opening.close()
            raise

    def _on_connect(
        self, paho: Paho, userdata: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self.granted = properties
        self._client._on_connect(paho, userdata, flags, reason, properties)

    def _on_disconnect(
        self, paho: Paho, userdata: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._ended = reason.value
        self._silent = reason == KEEP_ALIVE_TIMEOUT
        if not self._client._connected.done():
            # aiomqtt does not look at a connection that ends before the CONNACK, and waits until its time is over
            self._client._connected.set_exception(aiomqtt.MqttError(_CLOSED_EARLY))
        self._client._on_disconnect(paho, userdata, flags, reason, properties)

    def why_lost(self) -> BrokerError:
        """Why the connection is gone."""
        if self._ended is not None:
            return disconnected(self._endpoint, self._ended)
        why = "it answers nothing any more" if self._silent else "the connection was lost"
        return BrokerError("lost", f"{self._endpoint}: {why}")


_CLOSED_EARLY: Final = "closed before CONNACK"


def _retrieve(ended: asyncio.Future[None]) -> None:
    if not ended.cancelled():
        ended.exception()  # nobody else may ask for it


def _discard(client: aiomqtt.Client, entered: asyncio.Future[aiomqtt.Client]) -> None:
    if not entered.cancelled():
        entered.exception()  # nobody else asks for it
    client._client._sock_close()


def _explain(endpoint: Endpoint, error: Exception) -> BrokerError:
    """What the library's exception means."""
    if isinstance(error, aiomqtt.MqttCodeError) and isinstance(error.rc, ReasonCode):
        return refused(endpoint, error.rc.value)
    cause = error.__context__ if isinstance(error, aiomqtt.MqttError) else error
    if isinstance(cause, WebsocketConnectionError):
        return BrokerError(
            "websocket_refused",
            f"{endpoint}: no WebSocket there: check port and path (mosquitto: a listener with protocol websockets)",
        )
    if str(error) == _CLOSED_EARLY:
        ask = NO_CERTIFICATE if endpoint.tls else "Is it an MQTT broker?"
        return BrokerError("closed_early", f"{endpoint}: it closed the connection before answering. {ask}")
    if isinstance(cause, TimeoutError) and isinstance(error, aiomqtt.MqttError) and str(error) == "Operation timed out":
        return BrokerError(
            "silent", f"{endpoint}: it accepts the connection and then sends nothing: is it an MQTT broker?"
        )
    if isinstance(cause, ssl.SSLError):
        return tls_trouble(endpoint, cause)
    if isinstance(cause, ConnectionResetError) and endpoint.tls:
        return BrokerError("tls_failed", f"{endpoint}: it hung up before TLS began: {NO_TLS}")
    return unreachable(endpoint, cause or error)
