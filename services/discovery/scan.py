"""Asks many addresses which units answer there, with a bounded number of sockets and a bounded pace.

A fixed number of workers draws from one iterator, so a /16 is never a list of tasks. What bounds the work is a
`Budget`: so many questions under way at once, and so many begun a second. The second bound is what keeps the event
loop free: addresses that refuse at once (loopback, a router that says so) would otherwise come back a thousand in one
turn of the loop, which is 25 to 60 ms in which no change of any receiver is published.
"""

from __future__ import annotations

import asyncio
import errno
import resource
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from services.drivers import DriverError, Makers, Sighting, Target, look_limit_s, usefulness

CONCURRENCY = 1024
"""Addresses that are asked at once by default: at `BEGINS_PER_S`, those that never answer need so many."""

BEGINS_PER_S = 1000.0
"""Questions begun a second: a /16 in 66 s, a /24 in 0.3 s. At 1,500 a change took up to 12 to 21 ms meanwhile, in three
runs of the bench; at 1,000 up to 10 ms."""

BURST_MOST = 8
"""Addresses begun in one turn of the event loop with one driver: about half a millisecond of work."""

BURST_LEAST = 4.0
"""The same where many drivers knock at each address; fewer would not keep up the pace with turns of `TICK_S`."""

TICK_S = 0.002
"""Between turns, two questions at that pace. Event loops count in milliseconds: shorter sleeps would be none."""

FILES_KEPT = 64
"""File descriptors that a scan leaves to everything else, beside those that are open or reserved."""

FEWEST = 16
"""Workers that are left where file descriptors are scarce: slow is better than nothing."""

CONNECT_S = 1.0
"""Time to connect when many addresses are asked. A local network answers in milliseconds; the first repetition of a
lost SYN comes after one second (RFC 6298), and waiting for it would double the time that a dead /16 takes."""

CONNECT_FEW_S = 1.5
"""The same where all addresses fit into one round: time for that repetition, and a /24 still takes under 3 s."""

ANSWER_S = 1.0
"""Time for one answer: no reply of that name within about a second means that there is none (protocols, 1.1)."""

_STARVED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
_STARVED_PAUSE_S = 0.5
_STARVED_TRIES = 4


OURS = frozenset({"local_port_unavailable"})
"""Failures of this machine: the same at every address, so they are reported once."""

MENDABLE = frozenset({"control_blocked", "auth_failed"})
"""Failures at an address that nobody named, after which somebody can mend something; the others mean that no unit is
there.
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What answered at an address: one unit, or those behind a gateway, all of one driver."""

    host: str
    port: int | None
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """No unit answered; ``code`` is an availability reason, or ``internal`` for a failure of ours."""

    host: str
    port: int | None
    manufacturer: str
    code: str
    detail: str
    stranger: str = ""
    """What answered, in its own words, where it is known and no unit of any driver."""


ScanOutcome = Found | Missed


@dataclass(frozen=True, slots=True)
class ScanQuestion:
    """One address, and the names of the drivers that may know who answers there."""

    target: Target
    drivers: tuple[str, ...]


class Budget:
    """What all scans of the process together may use. Entering it is permission to ask one address."""

    def __init__(
        self, concurrency: int = CONCURRENCY, *, sockets: int = 1, drivers: int = 1, reserved: int = 0
    ) -> None:
        """``sockets`` are file descriptors that one address may cost when ``drivers`` knock there together."""
        self.concurrency, self.note = affordable(concurrency, sockets=sockets, reserved=reserved)
        """``note`` is a sentence where there are fewer than were wanted, and empty otherwise."""
        self._free = asyncio.Semaphore(self.concurrency)
        self._turn = asyncio.Lock()
        self._burst = max(BURST_LEAST, BURST_MOST / max(1, drivers))
        self._left = self._burst
        self._counted_at = 0.0

    async def __aenter__(self) -> Self:
        await self._free.acquire()
        try:
            await self._begin()
        except BaseException:
            self._free.release()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._free.release()

    async def _begin(self) -> None:
        """Wait for a turn. A loop that is late gives a few turns at once, never all that it missed."""
        clock = asyncio.get_running_loop().time
        async with self._turn:
            self._refill(clock())
            while self._left < 1:
                await asyncio.sleep(TICK_S)
                self._refill(clock())
            self._left -= 1

    def _refill(self, now: float) -> None:
        self._left = min(self._burst, self._left + (now - self._counted_at) * BEGINS_PER_S)
        self._counted_at = now


def sockets_of(makers: Makers, names: Iterable[str]) -> int:
    """File descriptors that one address costs when all of these drivers knock there."""
    return sum(door.sockets for name in names for door in makers[name].doors if not door.needs_secret)


def affordable(wanted: int, *, sockets: int = 1, reserved: int = 0) -> tuple[int, str]:
    """How many addresses a scan can ask at once, at most ``wanted``, and a sentence where that is fewer.

    ``sockets`` are descriptors for one address, ``reserved`` those that will be needed meanwhile, for units that come
    back.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY or not sockets:
        return wanted, ""
    spare = (limit - _open_files() - reserved - FILES_KEPT) // sockets
    if spare >= wanted:
        return wanted, ""
    allowed = min(wanted, max(spare, FEWEST))
    return allowed, (
        f"{allowed} addresses are asked at once instead of {wanted}: this process may open {limit} files "
        f"(ulimit -n); raise that limit for a faster scan"
    )


def patience(target: Target, total: int, concurrency: int) -> Target:
    """The target with the time limits of a scan over ``total`` addresses."""
    few = total <= concurrency
    return replace(target, connect_timeout_s=CONNECT_FEW_S if few else CONNECT_S, answer_timeout_s=ANSWER_S)


async def ask(makers: Makers, question: ScanQuestion) -> ScanOutcome:
    """Find out who answers at one address; all drivers knock at their doors together, the first answer counts.

    Never raises but for cancellation: a driver's bug is an outcome.
    """
    target = question.target
    if not question.drivers:
        return Missed(target.host, target.port, "", "internal", "no driver asks addresses")
    if len(question.drivers) == 1:
        return await _ask_driver(makers, question.drivers[0], target)
    missed: list[Missed] = []
    waiting = {asyncio.create_task(_ask_driver(makers, name, target), name=f"ask {name}") for name in question.drivers}
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                outcome = task.result()
                if isinstance(outcome, Found):
                    return outcome
                missed.append(outcome)
    finally:
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)
    return min(missed, key=_rank)


def _rank(missed: Missed) -> tuple[float, bool]:
    """The most useful failure first; a driver's bug ranks before ``refused``, which every empty address answers."""
    rank = usefulness("refused") - 0.5 if missed.code == "internal" else usefulness(missed.code)
    return rank, not missed.stranger


async def sweep(
    questions: Iterable[ScanQuestion], makers: Makers, budget: Budget, report: Callable[[ScanOutcome], None]
) -> None:
    """Ask every address once and report each outcome, in no order. ``report`` must be quick and must not raise.

    Each worker brings the next one when it gets its first turn, so they come at the budget's pace as well, and a
    single address has a single worker.
    """
    source = iter(questions)
    hired = 0

    async def work(*, brings: bool) -> None:
        for question in source:
            async with budget:
                if brings:
                    brings = False
                    hire()
                outcome = await ask(makers, question)
            report(outcome)

    def hire() -> None:
        nonlocal hired
        if hired < budget.concurrency:
            hired += 1
            workers.create_task(work(brings=True), name="scan")

    async with asyncio.TaskGroup() as workers:
        hire()


def _open_files() -> int:
    try:
        return sum(1 for _ in Path("/dev/fd").iterdir())
    except OSError:  # a system without it
        return FILES_KEPT


async def _ask_driver(makers: Makers, name: str, target: Target) -> ScanOutcome:
    maker = makers[name].manufacturer
    deadline = look_limit_s(target)
    for attempt in range(1, _STARVED_TRIES + 1):
        try:
            async with asyncio.timeout(deadline):
                sightings = await makers.maker(name).look(target)
            if sightings:
                return Found(target.host, target.port, tuple(sightings))
            return Missed(target.host, target.port, maker, "never_seen", f"driver {name} found nobody")
        except DriverError as error:
            missed = Missed(target.host, target.port, maker, error.reason, error.detail, error.stranger)
            starved = _is_starved(error)
        except TimeoutError:
            detail = f"it could not be found out within {deadline:.1f} s who answers at {target.host}"
            return Missed(target.host, target.port, maker, "timeout", detail)
        except Exception as error:  # noqa: BLE001 - one maker's bug must not end the scan of the others
            detail = f"driver {name} failed: {type(error).__name__}: {error}"
            missed = Missed(target.host, target.port, maker, "internal", detail)
            starved = _is_starved(error)
        if not starved:
            break
        if attempt < _STARVED_TRIES:
            await asyncio.sleep(_STARVED_PAUSE_S)  # others of this scan end within that time and give theirs back
    return missed


def _is_starved(error: BaseException) -> bool:
    """Whether this machine ran out of something, which says nothing about the address."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _STARVED:
            return True
        cause = cause.__cause__
    return False
