"""Runs a search: resolves names, asks addresses, hands over what was found once a second, reports progress.

A search can be cancelled; what was found until then stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from services import clock
from services.discovery.outcomes import ScanOutcomes, ScanSinks
from services.discovery.scan import CONCURRENCY, Budget, Missed, ScanOutcome, sockets_of, sweep
from services.discovery.targets import Held, Place, ScanTargets
from services.drivers import Makers, Unresolved, asks_strangers, resolve
from services.live import Unit
from services.model import AuditContext, AvailabilityReason, Result
from services.rules import MAX_ADDRESSES, Host, Span, parse

PROGRESS_S = 1.0
"""Seconds between two reports of progress, and between two batches of found units that are handed over."""

PLACES_NAMED = 3
"""Places that a search is described by, in the log and in errors; the others are counted."""

IN_SESSION = frozenset({"reading", "live"})
"""States of a session in which it holds a connection, whether or not the unit is online already."""

KNOWN_NAMES_S = 60.0
"""How long the addresses of units that are known by a name are remembered: name servers and the threads that ask them
are needed by units that reconnect."""

Progress = Callable[[Mapping[str, object]], None]


class Sink(Protocol):
    """Takes the answers of a search."""

    def take(self, outcome: ScanOutcome) -> None:
        """Note what an address gave; quick."""

    def leave(self, host: str, port: int | None) -> None:
        """Note a unit that has its session and was not asked."""


@dataclass(slots=True)
class Search:
    """One search, from its request to its end."""

    context: AuditContext
    places: Sequence[Place]
    since: str = field(default_factory=clock.now_text)
    started: float = 0.0
    total: int | None = None
    """Addresses; ``None`` until names are resolved."""
    outcomes: ScanOutcomes | None = None
    task: asyncio.Task[None] | None = None
    cancelled: bool = False

    @property
    def what(self) -> str:
        """Its places, for people."""
        shown = ", ".join(place.text for place in self.places[:PLACES_NAMED])
        more = len(self.places) - PLACES_NAMED
        return f"{shown} and {more} more" if more > 0 else shown

    def cancel(self) -> None:
        """End it; what was found until now stays."""
        self.cancelled = True
        if self.task is not None:
            self.task.cancel()

    def progress(self, now: float) -> dict[str, object]:
        """How far it is: addresses done and in all, units found, seconds to go (``None`` until that is known)."""
        done = self.outcomes.done if self.outcomes else 0
        eta = round((now - self.started) / done * (self.total - done), 1) if done and self.total else None
        found = self.outcomes.found if self.outcomes else 0
        return {"done": done, "total": self.total, "found": found, "eta_s": eta}


@dataclass(frozen=True, slots=True)
class Finished:
    """How a search ended; ``failed`` are named hosts at which no unit answered."""

    result: Result
    failed: Mapping[str, tuple[AvailabilityReason, str]]
    cancelled: bool


class SearchRunner:
    """Performs searches; all of them together stay within one budget of sockets and of time on the event loop."""

    def __init__(self, sinks: ScanSinks, makers: Makers) -> None:
        self._sinks = sinks
        self._makers = makers
        self.concurrency = CONCURRENCY
        self.interface = ""
        self._budget: Budget | None = None
        self._resolved: dict[str, list[str]] = {}
        self._resolved_until: dict[str, float] = {}
        self._under_way = 0

    async def run(
        self,
        search: Search,
        *,
        manufacturer: str | None = None,
        limit: int | None = None,
        progress: Progress | None = None,
    ) -> Finished:
        """Search until everything was asked, or until it is cancelled."""
        clock_s = asyncio.get_running_loop().time
        search.started = clock_s()
        names = _scanned(self._makers, manufacturer)
        with self._taking_part() as budget:
            plan, known = await self._prepare(search.places, names, MAX_ADDRESSES if limit is None else limit)
            outcomes = search.outcomes = ScanOutcomes(plan, self._sinks, search.context, known)
            search.total = plan.total
            questions = plan.questions(
                self._held(known),
                outcomes.leave,
                budget.concurrency,
                stranger=lambda host: self._sinks.strangers.at(host, clock_s()),
                pass_by=outcomes.pass_by,
            )
            if not search.cancelled:
                search.task = asyncio.create_task(sweep(questions, self._makers, budget, outcomes.take), name="search")
                await self._watch(search, search.task, outcomes, progress)
        result = outcomes.total()
        result.duration_s = clock_s() - search.started
        result.data |= {
            "addresses": plan.total,
            "asked": outcomes.done,
            "candidates": outcomes.candidates,
            "concurrency": budget.concurrency,
            "cancelled": search.cancelled,
        }
        result.warnings += cannot_ask(self._makers)
        if budget.note:
            result.data["note"] = budget.note
        if plan.left_out:
            result.leave_out(
                f"only the first {plan.total} addresses were asked, {plan.left_out} were not: the limit is "
                f"{limit or MAX_ADDRESSES}; search the rest on its own"
            )
        if search.cancelled:
            result.leave_out(f"cancelled after {outcomes.done} of {plan.total} addresses")
        return Finished(result, outcomes.failures(), search.cancelled)

    async def _prepare(
        self, places: Sequence[Place], names: Sequence[str], limit: int
    ) -> tuple[ScanTargets, dict[str, str]]:
        """The plan, and the addresses of units that are known by a name."""
        wanted = [place.where.host for place in places if isinstance(place.where, Host) and place.where.is_name]
        by_name_alone = all(isinstance(place.where, Host) and place.where.is_name for place in places)
        known = {} if by_name_alone else await self._addresses_of_named_units(wanted)
        resolved = await resolve(name for name in wanted if name not in known)
        of_address = {address: name for name, addresses in known.items() for address in addresses}
        everything: dict[str, list[str] | Unresolved] = {**known, **resolved}
        return ScanTargets(places, self._makers, names, everything, interface=self.interface, limit=limit), of_address

    async def _addresses_of_named_units(self, fresh: Collection[str]) -> dict[str, list[str]]:
        """Addresses of units that are known by a name. ``fresh`` names are asked for even if they are remembered."""
        now = asyncio.get_running_loop().time()
        hosts = {unit.record.host for unit in self._sinks.inventory.units.values()}
        known = {host for host in hosts if host and Host(host).is_name}
        asked = {name for name in known if name in fresh or self._resolved_until.get(name, 0.0) <= now}
        for name, addresses in (await resolve(sorted(asked))).items():
            self._resolved[name] = addresses if isinstance(addresses, list) else []
            self._resolved_until[name] = now + KNOWN_NAMES_S
        for name in self._resolved.keys() - known:
            del self._resolved[name], self._resolved_until[name]
        return {name: addresses for name, addresses in self._resolved.items() if addresses}

    def _held(self, names: Mapping[str, str]) -> Held:
        inventory = self._sinks.inventory

        def held(host: str, port: int | None) -> bool:
            units = [*inventory.by_host(host), *inventory.by_host(names.get(host, ""))]
            return any(_is_held(unit, port) for unit in units)

        return held

    async def _watch(
        self, search: Search, task: asyncio.Task[None], outcomes: ScanOutcomes, progress: Progress | None
    ) -> None:
        """Hand over what is found while it is found, and report."""
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=PROGRESS_S)
                await outcomes.settle()
                if progress is not None and not task.done():
                    progress(search.progress(asyncio.get_running_loop().time()))
            if not search.cancelled:
                task.result()
        finally:
            task.cancel()
            await asyncio.wait({task})

    @contextmanager
    def _taking_part(self) -> Iterator[Budget]:
        """The budget that all searches of this moment share."""
        if self._budget is None or not self._under_way:
            units = self._sinks.inventory.units.values()
            names = _scanned(self._makers, None)
            self._budget = Budget(
                self.concurrency,
                sockets=sockets_of(self._makers, names),
                drivers=len(names),
                reserved=sum(not unit.online for unit in units),
            )
        self._under_way += 1
        try:
            yield self._budget
        finally:
            self._under_way -= 1


async def ask_places(
    makers: Makers, texts: Iterable[str], sink: Sink, *, concurrency: int = CONCURRENCY, interface: str = ""
) -> ScanTargets:
    """Ask networks, ranges, addresses and names, as people write them, without a bridge; what was asked.

    Raises `ValueError` for what is no such place; its text names the forms that are.
    """
    places = [Place(text, parse(text)) for text in texts]
    names = _scanned(makers, None)
    hosts = [place.where for place in places if isinstance(place.where, Host)]
    resolved = await resolve(host.host for host in hosts if host.is_name)
    plan = ScanTargets(places, makers, names, resolved, interface=interface)
    for host, unresolved in plan.unresolved.items():
        sink.take(Missed(host, None, "", "never_seen", unresolved.detail))
    budget = Budget(concurrency, sockets=sockets_of(makers, names), drivers=len(names))
    await sweep(plan.questions(lambda _host, _port: False, sink.leave, budget.concurrency), makers, budget, sink.take)
    return plan


def _scanned(makers: Makers, manufacturer: str | None) -> list[str]:
    """Drivers that a scan asks, of one manufacturer or of all; without those that cannot work on this machine."""
    return [
        name
        for name, driver in makers.items()
        if asks_strangers(driver) and manufacturer in {None, driver.manufacturer} and name not in makers.trouble
    ]


def cannot_ask(makers: Makers) -> list[str]:
    """One sentence for each driver that cannot ask, with the reason."""
    return [f"driver {name} asks nobody: {why}" for name, why in makers.trouble.items()]


def _is_held(unit: Unit, port: int | None) -> bool:
    if unit.record.behind:
        return False  # a gateway has one address for all of its units, and may have others that are new
    same_port = port is None or unit.record.port is None or unit.record.port == port
    return same_port and (unit.online or unit.link_state.session in IN_SESSION)


def covers(place: Place, host: str) -> bool:
    """Whether a place has this address or is this host."""
    return place.where.holds(host) if isinstance(place.where, Span) else place.where.host == host
