"""The makers of all installed drivers: opened once for the life of the bridge, or of one command of the CLI.

Each maker is kept by a task of its own, so that what it opened is closed by the task that opened it, and so that the
failure of one ends no other. A maker that cannot open (its UDP port is taken, for example) is reported with the remedy
and tried again; until it opens, its units are offline for that reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, suppress

from services.drivers.port import Driver, DriverError, Maker, Surroundings

log = logging.getLogger(__name__)

OPEN_S = 5.0
"""How long the start waits for makers; one that takes longer goes on opening, and its units wait for it."""

CLOSE_S = 2.0
"""How long the end waits for makers before they are cancelled: the whole bridge ends within 5 s."""

OPEN_AGAIN_S = 15.0
"""Between two tries to open a maker. Somebody has to end another program first; trying faster helps nobody."""


class Makers(Mapping[str, Driver]):
    """Drivers by name, and the maker of each while the block of `open` lasts."""

    def __init__(self, drivers: Mapping[str, Driver]) -> None:
        self._drivers = drivers
        self._open: dict[str, Maker] = {}
        self._trouble: dict[str, DriverError] = {}
        self._ends = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def __getitem__(self, name: str) -> Driver:
        return self._drivers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._drivers)

    def __len__(self) -> int:
        return len(self._drivers)

    @property
    def trouble(self) -> Mapping[str, str]:
        """Drivers that cannot work now -> why, and what mends it."""
        return {name: error.detail for name, error in self._trouble.items()}

    def maker(self, name: str) -> Maker:
        """The open maker of a driver.

        Raises `DriverError`: the driver is not installed, or its maker is not open.
        """
        if name in self._open:
            return self._open[name]
        if name not in self._drivers:
            known = ", ".join(sorted(self._drivers)) or "none"
            raise DriverError("wrong_model", f"there is no driver {name!r}; installed: {known}", again_s=None)
        trouble = self._trouble.get(name) or DriverError("connecting", "it is not open yet")
        raise DriverError(trouble.reason, f"driver {name} cannot work: {trouble.detail}", again_s=OPEN_AGAIN_S)

    @asynccontextmanager
    async def open(self, around: Surroundings) -> AsyncIterator[Makers]:
        """Open all makers; the block begins when each was tried once, or after `OPEN_S`."""
        try:
            await self._open_all(around)
            yield self
        finally:
            await self._close_all()

    async def move(self, around: Surroundings) -> None:
        """Close all makers and open them elsewhere. Their conversations have to be ended before."""
        await self._close_all()
        await self._open_all(around)

    async def _open_all(self, around: Surroundings) -> None:
        self._ends = asyncio.Event()
        tried = {name: asyncio.Event() for name in self._drivers}
        self._tasks = [
            asyncio.create_task(self._keep(name, driver, around, tried[name]), name=f"maker {name}")
            for name, driver in self._drivers.items()
        ]
        with suppress(TimeoutError):
            async with asyncio.timeout(OPEN_S):
                for event in tried.values():
                    await event.wait()

    async def _close_all(self) -> None:
        self._ends.set()
        await _end(self._tasks)

    async def _keep(self, name: str, driver: Driver, around: Surroundings, tried: asyncio.Event) -> None:
        while not self._ends.is_set():
            try:
                async with driver.open(around) as maker:
                    self._open[name] = maker
                    self._trouble.pop(name, None)
                    tried.set()
                    await self._ends.wait()
            except DriverError as error:
                self._note(name, error)
            except OSError as error:
                self._note(name, DriverError("timeout", str(error)))
            except Exception as error:
                if name not in self._trouble:
                    log.exception("a driver failed; the others go on", extra={"driver": name})
                words = f"{type(error).__name__}: {error}; the log says more"
                self._trouble[name] = DriverError("timeout", words)
            finally:
                self._open.pop(name, None)
                tried.set()
            await self._pause()

    def _note(self, name: str, error: DriverError) -> None:
        """Once for each trouble, and not at every try."""
        known = self._trouble.get(name)
        if known is None or known.detail != error.detail:
            words = {"driver": name, "why": error.detail}
            log.error("a driver cannot work; its units stay offline, the others go on", extra=words)
        self._trouble[name] = error

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(OPEN_AGAIN_S):
                await self._ends.wait()
        except TimeoutError:
            return


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Wait until all have ended, and cancel those that take too long."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=CLOSE_S)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late)
