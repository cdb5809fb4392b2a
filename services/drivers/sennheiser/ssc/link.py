"""One conversation with one unit: reads everything, follows what changes, collects its meters."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from services.drivers.nonsense import NONSENSE, UnknownValues
from services.drivers.port import Description, DriverError, Listener, SetResult, Target, not_sent
from services.drivers.sennheiser.ssc.codec import wire
from services.drivers.sennheiser.ssc.codec.state import TROUBLE, UnitState
from services.drivers.sennheiser.ssc.codec.words import ENDED, NO_ADDRESS, NO_TRANSMITTER
from services.drivers.sennheiser.ssc.describing import describe, identity_of
from services.drivers.sennheiser.ssc.families.catalogue import PORT
from services.drivers.sennheiser.ssc.families.family import PRODUCT, Family, Model
from services.drivers.sennheiser.ssc.finding import SWITCHED_OFF, Ports, Sender, recognise
from services.drivers.sennheiser.ssc.metering import Metering
from services.drivers.sennheiser.ssc.questions import Questions
from services.drivers.sennheiser.ssc.setting import Setting
from services.drivers.sennheiser.ssc.subscriptions import Subscriptions
from services.model import UNIT, Identity, Part

log = logging.getLogger(__name__)

FIRST_FACTS = ("device/identity/version", "device/identity/serial", "device/network/ether/macs", "device/name")
"""What a look asks beside the product."""
FIRST_MOST = 64
"""Addresses that are kept before it is known what answers."""
REREAD_PAUSE_S = 0.2
"""From a transmitter that came or went to the questions: its addresses follow one by one."""
HOLD_S, HOLD_MOST_S = 0.4, 15.0
"""How long a channel is left alone after that, and how long at most where it comes and goes again and again."""
CALM_S = 10.0
"""A channel that was left alone for so long without a reason to read it again is no longer one of those."""
POLL_S = 5.0
"""Between two questions for what a unit will not tell unasked."""
SETTLED_S = 1.5
"""How long a first read waits for the unit to accept subscriptions: values were asked for by then."""
ALIVE_S = 5.0
"""A unit that was silent for longer is not asked to stop: nobody would answer, and subscriptions end by themselves."""


class SscLink:
    """A conversation once it is open; `services.drivers.port.Link`."""

    def __init__(
        self,
        target: Target,
        listener: Listener,
        unknown: UnknownValues | None = None,
        reads: asyncio.Semaphore | None = None,
    ) -> None:
        """``reads`` bounds how many units are read whole at the same time: their answers share one socket's buffer."""
        self._target = target
        self._reads = reads or asyncio.Semaphore(1)
        self._listener = listener
        self._unknown = unknown or UnknownValues()
        self._loop = asyncio.get_running_loop()
        self._ports = Ports()
        self._numbers = itertools.count(1)
        self._questions = Questions(self._ports.send, self._numbers)
        self._setting = Setting(self._questions)
        self._counters = Counter(dict.fromkeys(NONSENSE, 0))
        self._last_heard = self._loop.time()
        self._first: dict[str, object] = {}
        """What was heard before the family was known, by address."""
        self._missing: set[str] = set()
        """Addresses that this unit does not have: asked once a conversation."""
        self._model: Model | None = None
        self._state: UnitState | None = None
        self._metering: Metering | None = None
        self._subscriptions: Subscriptions | None = None
        self._described: Description | None = None
        self._turn = asyncio.Lock()
        self._there: dict[int, object] = {}
        self._doubtful: set[int] = set()
        self._held: dict[int, tuple[float, float]] = {}
        """Of a channel that was read again: until when it is left alone, and for how long that was."""
        self._trouble: str | None = None
        self._told = False
        """Something else than levels came since the last look at what changed."""
        self._rereading: asyncio.Task[None] | None = None
        self._polling: asyncio.TimerHandle | None = None
        self._levels: frozenset[str] = frozenset()
        """Levels that are asked for, because the unit does not tell them."""
        self._closed: asyncio.Future[DriverError] = self._loop.create_future()

    # -- the port --------------------------------------------------------------------------------------------

    @property
    def last_received(self) -> float:
        """Loop time at which the unit last sent something of the protocol."""
        return self._last_heard

    async def read_all(self) -> Description:
        """Ask for every address, then subscribe, and wait until the unit has answered. Raises `DriverError`."""
        async with self._turn:
            family, model, product = await self._recognise()
            state, subscriptions, metering = self._parts(family, model)
            async with self._reads:  # a silent unit takes nobody's place: this one has answered
                await self._read(state, [each for each in state.addresses if not state.depends(each)])
                await self._read(state, [each for each in state.addresses if state.depends(each)])
                if self._described is None:
                    subscriptions.follow(state.live(without=self._missing))
                    metering.want(None, self._target.meter_interval_s)
                    await subscriptions.settled(min(SETTLED_S, self._target.answer_timeout_s))
            self._described = described = describe(family, product, state)
            self._note_trouble(state, subscriptions)
            self._there = self._presence(state)
            metering.warned(state)
            self._listener(state.everything())
            return described

    async def recognise(self) -> tuple[Identity, str | None]:
        """Ask who answers, and its name; sends nothing that changes a unit. Raises `DriverError`."""
        family, model, product = await self._recognise()
        state = UnitState(family, model.parts)
        await self._questions.ask(dict.fromkeys(FIRST_FACTS), silence_s=self._target.answer_timeout_s / 2)
        for address, value in self._first.items():
            state.take(address, value)
        name = state.value(0, "name")
        return identity_of(family, product, state), str(name) if name is not None else None

    @property
    def port(self) -> int | None:
        """Place of the port that answered, in the order in which they are tried."""
        return self._ports.chosen

    def ask_alive(self) -> None:
        """Ask what every unit answers."""
        self._ports.send(wire.ask({PRODUCT: None}, next(self._numbers)))

    def meter(self, part: Part | None, seconds: float) -> None:
        """Meter each ``seconds`` (0.1 to 60, 0 not at all)."""
        if self._metering is not None and self._described is not None:
            self._metering.want(part, seconds)

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """Everything metered since the last call; ``None`` where nothing came or the part has no meters."""
        return self._metering.take(part.number) if self._metering is not None and not part.slot else None

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """Set keys, one address after the other."""
        async with self._turn:
            state, described = self._state, self._described
            known = described is not None and (part == UNIT or (part.number in described.parts and not part.slot))
            if state is None or described is None or not known:
                return not_sent(wanted, "the unit has not been read yet, or has no such part")
            able = described.abilities if part == UNIT else described.parts[part.number]
            silence_s = self._target.answer_timeout_s
            return await self._setting.set(state, part, wanted, able.settable, silence_s)

    async def identify(self, part: Part, *, on: bool) -> SetResult:
        """Have the unit or a channel flash, or stop that."""
        async with self._turn:
            state = self._state
            address = state.identifies(part.number) if state is not None and not part.slot else ""
            if state is None or not address or self._described is None:
                return SetResult(on, "not_sent", detail="it cannot show itself, or has not been read yet")
            place = part.number - 1 if state.family.identifies_each and part.number else -1
            silence_s = self._target.answer_timeout_s
            return await self._setting.switch(address, silence_s, on=on, place=place, count=state.count)

    def counters(self) -> Mapping[str, int]:
        """Nonsense since the link opened."""
        return dict(self._counters)

    async def wait_closed(self) -> DriverError:
        """Wait until the network ends the conversation. Datagrams have no end: silence is seen in ``last_received``."""
        return await asyncio.shield(self._closed)

    # -- for the maker ---------------------------------------------------------------------------------------

    def use(self, senders: Sequence[Sender]) -> None:
        """Begin to send, to the first of these ports first."""
        self._ports.use(senders)

    def failed(self, place: int, error: DriverError) -> None:
        """The socket reports that nobody listens at a port any more."""
        if self._ports.refused(place) and not self._closed.done():
            self._closed.set_result(error)
        self._questions.wake()

    async def close(self) -> None:
        """End what runs, and ask the unit to tell no more, if it is there at all."""
        self._described = None  # what still comes begins nothing new
        try:
            if self._rereading is not None:
                self._rereading.cancel()
            if self._polling is not None:
                self._polling.cancel()
            if (subscriptions := self._subscriptions) is None:
                return
            subscriptions.cancel()
            if not self._closed.done() and self._loop.time() - self._last_heard <= ALIVE_S:
                await subscriptions.stop()
        finally:  # a scan ends thousands of conversations, and none may wait for the garbage collector
            self._questions.end()
            self._ports.end()
            self._subscriptions = self._metering = self._rereading = None
            self._closed = self._loop.create_future()

    def receive(self, place: int, datagram: bytes) -> None:
        """Take one datagram of a port of the unit. Never raises for what stands in it."""
        found = wire.parse(datagram)
        if found is None:
            self._counters["unintelligible"] += 1
            return
        if not found.messages or not self._ports.heard(place):
            return
        self._last_heard = self._loop.time()
        for message in found.messages:
            if isinstance(message, wire.Value):
                self._value(message)
            elif isinstance(message, wire.Refusal):
                self._refusal(message, found.xid)
            elif self._subscriptions is not None:
                self._subscriptions.accepted(message)
        if self._state is not None and self._described is not None:
            self._follow(self._state)

    # -- what comes ------------------------------------------------------------------------------------------

    def _value(self, message: wire.Value) -> None:
        address, value = message.address, message.value
        if self._metering is not None and (understood := self._metering.add(address, value)) is not None:
            if self._subscriptions is not None and address in self._subscriptions.pending:
                self._subscriptions.told(address)
            if not understood:
                self._unknown_value(address, value)
            if address in self._levels:
                self._questions.settle(address)
            return
        self._told = True
        if self._state is None:
            understood = True
            if len(self._first) < FIRST_MOST:
                self._first[address] = value
        else:
            understood = self._merge(self._state, address, value)
        if not understood:
            self._unknown_value(address, value)
        self._setting.heard(address, value)
        self._questions.settle(address)

    def _unknown_value(self, address: str, value: object) -> None:
        self._counters["unknown_values"] += 1
        self._unknown.name(self._target.host, address, repr(value))

    def _merge(self, state: UnitState, address: str, value: object) -> bool:
        outcome = state.take(address, value)
        if address == PRODUCT:
            self._first[address] = value
        elif outcome is None and not state.knows(address):
            self._counters["meaningless"] += 1
        return outcome is not False

    def _refusal(self, message: wire.Refusal, xid: int | None) -> None:
        self._told = True
        address, subscriptions = message.address, self._subscriptions
        mine = self._questions.asked(xid, address)
        if address in ("", wire.SUBSCRIBE):
            meant = None if address else self._questions.meant(xid)
            if meant is None:
                if subscriptions is not None:
                    subscriptions.refusal(message, xid)
                return
            address, mine = meant, True
        code = self._meaning(address, message.code, mine=mine)
        named = wire.Refusal(address, code, message.said)
        if subscriptions is not None and (not mine or code in NO_ADDRESS):
            subscriptions.refusal(named, xid)
        if mine:
            self._setting.refused(named)
            if code in NO_ADDRESS:
                self._missing.add(address)
                self._first.setdefault(address, None)
        gone = code == NO_TRANSMITTER and (mine or message.code == code)
        if self._state is not None and (gone or (mine and code in NO_ADDRESS)):
            self._state.absent(address, no_transmitter=gone)
        self._questions.settle(address)

    def _meaning(self, address: str, code: int, *, mine: bool) -> int:
        """A refusal of what depends on a transmitter may mean that there is none, or that it has nothing to say now."""
        state = self._state
        if state is None or code == ENDED or not state.depends(address):
            return code
        if state.alone(address) or not (mine or code in NO_ADDRESS):
            return NO_TRANSMITTER
        return code

    def _follow(self, state: UnitState) -> None:
        """Hand out what changed, and read again what follows from a transmitter that came or went.

        Most datagrams are levels alone: for them this is next to nothing.
        """
        metering = self._metering
        if metering is not None and (doubts := metering.doubts(state)):
            self._doubtful |= doubts
        told, self._told = self._told, False
        if told and (changes := state.changes()):
            if metering is not None:
                metering.warned(state)
            self._listener(changes)
            there = self._presence(state)
            self._doubtful |= {number for number, now in there.items() if now != self._there.get(number)}
            self._there = there
        if self._doubtful and (self._rereading is None or self._rereading.done()) and self._due():
            self._rereading = self._loop.create_task(self._reread(state), name="ssc reread")

    def _troubled(self) -> None:
        """Subscriptions are refused now, or no more."""
        if self._state is not None and self._subscriptions is not None and self._described is not None:
            self._note_trouble(self._state, self._subscriptions)
            if changes := self._state.changes():
                self._listener(changes)

    def _presence(self, state: UnitState) -> dict[int, object]:
        return {number: state.there(number) for number in range(1, state.count + 1)}

    def _note_trouble(self, state: UnitState, subscriptions: Subscriptions) -> None:
        """Say that the unit tells nothing unasked, and ask it again and again as long as that is so."""
        self._trouble = why = subscriptions.trouble
        words = None if why is None else f"the unit accepts no subscription: {why}; {state.family.refused_words}"
        if words is not None and words != state.value(0, TROUBLE):
            log.warning("unit tells nothing unasked", extra={"host": self._target.host, "why": words})
        state.put(0, TROUBLE, words)
        if self._polling is None and self._untold(state, subscriptions):
            self._polling = self._loop.call_later(POLL_S, self._poll)

    def _poll(self) -> None:
        self._polling = None
        state, subscriptions = self._state, self._subscriptions
        if state is None or subscriptions is None or not (addresses := self._untold(state, subscriptions)):
            return
        if self._rereading is None or self._rereading.done():
            self._levels = frozenset(subscriptions.refused_meters)
            self._rereading = self._loop.create_task(self._ask_again(state, addresses), name="ssc poll")
        self._polling = self._loop.call_later(POLL_S, self._poll)

    def _untold(self, state: UnitState, subscriptions: Subscriptions) -> list[str]:
        """What the unit does not tell unasked, and can be asked for."""
        meters = self._metering.addresses if self._metering is not None and state.family.meters_asked else ()
        levels = [each for each in meters if each in subscriptions.refused_meters]
        return [*state.asked, *subscriptions.refused, *levels]

    # -- reading ---------------------------------------------------------------------------------------------

    async def _recognise(self) -> tuple[Family, Model, str]:
        """Find out who answers. Raises `DriverError`."""
        host, target = self._target.host, self._target
        self._first.pop(PRODUCT, None)
        silent = await self._questions.ask(
            {PRODUCT: None}, silence_s=target.connect_timeout_s, enough=self._closed.done
        )
        if self._closed.done():
            raise self._closed.result().afresh()
        if silent:
            if self._counters["unintelligible"] and self._ports.chosen is None:
                raise DriverError("wrong_model", f"{host} answers on UDP port {PORT}, but not in SSC: see probe")
            raise DriverError("timeout", f"{host} does not answer on UDP port {target.port or PORT}: {SWITCHED_OFF}")
        product = self._first.get(PRODUCT)
        family, model = recognise(host, product)
        return family, model, str(product).strip()

    def _parts(self, family: Family, model: Model) -> tuple[UnitState, Subscriptions, Metering]:
        """What a unit of this model needs: kept from read to read, new where another one answers."""
        if self._state is None or self._subscriptions is None or self._metering is None or self._model is not model:
            if self._subscriptions is not None:
                self._subscriptions.cancel()
            self._model, self._state, self._described = model, UnitState(family, model.parts), None
            self._subscriptions = Subscriptions(self._ports.send, self._numbers, family, self._troubled)
            self._metering = Metering(self._subscriptions, family, model.parts)
            self._missing.clear()
        return self._state, self._subscriptions, self._metering

    async def _read(self, state: UnitState, addresses: Iterable[str]) -> None:
        asked = [each for each in addresses if each not in self._missing and not state.waits(each)]
        for address in await self._questions.ask(
            dict.fromkeys(asked), silence_s=self._target.answer_timeout_s, enough=self._closed.done
        ):
            state.absent(address)
        if self._closed.done():
            raise self._closed.result().afresh()

    async def _ask_again(self, state: UnitState, addresses: Iterable[str]) -> None:
        """As `_read`, and who waits in `wait_closed` hears of an end."""
        with contextlib.suppress(DriverError):
            await self._read(state, addresses)

    async def _reread(self, state: UnitState) -> None:
        """Read what the transmitter of a channel tells, and subscribe to it anew."""
        while self._due() and not self._closed.done():
            await asyncio.sleep(REREAD_PAUSE_S)
            numbers = self._due()
            self._doubtful -= numbers
            self._hold(numbers)
            addresses = {address for number in numbers for address in state.of_sender(number)}
            self._missing -= {address for address in addresses if state.depends(address)}
            asked = [each for each in addresses - self._missing if not state.waits(each)]
            await self._questions.ask(dict.fromkeys(asked), silence_s=self._target.answer_timeout_s)
            if self._subscriptions is not None:
                self._subscriptions.follow(state.live(without=self._missing))
                for number in numbers:
                    self._subscriptions.again(number)

    def _due(self) -> frozenset[int]:
        """Channels that are to be read again now."""
        now = self._loop.time()
        return frozenset(each for each in self._doubtful if self._held.get(each, (0.0, 0.0))[0] <= now)

    def _hold(self, numbers: Iterable[int]) -> None:
        """Leave channels alone for a while: a unit that contradicts itself would be asked without an end."""
        now = self._loop.time()
        for number in numbers:
            until, held_s = self._held.get(number, (0.0, 0.0))
            held_s = min(2 * held_s, HOLD_MOST_S) if held_s and now < until + CALM_S else HOLD_S
            self._held[number] = now + held_s, held_s
