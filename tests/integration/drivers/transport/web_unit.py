"""A unit that speaks HTTPS on a real socket, byte for byte as a test wishes."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.drivers.transport.https import HttpsSettings

HOST = "127.0.0.1"
OWN = Path(__file__).parent / "tls"
SHARED = Path(__file__).parents[2] / "tls"
AUTHORITY = SHARED / "ca.pem"


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Handler = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answering(data: bytes) -> Handler:
    async def handle(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return handle


@dataclass
class WebUnit:
    """Keeps every byte that came after TLS was agreed, and every request."""

    handler: Handler
    port: int = 0
    connections: int = 0
    open: int = 0
    most_open: int = 0
    data: bytes = b""
    requests: list[Request] = field(default_factory=list)
    asked: asyncio.Queue[Request] = field(default_factory=asyncio.Queue)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def cut(self) -> None:
        """End every connection without a word."""
        for writer in self.writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.writers.append(writer)
        self.most_open = max(self.most_open, self.open)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                while not writer.is_closing():
                    request = await self._read(reader)
                    self.requests.append(request)
                    self.asked.put_nowait(request)
                    await self.handler(request, writer)
                    await writer.drain()
        finally:
            self.open -= 1
            self.left.set()
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = await reader.read(1)
            if not piece:
                raise ConnectionError
            self.data += piece
            head += piece
        first, *lines = head.decode().rstrip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = first.split(" ")
        return Request(method, path, headers, body)


def context_of(certificate: str, newest: ssl.TLSVersion) -> ssl.SSLContext:
    """``unit`` and ``impostor`` signed themselves, ``signed`` is for localhost and 127.0.0.1, by `AUTHORITY`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = newest
    if certificate == "signed":
        context.load_cert_chain(SHARED / "server.pem", SHARED / "server.key")
    else:
        context.load_cert_chain(OWN / f"{certificate}.pem")
    return context


def fingerprint(certificate: str) -> str:
    """As openssl prints it, computed apart from the code under test."""
    text = (OWN / f"{certificate}.pem").read_text()
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE") :])).hexdigest().upper()
    return ":".join(digest[place : place + 2] for place in range(0, 64, 2))


FINGERPRINT = fingerprint("unit")


def settings_of(unit: WebUnit, **more: Any) -> HttpsSettings:
    return HttpsSettings(HOST, unit.port, fingerprint=FINGERPRINT, **more)


class Wire:
    """A relay before a unit, which keeps what the bridge sends as it is on the wire."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.sent = b""
        self.ended = asyncio.Event()
        self._target = target

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(HOST, self._target)

        async def answers() -> None:
            while data := await there.read(4096):
                writer.write(data)

        task = asyncio.create_task(answers())
        with suppress(ConnectionError):
            while data := await reader.read(4096):
                self.sent += data
                back.write(data)
        task.cancel()
        back.transport.abort()
        writer.transport.abort()
        self.ended.set()

    def point_at(self, target: int) -> None:
        """Lead to another server from now on, and keep only what comes from now on."""
        self._target, self.sent = target, b""
        self.ended.clear()

    def records(self) -> list[int]:
        """Content types of the TLS records sent (RFC 8446, section 5.1): 22 handshake, 23 application data."""
        kinds, rest = [], self.sent
        while rest:
            kinds.append(rest[0])
            rest = rest[5 + int.from_bytes(rest[3:5]) :]
        return kinds


@asynccontextmanager
async def wired(target: int) -> AsyncIterator[Wire]:
    wire = Wire(target)
    async with await asyncio.start_server(wire.relay, HOST, 0) as server:
        wire.port = server.sockets[0].getsockname()[1]
        yield wire


@asynccontextmanager
async def running(
    handler: Handler,
    certificate: str = "unit",
    *,
    host: str = HOST,
    port: int = 0,
    tls: ssl.TLSVersion | None = ssl.TLSVersion.TLSv1_3,
) -> AsyncIterator[WebUnit]:
    unit = WebUnit(handler)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(unit.serve(reader, writer)))

    server = await asyncio.start_server(accept, host, port, ssl=context_of(certificate, tls) if tls else None)
    unit.port = server.sockets[0].getsockname()[1]
    try:
        yield unit
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
