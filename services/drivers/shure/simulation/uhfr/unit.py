"""One simulated receiver on a UDP socket of its own: answers, meters, tells changes, and has faults on request.

Who wanted meters or changes is remembered by address and port; how many a real receiver remembers stands in no source.
A numbered report is repeated until it is confirmed: whether a real one does so is not known.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from services.drivers.shure.simulation.uhfr.channel import BANDS, Channel, reported_by
from services.drivers.shure.simulation.uhfr.faults import FAULTS, LOST, OVERTAKE_S, SLOW_S, nonsense
from services.model import Part

PORT = 2202
STEP_S = 0.03
CHANGES_ONLY = 400
"""Steps of metering from which on only changes are told."""
NOTE_S, NOTES_MOST = 0.5, 3
"""Pause between two sendings of an unconfirmed report, and how many there are."""

Address = tuple[str, int]


class Unit(asyncio.DatagramProtocol):
    """A receiver on the network; `services.drivers.port.SimulatedUnit`."""

    def __init__(self, address: Address, model: str, channels: Sequence[Channel], random: Random) -> None:
        self.host, self.port = address
        self.channels = {channel.number: channel for channel in channels}
        self.asked: list[str] = []
        """Every request that arrived, for tests."""
        self.answers_words = True
        """Whether words are answered that were seen on UDP 2201 alone."""
        self.tells_changes = True
        """Whether ``UPDATE`` is known."""
        self._random = random
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._gone = asyncio.Event()
        self._gone.set()
        self._fault = "none"
        self._names = {channel.number: channel.name for channel in channels}
        self._mac = [0x00, 0x0E, 0xDD, *random.randbytes(3)]
        self._model = model
        self._meters: dict[tuple[Address, int], asyncio.TimerHandle] = {}
        self._told: set[tuple[Address, int]] = set()
        self._note = 0
        self._unconfirmed: dict[int, asyncio.TimerHandle] = {}

    async def start(self) -> None:
        """Listen. Raises `OSError`."""
        await self._gone.wait()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind((self.host, self.port))
            self.port = sock.getsockname()[1]
            self._transport, _ = await self._loop.create_datagram_endpoint(lambda: self, sock=sock)
            self._gone.clear()
        except BaseException:
            sock.close()
            raise

    async def leave(self) -> None:
        """Leave the network, and wait until the address is free."""
        self._forget()
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        await self._gone.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop: the address is free again."""
        self._gone.set()

    async def fault(self, name: str) -> None:
        """Begin a fault; ``none`` ends all of them. Raises `ValueError` for one that does not exist."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
        before, self._fault = self._fault, name
        if name == "offline":
            await self.leave()
        elif self._transport is None:
            await self.start()
        if name == "restart":
            self._forget()
        if "swap" in {before, name} and before != name:
            self._mac[-1] ^= 0xFF
        for number, channel in self.channels.items():
            shown = {"blank_name": "", "swap": f"Other {number}"}.get(name, self._names[number])
            if channel.name != shown and name in {"blank_name", "swap", "none"}:
                self.set_value(Part(number), "name", shown)
            if channel.on == (name == "transmitter_off"):
                self.set_value(Part(number), "transmitter_present", name != "transmitter_off")

    def set_value(self, part: Part, key: str, value: Any) -> None:
        """Change something at the front panel or the transmitter. Raises `KeyError` for what the unit has not."""
        channel = self.channels[part.number]
        before = {word: channel.value(word) for word in _TOLD}
        _SETTERS[key](channel, value)
        self._changed(channel, before)

    def step(self, seconds: float) -> None:
        """Let time pass for the transmitters."""
        for channel in self.channels.values():
            before = {word: channel.value(word) for word in _TOLD}
            channel.step(seconds)
            self._changed(channel, before)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Called by the event loop."""
        request, sender = data.decode("latin-1"), (str(addr[0]), int(addr[1]))
        self.asked.append(request)
        if self._fault == "freeze" or (self._fault == "lossy" and self._random.random() < LOST):
            return
        words = request.strip().split()
        if len(words) > 3 and words[0] == words[-1] == "*":  # noqa: PLR2004 - two stars, a verb and something behind it
            self._answer(words[1], words[2:-1], sender)

    def _answer(self, verb: str, words: list[str], sender: Address) -> None:
        if verb == "NOTED" and words[0].isdecimal() and (timer := self._unconfirmed.pop(int(words[0]), None)):
            timer.cancel()
        channel = self.channels.get(int(words[0])) if words[0].isdecimal() else None
        if channel is None:
            self._answer_itself(verb, words, sender)
        elif verb == "GET" and len(words) == 2:  # noqa: PLR2004 - channel and word
            for word in reported_by(words[1]) if words[1] == "GROUP_CHAN" else (words[1],):
                self._report(channel, word, sender)
        elif verb == "SET":
            before = {word: channel.value(word) for word in _TOLD}
            refuses = self._fault == "refuses"
            for word in reported_by(words[1]) if refuses else channel.take(words[1], " ".join(words[2:])):
                self._report(channel, word, sender)
            self._changed(channel, before, but=sender)
        elif verb == "METER" and words[1] == "ALL":
            self._meter(channel, words[2:], sender)
        elif verb == "UPDATE" and words[1:] == ["ADD"] and self.tells_changes:
            self._told.add((sender, channel.number))
            self._send(sender, f"* UPDATE {channel.number} ADD *")

    def _answer_itself(self, verb: str, words: list[str], sender: Address) -> None:
        if not self.answers_words:
            return
        mac = ":".join(f"{byte:02X}" for byte in self._mac)
        known = {
            "MODEL_NAME": self._model,
            "SW_VERSION": "1.024",
            "MAC_ADDR": mac,
            "FREQ_BAND": "J5",
            "BANDLIMITS": " ".join(str(edge) for band in BANDS for edge in band),
            "IP_MODE": "DHCP",
        }
        if verb == "GET" and words[0] in known:
            self._send(sender, f"* REPORT {words[0]} {known[words[0]]} *")
        elif verb == "SET" and words == ["FLASH"]:
            self._send(sender, "* REPORT FLASH *")

    # -- meters and changes ----------------------------------------------------------------------------------

    def _meter(self, channel: Channel, words: list[str], sender: Address) -> None:
        place = (sender, channel.number)
        if (timer := self._meters.pop(place, None)) is not None:
            timer.cancel()
        if len(words) != 1 or not words[0].isdecimal() or not 0 < int(words[0]) < 1000:  # noqa: PLR2004 - three digits
            return
        for word in ("CHAN_NAME", "AUDIO_GAIN", "GROUP_CHAN", "FREQUENCY", "MUTE"):
            self._report(channel, word, sender)
        if int(words[0]) < CHANGES_ONLY:
            self._schedule(channel, sender, int(words[0]) * STEP_S)

    def _schedule(self, channel: Channel, sender: Address, period_s: float) -> None:
        def due() -> None:
            self._send(sender, channel.sample())
            self._schedule(channel, sender, period_s)

        self._meters[sender, channel.number] = self._loop.call_later(period_s, due)

    def _changed(self, channel: Channel, before: dict[str, str | None], but: Address | None = None) -> None:
        """Tell those who asked for it what is different now."""
        for word, was in before.items():
            if channel.value(word) == was:
                continue
            for listener, number in self._told:
                if number == channel.number and listener != but:
                    self._note += 1
                    text = f"* NOTE {self._note} {number} {word} {channel.value(word)} *"
                    self._tell(listener, self._note, text, NOTES_MOST)

    def _tell(self, listener: Address, note: int, text: str, left: int) -> None:
        self._unconfirmed.pop(note, None)
        self._send(listener, text)
        if left > 1:
            self._unconfirmed[note] = self._loop.call_later(NOTE_S, self._tell, listener, note, text, left - 1)

    def _forget(self) -> None:
        for timer in (*self._meters.values(), *self._unconfirmed.values()):
            timer.cancel()
        self._meters.clear()
        self._unconfirmed.clear()
        self._told.clear()

    # -- the wire --------------------------------------------------------------------------------------------

    def _report(self, channel: Channel, word: str, sender: Address) -> None:
        text = channel.value(word)
        if text is not None and (self.answers_words or word in _PROVEN):
            self._send(sender, f"* REPORT {channel.number} {word} {text} *")

    def _send(self, to: Address, text: str) -> None:
        datagram = text.encode("latin-1")
        if self._fault == "freeze" or (self._fault == "lossy" and self._random.random() < LOST):
            return
        if self._fault == "garbage":
            self._put(to, nonsense(self._random))
        if self._fault == "reordered":
            self._loop.call_later(self._random.uniform(0.0, OVERTAKE_S), self._put, to, datagram)
        elif self._fault == "slow":
            self._loop.call_later(SLOW_S, self._put, to, datagram)
        else:
            self._put(to, datagram)
            if self._fault == "duplicated":
                self._put(to, datagram)

    def _put(self, to: Address, datagram: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(datagram, to)


_PROVEN = frozenset({"CHAN_NAME", "TX_BAT", "GROUP_CHAN", "FREQUENCY", "MUTE"})
"""Words of a channel that were asked of real receivers on UDP 2202."""
_TOLD = ("CHAN_NAME", "FREQUENCY", "GROUP_CHAN", "MUTE", "AUDIO_GAIN", "TX_BAT", "TX_TYPE", "TX_GAIN")
"""Words of which changes are told."""


def _switch(channel: Channel, value: Any) -> None:
    channel.on = bool(value)
    if channel.on and channel.charge == 0.0:
        channel.charge = 100.0  # who switches it on again has put in a new battery


def _tune(channel: Channel, value: Any) -> None:
    channel.khz, channel.preset = round(float(value) * 1000), None


def _put(attribute: str, convert: Callable[[Any], object]) -> Callable[[Channel, Any], None]:
    return lambda channel, value: setattr(channel, attribute, convert(value))


_SETTERS: dict[str, Callable[[Channel, Any], None]] = {
    "name": _put("name", str),
    "receiver_muted": _put("mute", bool),
    "gain_db": _put("gain", lambda value: -int(value)),
    "frequency_mhz": _tune,
    "transmitter_present": _switch,
    "battery_bars": _put("charge", lambda value: 20.0 * int(value) - 1.0),
}
