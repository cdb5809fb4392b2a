"""Sockets to a broker: opened without Nagle's delay, called off at once, and read in large pieces."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

from bridge.mqtt.endpoint import MqttConfig
from bridge.mqtt.trimming import Trimmer

LOG = logging.getLogger(__name__)

_READ_AHEAD: Final = 64 * 1024


class ReadAheadSocket:
    """A socket that reads ahead, for the MQTT library asks for one byte, one byte and then the rest of every packet.

    What it hands out is trimmed: see `Trimmer`.
    """

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._read = b""
        self._at = 0
        self.trimmer = Trimmer()
        self.close: Callable[[], None] = raw.close
        self.fileno: Callable[[], int] = raw.fileno
        self.setblocking: Callable[[bool], None] = raw.setblocking

    def recv(self, size: int) -> bytes:
        """At most ``size`` bytes, none at the end; raises `BlockingIOError` where there are none yet."""
        if self._at >= len(self._read):
            arrived = self._raw.recv(_READ_AHEAD)
            self._read = self.trimmer.feed(bytes(arrived))
            self._at = 0
            if arrived and not self._read:
                raise BlockingIOError
        piece = self._read[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def send(self, data: bytes) -> int:
        """Bytes that went out. Raises where the WebSocket returns 0: half a frame went, and its packet is lost."""
        sent: int = self._raw.send(data)
        if sent == 0:
            raise BlockingIOError
        return sent

    def pending(self) -> int:
        """Bytes that were read and not yet asked for: the event loop does not see them."""
        waiting = len(self._read) - self._at
        return waiting + (self._raw.pending() if hasattr(self._raw, "pending") else 0)


class Opening:
    """Opens a connection in a thread, and can be called off from another. ``addresses`` are those of the host."""

    def __init__(self, config: MqttConfig, addresses: Sequence[str], context: ssl.SSLContext | None) -> None:
        self._config = config
        self._addresses = addresses
        self._host = config.endpoint.host
        self._port = config.endpoint.port
        self._context = context
        self._sock: socket.socket | None = None
        self._called_off = False

    def tcp(self) -> socket.socket:
        """A connected socket to the first address of the host that answers. Blocks; raises `OSError`."""
        failure = OSError("the name has no address")
        for numbers in self._addresses:
            if self._called_off:
                raise ConnectionAbortedError("called off")
            (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
                numbers, self._port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
            sock = self._sock = socket.socket(family, kind, protocol)
            try:
                # with Nagle's algorithm a change would wait up to 40 ms for an acknowledgement of the one before it
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
                    unacknowledged_ms = int(self._config.unacknowledged_s * 1000)
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unacknowledged_ms)
                sock.settimeout(self._config.connect_timeout_s)
                sock.connect(address)
                sock.settimeout(self._config.handshake_timeout_s)
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure

    def tls(self, sock: socket.socket) -> ssl.SSLSocket:
        """The same connection, encrypted, with a peer that proved its name. Blocks; raises `OSError`."""
        if self._context is None:
            raise ssl.SSLError("TLS was asked for without a context")
        wrapped = self._context.wrap_socket(sock, server_hostname=self._host, do_handshake_on_connect=False)
        self._sock = wrapped
        wrapped.do_handshake()
        return wrapped

    def close(self) -> None:
        """Leave nothing open after a failure."""
        if self._sock is not None:
            self._sock.close()

    def call_off(self) -> None:
        """Make whatever the thread waits for end now, be it connecting or a handshake."""
        self._called_off = True
        if self._sock is not None:
            try:
                self._sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                LOG.debug("%s was not connected yet", self._host)
