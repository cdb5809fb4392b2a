"""One simulated unit on the network: its door, its password, its sessions, and its faults."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Callable
from random import Random
from typing import Any

from services.drivers.sennheiser.simulation.sscv2 import certificates
from services.drivers.sennheiser.simulation.sscv2.faults import FAULTS, SLOW_S, nonsense, pieces
from services.drivers.sennheiser.simulation.sscv2.receiver import Receiver
from services.drivers.sennheiser.simulation.sscv2.sessions import PLACE, TRANSMITTERS, Sessions
from services.drivers.sennheiser.simulation.sscv2.web import Client, Request, Web
from services.model import Part

WRONG_MOST = 3
"""Refused passwords after which nobody is let in any more; how many a real unit allows is in no document."""
IDENTITY = "/api/device/identity"
METERS = ("signalStrengthIndicator", "signalQualityIndicator", "diversityIndicator", "level")


class Unit:
    """A unit; `services.drivers.port.SimulatedUnit`."""

    def __init__(self, host: str, port: int, receiver: Receiver, random: Random, user: str, password: str) -> None:
        self.host = host
        self.receiver = receiver
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
        self._names = [channel.name for channel in receiver.channels]
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
            self._certificates[serial] = await asyncio.to_thread(certificates.context, f"EWDX-{serial}", own)
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
        self._set(Part(0), "device_state", "Busy" if name == "busy" else "Normal")
        for number, own in enumerate(self._names, 1):
            self._set(Part(number), "name", "" if name == "blank_name" else own)
            self._set(Part(number), "transmitter_present", name != "transmitter_off")

    # -- what its user does ------------------------------------------------------------------------------------

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something at the front panel or at the transmitter. Raises `KeyError` for what the unit has not."""
        self._set(part, key, value)
        if key == "name" and part.number:
            self._names[part.number - 1] = str(value)

    def _set(self, part: Part, key: str, value: Any) -> None:
        if part.number == 0:
            _OF_UNIT[key][1](self.receiver, value)
            self._tell([_OF_UNIT[key][0]])
            return
        channel = self.receiver.channels[part.number - 1]
        where, change = _OF_CHANNEL[key]
        was_on = channel.transmitter.on
        change(channel, value)
        paths = [path.format(part.number - 1) for path in where]
        if key == "transmitter_present":
            self._switched(part.number - 1, was_on=was_on)
        else:
            self._tell(paths)

    def _switched(self, number: int, *, was_on: bool) -> None:
        """A transmitter came (``{}``, then what it has) or went (null)."""
        on, place = self.receiver.channels[number].transmitter.on, f"{TRANSMITTERS}/{number}"
        if on == was_on:
            return
        own = [place, f"{place}/battery", f"{place}/warnings"]
        self.tell({place: {}} if on else dict.fromkeys(own))
        self._tell([f"/api/channel/{number}/warnings", *(own if on else ())])
        self._tell([f"/api/channel/{number}/{meter}" for meter in METERS])

    def _tell(self, paths: list[str]) -> None:
        self.tell({path: value for path in paths for status, value in [self.receiver.read(path)] if status == 200})  # noqa: PLR2004 - OK

    def tell(self, changed: dict[str, object]) -> None:
        """Tell whoever follows these resources what they have now."""
        if self._fault != "freeze":
            self.sessions.tell(changed)

    def step(self, seconds: float, drain_per_hour: float) -> None:
        """Let time pass for the transmitters."""
        for number, channel in enumerate(self.receiver.channels):
            before = {path: self.receiver.read(path) for path in _moving(number)}
            was_on = channel.transmitter.on
            channel.transmitter.step(seconds, drain_per_hour)
            if was_on and not channel.transmitter.on:
                self._switched(number, was_on=True)
            self._tell([path for path, was in before.items() if self.receiver.read(path) != was])

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
        asyncio.get_running_loop().call_soon(self._tell, changed)
        return status, value


def _moving(number: int) -> list[str]:
    return [
        *(f"/api/channel/{number}/{meter}" for meter in METERS),
        f"{TRANSMITTERS}/{number}/battery",
        f"{TRANSMITTERS}/{number}/warnings",
    ]


def _put(name: str, convert: Callable[[Any], object] = lambda value: value) -> Callable[[Any, Any], None]:
    return lambda target, value: setattr(target, name, convert(value))


def _of_transmitter(name: str) -> Callable[[Any, Any], None]:
    return lambda channel, value: setattr(channel.transmitter, name, value)


def _switch(channel: Any, value: Any) -> None:
    channel.transmitter.on = bool(value)
    if value and channel.transmitter.charge == 0.0:
        channel.transmitter.charge = 100.0  # who switches it on again has put in a new battery


_CHANNEL, _BATTERY = "/api/channel/{}", "/api/transmitters/{}/battery"
_OF_UNIT = {"name": ("/api/device/site", _put("name")), "device_state": ("/api/device/state", _put("state"))}
_OF_CHANNEL: dict[str, tuple[tuple[str, ...], Callable[[Any, Any], None]]] = {
    "name": ((_CHANNEL,), _put("name", str)),
    "receiver_muted": ((_CHANNEL,), _put("mute", bool)),
    "gain_db": ((_CHANNEL,), _put("gain", int)),
    "output_level_db": ((_CHANNEL,), _put("output_level", int)),
    "frequency_mhz": (("/api/rf/channels/{}",), _put("frequency", lambda mhz: round(float(mhz) * 1000))),
    "warnings": (("/api/channel/{}/warnings",), _put("warnings", list)),
    "transmitter_present": ((), _switch),
    "transmitter_muted": (("/api/transmitters/{}",), _of_transmitter("muted")),
    "battery_percent": ((_BATTERY, "/api/transmitters/{}/warnings"), _of_transmitter("charge")),
    "battery_source": ((_BATTERY,), _of_transmitter("kind")),
    "rf_dbm": (("/api/channel/{}/signalStrengthIndicator",), _of_transmitter("strength")),
    "audio_peak_dbfs": (("/api/channel/{}/level",), _of_transmitter("voice")),
    "quality_percent": (("/api/channel/{}/signalQualityIndicator",), _of_transmitter("quality")),
}
"""Key -> the resources that tell of it, and what changes it."""
