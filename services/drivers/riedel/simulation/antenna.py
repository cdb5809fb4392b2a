"""One simulated antenna: a small HTTP/1.1 server, and the beltpacks of its net."""

from __future__ import annotations

import asyncio
import base64
import json
from random import Random

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.port import Part

FULL = 4800
BELTPACKS = 4
FIRST_ID = 4
"""Of the first beltpack; the one seen had this."""
DRAIN_PER_HOUR = 6.0
SLOW_S = 0.3
FAULTS = {
    "none": "Every fault ends; an antenna that was away listens again.",
    "freeze": "Connections stay open and nothing is answered.",
    "offline": "The port is closed, and every connection with it.",
    "slow": "Each answer comes 0.3 s late.",
    "transmitter_off": "No beltpack is connected.",
    "other_shape": "The answers have another shape, as after an update.",
    "no_json": "The answers are pages in HTML.",
    "error": "Each request is answered with status 500.",
    "drop": "Every connection is closed before its answer, once.",
}


class Options(BaseModel):
    """What can be chosen for simulated antennas."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    still: bool = Field(False, description="Nothing changes by itself: batteries stay, nobody walks.")
    drain_per_hour: float = Field(DRAIN_PER_HOUR, ge=0, description="Battery, percent an hour.")
    time_scale: float = Field(1.0, gt=0, description="Everything that happens by itself, that many times as fast.")
    fault: str = Field("none", description="A fault that every antenna has from the start.")
    password: str = Field("", description="Password of the web interface; without it none is asked for.")
    beltpacks: int = Field(BELTPACKS, ge=0, le=100, description="Registered beltpacks.")


class Antenna:
    """The antenna that is asked, a second one beside it, and their beltpacks."""

    def __init__(self, host: str, port: int, random: Random, options: Options) -> None:
        self.host, self.port = host, port
        self.options = options
        self.faults: set[str] = set()
        self.logins = 0
        """Requests with a password that is wrong."""
        self.asked: list[str] = []
        self._random = random
        self._packs = {
            FIRST_ID + number: {
                "name": f"Beltpack {number + 1}",
                "charge": FULL * (60 if options.still else random.randint(30, 100)) // 100,
                "usb": 0,
                "node": number % 2 + 1,
                "connected": number != options.beltpacks - 1 or options.beltpacks == 1,
            }
            for number in range(options.beltpacks)
        }
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def leave(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in [*self._writers]:
            writer.transport.abort()
        for task in [*self._tasks]:
            task.cancel()

    async def fault(self, name: str) -> None:
        """Begin a fault; ``none`` ends all of them."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
        if name == "none":
            self.faults.clear()
            if self._server is None:
                await self.start()
        elif name == "offline":
            self.leave()
        else:
            self.faults.add(name)
        await asyncio.sleep(0)

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would; it shows when the antenna is asked."""
        pack = self._packs[part.number]
        match key:
            case "name":
                pack["name"] = str(value)
            case "battery_percent":
                pack["charge"] = FULL * int(str(value)) // 100
            case "power_source":
                pack["usb"] = int(value == "external")
            case "connected":
                pack["connected"] = bool(value)
            case _:
                raise KeyError(key)

    def forget(self, number: int) -> None:
        """Take a beltpack out of the net."""
        del self._packs[number]

    def step(self, seconds: float) -> None:
        """Time goes by: batteries drain, packs on a cable charge, and now and then somebody walks."""
        for pack in self._packs.values():
            change = self.options.drain_per_hour * seconds / 3600 * FULL / 100
            charge = float(str(pack["charge"])) + (5 * change if pack["usb"] else -change if pack["connected"] else 0)
            pack["charge"] = min(FULL, max(0.0, charge))
            if self._random.random() < 0.002 * seconds:
                pack["node"] = self._random.choice((1, 2))

    # -- HTTP ------------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                if "freeze" in self.faults:
                    await asyncio.get_running_loop().create_future()
                if "slow" in self.faults:
                    await asyncio.sleep(SLOW_S)
                if "drop" in self.faults:
                    self.faults.discard("drop")
                    return
                writer.write(self._answer(head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    def _answer(self, head: str) -> bytes:
        request, *lines = head.split("\r\n")
        method, path, _ = request.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.asked.append(path)
        if self.options.password:
            right = base64.b64encode(f"admin:{self.options.password}".encode()).decode()
            given = headers.get("authorization", "")
            if given != f"Basic {right}":
                self.logins += bool(given)
                return _response(401, b"{}")
        if "error" in self.faults:
            return _response(500, b"")
        if "no_json" in self.faults:
            return _response(200, b"<html>Bolero</html>")
        body = {} if "other_shape" in self.faults else self._body(path)
        if method != "GET" or body is None:
            return _response(404, b"{}")
        return _response(200, json.dumps(body).encode())

    def _body(self, path: str) -> object:
        match path:
            case "/rest/nodeStatus":
                return {"nodeStatus": [self._node(1, "Antenna 1"), self._node(2, "Antenna 2")]}
            case "/rest/bp":
                rows = [
                    {"registered": True, "id": id_, "bpConfig": {"bpNumber": 10 + id_, "bpName": pack["name"]}}
                    for id_, pack in self._packs.items()
                ]
                spare = {"registered": False, "id": 99, "bpConfig": {"bpNumber": 99, "bpName": "x"}}
                return {"bp": [*rows, spare]}
            case "/rest/firmware":
                return {"firmware": {"version": "3.4.1-15"}}
        return None

    def _node(self, number: int, name: str) -> object:
        packs = [
            {
                "id": id_,
                "signalLevel": 0,
                "battery": {
                    "currentCharge": int(float(str(pack["charge"]))),
                    "maxCharge": FULL,
                    "usbPower": pack["usb"],
                },
            }
            for id_, pack in self._packs.items()
            if pack["node"] == number and pack["connected"] and "transmitter_off" not in self.faults
        ]
        return {"nodeId": number, "isLocal": number == 1, "ip": f"192.0.2.{10 + number}", "name": name, "bp": packs}


def _response(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body
