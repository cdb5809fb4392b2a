"""One simulated unit on the network: its door, its password, its sessions, and its faults."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Protocol

from services.drivers.sennheiser.simulation.sscv2 import certificates
from services.drivers.sennheiser.simulation.sscv2.faults import FAULTS, SLOW_S, nonsense, pieces
from services.drivers.sennheiser.simulation.sscv2.sessions import PLACE, TRANSMITTERS, Sessions
from services.drivers.sennheiser.simulation.sscv2.web import Client, Request, Web
from services.model import Part

WRONG_MOST = 3
"""Refused passwords after which nobody is let in any more; how many a real unit allows is in no document."""
IDENTITY = "/api/device/identity"


class Resources(Protocol):
    """The resources of one unit."""

    product: str
    serial: str
    refuses: bool
    """Every write is refused."""

    def read(self, path: str) -> tuple[int, object]:
        """The answer to a GET."""

    def current(self, path: str) -> Mapping[str, object]:
        """A resource and what stands below it; nothing where it is not there."""

    def write(self, path: str, body: object) -> tuple[int, object, list[str]]:
        """The answer to a PUT, and the resources that it changed."""


class Panel(Protocol):
    """What people do at a unit; each call gives the notifications that follow from it."""

    def change(self, part: Part, key: str, value: object) -> Sequence[Mapping[str, object]]:
        """Change a value by its key. Raises `KeyError` for what the unit has not."""

    def step(self, seconds: float, drain_per_hour: float) -> Sequence[Mapping[str, object]]:
        """Let time pass."""

    def fault(self, name: str) -> Sequence[Mapping[str, object]]:
        """Begin what a fault makes of the unit, and end what another one made of it."""


class Unit:
    """A unit; `services.drivers.port.SimulatedUnit`."""

    def __init__(
        self, host: str, port: int, receiver: Resources, panel: Panel, random: Random, user: str, password: str
    ) -> None:
        self.host = host
        self.receiver = receiver
        self.panel = panel
        self.asked: list[tuple[str, str]] = []
        """Method and path of every request, for tests."""
        self.refused = 0
        """Requests with a password that were refused, likewise."""
        self.entrusted = 0
        """Requests that carried a password, likewise."""
        self.password = password
        self._user = user
        self._random = random
        self._fault = "none"
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._serial = receiver.serial
        self._certificates: dict[str, ssl.SSLContext] = {}
        self.sessions = Sessions(random, receiver.current)
        self._web = Web(self._serve, self.sessions.left, port)

    @property
    def port(self) -> int:
        """Port that it listens on."""
        return self._web.port

    async def start(self) -> None:
        """Listen. Raises `OSError`."""
        serial = self.receiver.serial
        if serial not in self._certificates:
            own = Random(f"{self.receiver.product} {serial} {self.host}")
            self._certificates[serial] = await asyncio.to_thread(certificates.context, f"SSC-{serial}", own)
        await self._web.start(self.host, self._certificates[serial])

    async def leave(self) -> None:
        """Close the port and every connection."""
        self._thawed.set()
        await self._web.stop()
        self.sessions.forget()

    # -- faults ------------------------------------------------------------------------------------------------

    async def fault(self, name: str) -> None:
        """Begin a fault; ``none`` ends all of them. Raises `ValueError` for one that does not exist."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
        before, self._fault = self._fault, name
        if before != name and "freeze" in (before, name):
            self._thawed = asyncio.Event() if name == "freeze" else self._thawed
            if name != "freeze":
                self._thawed.set()
        self._arrange(name)
        if (name == "swap") != (before == "swap") or (name == "offline") != (before == "offline"):
            await self._web.stop()
            self.sessions.forget()
            self.receiver.serial = f"{self._serial[:-3]}999" if name == "swap" else self._serial
            if name != "offline":
                await self.start()
        if name in ("drop", "reset"):
            self._web.cut(reset=name == "reset")
        elif name == "ends_sessions":
            self.sessions.end_all()
        elif name == "forgets_sessions":
            self.sessions.forget()

    def _arrange(self, name: str) -> None:
        """What a fault makes of the receiver, and its end takes back."""
        self.receiver.refuses = name == "refuses"
        self.sessions.most = 0 if name == "sessions_full" else 4
        self.sessions.refused = {TRANSMITTERS} if name == "refuses_lists" else set()
        self.sessions.spoil = (lambda: nonsense(self._random)) if name == "garbage" else None
        self.sessions.cut = (lambda data: pieces(self._random, data)) if name == "fragmented" else (lambda data: [data])
        self._tell(self.panel.fault(name))

    # -- what its user does ------------------------------------------------------------------------------------

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something at the front panel or at the transmitter. Raises `KeyError` for what the unit has not."""
        self._tell(self.panel.change(part, key, value))

    def step(self, seconds: float, drain_per_hour: float) -> None:
        """Let time pass for the transmitters."""
        self._tell(self.panel.step(seconds, drain_per_hour))

    def _tell(self, changes: Iterable[Mapping[str, object]]) -> None:
        """Tell whoever follows these resources what they have now."""
        if self._fault != "freeze":
            for changed in changes:
                self.sessions.tell(changed)

    def _tell_written(self, paths: Sequence[str]) -> None:
        self._tell([{path: self.receiver.read(path)[1] for path in paths}] if paths else [])

    # -- requests ----------------------------------------------------------------------------------------------

    async def _serve(self, client: Client, request: Request) -> None:
        self.asked.append((request.method, request.path))
        self.entrusted += "authorization" in request.headers
        if self._fault == "slow":
            await asyncio.sleep(SLOW_S)
        await self._thawed.wait()
        refusal = self._refusal(request)
        if refusal:
            client.answer(refusal, headers={"WWW-Authenticate": 'Basic realm="SSC"'} if refusal == 401 else {})  # noqa: PLR2004 - RFC 9110
            return
        if (request.method, request.path) == ("GET", PLACE):
            if not self.sessions.begin(client):
                client.answer(503)
            return
        status, value = self._answer(request)
        client.answer(status, b"" if value is None else json.dumps(value).encode())

    def _refusal(self, request: Request) -> int:
        """401 or 403, and 0 for a request that is let in. The identity is told to everybody."""
        if (request.method, request.path) == ("GET", IDENTITY):
            return 0
        if self._fault == "access_off":
            return 403
        given = request.headers.get("authorization", "")
        if not self.password and self._fault != "wrong_password":
            return 0
        right = base64.b64encode(f"{self._user}:{self.password}".encode()).decode()
        if given == f"Basic {right}" and self.refused < WRONG_MOST and self._fault != "wrong_password":
            return 0
        self.refused += bool(given)
        return 401

    def _answer(self, request: Request) -> tuple[int, object]:
        try:
            body = json.loads(request.body) if request.body else None
        except ValueError:
            return 400, {"path": request.path, "error": 400}
        if request.path.startswith(f"{PLACE}/"):
            return self.sessions.answer(request.method, request.path, body)
        if request.method == "GET":
            return self.receiver.read(request.path)
        if request.method != "PUT":
            return 405, None
        status, value, changed = self.receiver.write(request.path, body)
        asyncio.get_running_loop().call_soon(self._tell_written, changed)
        return status, value
