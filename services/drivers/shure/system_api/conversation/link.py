"""One conversation with one unit behind a server: `services.drivers.port.Link`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from services.drivers.nonsense import NONSENSE, UnknownValues
from services.drivers.port import UNIT, Description, DriverError, Listener, Part, SetResult, Target, Trace, not_sent
from services.drivers.shure.system_api.codec.events import STATE_CHANGE, Event
from services.drivers.shure.system_api.codec.nodes import Node
from services.drivers.shure.system_api.conversation.asking import Place, Plan
from services.drivers.shure.system_api.conversation.reader import Reader, taken_back
from services.drivers.shure.system_api.conversation.setting import Setting
from services.drivers.shure.system_api.conversation.subscriptions import Subscriptions
from services.drivers.shure.system_api.gateway import SUCCESS, Gateway
from services.drivers.shure.system_api.products import identity_of
from services.drivers.shure.system_api.words import find, trouble
from services.drivers.transport.failures import failure
from services.drivers.transport.https import HttpUnit

GONE = frozenset({"control_blocked", "silent", "wrong_model"})
"""What the list says of a unit that cannot be read any more; other failures are of the server."""
POLL_S = 30.0
"""Pause between two questions for what the server does not tell of by itself."""


class SystemApiLink:
    """Reads one unit by questions, and follows it by events."""

    def __init__(
        self,
        gateway: Gateway,
        trial: HttpUnit,
        http: HttpUnit,
        target: Target,
        listener: Listener,
        trace: Trace | None,
        unknown: UnknownValues,
    ) -> None:
        """``trial`` asks for the list, ``http`` everything else: they differ in what a status means."""
        self._gateway, self._trial, self._target = gateway, trial, target
        self._listener, self._trace = listener, trace
        self._loop = asyncio.get_running_loop()
        self._counters = Counter(dict.fromkeys(NONSENSE, 0))
        self._last_heard = self._loop.time()
        self._closed: asyncio.Future[DriverError] = self._loop.create_future()
        self._turn = asyncio.Lock()
        self._plan: Plan | None = None
        self._node: Node | None = None
        self._reader = Reader(gateway, http, unknown, self._counters, self._note)
        self._subscriptions = Subscriptions(gateway, http)
        self._setting = Setting(self._reader, target.answer_timeout_s)
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: asyncio.Task[None] | None = None
        self._polling: asyncio.Task[None] | None = None

    @property
    def last_received(self) -> float:
        """Loop time of the last answer or event about this unit."""
        return self._last_heard

    async def read_all(self) -> Description:
        """Ask for everything that the unit lists, and have changes told from now on. Raises `DriverError`."""
        async with self._turn:
            reading = self._loop.create_task(self._read(), name="system api read")
            try:
                await asyncio.wait((reading, self._closed), return_when=asyncio.FIRST_COMPLETED)
                if not reading.done():
                    raise self._closed.result().afresh()
                return reading.result()
            finally:
                reading.cancel()
                await asyncio.wait({reading})

    def ask_alive(self) -> None:
        """Ask for one value of the unit."""
        if self._plan is not None and (self._asking is None or self._asking.done()):
            self._asking = self._begin(self._ask_alive(self._plan))

    def meter(self, part: Part | None, seconds: float) -> None:
        """The server has no meters."""

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """There are no meters: only words for the audio level, which are readings."""
        return None

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """Set keys, one value after the other."""
        async with self._turn:
            if self._plan is None or self._closed.done():
                return not_sent(wanted, "the unit has not been read yet, or is gone")
            return await self._setting.set(self._plan, part, wanted)

    async def identify(self, part: Part, *, on: bool) -> SetResult:
        """Have the unit flash, or end that."""
        async with self._turn:
            if self._plan is None or self._closed.done():
                return SetResult(on, "not_sent", detail="the unit has not been read yet, or is gone")
            return await self._setting.identify(self._plan, part, on=on)

    def counters(self) -> Mapping[str, int]:
        """Nonsense since the link opened; what cannot be told apart by unit is the server's."""
        return {**self._counters, "unintelligible": self._counters["unintelligible"] + self._gateway.strange}

    async def wait_closed(self) -> DriverError:
        """Wait until server or unit are gone."""
        return await asyncio.shield(self._closed)

    # -- for the maker and the gateway -----------------------------------------------------------------------

    async def find(self) -> Node:
        """The unit in the server's list, which must be online. Raises `DriverError`."""
        node = find(await self._gateway.nodes(self._trial), self._target.unit, self._gateway.peer)
        if (problem := trouble(node, self._gateway.peer)) is not None:
            raise problem
        return node

    def heard(self, event: Event, raw: str | bytes) -> None:
        """Take an event about this unit."""
        if self._trace is not None:
            self._trace("<", raw.encode() if isinstance(raw, str) else raw)
        if event.name == STATE_CHANGE:
            self._note()
            return
        understood, reading = self._reader.take(event)
        if understood:
            self._note()
        if reading is not None:
            self._listener([reading])

    def seen(self, node: Node) -> None:
        """The state of the unit changed: it may be gone, another one, or back after a restart."""
        if (problem := trouble(node, self._gateway.peer)) is not None:
            self.lost(problem)
        elif self._node is not None and node.capabilities != self._node.capabilities:
            words = f"{node.model} {node.cid} has other capabilities now: it is read anew"
            self.lost(failure("closed_by_device", words))
        elif self._plan is not None:
            self._begin(self._refetch(self._plan.places))

    def lost(self, error: DriverError) -> None:
        """Nothing more will come."""
        if not self._closed.done():
            self._closed.set_result(error)

    async def close(self, *, last: bool) -> None:
        """End what runs. ``last``: the server's WebSocket is closed next, and every subscription with it."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if not last and not self._closed.done():
            await self._subscriptions.end()

    # -- inside ----------------------------------------------------------------------------------------------

    def _note(self) -> None:
        self._last_heard = self._loop.time()

    async def _read(self) -> Description:
        node = await self._still_there()
        identity = identity_of(node)
        if identity is None:
            raise failure("wrong_model", f"{node.model} {node.cid} is no unit of ours")
        await self._gateway.listen(self._trial)
        before, plan = self._plan, await self._reader.plan(node, identity)
        await self._subscriptions.begin(plan.places)
        readings = await self._reader.fetch_all(plan.places)
        self._node, self._plan = node, plan
        if readings := [*taken_back(before, plan), *readings]:
            self._listener(readings)
        if self._subscriptions.refused and self._polling is None:
            self._polling = self._begin(self._poll())
        certificate = self._gateway.settings.fingerprint
        return replace(plan, identity=replace(identity, device_id=self._name(plan), certificate=certificate)).describe()

    async def _still_there(self) -> Node:
        """The unit in the server's list; without it the conversation ends. Raises `DriverError`."""
        try:
            return await self.find()
        except DriverError as error:
            if error.reason in GONE:
                self.lost(error.afresh())
            raise

    def _name(self, plan: Plan) -> str | None:
        """What people called the unit."""
        for place in plan.places:
            if place.part == UNIT and place.resource.name == "name":
                name = self._reader.values[place.path]
                return name if isinstance(name, str) else None
        return None

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work, name="system api")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _ask_alive(self, plan: Plan) -> None:
        """Ask for the first value; without any, for the list."""
        with suppress(DriverError):
            answered = plan.places and (await self._reader.ask("GET", plan.places[0].path)).status in SUCCESS
            if not answered:
                await self._still_there()
            if not plan.places:
                self._note()

    async def _refetch(self, places: Sequence[Place]) -> None:
        with suppress(DriverError):
            async with self._turn:
                self._listener(await self._reader.fetch_all(places))

    async def _poll(self) -> None:
        """Ask again and again for what no event tells of."""
        while True:
            await asyncio.sleep(POLL_S)
            if refused := self._subscriptions.refused:
                await self._refetch(refused)
