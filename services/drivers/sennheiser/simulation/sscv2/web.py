"""An HTTPS server for one simulated unit: requests in, answers and streams of events out, connections that break."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 seconds: closing sends RST."""
_HEAD_MOST = 16_384


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.streams = False
        """A stream of events has begun, and nothing else follows on this connection."""

    async def read(self) -> Request | None:
        """The next request; ``None`` at the end, or for what is none."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        words = first.split(" ")
        if len(words) != 3:  # noqa: PLR2004 - method, path, version
            return None
        body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Request(words[0], words[1], headers, body)

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send a complete answer."""
        lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}"]
        if body:
            lines.append("Content-Type: application/json")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self._write("\r\n".join([*lines, "", ""]).encode() + body)

    def begin(self, headers: Mapping[str, str]) -> None:
        """Begin a stream of events."""
        self.streams = True
        lines = ["HTTP/1.1 200 -", "Content-Type: text/event-stream", "Transfer-Encoding: chunked"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._write("\r\n".join([*lines, "", ""]).encode())

    def push(self, data: bytes) -> None:
        """Send a piece of the stream."""
        self._write(b"%x\r\n%s\r\n" % (len(data), data))

    def finish(self) -> None:
        """End the stream as it should end."""
        self._write(b"0\r\n\r\n")
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._writer.close()

    def abort(self, *, reset: bool) -> None:
        """End the connection without a word."""
        raw = self._writer.get_extra_info("socket")
        if reset and raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._writer.transport.abort()

    async def drain(self) -> None:
        """Wait until the client has read."""
        await self._writer.drain()

    def _write(self, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)


@dataclass
class Web:
    """The server. ``serve`` answers one request on its client; ``left`` is told that a client is gone."""

    serve: Callable[[Client, Request], Awaitable[None]]
    left: Callable[[Client], None]
    port: int = 0
    clients: set[Client] = field(default_factory=set)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def listens(self) -> bool:
        """Whether the port is open."""
        return self._server is not None

    async def start(self, host: str, context: ssl.SSLContext) -> None:
        """Open the port; a free one where it is 0. Raises `OSError`."""
        self._server = await asyncio.start_server(
            self._accept, host, self.port, ssl=context, limit=_HEAD_MOST, ssl_shutdown_timeout=1.0
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        self.cut(reset=False)
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()

    def cut(self, *, reset: bool) -> None:
        """End every connection."""
        for client in tuple(self.clients):
            client.abort(reset=reset)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._converse(Client(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, client: Client) -> None:
        self.clients.add(client)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
                while (request := await client.read()) is not None:
                    await self.serve(client, request)
                    await client.drain()
        finally:
            self.clients.discard(client)
            self.left(client)
            client.abort(reset=False)
