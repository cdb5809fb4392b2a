"""One conversation with one unit: reads everything, follows what changes, collects its meters."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from services.drivers.nonsense import NONSENSE, UnknownValues
from services.drivers.port import Description, DriverError, Listener, SetResult, Target, not_sent
from services.drivers.sennheiser.media_control.codec.lines import PORT, Refusal, Report, line, parse
from services.drivers.sennheiser.media_control.codec.meters import METERS, Meters
from services.drivers.sennheiser.media_control.codec.push import FLAGS, cycle_ms
from services.drivers.sennheiser.media_control.codec.state import CHANNEL, UnitState
from services.drivers.sennheiser.media_control.codec.words import CONFIGURATION, FIRMWARE, KIND_QUESTIONS, TELLS_KIND
from services.drivers.sennheiser.media_control.questions import Questions
from services.drivers.sennheiser.media_control.reports import Reports
from services.drivers.sennheiser.media_control.setting import Setting
from services.drivers.sennheiser.products import describe, identify
from services.model import Identity, Kind, Part

log = logging.getLogger(__name__)

OLD_FIRMWARE = (
    "is it an EM 300-500 G4, an SR IEM G4 or an ew 300/500 G3? Check power, cable and address. Firmware that is too "
    "old speaks another protocol and never answers here (an EM 300 G3 with 1.4.4 does not, with 1.8.0 it does): "
    "update it with Sennheiser's Wireless Systems Manager. A firewall has to let UDP 53212 in as well as out"
)
"""Why an address is silent, for people."""

NO_CYCLES = (
    "battery, transmitter, mutes and meters are unknown; maybe it sends them to another controller: close other "
    "controllers, then switch the unit off and on"
)
"""What a unit without cyclic data means, for people."""

FIRST_CYCLE_S = 0.5
"""Longest cycle until the first block of cyclic data has come: it completes the read."""
REREAD_PAUSE_S = 0.2
"""From a changed counter to the questions: who turns a knob changes it many times."""
ALIVE_S = 5.0
"""A unit that was silent for longer is not asked to stop: nobody would answer, and its reports end by themselves."""


class Sender(Protocol):
    """What a link needs of the shared socket."""

    def send(self, data: bytes) -> bool:
        """Send one datagram to the unit, which may be lost; whether the system took it."""


class MediaControlLink:
    """A conversation once it is open; `services.drivers.port.Link`."""

    def __init__(self, target: Target, listener: Listener, unknown: UnknownValues | None = None) -> None:
        self._target = target
        self._listener = listener
        self._unknown = unknown or UnknownValues()
        self._loop = asyncio.get_running_loop()
        self._sender: Sender | None = None
        self._questions = Questions(self._send)
        self._setting = Setting(self._questions)
        self._counters = Counter(dict.fromkeys(NONSENSE, 0))
        self._last_heard = self._loop.time()
        self._interval_s = target.meter_interval_s
        self._kind: Kind | None = None
        self._firmware: str | None = None
        self._name: str | None = None
        self._state: UnitState | None = None
        self._meters: Meters | None = None
        self._reports: Reports | None = None
        self._turn = asyncio.Lock()
        self._complete = False
        self._lacks_cyclic = False
        self._known_index: int | None = None
        self._rereading: asyncio.Task[None] | None = None
        self._closed: asyncio.Future[DriverError] = self._loop.create_future()

    # -- the port --------------------------------------------------------------------------------------------

    @property
    def last_received(self) -> float:
        """Loop time at which the unit last sent something that only a unit sends."""
        return self._last_heard

    async def read_all(self) -> Description:
        """Ask for everything by name, then for cyclic data, and wait until all of it has come. Raises `DriverError`."""
        async with self._turn:
            kind = await self._recognise()
            state, reports = self._parts(kind)
            await self._read_configuration(state)
            await self._read_cyclic(state, reports)
            self._complete = True
            self._known_index = state.config_index
            self._listener(state.everything())
            return describe(kind, self._firmware, state.value)

    async def recognise(self) -> tuple[Identity, str | None]:
        """Ask who answers, and its name; sends nothing that changes a unit. Raises `DriverError`."""
        kind = await self._recognise()
        await self._questions.ask(("Name",), silence_s=self._target.answer_timeout_s)
        return identify(kind, self._firmware), self._name

    def ask_alive(self) -> None:
        """Ask what every unit answers and none can take for a change."""
        self._send(line(FIRMWARE.word))

    def meter(self, part: Part | None, seconds: float) -> None:
        """Meter each ``seconds`` (0.1 to 60, 0 not at all); a unit has one cycle for all that it has."""
        self._interval_s = seconds
        if self._complete and self._reports is not None:
            self._reports.want(cycle_ms(seconds))

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """Everything metered since the last call; ``None`` where nothing came or the part has no meters."""
        return self._meters.take() if self._meters is not None and part == CHANNEL else None

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """Set keys, one attribute after the other."""
        async with self._turn:
            if self._state is None or part != CHANNEL:
                return not_sent(wanted, "the unit has not been read yet, or has no such part")
            return await self._setting.set(self._state, wanted, self._target.answer_timeout_s)

    async def identify(self, part: Part, *, on: bool) -> SetResult:
        """No unit of this protocol can show itself."""
        return SetResult(on, "not_sent", detail="units of this protocol have nothing that flashes on request")

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
        """The socket reports that the unit cannot be reached any more."""
        if not self._closed.done():
            self._closed.set_result(error)
        self._questions.wake()

    async def close(self) -> None:
        """End what runs, and ask the unit to send no more, if it is there at all."""
        try:
            if self._rereading is not None:
                self._rereading.cancel()
            if (reports := self._reports) is None:
                return
            reports.cancel()
            if not self._closed.done() and self._loop.time() - self._last_heard <= ALIVE_S:
                await reports.stop()
        finally:  # a scan ends thousands of conversations, and none may wait for the garbage collector
            self._questions.end()
            self._sender = None
            self._closed = self._loop.create_future()

    def receive(self, datagram: bytes) -> None:
        """Take one datagram of the unit. Never raises for what stands in it."""
        understood = False
        blocks = self._state.blocks if self._state is not None else 0
        for message in parse(datagram):
            if isinstance(message, Report):
                understood = self._report(message) or understood
            elif isinstance(message, Refusal):
                understood = True
                self._refusal(message)
            else:
                self._counters["ill_formed"] += 1
        if understood:
            self._last_heard = self._loop.time()
        if (state := self._state) is not None:
            state.settle()
            self._follow(state, new_block=state.blocks != blocks, answered=understood)

    # -- what comes ------------------------------------------------------------------------------------------

    def _report(self, report: Report) -> bool:
        """Merge one line; whether only a unit can have sent it. An echo of a question or of ``Push`` proves nobody."""
        word, text = report.word, report.text
        if word == "push":
            if self._reports is not None:
                self._reports.echoed(text or "")
            return False
        if text is None:
            self._counters["meaningless"] += 1
            return False
        self._early(word, text)
        self._questions.settle(word)
        if self._state is not None:
            outcome = self._state.take(report)
            if outcome is None:
                self._counters["meaningless"] += 1
            elif not outcome:
                self._counters["unknown_values"] += 1
                self._unknown.name(self._target.host, word, text)
            if self._meters is not None:
                self._meters.add(word, text)
        return True

    def _early(self, word: str, text: str) -> None:
        """What is wanted of a unit before its kind is known."""
        self._kind = TELLS_KIND.get(word, self._kind)
        if word == "firmwarerevision":
            self._firmware = text.strip() or None
        elif word == "name":
            self._name = text.strip() or None

    def _refusal(self, refusal: Refusal) -> None:
        self._questions.settle(refusal.word)
        self._setting.refused(refusal)
        if refusal.word == "push" and self._reports is not None:
            self._reports.refused(refusal.request.partition(" ")[2])

    def _follow(self, state: UnitState, *, new_block: bool, answered: bool) -> None:
        """Hand out what changed, and ask again where the configuration changed without our having it."""
        if self._reports is not None and new_block:
            self._reports.received()
            self._lacks_cyclic = False
        elif self._reports is not None and answered and self._complete and self._reports.answered():
            self._forget_cyclic(state)
        if not self._complete:
            return
        if changes := state.changes():
            self._listener(changes)
        if state.config_index != self._known_index or state.doubtful:
            self._known_index = state.config_index
            state.trust_again()
            if self._rereading is None or self._rereading.done():
                self._rereading = self._loop.create_task(self._reread(state), name="g4 reread")

    def _forget_cyclic(self, state: UnitState) -> None:
        """What cyclic data said is too old to count; said once, until it comes again."""
        state.forget_cyclic()
        if not self._lacks_cyclic:
            log.warning("unit confirms and sends no cyclic data", extra={"host": self._target.host, "why": NO_CYCLES})
        self._lacks_cyclic = True

    # -- reading ---------------------------------------------------------------------------------------------

    async def _recognise(self) -> Kind:
        """Find out whether an EM or an SR answers. Raises `DriverError`."""
        host, target = self._target.host, self._target
        silent = await self._questions.ask(
            (FIRMWARE.word,), silence_s=target.connect_timeout_s, enough=self._closed.done
        )
        if self._closed.done():
            raise self._closed.result().afresh()
        if silent:
            raise DriverError("timeout", f"{host} does not answer on UDP port {PORT}: {OLD_FIRMWARE}")
        self._kind = None
        silent = await self._questions.ask(
            KIND_QUESTIONS, silence_s=target.answer_timeout_s, enough=lambda: self._kind is not None
        )
        if (kind := self._seen_kind()) is not None:
            return kind
        if silent:
            raise DriverError("timeout", f"{host} reported its firmware and then answered nothing more: ask again")
        raise DriverError("wrong_model", f"{host} answers like neither an EM receiver nor an SR transmitter: see probe")

    def _seen_kind(self) -> Kind | None:
        return self._kind

    def _parts(self, kind: Kind) -> tuple[UnitState, Reports]:
        """What a unit of this kind needs: kept from read to read, new where another kind of unit answers."""
        if self._state is None or self._reports is None or self._state.kind is not kind:
            if self._reports is not None:
                self._reports.cancel()
            self._state, self._meters = UnitState(kind), METERS[kind]()
            self._reports = Reports(self._send, FLAGS[kind])
            self._complete = False
        return self._state, self._reports

    async def _read_configuration(self, state: UnitState) -> None:
        words = [attribute.word for attribute in CONFIGURATION[state.kind]]
        for word in await self._questions.ask(words, silence_s=self._target.answer_timeout_s):
            state.forget(word)

    async def _read_cyclic(self, state: UnitState, reports: Reports) -> None:
        """Wait for one new block; where none comes, what it would give is unknown."""
        wanted, first = cycle_ms(self._interval_s), cycle_ms(FIRST_CYCLE_S)
        cycle = min(wanted or first, first)
        reports.block.clear()
        if not self._complete or cycle != wanted:
            reports.want(cycle)
        try:
            async with asyncio.timeout(self._target.answer_timeout_s):
                await reports.block.wait()
        except TimeoutError:
            self._forget_cyclic(state)
        if cycle != wanted:
            reports.want(wanted)

    async def _reread(self, state: UnitState) -> None:
        """Read the configuration after it changed; what is not answered is healed by the next renewal."""
        words = [attribute.word for attribute in CONFIGURATION[state.kind]]
        while True:
            index = state.config_index
            await asyncio.sleep(REREAD_PAUSE_S)
            await self._questions.ask(words, silence_s=self._target.answer_timeout_s)
            if index == state.config_index:
                return

    def _send(self, data: bytes) -> bool:
        return self._sender is not None and self._sender.send(data)
