"""One conversation with one unit: reads everything, follows what changes, collects its meters."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from services.drivers.nonsense import NONSENSE, UnknownValues
from services.drivers.port import UNIT, Description, DriverError, Listener, Reading, SetResult, Target
from services.drivers.sennheiser.sscv2.codec.family import UnitState
from services.drivers.sennheiser.sscv2.codec.notifications import changes
from services.drivers.sennheiser.sscv2.events import Events
from services.drivers.sennheiser.sscv2.questions import CONFLICT, UNPROCESSABLE, Questions, is_ok
from services.drivers.sennheiser.sscv2.setting import Setting, nothing_was_read
from services.drivers.transport.https import HttpUnit
from services.model import Identity, Part

log = logging.getLogger(__name__)

VERSION = "/api/ssc/version"
"""The cheapest question, and the first one with the password."""
QUIET_S = 20.0
"""A session that told nothing for so long is asked for: a stream has no sign of life of its own."""
HEARD_S = 15.0
"""How long a level holds that the unit has not taken back; it is asked for a sign of life more often than that."""
BUSY_AGAIN_S = 5.0
"""A unit that is busy is asked again after this: it takes some seconds to start or to switch its mode."""
ENDS_S = 0.1
"""A connection that ends takes the stream with it, which knows better why."""
ROUNDS_MOST = 3
"""Answers may ask for further questions, and those for more; then the next read goes on."""


class Sscv2Link:
    """A conversation once it is open; `services.drivers.port.Link`."""

    def __init__(
        self,
        unit: HttpUnit,
        identity: Identity,
        certificate: str,
        state: UnitState,
        describe: Callable[[Identity, UnitState], Description],
        target: Target,
        listener: Listener,
        unknown: UnknownValues,
    ) -> None:
        self._identity = identity
        self._certificate = certificate
        self._state = state
        self._describe = describe
        self._target = target
        self._listener = listener
        self._unknown = unknown
        self._loop = asyncio.get_running_loop()
        self._counters = Counter(dict.fromkeys(NONSENSE, 0))
        self._last_heard = self._told_at = self._loop.time()
        self._questions = Questions(unit, self._heard, self._garbled)
        self._events = Events(unit, self._questions, self._notified, self._end, target.answer_timeout_s)
        self._setting = Setting(self._questions, state, self._reread)
        self._intervals = dict.fromkeys(state.parts, target.meter_interval_s)
        self._newest: Counter[str] = Counter()
        self._turn = asyncio.Lock()
        self._complete = False
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._closed: asyncio.Future[DriverError] = self._loop.create_future()

    # -- the port ----------------------------------------------------------------------------------------------

    @property
    def last_received(self) -> float:
        """Loop time at which the unit last answered or told something."""
        return self._last_heard

    async def read_all(self) -> Description:
        """Follow everything, ask for everything, and wait until all of it has come. Raises `DriverError`."""
        reading = asyncio.ensure_future(self._read_all())
        try:
            first: list[asyncio.Future[Any]] = [reading, self._closed]
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and reading.exception() is not None:
                await asyncio.wait({self._closed}, timeout=ENDS_S)
            if self._closed.done():
                raise self._closed.result().afresh()
            return reading.result()
        finally:
            reading.cancel()
            await asyncio.wait({reading})
            if not reading.cancelled():
                reading.exception()  # what is raised was told already

    def ask_alive(self) -> None:
        """Ask for the protocol's version, and of a session that is quiet whether it still is one."""
        self._run("alive", self._ask_alive)

    def meter(self, part: Part | None, seconds: float) -> None:
        """Meter each ``seconds``; the unit tells of each change, so any interval but 0 is the same to it."""
        for each in self._intervals if part is None else [part]:
            if each in self._intervals:
                self._intervals[each] = seconds
        if self._complete:
            self._run("meter", self._follow_meters)

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """Everything metered since the last call; ``None`` where nothing came, or nobody meters."""
        meters = self._state.meters.get(part)
        if meters is None or not self._intervals.get(part):
            return None
        return meters.take(heard=self._loop.time() - self._last_heard < HEARD_S)

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """Set keys, one property after the other."""
        async with self._turn:
            if not self._complete or (part != UNIT and part not in self._state.parts):
                return nothing_was_read(wanted)
            return await self._setting.set(part, wanted)

    async def identify(self, part: Part, *, on: bool) -> SetResult:
        """Have the unit or a channel show itself."""
        async with self._turn:
            if not self._complete or (part != UNIT and part not in self._state.parts):
                return nothing_was_read({"identify": on})["identify"]
            return await self._setting.show(part, on=on)

    def counters(self) -> Mapping[str, int]:
        """What made no sense, and how many resources the unit does not tell of by itself."""
        return {**self._counters, "resources_not_followed": len(self._events.refused)}

    async def wait_closed(self) -> DriverError:
        """Wait until the unit or the network ends the conversation."""
        return await asyncio.shield(self._closed)

    async def close(self) -> None:
        """End the session of events at the unit, then everything else."""
        for task in tuple(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        gone = self._closed.done() or self._loop.time() - self._last_heard > HEARD_S
        await self._events.close(silent=gone)
        self._closed.cancel()

    # -- reading -----------------------------------------------------------------------------------------------

    async def _read_all(self) -> Description:
        async with self._turn:
            await self._questions.get(VERSION)
            await self._follow(self._state.followed)
            await self._ask(self._state.asked)
            self._complete = True
            await self._follow_meters()
            self._listener([*self._state.everything(), self._own()])
            firmware, band = (self._state.value(UNIT, key) for key in ("firmware", "band"))
            self._identity = replace(
                self._identity,
                firmware=firmware if isinstance(firmware, str) else None,
                band=band if isinstance(band, str) else None,
            )
            return self._describe(self._identity, self._state)

    def _own(self) -> Reading:
        return Reading(UNIT, {}, {"certificate_sha256": self._certificate})

    async def _follow(self, groups: Iterable[Iterable[str]]) -> None:
        """Have the unit tell of changes; what it does not take is followed in another way, where there is one."""
        wanted = [list(group) for group in groups]
        await self._events.follow(wanted)
        for path in [path for group in wanted for path in group if path in self._events.refused]:
            if other := self._state.instead_of(path):
                await self._events.follow(other)

    async def _ask(self, paths: Iterable[str]) -> None:
        """Read resources, what was told meanwhile asks for, and what their answers ask for."""
        left = list(dict.fromkeys([*paths, *self._state.wanted]))
        self._state.wanted.clear()
        for _ in range(ROUNDS_MOST):
            await asyncio.gather(*(self._reread(path) for path in left))
            left = list(dict.fromkeys(self._state.wanted))
            self._state.wanted.clear()
            if not left:
                return

    async def _reread(self, path: str) -> bool:
        """Read one resource; whether its value is known then. Raises `DriverError`."""
        before = self._newest[path]
        status, value = await self._questions.get(path)
        if self._newest[path] != before:
            return True  # the unit told of it meanwhile, and that is newer
        if is_ok(status):
            self._take(path, value)
            return True
        if path in self._state.required and status in {CONFLICT, UNPROCESSABLE}:
            detail = (
                f"{self._target.host} is busy and answers {path} with status {status}: it starts, or switches its mode"
            )
            raise DriverError("refused", detail, again_s=BUSY_AGAIN_S)
        if path in self._state.required:
            detail = f"{self._target.host} answers {path} with status {status}, though it is {self._identity.model}"
            raise DriverError("wrong_model", f"{detail}: its firmware is older or newer than this driver knows")
        self._tell(self._state.lacking(path, status))
        return False

    async def _follow_meters(self) -> None:
        """Follow the fast resources of the channels that are metered, and leave those of the others."""
        on = [self._state.fast(part) for part, seconds in self._intervals.items() if seconds > 0]
        off = [part for part, seconds in self._intervals.items() if seconds <= 0]
        await self._events.follow(on)
        await self._events.leave([path for part in off for path in self._state.fast(part)])
        for part in off:
            if (meters := self._state.meters.get(part)) is not None:
                meters.forget()

    async def _ask_alive(self) -> None:
        await self._questions.get(VERSION)
        if self._loop.time() - self._told_at > QUIET_S:
            self._told_at = self._loop.time()
            await self._events.check()

    # -- what comes --------------------------------------------------------------------------------------------

    def _heard(self) -> None:
        self._last_heard = self._loop.time()

    def _garbled(self) -> None:
        self._counters["unintelligible"] += 1

    def _notified(self, data: str) -> None:
        """The data of one notification: resources with their new values."""
        found = changes(data)
        if found is None:
            self._counters["unintelligible"] += 1
            return
        self._last_heard = self._told_at = self._loop.time()
        readings: list[Reading] = []
        for path, value in found.items():
            metered = self._state.meter(path, value)
            if metered is not None:
                self._counters["ill_formed"] += not metered
                continue
            self._newest[path] += 1
            readings += self._merge(path, value)
        self._tell(readings)
        if self._state.wanted and self._complete:
            self._run("changes", self._ask_wanted)

    async def _ask_wanted(self) -> None:
        wanted = list(self._state.wanted)
        await self._ask(wanted)

    def _take(self, path: str, value: object) -> None:
        self._tell(self._merge(path, value))

    def _merge(self, path: str, value: object) -> list[Reading]:
        readings = self._state.take(path, value)
        if readings is None:
            self._counters["meaningless"] += 1
            return []
        strange, self._state.strange = self._state.strange, []
        for name, text in strange:
            self._counters["unknown_values"] += 1
            self._unknown.name(self._target.host, name, text)
        return readings

    def _tell(self, readings: list[Reading]) -> None:
        if readings:
            self._listener(readings)
            self._setting.news()

    # -- inside ------------------------------------------------------------------------------------------------

    def _run(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do something beside the conversation, one of a kind at a time; asked for again meanwhile, once more."""
        before = self._tasks.get(name)
        if before is not None and not before.done():
            self._again.add(name)
        elif not self._closed.done():
            self._tasks[name] = asyncio.create_task(self._work(name, work), name=f"sscv2 {name}")

    async def _work(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            self._again.add(name)
            while name in self._again:
                self._again.discard(name)
                await work()
        except DriverError as error:
            if error.reason not in {"silent", "timeout"}:  # silence is judged by who asks for signs of life
                self._end(error)

    def _end(self, error: DriverError) -> None:
        """The conversation is over."""
        if not self._closed.done():
            self._closed.set_result(error.afresh())
