"""One simulated System API server on a real socket, with its faults."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections.abc import Mapping
from random import Random
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from services.drivers.port import Part
from services.drivers.shure.simulation.system_api.api import SOCKET, STATES, Api, Request, Response, Topic
from services.drivers.shure.simulation.system_api.certificate import certified
from services.drivers.shure.simulation.system_api.devices import ACTIVITIES, Device
from services.drivers.shure.simulation.system_api.framing import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    read_frame,
    read_request,
    write_frame,
    write_response,
    write_upgrade,
)
from services.drivers.shure.system_api.options import SystemApiOptions

ACTIVITY_S = 5.0
SLOW_S = 0.5
_RESET = struct.pack("ii", 1, 0)

FAULTS: Mapping[str, str] = {
    "none": "Every fault ends; a server that was away listens again.",
    "drop": "Every connection is closed cleanly (FIN), once.",
    "reset": "Every connection is reset (RST), once.",
    "socket_dropped": "System API: every WebSocket is closed by a close frame, once; HTTPS goes on.",
    "freeze": "Connections stay open and nothing is read or written.",
    "offline": "Connections are closed and the port with them, until the fault ends.",
    "slow": "Answers come 500 ms late.",
    "garbage": "System API: nonsense stands between the events.",
    "blank_name": "Every channel name is empty.",
    "refuses": "Nothing can be set; System API: each change is answered by 422.",
    "key_refused": "System API: the key is not the right one any more (401).",
    "swap": "Another unit answers at this address; System API: another server, with another certificate.",
    "no_socket": "System API: the WebSocket is refused (404).",
    "mute_socket": "System API: the WebSocket opens and never names its transport.",
    "refuses_subscriptions": "System API: every subscription is refused (404).",
    "unit_offline": "System API: the server loses its first unit (OFFLINE).",
    "unit_discovered": "System API: the server sees its first unit and does not read it (DISCOVERED).",
}
"""What can go wrong; one at a time."""
_STATES: Mapping[str, str] = {"unit_offline": "OFFLINE", "unit_discovered": "DISCOVERED"}
_NONSENSE = (
    "no JSON at all",
    "[]",
    '{"envelope":7}',
    '{"envelope":{"eventName":"DEVICE_NAME"},"body":{"name":"nobody"}}',
    '{"envelope":{"eventName":"NEW_EVENT","deviceId":"dd000000-0000-11dd-a000-000eddcccccc"},"body":{}}',
)


class Server:
    """A server and the units behind it; `services.drivers.port.SimulatedUnit` of the first."""

    def __init__(self, api: Api, host: str, port: int, random: Random, *, still: bool) -> None:
        self.host, self.port = host, port
        self.api = api
        self.options = SystemApiOptions(key=SecretStr(api.key) if api.key else None)
        """What has to be configured to reach it."""
        self._random, self._still = random, still
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._sockets: dict[str, asyncio.StreamWriter] = {}
        self._fault = "none"
        self._thawed = asyncio.Event()
        self._living: asyncio.Task[None] | None = None
        api.publish = self._publish

    @property
    def unit(self) -> str:
        """Id of the first device."""
        return self.device.device_id

    @property
    def device(self) -> Device:
        """The first device."""
        return self.api.devices[0]

    async def start(self) -> None:
        """Listen. Raises `OSError`."""
        await self._listen("system-api.example")
        self._living = asyncio.create_task(self._live(), name="simulated system api")

    async def stop(self) -> None:
        """End everything."""
        if self._living is not None:
            self._living.cancel()
        await self._leave()

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would. Raises `KeyError` for what the first device does not have."""
        device = self.device
        capability, channel_id = device.change(part, key, value)
        self._tell(device, capability, channel_id)

    def set_state(self, state: str, device: Device | None = None) -> None:
        """Have the server see a device in another state, and tell of it."""
        chosen = device or self.device
        chosen.state = state
        self._publish(STATES, chosen.node(), chosen.device_id)

    async def fault(self, name: str) -> None:
        """Begin a fault; ``none`` ends them. Raises `ValueError` for one that does not exist."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
        if name in {"drop", "reset", "socket_dropped"}:
            self._end_connections(name)
            return
        await self._recover()
        self._fault = name
        self.api.refuses = name == "refuses"
        self.api.refuses_subscriptions = name == "refuses_subscriptions"
        self.api.wrong_key = name == "key_refused"
        if name in _STATES:
            self.set_state(_STATES[name])
        elif name == "blank_name":
            for number in range(1, len(self.device.channels) + 1):
                self.set_value(Part(number), "name", None)
        elif name == "offline":
            await self._leave()
        elif name == "swap":
            await self._leave()
            await self._listen("stranger.example")

    # -- inside ----------------------------------------------------------------------------------------------

    async def _recover(self) -> None:
        before, self._fault = self._fault, "none"
        if before in {"offline", "swap"}:
            await self._leave()
            await self._listen("system-api.example")
        if before in _STATES:
            self.set_state("ONLINE")
        if before == "blank_name":
            for number in range(1, len(self.device.channels) + 1):
                self.set_value(Part(number), "name", f"Ch {number}")
        self._thawed.set()
        self._thawed.clear()

    async def _listen(self, name: str) -> None:
        context, fingerprint = await asyncio.to_thread(certified, name)
        if name == "system-api.example":
            self.options = SystemApiOptions(key=self.options.key, fingerprint=fingerprint)
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _leave(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _end_connections(self, how: str) -> None:
        if how == "socket_dropped":
            for writer in list(self._sockets.values()):
                writer.write(write_frame(CLOSE, struct.pack("!H", 1001)))
            return
        for writer in list(self._writers):
            if how == "drop":
                writer.close()
            else:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="simulated system api client")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
                while not writer.is_closing():
                    request = await read_request(reader)
                    await self._hold()
                    if request.target == SOCKET and request.headers.get("upgrade", "").lower() == "websocket":
                        await self._socket(request, reader, writer)
                        return
                    writer.write(write_response(self.api.answer(request)))
                    await writer.drain()
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _hold(self) -> None:
        """Wait as the fault says."""
        while self._fault == "freeze":
            await self._thawed.wait()
        if self._fault == "slow":
            await asyncio.sleep(SLOW_S)

    async def _socket(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A WebSocket until it ends. Whether the real server asks for the key here is not known: this one does not."""
        self.api.asked.append((request.method, request.target))
        if self._fault == "no_socket":
            writer.write(write_response(Response(404, {"message": "Not found"})))
            await writer.drain()
            return
        transport = str(UUID(int=self._random.getrandbits(128)))
        writer.write(write_upgrade(request.headers))
        self.api.subscriptions[transport] = set()
        self._sockets[transport] = writer
        if self._fault != "mute_socket":
            writer.write(write_frame(TEXT, json.dumps({"transportId": transport}).encode()))
        try:
            while True:
                kind, data = await read_frame(reader)
                await self._hold()
                if kind == PING:
                    writer.write(write_frame(PONG, data))
                elif kind == CLOSE:
                    writer.write(write_frame(CLOSE, data))
                    await writer.drain()
                    return
        finally:
            del self._sockets[transport], self.api.subscriptions[transport]

    def _publish(self, topic: Topic, body: Any, about: str = "") -> None:
        """Send an event to all that want it."""
        if self._fault == "freeze":
            return
        device_id, channel_id, event = topic
        envelope = {"eventName": event, "deviceId": about or device_id}
        if channel_id:
            envelope["audioChannelId"] = channel_id
        for transport, writer in self._sockets.items():
            if topic not in self.api.subscriptions[transport] or writer.is_closing():
                continue
            if self._fault == "garbage":
                writer.write(write_frame(TEXT, self._random.choice(_NONSENSE).encode()))
            writer.write(write_frame(TEXT, json.dumps({"envelope": envelope, "body": body}).encode()))

    def _tell(self, device: Device, capability: str, channel_id: str) -> None:
        answer = self.api.event(device, capability, channel_id)
        self._publish(*answer)

    async def _live(self) -> None:
        """Tell of every channel's activity, changed or not, as the server does."""
        while True:
            await asyncio.sleep(ACTIVITY_S)
            for device in self.api.devices:
                for number, channel in enumerate(device.channels if device.state == "ONLINE" else (), 1):
                    if "activity" not in channel.values:
                        continue
                    if not self._still:
                        device.change(Part(number), "audio_activity", self._random.choice(ACTIVITIES))
                    self._tell(device, "activity", channel.id)
