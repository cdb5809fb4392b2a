"""Asks one antenna again and again: HTTP has no conversation, so a task of its own plays one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from services.drivers.nonsense import NONSENSE
from services.drivers.port import (
    Description,
    DriverError,
    Identity,
    Listener,
    Part,
    Reading,
    SetResult,
    Target,
    not_sent,
)
from services.drivers.riedel.codec.answers import BELTPACKS, FIRMWARE, NODES, Net
from services.drivers.riedel.products import describe, identify
from services.drivers.transport.https import HttpUnit

POLL_S: Final = 5.0
NAMES_EVERY: Final = 6
"""Polls between two questions for what is programmed, which changes seldom."""
TRIES: Final = 2
"""Polls in a row that fail until the antenna is gone; a busy one may miss one."""
STRANGE = "is it the antenna of a Bolero net? Its answer has not the shape that firmware 3.4.1 has"


class BoleroLink:
    """A conversation once it is open; `services.drivers.port.Link`."""

    def __init__(self, target: Target, listener: Listener, unit: HttpUnit) -> None:
        self._target = target
        self._listener = listener
        self._unit = unit
        self._loop = asyncio.get_running_loop()
        self._net = Net()
        self._read: list[int] | None = None
        """Beltpacks of the last complete read, which are known outside."""
        self._turn = asyncio.Lock()
        self._now = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed: asyncio.Future[DriverError] = self._loop.create_future()
        self.last_received = self._loop.time()

    async def read_all(self) -> Description:
        """Ask for everything, and go on asking from then on. Raises `DriverError`."""
        async with self._turn:
            for path in (NODES, BELTPACKS, FIRMWARE):
                await self._ask(path)
            self._read = self._net.numbers
            self._listener(self._net.readings())
        if self._task is None:
            self._task = asyncio.create_task(self._poll(), name=f"bolero {self._target.host}")
        return describe(self._net)

    async def recognise(self) -> Identity:
        """Ask who answers: what only such an antenna has comes first. Raises `DriverError`."""
        for path in (NODES, FIRMWARE):
            await self._ask(path)
        return identify(self._net)

    def ask_alive(self) -> None:
        """Ask now instead of later."""
        self._now.set()

    def meter(self, part: Part | None, seconds: float) -> None:
        """A beltpack has no meters."""

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """A beltpack has no meters."""
        return None

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """Nothing is set: no document says how."""
        return not_sent(wanted, "Bolero is read only: its interface is unpublished")

    async def identify(self, part: Part, *, on: bool) -> SetResult:
        """Nothing flashes on request, as far as is known."""
        return SetResult(on, "not_sent", detail="Bolero is read only: its interface is unpublished")

    def counters(self) -> Mapping[str, int]:
        """What came and made no sense."""
        return {**dict.fromkeys(NONSENSE, 0), **self._net.strange}

    async def wait_closed(self) -> DriverError:
        """Wait until the antenna does not answer any more."""
        return await asyncio.shield(self._closed)

    async def close(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _ask(self, path: str) -> None:
        answer = await self._unit.request("GET", path)
        if not self._net.take(path, answer.json()):
            raise DriverError("wrong_model", f"{answer.source}: {STRANGE}", again_s=60.0)
        self.last_received = self._loop.time()

    async def _poll(self) -> None:
        """Ask each `POLL_S`, until that fails for good."""
        failed, polls = 0, 0
        while True:
            try:
                async with asyncio.timeout(POLL_S):
                    await self._now.wait()
            except TimeoutError:
                pass
            self._now.clear()
            polls += 1
            try:
                await self._look(names=polls % NAMES_EVERY == 0)
                failed = 0
            except DriverError as error:
                failed += 1
                if failed == TRIES or error.again_s is None:
                    self._closed.set_result(error.afresh())
                    return
                self._now.set()

    async def _look(self, *, names: bool) -> None:
        async with self._turn:
            before = {(each.part, repr(each)) for each in self._net.readings()}
            await self._ask(NODES)
            if names or {*self._net.numbers} - {*(self._read or ())}:
                await self._ask(BELTPACKS)
            known = {0, *(self._read or ())}
            there = {reading.part.number for reading in self._net.readings()}
            changed = [
                each
                for each in self._net.readings()
                if each.part.number in known and (each.part, repr(each)) not in before
            ]
            gone = [Reading(Part(number), {"connected": False}, whole=True) for number in sorted(known - there)]
            if changed or gone:
                self._listener([*changed, *gone])
