"""Asking many addresses who answers there: bounded, steady, and with the memory of a handful.

A fixed number of workers draws from one iterator, so a /16 is never a list of tasks. What bounds the work is a
`Budget`: so many questions under way at once, and so many begun a second. The second bound is what keeps the event
loop free: addresses that refuse at once (loopback, a router that says so) would otherwise come back a thousand in one
turn of the loop, which is 25 to 60 ms in which no change of any receiver is published.
"""

from __future__ import annotations

import asyncio
import errno
import resource
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from services.drivers import Driver, DriverError, Target, Unresolved, resolve, telling
from services.model import Identity
from services.rules import Host, Span, expand, parse

CONCURRENCY = 256
"""Questions under way at once, unless told otherwise."""

BEGINS_PER_S = 1000.0
"""Questions begun a second: a /16 in 66 s, a /24 in 0.3 s. At 1,500 a change took up to 12 to 21 ms meanwhile, in three
runs of the bench; at 1,000 up to 10 ms."""

BURST_MOST = 8
"""Questions begun in one turn of the event loop: about half a millisecond of work."""

TICK_S = 0.002
"""Between turns, two questions at that pace. Event loops count in milliseconds: shorter sleeps would be none."""

FILES_KEPT = 64
"""File descriptors that a scan leaves to everything else, beside those that are open or spoken for."""

FEWEST = 16
"""Workers that are left where file descriptors are scarce: slow is better than nothing."""

CONNECT_S = 1.0
"""Time to connect when many addresses are asked. A local network answers in milliseconds; the first repetition of a
lost SYN comes after one second (RFC 6298), and waiting for it would double the time that a dead /16 takes."""

CONNECT_FEW_S = 1.5
"""The same where all addresses fit into one round: time for that repetition, and a /24 still takes under 3 s."""

ANSWER_S = 1.0
"""Time for one answer: no reply of that name within about a second means that there is none (protocols, 1.1)."""

QUESTIONS_MOST = 6
"""Questions that a driver may need, one after the other, to find out who answers."""

_STARVED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
_STARVED_PAUSE_S = 0.5
_STARVED_TRIES = 4


@dataclass(frozen=True, slots=True)
class Found:
    """A receiver that answered. ``driver`` is the name of the driver that knew it."""

    host: str
    port: int | None
    driver: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class Missed:
    """No receiver answered; ``code`` is an availability reason, or ``internal`` for a failure of ours."""

    host: str
    port: int | None
    manufacturer: str
    code: str
    detail: str


Outcome = Found | Missed

Drivers = Mapping[str, Driver]
"""Drivers by name."""


@dataclass(frozen=True, slots=True)
class Question:
    """One address, and the drivers that may know who answers there, in the order in which they are tried."""

    target: Target
    drivers: Drivers


class Budget:
    """What all scans of the process together may use. Entering it is permission to ask one address."""

    def __init__(self, concurrency: int = CONCURRENCY, *, spoken_for: int = 0) -> None:
        self.concurrency, self.note = affordable(concurrency, spoken_for=spoken_for)
        """``note`` says so where there are fewer than were wanted, and is empty otherwise."""
        self._free = asyncio.Semaphore(self.concurrency)
        self._turn = asyncio.Lock()
        self._left = float(BURST_MOST)
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
        self._left = min(BURST_MOST, self._left + (now - self._counted_at) * BEGINS_PER_S)
        self._counted_at = now


def affordable(wanted: int, *, spoken_for: int = 0) -> tuple[int, str]:
    """How many sockets a scan can have, at most ``wanted``, and a sentence where that is fewer.

    ``spoken_for`` are descriptors that will be needed meanwhile, for receivers that come back.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return wanted, ""
    spare = limit - _open_files() - spoken_for - FILES_KEPT
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


async def ask(question: Question) -> Outcome:
    """Find out who answers at one address. Never raises but for cancellation: a driver's bug is an outcome."""
    missed: list[Missed] = []
    for name, driver in question.drivers.items():
        outcome = await _ask_driver(name, driver, question.target)
        if isinstance(outcome, Found):
            return outcome
        missed.append(outcome)
    if not missed:
        return Missed(question.target.host, question.target.port, "", "internal", "no driver asks addresses")
    return min(missed, key=lambda miss: telling(miss.code))


async def sweep(questions: Iterable[Question], budget: Budget, report: Callable[[Outcome], None]) -> None:
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
                outcome = await ask(question)
            report(outcome)

    def hire() -> None:
        nonlocal hired
        if hired < budget.concurrency:
            hired += 1
            workers.create_task(work(brings=True), name="scan")

    async with asyncio.TaskGroup() as workers:
        hire()


async def scan_all(
    drivers: Drivers,
    targets: Iterable[str],
    *,
    concurrency: int = CONCURRENCY,
    interface: str = "",
    report: Callable[[Outcome], None] | None = None,
) -> AsyncGenerator[Found, None]:
    """Find receivers in networks, ranges, addresses and names, as people write them; no store, no broker.

    Each receiver comes as soon as it has answered. ``report`` hears every outcome, dead addresses too.
    Leave the iteration early with `contextlib.aclosing`, so that the scan ends with it.

    Raises:
        ValueError: a target is no network, range, address or name; the words say what is.
    """
    budget = Budget(concurrency)
    asking = {name: driver for name, driver in drivers.items() if driver.scans}
    found: asyncio.Queue[Found | None] = asyncio.Queue()

    def tell(outcome: Outcome) -> None:
        if report is not None:
            report(outcome)
        if isinstance(outcome, Found):
            found.put_nowait(outcome)

    places = [parse(text) for text in targets]
    spans = expand(place for place in places if isinstance(place, Span))
    hosts = [place for place in places if isinstance(place, Host)]
    resolved = await resolve(place.host for place in hosts if place.is_name)
    singles: list[Target] = []
    for place in hosts:
        addresses = resolved.get(place.host, [place.host])
        if isinstance(addresses, Unresolved):
            tell(Missed(place.host, place.port, "", "never_seen", addresses.detail))
        else:
            singles += [Target(address, place.port, interface) for address in addresses]
    total = spans.total + len(singles)
    wide = (Target(host, interface=interface) for host in spans)

    def questions() -> Iterator[Question]:
        for part in (singles, wide):
            for target in part:
                yield Question(patience(target, total, budget.concurrency), asking)

    sweeping = asyncio.create_task(sweep(questions(), budget, tell))
    sweeping.add_done_callback(lambda _: found.put_nowait(None))
    try:
        while (unit := await found.get()) is not None:
            yield unit
        await sweeping
    finally:
        sweeping.cancel()
        await asyncio.wait({sweeping})


def _open_files() -> int:
    try:
        return sum(1 for _ in Path("/dev/fd").iterdir())
    except OSError:  # a system without it
        return FILES_KEPT


async def _ask_driver(name: str, driver: Driver, target: Target) -> Outcome:
    deadline = target.connect_timeout_s + QUESTIONS_MOST * target.answer_timeout_s
    for attempt in range(1, _STARVED_TRIES + 1):
        try:
            async with asyncio.timeout(deadline):
                return Found(target.host, target.port, name, await driver.identify(target))
        except DriverError as error:
            missed = Missed(target.host, target.port, driver.manufacturer, error.reason, error.detail)
            starved = _is_starved(error)
        except TimeoutError:
            detail = f"it could not be found out within {deadline:.1f} s who answers at {target.host}"
            return Missed(target.host, target.port, driver.manufacturer, "timeout", detail)
        except Exception as error:  # noqa: BLE001 - one maker's bug must not end the scan of the others
            detail = f"driver {name} failed: {type(error).__name__}: {error}"
            missed = Missed(target.host, target.port, driver.manufacturer, "internal", detail)
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
