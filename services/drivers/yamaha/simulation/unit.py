"""One simulated base on a socket: who is connected, which faults it has, what is told to whom."""

from __future__ import annotations

import asyncio
from random import Random

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.port import Part
from services.drivers.yamaha.simulation.base import DRAIN_PER_HOUR, OFF, STATUS_WORDS, Base
from services.drivers.yamaha.simulation.connection import Connection
from services.drivers.yamaha.simulation.faults import FAULTS

ONCE = frozenset({"drop", "reset"})


class Options(BaseModel):
    """What can be chosen for simulated bases."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    still: bool = Field(False, description="Nothing changes by itself: batteries full, nobody presses a button.")
    drain_per_hour: float = Field(DRAIN_PER_HOUR, ge=0, description="Battery, percent an hour.")
    time_scale: float = Field(1.0, gt=0, description="Everything that happens by itself, that many times as fast.")
    fault: str = Field("none", description="A fault that every unit has from the start.")
    user: str = Field("revolabs", description="User that may log in.")
    password: str = Field("", description="Password that is asked for; without it nobody has to log in.")
    telnet: bool = Field(False, description="It negotiates the terminal and sends back what it gets.")
    firmware: str = Field("3.2.1", description="What fw answers; the number is made up.")


class Unit:
    """One base."""

    def __init__(self, host: str, port: int, channels: int, random: Random, options: Options) -> None:
        self.host, self.port = host, port
        self.options = options
        self.random = random
        self.base = Base(
            channels, random, firmware=options.firmware, still=options.still, drain_per_hour=options.drain_per_hour
        )
        self.faults: set[str] = set()
        self.connections: list[Connection] = []
        self.heard = b""
        """Everything that clients wrote."""
        self.logins = 0
        """Passwords that were tried."""
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def leave(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in [*self.connections]:
            connection.transport.abort()

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
        elif name == "transmitter_off":
            for number in range(1, len(self.base.microphones) + 1):
                self.set_value(Part(number), "microphone_status", "off")
        elif name in ONCE:
            for connection in [*self.connections]:
                connection.reset() if name == "reset" else connection.transport.close()
        else:
            self.faults.add(name)
        await asyncio.sleep(0)

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would, and report it; keys as the driver publishes them."""
        if key == "antenna_linked":
            self.base.antenna = int(bool(value))
            self._tell("", f"notify status_change_antenna_link {self.base.antenna}")
            return
        microphone = self.base.microphones[part.number - 1]
        match key:
            case "microphone_status":
                microphone.status, name = STATUS_WORDS[str(value)], "micstatus"
            case "transmitter_present":
                microphone.status, name = int(bool(value)) or OFF, "micstatus"
            case "battery_percent":
                microphone.battery, name = float(str(value)), "batterystatus"
            case "transmitter_muted":
                microphone.mute, name = int(bool(value)), "mutestatus"
            case "gain_db":
                microphone.output_gain, name = int(str(value)), "outputgain"
            case "microphone_gain_db":
                microphone.input_gain, name = int(str(value)), "gain"
            case _:
                raise KeyError(key)
        self.changed(part.number, name)

    def changed(self, number: int, name: str) -> None:
        """Tell whoever is logged in of a change."""
        self._tell(*self.base.reports(number, name))

    def _tell(self, value: str, notice: str) -> None:
        if "silent_changes" in self.faults:
            return
        for connection in self.connections:
            if connection.logged_in:
                lines = [value] if value and "notifications_only" not in self.faults else []
                lines += [notice] if notice and connection.notified else []
                connection.send(*lines)

    def step(self, seconds: float) -> None:
        """Time goes by."""
        for number, name in self.base.step(seconds):
            self.changed(number, name)

    def asked(self, connection: Connection, line: str) -> None:
        """A line of the one client. What is not understood gets no answer, which is decided here."""
        match line.split():
            case ["get", *words]:
                answer = self.base.answer(words)
                if answer is not None and "battery_by_get" in self.faults and words[0] == "batterystatus":
                    answer = f"get{answer.removeprefix('val')}"
                if answer is not None:
                    connection.send(answer)
            case ["regnotify"] if "no_notifications" not in self.faults:
                connection.notified = True
                connection.send("regnotify")
            case ["set", "mute", "ch", channel, value] if channel.isdigit() or channel in {"A", "B"}:
                self._mute(connection, channel, value)

    def _mute(self, connection: Connection, channel: str, value: str) -> None:
        if "refuses" in self.faults:
            if channel.isdigit() and int(channel) <= len(self.base.microphones):
                connection.send(self.base.reports(int(channel), "mutestatus")[0])
            return
        for number in self.base.mute(channel, value):
            if "silent_changes" not in self.faults and "notifications_only" not in self.faults:
                connection.send(f"val mute ch {number} {value}")
            self.changed(number, "mutestatus")
