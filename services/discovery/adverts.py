"""Listening to what receivers announce of themselves: candidates, and evidence of who stands where.

An advert proves that a device exists, not that it answers: nothing is added before its address was asked. What it is
worth beyond that: a receiver that does not tell its MAC address is known by the announced one, and a lost receiver
that announces itself from another address is asked there and followed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TypeVar

from services.discovery.heard import Heard, HeardHosts
from services.discovery.service import DiscoveryOrchestrationService
from services.discovery.targets import Place
from services.drivers import DriverError, Gone, Makers, Sighting
from services.live import IgnoredUnits, Inventory, Unit
from services.model import AuditContext, Campus, Identity, ServiceError
from services.rules import Host
from services.units import DeviceSnapshot

log = logging.getLogger(__name__)

ACTOR = "advert"

EXPIRE_EVERY_S = 30.0

JUDGE_AGAIN_S = 60.0
"""An advert that says what it said before is thought about so often, and only noted in between."""

ASK_AGAIN_S = 300.0
"""Between two questions to a host that announces itself and is not added."""

LISTEN_AGAIN_S = 30.0
"""After listening failed: an interface that comes up late, a port that another program holds."""

HEARD_MOST = 4000
"""Hosts that are remembered: whoever can send to the network can invent as many as he likes."""

ASKING_MOST = 256
"""Hosts that wait to be asked; what does not fit comes again with its next advert."""


_Item = TypeVar("_Item")


class Adverts:
    """Listens through every driver that can, on every interface or on the one that is given."""

    def __init__(
        self,
        *,
        inventory: Inventory,
        ignored: IgnoredUnits,
        discovery: DiscoveryOrchestrationService,
        makers: Makers,
        heard: HeardHosts,
        default_tenant: Campus,
    ) -> None:
        """``default_tenant`` gets the candidates that no range has."""
        self._inventory = inventory
        self._ignored = ignored
        self._discovery = discovery
        self._candidates = discovery.candidates
        self._makers = makers
        self._default_tenant = default_tenant
        self._heard = heard
        self._asking: asyncio.Queue[tuple[Campus, Sighting]] = asyncio.Queue(ASKING_MOST)
        self._teaching: asyncio.Queue[tuple[Unit, str]] = asyncio.Queue(ASKING_MOST)

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name in self._makers:
                tasks.create_task(self._listen(name), name=f"adverts {name}")
            tasks.create_task(self._ask(), name="adverts ask")
            tasks.create_task(self._teach(), name="adverts teach")
            while True:
                await asyncio.sleep(EXPIRE_EVERY_S)
                self.expire(asyncio.get_running_loop().time())

    def hear(self, advert: Sighting) -> None:
        """Take one advert in; quick, for a thousand receivers announce themselves every two seconds."""
        now = asyncio.get_running_loop().time()
        heard = self._heard.get((advert.host, advert.unit))
        if heard is None:
            if len(self._heard) >= HEARD_MOST:
                return
            heard = self._heard[advert.host, advert.unit] = Heard(advert, now, now)
        else:
            heard.at = now
            if heard.advert == advert and now - heard.judged_at < JUDGE_AGAIN_S:
                return
            heard.advert, heard.judged_at = advert, now
        self._judge(heard, now)

    def forget(self, gone: Gone) -> None:
        """A unit said goodbye: it is no candidate any more."""
        heard = self._heard.get((gone.host, gone.unit))
        if heard is not None and heard.advert.driver == gone.driver:
            del self._heard[gone.host, gone.unit]
            self._unlist(heard)

    def expire(self, now: float) -> None:
        """Forget hosts that fell silent, and take them out of the candidates."""
        for place, heard in list(self._heard.items()):
            if now - heard.at >= heard.advert.lasts_s:
                del self._heard[place]
                self._unlist(heard)

    # -- what an advert is worth -----------------------------------------------------------------------------

    def _judge(self, heard: Heard, now: float) -> None:
        advert = heard.advert
        here = [
            one
            for one in self._inventory.by_host(advert.host)
            if one.record.manufacturer == advert.identity.manufacturer and one.record.behind == advert.unit
        ]
        if here:
            self._unlist(heard)
            if len(here) == 1 and here[0].online and here[0].record.mac is None and advert.identity.mac is not None:
                _put(self._teaching, (here[0], advert.identity.mac))
            return
        known = self._by_mac(advert)
        if known is not None:
            self._follow(heard, known, now)
            return
        tenant = self._discovery.adopting(advert.host)
        if tenant is not None:
            if not self._is_ignored(tenant, advert):
                self._ask_soon(heard, tenant, now)
        else:
            self._list(heard, self._discovery.tenant_of(advert.host) or self._default_tenant, "announces itself")

    def _follow(self, heard: Heard, known: Unit, now: float) -> None:
        """A receiver that we know announces itself somewhere else."""
        record = known.record
        if known.online or Host(record.host).is_name:
            return  # it has two networks, or the name server knows better where it is
        if record.source == "config":
            why = f"is {known.address.id}, which the configuration file expects at {record.host}"
            self._list(heard, known.address.tenant, why)
        else:
            self._ask_soon(heard, known.address.tenant, now)

    def _by_mac(self, advert: Sighting) -> Unit | None:
        if advert.identity.mac is None:
            return None
        return next(
            (
                unit
                for unit in self._inventory.units.values()
                if unit.record.mac == advert.identity.mac and unit.record.manufacturer == advert.identity.manufacturer
            ),
            None,
        )

    def _is_ignored(self, tenant: Campus, advert: Sighting) -> bool:
        return self._ignored.matches(tenant, advert.identity, advert.host)

    def _list(self, heard: Heard, tenant: Campus, why: str) -> None:
        advert = heard.advert
        if self._is_ignored(tenant, advert):
            return
        if heard.listed is None and self._candidates.get(tenant, advert.host) is not None:
            return  # a discovery knows more of it than it says itself
        heard.listed = tenant
        self._candidates.put(
            tenant,
            advert.host,
            manufacturer=advert.identity.manufacturer,
            model=advert.identity.model,
            name=advert.name,
            mac=advert.identity.mac,
            why=why,
        )

    def _unlist(self, heard: Heard) -> None:
        if heard.listed is not None:
            self._candidates.drop(heard.listed, heard.advert.host)
            heard.listed = None

    def _ask_soon(self, heard: Heard, tenant: Campus, now: float) -> None:
        if (heard.asked_at is None or now - heard.asked_at >= ASK_AGAIN_S) and _put(
            self._asking, (tenant, heard.advert)
        ):
            heard.asked_at = now

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
            heard = self._heard.get((advert.host, advert.unit))
            if advert.host in finished.failed and heard is not None:
                _, detail = finished.failed[advert.host]
                self._list(heard, tenant, f"announces itself, but does not answer: {detail}")
            elif heard is not None:
                self._unlist(heard)

    async def _teach(self) -> None:
        """Give receivers that do not tell their MAC address the announced one, by which they are known again."""
        while True:
            unit, mac = await self._teaching.get()
            record = unit.record
            identity = Identity(
                record.manufacturer,
                record.family or "",
                kind=unit.address.kind,
                model=record.model,
                serial=record.serial,
                mac=mac,
                device_id=record.device_id,
            )
            snapshot = DeviceSnapshot(record.host, record.port, identity, record.driver)
            tenant = unit.address.tenant
            try:
                await self._discovery.house.sync.bulk_sync_devices(
                    manufacturer=record.manufacturer,
                    devices=[snapshot],
                    complete=False,
                    context=AuditContext(tenant.organization, tenant.campus, ACTOR),
                )
            except ServiceError as error:
                log.warning("an announced MAC address was not taken", extra={"host": record.host, "why": error.detail})

    async def _listen(self, name: str) -> None:
        while True:
            try:
                async with aclosing(_as_generator(self._makers.maker(name).sightings())) as sightings:
                    async for sighting in sightings:
                        if isinstance(sighting, Gone):
                            self.forget(sighting)
                        else:
                            self.hear(sighting)
            except (DriverError, OSError) as error:
                why = error.detail if isinstance(error, DriverError) else str(error)
                log.warning("adverts cannot be heard", extra={"driver": name, "why": why})
            except Exception:  # a driver's bug must not end the listening of the others
                log.exception("listening to adverts failed", extra={"driver": name})
            else:
                return  # this maker's receivers announce nothing
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
