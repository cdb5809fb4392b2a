"""Makes one driver of the several protocols that a maker's units speak.

A protocol is an object of the shape of a `Driver`, in a room of its own; `join` makes the driver that the entry point
names, `join_simulators` its simulator. The core sees one maker: one entry in the configuration, one list of products.

Theory of operation. Who answers at an address decides by which protocol it is read. `SeveralMaker.look` knocks at the
doors of all protocols together, and remembers who answered. A conversation goes by that memory, else by the family that
the unit had last time, else by the usual protocol where that door is open, else it looks first. Where conversations
bring nothing, every third try looks anew: a unit that got new firmware is found behind its other door.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel

from services.drivers.port import (
    Door,
    Driver,
    DriverError,
    Gone,
    Key,
    Link,
    Listener,
    Maker,
    Product,
    Reading,
    Sighting,
    SimulatedUnit,
    Simulator,
    Surroundings,
    Target,
    Trace,
    usefulness,
)

log = logging.getLogger(__name__)

BETTER_S = 0.3
"""How long an answer waits for one by a protocol that stands before it: some units answer at two doors."""
LOOK_EVERY = 3
"""Of so many conversations in a row that brought nothing, the last one looks at all doors first."""
REMEMBERED_MOST = 20_000
"""Units whose protocol is remembered; the oldest is forgotten."""
LISTEN_AGAIN_S = 30.0
"""Pause after listening to adverts failed in one protocol, in seconds; the others go on."""

_Known = TypeVar("_Known")

Place = tuple[str, int | None, str]
"""Host, port and unit behind a gateway: which conversation is meant."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """One protocol of a maker. Where a unit answers by several, the first in the order of `join` is taken."""

    driver: Driver
    usual: bool = False
    """Whether most units speak it, so that a first conversation begins by it: some units serve one client, and a look
    before would be another one."""
    gateway: bool = False
    """Whether units answer behind one address; a `Target` with a ``unit`` goes to gateways alone."""

    @property
    def families(self) -> frozenset[str]:
        """Families that are read by this protocol."""
        return frozenset(product.family for product in self.driver.products)

    @property
    def only_with_secret(self) -> bool:
        """Whether nobody answers without a key, so that an address without settings is not asked."""
        return all(door.needs_secret for door in self.driver.doors)

    def fits(self, where: Target) -> bool:
        """Whether it makes sense to ask this target.

        Where nobody answers without a key, only those are asked who are known to have that door: by their port, by the
        unit that is named behind them, by what they were last time. Others would be strangers that get a key.
        """
        if where.unit and not self.gateway:
            return False
        if not self.only_with_secret:
            return True
        doors = {door.port for door in self.driver.doors}
        known = bool(where.unit) or where.family in self.families or where.port in doors
        return known and where.options is not None


class SeveralMaker:
    """The makers of several protocols as one; `services.drivers.port.Maker`."""

    def __init__(self, protocols: Sequence[tuple[Protocol, Maker]]) -> None:
        self._protocols = protocols
        self._answered: dict[Place, Maker] = {}
        self._in_vain: dict[Place, int] = {}

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Ask by all protocols together. Raises `DriverError`, the most useful one, where nobody answers."""
        return await self._look(self._fitting(where), where, trace)

    async def _look(self, makers: Sequence[Maker], where: Target, trace: Trace | None) -> Sequence[Sighting]:
        if len(makers) == 1:
            sightings = await makers[0].look(where, trace)
            chosen = makers[0]
        else:
            chosen, sightings = await _first(makers, where, trace)
        for sighting in sightings:
            self._remember((where.host, where.port, sighting.unit), chosen)
        return sightings

    async def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """What units announce by any of the protocols, until cancelled."""
        queue: asyncio.Queue[Sighting | Gone] = asyncio.Queue(1)
        pumps = [asyncio.create_task(_pump(maker, queue), name="sightings") for _, maker in self._protocols]
        try:
            while True:
                yield await queue.get()
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    @asynccontextmanager
    async def connect(self, where: Target, listener: Listener, trace: Trace | None = None) -> AsyncIterator[Link]:
        """Open a conversation by the protocol that the unit speaks. Raises `DriverError`."""
        place = where.host, where.port, where.unit
        received = False

        def receive(readings: Sequence[Reading]) -> None:
            nonlocal received
            received = True
            listener(readings)

        maker: Maker | None = None
        try:
            async with AsyncExitStack() as stack:
                maker, link = await self._open(stack, where, receive, trace)
                yield link
        except DriverError:
            if not received:  # who leaves before anything came, a restarted session, has not tried in vain
                _put(self._in_vain, place, self._in_vain.get(place, 0) + 1)
            raise
        finally:
            if received and maker is not None:
                self._in_vain.pop(place, None)
                self._remember(place, maker)

    async def _open(
        self, stack: AsyncExitStack, where: Target, receive: Listener, trace: Trace | None
    ) -> tuple[Maker, Link]:
        """A conversation in the care of ``stack``, and whose it is. Raises `DriverError`."""
        place = where.host, where.port, where.unit
        fitting = self._fitting(where)
        likely = fitting[0] if len(fitting) == 1 else self._likely(where)
        if self._in_vain.get(place, 0) % LOOK_EVERY == LOOK_EVERY - 1 and len(fitting) > 1:
            self._answered.pop(place, None)
            likely = await self._find(where, trace)
        elif likely is None and (usual := self._usual(fitting)) is not None:
            try:
                return usual, await stack.enter_async_context(usual.connect(where, receive, trace))
            except DriverError as error:
                refused = error.afresh()
            try:
                likely = await self._find(where, trace, without=usual)
            except DriverError as error:
                raise _most_useful([refused, error]) from error
        chosen = likely or await self._find(where, trace)
        return chosen, await stack.enter_async_context(chosen.connect(where, receive, trace))

    async def _find(self, where: Target, trace: Trace | None, without: Maker | None = None) -> Maker:
        """Who answers, by a look. Raises `DriverError`."""
        makers = [maker for maker in self._fitting(where) if maker is not without]
        sightings = await self._look(makers, where, trace)
        place = where.host, where.port, where.unit
        if place not in self._answered:
            there = ", ".join(f"{seen.unit} ({seen.identity.model})" for seen in sightings if seen.unit)
            detail = f"{where.host} is a gateway: name one of its units, unit = ...; there are: {there}"
            raise DriverError("wrong_model", detail, again_s=15.0)
        return self._answered[place]

    def _usual(self, fitting: Sequence[Maker]) -> Maker | None:
        """The protocol that most units speak, where a conversation may begin by it without a look."""
        return next((maker for protocol, maker in self._protocols if protocol.usual and maker in fitting), None)

    def _likely(self, where: Target) -> Maker | None:
        known = self._answered.get((where.host, where.port, where.unit))
        if known is not None:
            return known
        named = [
            maker for protocol, maker in self._protocols if where.family in protocol.families and protocol.fits(where)
        ]
        return named[0] if len(named) == 1 else None

    def _fitting(self, where: Target) -> Sequence[Maker]:
        """Who can be asked. Raises `DriverError` where nobody can."""
        fitting = [(protocol, maker) for protocol, maker in self._protocols if protocol.fits(where)]
        at_port = [pair for pair in fitting if any(door.port == where.port for door in pair[0].driver.doors)]
        chosen = [maker for _, maker in at_port or fitting]
        if not chosen:
            detail = f"{where.host}: no unit of this maker answers without settings of its own (options)"
            if where.unit:
                detail = f"{where.host}: no unit of this maker stands behind a gateway; take unit = {where.unit!r} away"
            raise DriverError("wrong_model", detail, again_s=None)
        return chosen

    def _remember(self, place: Place, maker: Maker) -> None:
        _put(self._answered, place, maker)


class SeveralDriver:
    """The protocols of a maker as one; `services.drivers.port.Driver`."""

    def __init__(self, protocols: Sequence[Protocol], options: type[BaseModel] | None) -> None:
        self._protocols = protocols
        drivers = [protocol.driver for protocol in protocols]
        self.name: str = drivers[0].name
        self.manufacturer: str = drivers[0].manufacturer
        self.products: Sequence[Product] = tuple(
            _with_its_keys(product, driver) for driver in drivers for product in driver.products
        )
        self.doors: Sequence[Door] = tuple(door for driver in drivers for door in driver.doors)
        self.more: Sequence[Key] = tuple({row.name: row for driver in drivers for row in driver.more}.values())
        self.options = options

    @asynccontextmanager
    async def open(self, around: Surroundings) -> AsyncIterator[Maker]:
        """What all protocols need. Raises `OSError` or `DriverError` of the first that cannot open."""
        async with AsyncExitStack() as stack:
            makers = [
                (protocol, await stack.enter_async_context(protocol.driver.open(around)))
                for protocol in self._protocols
            ]
            yield SeveralMaker(makers)

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """What these bytes of a unit mean. Raises `KeyError` for an unknown product."""
        for protocol in self._protocols:
            if any(each.name == product for each in protocol.driver.products):
                return protocol.driver.replay(product, data)
        raise KeyError(product)


class SeveralSimulators:
    """The simulators of a maker's protocols as one; `services.drivers.port.Simulator`."""

    def __init__(self, simulators: Sequence[Simulator]) -> None:
        self._simulators = simulators
        self.name: str = simulators[0].name
        faults: dict[str, str] = {}
        for name, text in (pair for each in simulators for pair in each.faults.items()):
            faults.setdefault(name, text)
        self.faults: Mapping[str, str] = faults
        self.traits: Mapping[str, frozenset[str]] = {
            product: traits for each in simulators for product, traits in each.traits.items()
        }

    def faults_of(self, product: str) -> Mapping[str, str]:
        """The faults that units of one product can have. Raises `KeyError` for an unknown product."""
        for simulator in self._simulators:
            if product in simulator.traits:
                return simulator.faults
        raise KeyError(product)

    def run(
        self, product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AbstractAsyncContextManager[Sequence[SimulatedUnit]]:
        """Units of a product. Raises `ValueError` and `OSError` as its simulator does."""
        for simulator in self._simulators:
            if product in simulator.traits:
                return simulator.run(product, count=count, listen=listen, port=port, seed=seed, **options)
        raise ValueError(f"no product {product!r}; there are {', '.join(self.traits)}")


def _put(known: dict[Place, _Known], place: Place, value: _Known) -> None:
    """Remember something of a place; the one that was remembered longest ago goes where there are too many."""
    known.pop(place, None)
    if len(known) >= REMEMBERED_MOST:
        del known[next(iter(known))]
    known[place] = value


def join(*protocols: Driver | Protocol, options: type[BaseModel] | None = None) -> SeveralDriver:
    """One driver of several protocols; ``options`` is the model of a unit's own section for all of them.

    Raises `ValueError` where they do not belong together: other names, a product twice, a key that means two things.
    """
    members = [each if isinstance(each, Protocol) else Protocol(each) for each in protocols]
    drivers = [member.driver for member in members]
    if len({(driver.name, driver.manufacturer) for driver in drivers}) != 1:
        raise ValueError("protocols of one maker have one name and one manufacturer")
    names = [product.name for driver in drivers for product in driver.products]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"products that stand in two protocols: {', '.join(sorted(twice))}")
    rows: dict[str, Key] = {}
    for row in (row for driver in drivers for row in driver.more):
        if rows.setdefault(row.name, row) != row:
            raise ValueError(f"the key {row.name!r} means two things in two protocols")
    return SeveralDriver(members, options)


def join_simulators(*simulators: Simulator) -> SeveralSimulators:
    """One simulator of several. Raises `ValueError` where they have other names, or a product twice."""
    if len({each.name for each in simulators}) != 1:
        raise ValueError("simulators of one maker have one name")
    names = [product for each in simulators for product in each.traits]
    if len(names) != len(set(names)):
        raise ValueError("a product stands in two simulators")
    return SeveralSimulators(simulators)


def _with_its_keys(product: Product, driver: Driver) -> Product:
    """A product that reports keys of its own protocol alone, not those of the maker's other protocols."""
    return product if product.more is not None else replace(product, more=frozenset(row.name for row in driver.more))


async def _first(makers: Sequence[Maker], where: Target, trace: Trace | None) -> tuple[Maker, Sequence[Sighting]]:
    """Who answered: the first in the order of the makers among those that answered nearly together."""
    tasks = [asyncio.ensure_future(maker.look(where, trace)) for maker in makers]
    try:
        waiting = set(tasks)
        while waiting:
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if any(_answered(task) for task in tasks):
                best = next(number for number, task in enumerate(tasks) if _answered(task))
                if before := [task for task in tasks[:best] if not task.done()]:
                    await asyncio.wait(before, timeout=BETTER_S)
                return next(
                    (maker, task.result()) for maker, task in zip(makers, tasks, strict=True) if _answered(task)
                )
        raise _most_useful([error for task in tasks if (error := task.exception()) is not None])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _answered(task: asyncio.Future[Sequence[Sighting]]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None and bool(task.result())


def _most_useful(errors: Sequence[BaseException]) -> BaseException:
    """Of the failures at all doors the one that helps people most, to be tried again as soon as any allows it."""
    known = [error for error in errors if isinstance(error, DriverError)]
    bugs = [error for error in errors if not isinstance(error, DriverError)]
    if not known:
        return bugs[0] if bugs else DriverError("never_seen", "no unit of this maker answered")
    chosen = min(known, key=lambda error: (usefulness(error.reason), not error.stranger))
    if chosen.reason in {"identity_conflict", "auth_failed", "wrong_model"}:  # somebody answered: who is there is known
        return chosen.afresh()
    pauses = [error.again_s for error in known if error.again_s is not None]
    return DriverError(chosen.reason, chosen.detail, again_s=min(pauses, default=None))


async def _pump(maker: Maker, queue: asyncio.Queue[Sighting | Gone]) -> None:
    """Hand on what one protocol overhears; what is in the way is logged once, and tried again."""
    known = ""
    while True:
        source = maker.sightings()
        try:
            async for sighting in source:
                await queue.put(sighting)
            return  # its units announce nothing
        except (DriverError, OSError) as error:
            why = error.detail if isinstance(error, DriverError) else str(error)
            if why != known:
                log.warning("adverts cannot be received", extra={"maker": type(maker).__name__, "why": why})
            known = why
        except Exception as error:  # a bug in one protocol must not end the listening of the others
            if repr(error) != known:
                log.exception("listening to adverts failed", extra={"maker": type(maker).__name__})
            known = repr(error)
        finally:
            if isinstance(source, AsyncGenerator):
                await source.aclose()
        await asyncio.sleep(LISTEN_AGAIN_S)
