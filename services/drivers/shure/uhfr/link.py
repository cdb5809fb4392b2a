"""One conversation with one receiver: reads everything, follows what changes, collects its meters."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

from services.drivers.nonsense import NONSENSE, UnknownValues
from services.drivers.port import UNIT, Description, DriverError, Listener, SetResult, Target, not_sent
from services.drivers.shure.uhfr.codec.lines import (
    CHANNELS_MOST,
    PORT,
    Other,
    Report,
    Sample,
    get,
    noted,
    parse,
    update,
)
from services.drivers.shure.uhfr.codec.state import UnitState
from services.drivers.shure.uhfr.codec.words import CHANNEL_WORDS, UNIT_WORDS
from services.drivers.shure.uhfr.keeper import Keeper
from services.drivers.shure.uhfr.products import MODELS, describe, identify, model_of
from services.drivers.shure.uhfr.questions import Address, Questions
from services.drivers.shure.uhfr.setting import Setting
from services.model import Identity, Part

HINT = (
    "is it a UHF-R receiver (UR4S, UR4D), switched on, and is this its network address? A firewall has to let UDP 2202 "
    "out and its answers in"
)
"""Why an address is silent, for people."""

PROBE: Address = (1, "CHAN_NAME")
"""The question that a real UR4D answers for certain, and that changes nothing."""
SECOND: Address = (2, "CHAN_NAME")
"""The same of the channel that only a UR4D has."""
UPDATE = "UPDATE"
GUESS_S = 1.0
"""How long a word that only UDP 2201 is known to have, or the second channel of an unknown model, may stay silent."""
SECOND_TRIES = 2
"""How often the second channel of an unknown model is waited for: half of it would be missing otherwise."""
OTHER_S = 60.0
"""Seconds between two tries where something else answers: somebody has to act first."""
ALIVE_S = 30.0
"""A receiver that was silent for longer is not asked to stop."""


class Sender(Protocol):
    """What a link needs of the shared socket."""

    def send(self, data: bytes) -> bool:
        """Send one datagram, which may be lost; whether the system took it."""


class UhfrLink:
    """A conversation once it is open; `services.drivers.port.Link`."""

    def __init__(self, target: Target, listener: Listener, unknown: UnknownValues | None = None) -> None:
        self._target = target
        self._listener = listener
        self._unknown = unknown or UnknownValues()
        self._loop = asyncio.get_running_loop()
        self._sender: Sender | None = None
        self._state = UnitState()
        self._questions = Questions(self._send)
        self._setting = Setting(self._questions, self._state)
        self._keeper = Keeper(self._questions.send_once, self._poll, self._unmetered, self._levels)
        self._counters = Counter(dict.fromkeys(NONSENSE, 0))
        self._last_heard = self._loop.time()
        self._intervals = dict.fromkeys(range(1, CHANNELS_MOST + 1), target.meter_interval_s)
        self._parts: tuple[int, ...] = ()
        self._silent: frozenset[Address] = frozenset()
        """Words that a complete read asked for in vain: they are not asked again."""
        self._strange = False
        self._complete = False
        self._turn = asyncio.Lock()
        self._closed: asyncio.Future[DriverError] = self._loop.create_future()

    # -- the port --------------------------------------------------------------------------------------------

    @property
    def last_received(self) -> float:
        """Loop time at which the receiver last sent something that only a receiver sends."""
        return self._last_heard

    async def read_all(self) -> Description:
        """Ask for everything by name and wait until it has come. Raises `DriverError`."""
        async with self._turn:
            await self._recognise()
            await self._read_channels()
            if not self._complete:
                await self._follow()
            self._complete = True
            self._levels()
            self._listener(self._state.everything(self._parts))
            return describe(self._state, self._parts)

    async def recognise(self) -> tuple[Identity, str | None]:
        """Ask who answers, and for the name of its first channel; sets nothing. Raises `DriverError`."""
        await self._recognise()
        return identify(self._state, self._parts), None

    def ask_alive(self) -> None:
        """Ask for the name of the first channel."""
        self._send(get(*PROBE))

    def meter(self, part: Part | None, seconds: float) -> None:
        """Meter a channel each ``seconds``, at most 11.97: longer periods are asked for as that; 0 stops it."""
        for number in self._intervals if part is None else (part.number,):
            if number in self._intervals:
                self._intervals[number] = seconds
                if self._complete and number in self._parts:
                    self._keeper.want(number, seconds)

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """Everything metered since the last call; ``None`` where nothing came or the part has no meters."""
        return self._keeper.meters(part.number).take() if part.number in self._parts and not part.slot else None

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """Set keys of a channel, one property after the other."""
        async with self._turn:
            if not self._complete or part.number not in self._parts or part.slot:
                return not_sent(wanted, "the unit has not been read yet, or has no such part")
            return await self._setting.set(part.number, wanted, self._target.answer_timeout_s)

    async def identify(self, part: Part, *, on: bool) -> SetResult:
        """Make the receiver show itself, where it answers words about itself."""
        async with self._turn:
            if part != UNIT or not self._complete or not describe(self._state, self._parts).abilities.identifies:
                return SetResult(on, "not_sent", detail="it has nothing that shows itself on request")
            return await self._setting.flash(on=on, silence_s=self._target.answer_timeout_s)

    def counters(self) -> Mapping[str, int]:
        """Nonsense since the link opened."""
        return dict(self._counters)

    async def wait_closed(self) -> DriverError:
        """Wait until the network ends the conversation. Datagrams have no end: silence is seen in ``last_received``."""
        return await asyncio.shield(self._closed)

    # -- for the maker ---------------------------------------------------------------------------------------

    def use(self, sender: Sender) -> None:
        """Begin to send."""
        self._sender = sender

    def failed(self, error: DriverError) -> None:
        """The socket reports that the receiver cannot be reached any more."""
        if not self._closed.done():
            self._closed.set_result(error)
        self._questions.wake()

    def close(self) -> None:
        """End what runs, and ask the receiver to send no more, if it is there at all."""
        if not self._closed.done() and self._loop.time() - self._last_heard <= ALIVE_S:
            self._keeper.stop()
        self._keeper.end()  # nothing may hold the conversation: a scan ends thousands of them
        self._questions.end()
        self._sender = None
        self._closed = self._loop.create_future()

    def receive(self, datagram: bytes) -> None:
        """Take one datagram of the receiver. Never raises for what stands in it."""
        settled: list[Address] = []
        for message in parse(datagram):
            if isinstance(message, Sample):
                self._sample(message)
            elif isinstance(message, Report):
                self._report(message)
                settled.append(message.address)
            elif isinstance(message, Other):
                settled.append((message.channel, message.verb))
            else:
                self._strange = True
                self._counters["ill_formed"] += 1
        if self._complete and (changes := self._state.changes(self._parts)):
            self._listener(changes)
        for address in settled:
            self._questions.settle(address)

    # -- what comes ------------------------------------------------------------------------------------------

    def _sample(self, sample: Sample) -> None:
        self._last_heard = self._loop.time()
        meters = self._keeper.meters(sample.channel)
        understood = meters.add(sample, self._last_heard)
        known = self._state.take_sampled(sample.channel, sample.battery, carrier=meters.carrier, gone=meters.gone)
        self._counters["unknown_values"] += not (known and understood)

    def _report(self, report: Report) -> None:
        self._last_heard = self._loop.time()
        if report.note is not None:
            self._send(noted(report.note))
        outcome = self._state.take(report)
        if outcome is None:
            self._counters["meaningless"] += 1
        elif not outcome:
            self._counters["unknown_values"] += 1
            self._unknown.name(self._target.host, report.word, report.text)

    def _unmetered(self, channel: int) -> None:
        self._state.unmetered(channel)
        if self._complete and (changes := self._state.changes(self._parts)):
            self._listener(changes)

    def _levels(self) -> None:
        """Hand the newest RF numbers to the state: now and then, for a state is no meter."""
        for number in self._parts:
            meters = self._keeper.meters(number)
            self._state.take_levels(number, meters.rf_a, meters.rf_b)
        if self._complete and (changes := self._state.changes(self._parts)):
            self._listener(changes)

    # -- asking ----------------------------------------------------------------------------------------------

    async def _ask(self, addresses: Iterable[Address], silence_s: float) -> frozenset[Address]:
        """Ask for properties; those without an answer. Raises `DriverError` where the conversation ended."""
        requests = {address: get(*address) for address in sorted(addresses)}
        silent = await self._questions.ask(requests, silence_s=silence_s)
        if self._closed.done():
            raise self._closed.result().afresh()
        return silent

    async def _recognise(self) -> None:
        """Find out whether a receiver answers, how it calls itself, and how many channels it has."""
        host, target = self._target.host, self._target
        if await self._ask((PROBE,), target.answer_timeout_s if self._complete else target.connect_timeout_s):
            if self._strange and not self._complete:
                detail = f"{host} answers on UDP {PORT}, but not as a UHF-R receiver: see probe"
                raise DriverError("wrong_model", detail, again_s=OTHER_S)
            raise DriverError("timeout", f"{host} does not answer on UDP port {PORT}: {HINT}")
        guess_s = min(GUESS_S, target.answer_timeout_s)
        about = {(0, word.name) for word in UNIT_WORDS} - self._silent
        self._silent |= await self._ask(about, guess_s) - self._state.answered
        told = model_of(self._state.value(0, "model"))
        if told is None and SECOND not in self._state.answered:
            for _ in range(SECOND_TRIES):
                if not await self._ask((SECOND,), guess_s):
                    break
        counted = CHANNELS_MOST if SECOND in self._state.answered else 1
        self._parts = tuple(range(1, (counted if told is None else MODELS[told]) + 1))

    async def _read_channels(self) -> None:
        """All properties of all channels; what the receiver knows and does not answer now is unknown."""
        timeout = self._target.answer_timeout_s
        words = [(number, word) for number in self._parts for word in CHANNEL_WORDS]
        wanted = {(number, word.name) for number, word in words} - self._silent
        sure = wanted & (self._state.answered | {(number, word.name) for number, word in words if word.sure})
        silent, guessed = await asyncio.gather(
            self._ask(sure, timeout), self._ask(wanted - sure, min(GUESS_S, timeout))
        )
        for channel, word in silent | guessed:
            if (channel, word) in self._state.answered:
                self._state.forget(channel, word)
        self._silent |= guessed - self._state.answered

    async def _follow(self) -> None:
        """Ask for changes and for meters, and go on polling."""
        self._keeper.begin(self._parts)
        for number in self._parts:
            self._keeper.want(number, self._intervals[number])
        requests = {(number, UPDATE): update(number) for number in self._parts}
        silent = await self._questions.ask(requests, silence_s=min(GUESS_S, self._target.answer_timeout_s))
        self._keeper.told_of_changes = not silent

    def _poll(self) -> list[bytes]:
        return [get(channel, word) for channel, word in sorted(self._state.answered) if channel in self._parts]

    def _send(self, data: bytes) -> bool:
        return self._sender is not None and self._sender.send(data)
