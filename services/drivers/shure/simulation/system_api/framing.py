"""HTTP/1.1 and WebSocket as they are on the wire (RFC 9112, RFC 6455), as far as a simulated server needs them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import struct
from collections.abc import Mapping

from services.drivers.shure.simulation.system_api.api import Request, Response

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
_LAST = 0x80
_SHORT, _MIDDLE = 126, 127
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_WORDS = {101: "Switching Protocols", 200: "OK", 204: "No Content", 400: "Bad Request", 401: "Unauthorized"}


async def read_request(reader: asyncio.StreamReader) -> Request:
    """The next request. Raises `asyncio.IncompleteReadError` at the end."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    method, target, _ = first.split(" ", 2)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body)


def write_response(response: Response) -> bytes:
    """An answer; 204 and 101 have no body."""
    body = b"" if response.payload is None else json.dumps(response.payload, separators=(",", ":")).encode()
    lines = [f"HTTP/1.1 {response.status} {_WORDS.get(response.status, 'Words')}"]
    if body:
        lines.append("Content-Type: application/json; charset=utf-8")
    if body or response.status != 204:  # noqa: PLR2004 - No Content
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def write_upgrade(headers: Mapping[str, str]) -> bytes:
    """The answer that makes a WebSocket of a connection."""
    secret = hashlib.sha1(f"{headers.get('sec-websocket-key', '')}{_GUID}".encode()).digest()  # noqa: S324 - RFC 6455
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines.append(f"Sec-WebSocket-Accept: {base64.b64encode(secret).decode()}")
    return "\r\n".join([*lines, "", ""]).encode()


def write_frame(kind: int, data: bytes) -> bytes:
    """One whole message to the client, which is not masked."""
    if len(data) < _SHORT:
        length = bytes([len(data)])
    elif len(data) < 1 << 16:
        length = struct.pack("!BH", _SHORT, len(data))
    else:
        length = struct.pack("!BQ", _MIDDLE, len(data))
    return bytes([_LAST | kind]) + length + data


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next frame of the client: its kind and what is in it. Raises `asyncio.IncompleteReadError` at the end."""
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length == _SHORT:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
    elif length == _MIDDLE:
        (length,) = struct.unpack("!Q", await reader.readexactly(8))
    mask = await reader.readexactly(4) if second & _LAST else bytes(4)
    data = await reader.readexactly(length)
    return first & 0x0F, bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
