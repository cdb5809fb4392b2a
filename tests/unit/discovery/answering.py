"""A maker whose receivers answer as a test says: the core has to work with any driver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from services.drivers import Advert, DriverError, Link, Listener, SimulatedReceiver, Target, Trace
from services.model import Capabilities, Identity


def unit(serial: str | None = None, mac: str | None = None, maker: str = "acme", model: str = "A1") -> Identity:
    return Identity(maker, "one", model=model, serial=serial, mac=mac, part_count=2)


Answer = Identity | Exception


class AnsweringDriver:
    """Every address refuses but for those in ``answers``; an exception there is raised, a list is used up."""

    scans = True
    faults: Mapping[str, str] = {}

    def __init__(self, manufacturer: str = "acme", answers: Mapping[str, Answer | list[Answer]] | None = None) -> None:
        self.manufacturer = self.name = manufacturer
        self.families = {"one": Capabilities(manufacturer, "one", frozenset(), frozenset(), frozenset())}
        self.answers = dict(answers or {})
        self.asked: list[Target] = []
        self.under_way = 0
        self.most_under_way = 0
        self.silent: set[str] = set()
        """Addresses that never answer; a scan of them ends by its time limit, or by being cancelled."""
        self.reached_silent = asyncio.Event()
        self.heard: asyncio.Queue[Advert | Exception] = asyncio.Queue()
        self.listening = 0

    @property
    def hosts(self) -> list[str]:
        return [target.host for target in self.asked]

    async def identify(self, target: Target, trace: Trace | None = None) -> Identity:
        self.asked.append(target)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(0)
            if target.host in self.silent:
                self.reached_silent.set()
                await asyncio.Event().wait()
            answer = self.answers.get(target.host, DriverError("refused", f"{target.host} refused"))
            if isinstance(answer, list):
                answer = answer.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        finally:
            self.under_way -= 1

    def connect(
        self, target: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        raise NotImplementedError

    @asynccontextmanager
    async def adverts(self, interface: str) -> AsyncIterator[AsyncIterator[Advert]]:
        self.listening += 1
        try:
            yield self._adverts()
        finally:
            self.listening -= 1

    async def _adverts(self) -> AsyncIterator[Advert]:
        while True:
            heard = await self.heard.get()
            if isinstance(heard, Exception):
                raise heard
            yield heard

    def simulator(
        self, family: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AbstractAsyncContextManager[Sequence[SimulatedReceiver]]:
        raise NotImplementedError
