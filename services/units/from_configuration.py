"""The units that stand in the configuration file: applied at start and at every reload.

One with an id and a kind has its topics at once. Any other is listed as unidentified until it answers for the first
time; then its kind is known, and an id that never changes is made where the file gives none.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import BaseModel

from services.backoff import Backoff
from services.drivers import DriverError, Makers, Sighting, look, only_maker
from services.live import Inventory, UnidentifiedHosts, Unit
from services.model import (
    A_NOUN,
    UNIT_KINDS,
    Address,
    AuditContext,
    AvailabilityReason,
    Campus,
    Kind,
    UnitRecord,
)
from services.units.membership import RECONNECT_KEYS, Membership
from services.units.session import AUTO
from services.units.sessions import Sessions
from services.units.sync_service import DeviceSnapshot, DeviceSyncService

log = logging.getLogger(__name__)

RETRY_FIRST_S, RETRY_MOST_S = 2.0, 5.0
"""Seconds between two rounds of asking hosts that never answered."""

ASKED_AT_ONCE = 32

ACTOR = "config"


@dataclass(frozen=True, slots=True)
class ConfiguredUnit:
    """One ``[[units]]`` or ``[[receivers]]`` entry. ``kind`` is ``None`` where the unit has to be asked for it."""

    tenant: Campus
    host: str
    id: str | None = None
    kind: Kind | None = None
    name: str | None = None
    driver: str = AUTO
    port: int | None = None
    behind: str = ""
    """The unit behind a gateway at ``host``; empty where the unit answers itself."""
    manufacturer: str | None = None
    part_count: int | None = None
    labels: Mapping[str, object] = field(default_factory=dict)
    meter_interval_s: float | None = None
    interface: str = ""
    options: BaseModel | None = None
    """The driver's own settings of it; kept in memory alone, for secrets are among them."""

    @property
    def settings(self) -> dict[str, object]:
        """What the file decides of a record."""
        return {
            "host": self.host,
            "port": self.port,
            "behind": self.behind,
            "name": self.name,
            "labels": dict(self.labels),
            "meter_interval_s": self.meter_interval_s,
            "interface": self.interface,
            "source": "config",
            "driver": self.driver,
        }

    @property
    def place(self) -> tuple[str, int | None, str]:
        """Where it is."""
        return self.host, self.port, self.behind


class ConfiguredUnits:
    """Keeps the units of the file equal to the file."""

    def __init__(
        self,
        inventory: Inventory,
        membership: Membership,
        sessions: Sessions,
        sync: DeviceSyncService,
        makers: Makers,
        unidentified: UnidentifiedHosts,
    ) -> None:
        self._inventory = inventory
        self._unidentified = unidentified
        self._membership = membership
        self._sessions = sessions
        self._sync = sync
        self._makers = makers
        self._waiting: dict[tuple[str, int | None, str], ConfiguredUnit] = {}
        self._changed = asyncio.Event()

    async def apply(self, wanted: Sequence[ConfiguredUnit]) -> dict[str, int]:
        """Make the units equal to the file; how many were added, changed, removed and wait for a first answer."""
        counts = {"added": 0, "changed": 0, "removed": 0, "waiting": 0}
        kept: set[Address] = set()
        gone = {entry.host for entry in self._waiting.values()}
        self._waiting.clear()
        for entry in wanted:
            unit = self._known(entry)
            if unit is not None:
                kept.add(unit.address)
                counts["changed"] += await self._bring_up_to_date(unit, entry)
            elif entry.id is not None and entry.kind is not None:
                await self._make_room(entry)
                record = self._record(entry, Address(*entry.tenant, entry.kind, entry.id))
                context = AuditContext.of(entry.tenant, ACTOR)
                kept.add(self._membership.adopt(record, None, context, entry.options))
                counts["added"] += 1
            else:
                self._waiting[entry.place] = entry
                counts["waiting"] += 1
                gone.discard(entry.host)
                if entry.host not in self._unidentified:
                    self._list(entry, "never_seen", "it has not answered yet")
        for host in gone:
            self._unidentified.drop(host)
        for unit in list(self._inventory.units.values()):
            if unit.record.source == "config" and unit.address not in kept:
                await self._membership.drop(unit, AuditContext.of(unit.address.tenant, ACTOR))
                counts["removed"] += 1
        self._changed.set()
        return counts

    async def run(self) -> None:
        """Ask the hosts that never answered, round after round, until cancelled."""
        backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S, certain=1.0)
        while True:
            if self._waiting:
                gate = asyncio.Semaphore(ASKED_AT_ONCE)
                await asyncio.gather(*(self._ask(entry, gate) for entry in list(self._waiting.values())))
            self._changed.clear()
            try:
                async with asyncio.timeout(backoff.pause() if self._waiting else None):
                    await self._changed.wait()
            except TimeoutError:
                continue
            backoff.reset()

    # -- inside ----------------------------------------------------------------------------------------------

    def _known(self, entry: ConfiguredUnit) -> Unit | None:
        """The unit of an entry: by its id, else by its host and port; never one of another kind."""
        kinds = (entry.kind,) if entry.kind else tuple(UNIT_KINDS)
        if entry.id is not None:
            named = (self._inventory.units.get(Address(*entry.tenant, kind, entry.id)) for kind in kinds)
            return next((unit for unit in named if unit is not None), None)
        return next(
            (
                unit
                for unit in self._inventory.by_host(entry.host)
                if unit.address.tenant == entry.tenant
                and unit.address.kind in kinds
                and unit.record.port in {entry.port, None}
                and unit.record.behind == entry.behind
            ),
            None,
        )

    async def _make_room(self, entry: ConfiguredUnit) -> None:
        """Drop the unit that has the entry's host under another id, or the entry's id under another kind.

        An id of the file was not known until now, so its place may have had one that discovery made.
        """
        there = self._inventory.at(*entry.place)
        if there is not None and there.record.source == "config":
            there = None  # another entry of the file, perhaps an older one: it goes when it is no longer wanted
        named = [self._inventory.units.get(Address(*entry.tenant, kind, entry.id or "")) for kind in UNIT_KINDS]
        for unit in {id(one): one for one in (there, *named) if one is not None}.values():
            log.warning(
                "the configuration gives this unit another id or kind",
                extra={"unit": unit.address.id, "host": entry.host, "id": entry.id},
            )
            await self._membership.drop(unit, AuditContext.of(unit.address.tenant, ACTOR))

    async def _bring_up_to_date(self, unit: Unit, entry: ConfiguredUnit) -> bool:
        settings = entry.settings
        before, other_options = unit.record, self._membership.set_options(unit, entry.options)
        changed = any(getattr(before, key) != value for key, value in settings.items())
        if changed:
            context = AuditContext.of(entry.tenant, ACTOR)
            self._membership.amend(unit, replace(before, **settings), context)  # type: ignore[arg-type]
        reconnect = any(getattr(before, key) != getattr(unit.record, key) for key in RECONNECT_KEYS)
        if (reconnect or other_options) and self._sessions.get(unit.address) is not None:
            await self._membership.reconnect(unit)
        return changed or other_options

    def _record(self, entry: ConfiguredUnit, address: Address) -> UnitRecord:
        driver = self._makers.get(entry.driver)
        maker = entry.manufacturer or (driver.manufacturer if driver else only_maker(self._makers))
        return UnitRecord(
            address=address,
            manufacturer=maker,
            part_count=entry.part_count,
            **entry.settings,  # type: ignore[arg-type]  # by name
        )

    async def _look(self, entry: ConfiguredUnit) -> Sighting:
        target = self._sessions.first_contact(
            entry.host, entry.port, unit=entry.behind, interface=entry.interface, options=entry.options
        )
        sightings = await look(self._makers, target, None if entry.driver == AUTO else [entry.driver])
        meant = next((seen for seen in sightings if seen.unit == entry.behind), None)
        if meant is None:
            there = ", ".join(seen.unit for seen in sightings if seen.unit)
            detail = f"{entry.host} is a gateway: name one of its units, unit = ...; there are: {there}"
            if not there:
                detail = f"{entry.host} is no gateway: take unit = {entry.behind!r} away"
            raise DriverError("wrong_model", detail)
        return meant

    async def _ask(self, entry: ConfiguredUnit, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                identity = (await self._look(entry)).identity
            except DriverError as error:
                self._list(entry, error.reason, error.detail)
                return
            except Exception as error:  # a driver's bug must not end the round for the other hosts
                log.exception("a configured host could not be asked", extra={"host": entry.host})
                self._list(entry, "timeout", f"internal: {error}; the log says more")
                return
        if entry.kind not in {None, identity.kind}:
            detail = f"it is {A_NOUN[identity.kind]}: write it under [[units]], with that kind or with none"
            self._list(entry, "wrong_model", detail)
            return
        if self._waiting.pop(entry.place, None) is None:
            return  # the file changed meanwhile
        self._unidentified.drop(entry.host)
        if entry.id is not None:
            await self._make_room(entry)
        snapshot = DeviceSnapshot(
            entry.host,
            entry.port,
            identity,
            entry.driver,
            entry.name,
            entry.labels,
            "config",
            id=entry.id,
            options=entry.options,
            unit=entry.behind,
        )
        context = AuditContext.of(entry.tenant, ACTOR)
        result = await self._sync.bulk_sync_devices(
            manufacturer=identity.manufacturer, devices=[snapshot], complete=False, context=context
        )
        for problem in result.errors:
            self._list(entry, "identity_conflict", problem.message)
        unit = self._known(entry)
        if unit is not None and not result.errors:
            await self._bring_up_to_date(unit, entry)

    def _list(self, entry: ConfiguredUnit, reason: AvailabilityReason, detail: str) -> None:
        changed = self._unidentified.put(entry.tenant, entry.host, reason, detail)
        if changed and reason != "never_seen":
            log.warning(
                "configured host has not answered yet", extra={"host": entry.host, "reason": reason, "why": detail}
            )
