"""A maker whose units answer as a test says: the core has to work with any driver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from services.drivers import (
    Door,
    DriverError,
    Gone,
    Link,
    Listener,
    Maker,
    Makers,
    Product,
    Reading,
    Sighting,
    Surroundings,
    Target,
    Trace,
)
from services.model import Abilities, Identity, Key, Kind


def unit(serial: str | None = None, mac: str | None = None, maker: str = "acme", model: str = "A1") -> Identity:
    return Identity(maker, "one", model=model, serial=serial, mac=mac, part_count=2)


class OpenMakers(Makers):
    """Makers that need no opening."""

    def __init__(self, drivers: Mapping[str, AnsweringDriver]) -> None:
        super().__init__(drivers)
        self._answering = drivers

    def maker(self, name: str) -> Maker:
        return self._answering[name]


def makers_of(*drivers: AnsweringDriver) -> Makers:
    return OpenMakers({driver.name: driver for driver in drivers})


Answer = Identity | Sequence[Sighting] | Exception


class AnsweringDriver:
    """Every address refuses but for those in ``answers``; an exception there is raised, a list is used up.

    A tuple of sightings stands for a gateway. Driver and maker in one.
    """

    more: Sequence[Key] = ()
    options: type[BaseModel] | None = None

    def __init__(self, manufacturer: str = "acme", answers: Mapping[str, Answer | list[Answer]] | None = None) -> None:
        self.manufacturer = self.name = manufacturer
        self.products: Sequence[Product] = (
            Product("one", "A1", "one", "One", Kind.RECEIVER, 2, Abilities(), Abilities()),
        )
        self.doors: Sequence[Door] = (Door("tcp", 1000),)
        self.answers = dict(answers or {})
        self.asked: list[Target] = []
        self.under_way = 0
        self.most_under_way = 0
        self.silent: set[str] = set()
        """Addresses that never answer; a scan of them ends by its time limit, or by being cancelled."""
        self.reached_silent = asyncio.Event()
        self.announces: asyncio.Queue[Sighting | Gone | Exception] = asyncio.Queue()
        self.listening = 0

    @property
    def hosts(self) -> list[str]:
        return [target.host for target in self.asked]

    @asynccontextmanager
    async def open(self, around: Surroundings) -> AsyncIterator[Maker]:
        yield self

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        raise NotImplementedError

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        self.asked.append(where)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(0)
            if where.host in self.silent:
                self.reached_silent.set()
                await asyncio.Event().wait()
            answer = self.answers.get(where.host, DriverError("refused", f"{where.host} refused"))
            if isinstance(answer, list):
                answer = answer.pop(0)
            if isinstance(answer, Exception):
                raise answer
            if isinstance(answer, Identity):
                return [Sighting(self.name, where.host, answer, where.port)]
            return answer
        finally:
            self.under_way -= 1

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        raise NotImplementedError

    async def sightings(self) -> AsyncIterator[Sighting | Gone]:
        self.listening += 1
        try:
            while True:
                sighting = await self.announces.get()
                if isinstance(sighting, Exception):
                    raise sighting
                yield sighting
        finally:
            self.listening -= 1
