"""Receives what units announce of themselves: it makes candidates of them, and shows which unit is at which address.

An advert proves that a unit exists, not that it answers: nothing is added before its address was asked. Anybody on the
network can send one, so nothing is learned from it but where to ask: a lost unit that announces itself from another
address is asked there, and followed where it answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TypeVar

from services.discovery.announced_hosts import AnnouncedHosts, Announcement
from services.discovery.service import DiscoveryOrchestrationService
from services.discovery.targets import Place
from services.drivers import DriverError, Gone, Makers, Sighting
from services.live import IgnoredUnits, Inventory, Unit
from services.model import AuditContext, Campus
from services.rules import Host

log = logging.getLogger(__name__)

ACTOR = "advert"

EXPIRE_EVERY_S = 30.0

JUDGE_AGAIN_S = 60.0
"""Seconds between two evaluations of an advert that has not changed; between them only its time is noted."""

ASK_AGAIN_S = 300.0
"""Seconds between two questions to a host that announces itself and is not added."""

LISTEN_AGAIN_S = 30.0
"""Pause after listening failed, in seconds: an interface may come up late, another program may hold the port."""

ANNOUNCED_MOST = 4000
"""Hosts that are remembered: anybody who can send to the network can invent any number of them."""

ASKED_AT_ONCE = 8
"""Hosts that are asked beside each other: most of an invented flood is addresses where nobody is."""

ASKING_MOST = 256
"""Hosts that wait to be asked; what does not fit comes again with its next advert."""


_Item = TypeVar("_Item")


class Adverts:
    """Receives adverts through every driver that can, on every interface or on the configured one."""

    def __init__(
        self,
        *,
        inventory: Inventory,
        ignored: IgnoredUnits,
        discovery: DiscoveryOrchestrationService,
        makers: Makers,
        announced: AnnouncedHosts,
        default_tenant: Campus,
    ) -> None:
        """``default_tenant`` gets the candidates that no range has."""
        self._inventory = inventory
        self._ignored = ignored
        self._discovery = discovery
        self._candidates = discovery.candidates
        self._makers = makers
        self._default_tenant = default_tenant
        self._announced = announced
        self._asking: asyncio.Queue[tuple[Campus, Sighting]] = asyncio.Queue(ASKING_MOST)
        self._moved = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen_to_all(), name="adverts listen")
            for number in range(ASKED_AT_ONCE):
                tasks.create_task(self._ask(), name=f"adverts ask {number}")
            while True:
                await asyncio.sleep(EXPIRE_EVERY_S)
                self.expire(asyncio.get_running_loop().time())

    def listen_again(self) -> None:
        """Listen anew: the makers have moved to another interface."""
        self._moved.set()

    async def _listen_to_all(self) -> None:
        while True:
            self._moved.clear()
            listening = [asyncio.create_task(self._listen(name), name=f"adverts {name}") for name in self._makers]
            try:
                await self._moved.wait()
            finally:
                for task in listening:
                    task.cancel()
                await asyncio.gather(*listening, return_exceptions=True)

    def receive(self, advert: Sighting) -> None:
        """Take in one advert. Must be quick: a thousand units announce themselves every two seconds."""
        now = asyncio.get_running_loop().time()
        place = advert.host, advert.unit
        announced = self._announced.pop(place, None)  # and put back: the list is in the order of the newest adverts
        if announced is None:
            if len(self._announced) >= ANNOUNCED_MOST:
                oldest = next(iter(self._announced))
                self._unlist(self._announced.pop(oldest))
            announced = self._announced[place] = Announcement(advert, now, now)
        else:
            self._announced[place] = announced
            announced.at = now
            announced.is_repeated = True
            if announced.advert == advert and now - announced.judged_at < JUDGE_AGAIN_S:
                return
            announced.advert, announced.judged_at = advert, now
        self._judge(announced, now)

    def forget(self, gone: Gone) -> None:
        """Take out a unit that announced that it leaves: it is no candidate any more."""
        announced = self._announced.get((gone.host, gone.unit))
        if announced is not None and announced.advert.driver == gone.driver:
            del self._announced[gone.host, gone.unit]
            self._unlist(announced)

    def expire(self, now: float) -> None:
        """Forget hosts that fell silent, and take them out of the candidates."""
        for place, announced in list(self._announced.items()):
            if now - announced.at >= announced.advert.lasts_s:
                del self._announced[place]
                self._unlist(announced)

    # -- what an advert is worth -----------------------------------------------------------------------------

    def _judge(self, announced: Announcement, now: float) -> None:
        advert = announced.advert
        here = [
            one
            for one in self._inventory.by_host(advert.host)
            if one.record.manufacturer == advert.identity.manufacturer and one.record.behind == advert.unit
        ]
        if here:
            self._unlist(announced)
            return
        known = self._by_hardware(advert)
        if known is not None:
            self._follow(announced, known, now)
            return
        tenant = self._discovery.adopting(advert.host)
        if not advert.identity.family and self._discovery.sinks.strangers.at(advert.host, now) is not None:
            return  # it says no more than that somebody is there, and who that is is known
        if tenant is not None:
            if not self._is_ignored(tenant, advert):
                self._ask_soon(announced, tenant, now)
        else:
            self._list(announced, self._discovery.tenant_of(advert.host) or self._default_tenant, "announces itself")

    def _follow(self, announced: Announcement, known: Unit, now: float) -> None:
        """Handle an advert of a known unit from another address than its own."""
        record = known.record
        if bool(record.behind) != bool(announced.advert.unit):
            there = f"behind the gateway {record.host}" if record.behind else f"at its own address {record.host}"
            self._list(announced, known.address.tenant, f"is {known.address.id}, which is known {there}")
            return
        if Host(record.host).is_name:
            return  # the name server knows better where it is
        if known.online:
            why = (
                f"announces the MAC address of {known.address.id}, which is online at {record.host}: a second network "
                "of that unit, or another unit with the same address"
            )
            self._list(announced, known.address.tenant, why)
        elif record.source == "config":
            why = f"is {known.address.id}, which the configuration file expects at {record.host}"
            self._list(announced, known.address.tenant, why)
        else:
            self._ask_soon(announced, known.address.tenant, now)

    def _by_hardware(self, advert: Sighting) -> Unit | None:
        """The unit with that MAC address or CID; where several have it, one that is online: it is where it is known."""
        mac, cid = advert.identity.mac, advert.identity.cid
        if mac is None and cid is None:
            return None
        those = [
            unit
            for unit in self._inventory.units.values()
            if unit.record.manufacturer == advert.identity.manufacturer
            and ((mac is not None and unit.record.mac == mac) or (cid is not None and unit.record.cid == cid))
        ]
        return max(those, key=lambda unit: unit.online, default=None)

    def _is_ignored(self, tenant: Campus, advert: Sighting) -> bool:
        return self._ignored.matches(tenant, advert.identity, advert.host)

    def _list(self, announced: Announcement, tenant: Campus, why: str) -> None:
        advert = announced.advert
        if self._is_ignored(tenant, advert):
            return
        if announced.listed is None and self._candidates.get(tenant, advert.host, advert.unit) is not None:
            return  # a discovery found out more than the advert has
        announced.listed = tenant
        self._candidates.put(
            tenant,
            advert.host,
            manufacturer=advert.identity.manufacturer,
            model=advert.identity.model,
            name=advert.name,
            mac=advert.identity.mac,
            why=why,
            unit=advert.unit,
        )

    def _unlist(self, announced: Announcement) -> None:
        if announced.listed is not None:
            self._candidates.drop(announced.listed, announced.advert.host, announced.advert.unit)
            announced.listed = None

    def _ask_soon(self, announced: Announcement, tenant: Campus, now: float) -> None:
        """Have a host asked; where many wait, only one that repeats itself, as units do: anybody can invent hosts."""
        if self._asking.qsize() >= ASKED_AT_ONCE and not announced.is_repeated:
            return
        if (announced.asked_at is None or now - announced.asked_at >= ASK_AGAIN_S) and _put(
            self._asking, (tenant, announced.advert)
        ):
            announced.asked_at = now

    # -- what follows ----------------------------------------------------------------------------------------

    async def _ask(self) -> None:
        while True:
            tenant, advert = await self._asking.get()
            place = Place(advert.host, Host(advert.host, advert.port), driver=advert.driver)
            context = AuditContext(tenant.organization, tenant.campus, ACTOR)
            try:
                finished = await self._discovery.look_at(context=context, places=[place])
            except Exception:  # this host's trouble must not end listening
                log.exception("a host that announced itself could not be asked", extra={"host": advert.host})
                continue
            announced = self._announced.get((advert.host, advert.unit))
            stranger = self._discovery.sinks.strangers.at(advert.host, asyncio.get_running_loop().time())
            if advert.host in finished.failed and stranger is not None:
                continue  # a speaker, a ceiling microphone: known now, and no candidate
            if advert.host in finished.failed and announced is not None:
                _, detail = finished.failed[advert.host]
                self._list(announced, tenant, f"announces itself, but does not answer: {detail}")
            elif announced is not None:
                self._unlist(announced)

    async def _listen(self, name: str) -> None:
        known = ""
        """What was in the way last; the log has it once, and not at every try."""
        while True:
            try:
                async with aclosing(_as_generator(self._makers.maker(name).sightings())) as sightings:
                    async for sighting in sightings:
                        if isinstance(sighting, Gone):
                            self.forget(sighting)
                        else:
                            self.receive(sighting)
            except (DriverError, OSError) as error:
                why = error.detail if isinstance(error, DriverError) else str(error)
                if why != known:
                    log.warning("adverts cannot be received", extra={"driver": name, "why": why})
                known = why
            except Exception as error:  # a driver's bug must not end the listening of the others
                if repr(error) != known:
                    log.exception("listening to adverts failed", extra={"driver": name})
                known = repr(error)
            else:
                return  # this maker's units announce nothing
            await asyncio.sleep(LISTEN_AGAIN_S)


def _put(queue: asyncio.Queue[_Item], item: _Item) -> bool:
    """Whether there was room."""
    if queue.full():
        return False
    queue.put_nowait(item)
    return True


async def _as_generator(source: AsyncIterator[Sighting | Gone]) -> AsyncGenerator[Sighting | Gone, None]:
    """Something that can be closed; a driver's own generator is closed with it."""
    try:
        async for sighting in source:
            yield sighting
    finally:
        if isinstance(source, AsyncGenerator):
            await source.aclose()
