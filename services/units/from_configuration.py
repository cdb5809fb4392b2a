"""The units that stand in the configuration file: applied at start and at every reload.

One with an id and a kind has its topics at once. Any other is listed as unidentified until it answers for the first
time; then its kind is known, and an id that never changes is made where the file gives none.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from pydantic import BaseModel

from services.backoff import Backoff, pause_of_absent
from services.drivers import DriverError, Makers, Sighting, choose_unit, look, only_maker
from services.live import Inventory, UnidentifiedHosts, Unit
from services.model import (
    A_NOUN,
    UNIT_KINDS,
    Address,
    AuditContext,
    AvailabilityReason,
    Campus,
    Identity,
    Kind,
    ServiceError,
    UnitRecord,
)
from services.units.membership import RECONNECT_KEYS, Membership
from services.units.session import AUTO
from services.units.sessions import Sessions
from services.units.sync_service import DeviceSnapshot, DeviceSyncService

log = logging.getLogger(__name__)

RETRY_FIRST_S, RETRY_MOST_S = 2.0, 5.0
"""Seconds between two rounds of asking hosts that never answered, in the first minutes; later the rounds are rarer."""

ASKED_AT_ONCE = 32

ACTOR = "config"

_Place = tuple[str, int | None, str]
"""`ConfiguredUnit.place`."""


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
        self._waiting: dict[_Place, ConfiguredUnit] = {}
        self._again_at: dict[_Place, float] = {}
        """Loop time before which a host is not asked again, where the driver knows better than the rounds."""
        self._hosts: set[tuple[str, str]] = set()
        """Hosts of the file, and the units behind gateways there, as it was applied last."""
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()
        """The file is applied, and hosts that answered become units, in turn: each would undo half of the other."""

    async def apply(self, wanted: Sequence[ConfiguredUnit]) -> dict[str, int]:
        """Make the units equal to the file; how many were added, changed, removed and wait for a first answer."""
        async with self._turn:
            before = dict(self._waiting)
            counts = await self._apply(wanted)
            self._again_at = {
                place: at for place, at in self._again_at.items() if before.get(place) == self._waiting.get(place)
            }
        self._changed.set()
        return counts

    async def _apply(self, wanted: Sequence[ConfiguredUnit]) -> dict[str, int]:
        counts = {"added": 0, "changed": 0, "removed": 0, "waiting": 0}
        kept: set[Address] = set()
        gone, self._hosts = self._hosts, {(entry.host, entry.behind) for entry in wanted}
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
                gone.discard((entry.host, entry.behind))
                if self._unidentified.get(entry.host, entry.behind) is None:
                    self._list(entry, "never_seen", "it has not answered yet")
        for host, behind in gone:
            self._unidentified.drop(host, behind)
        for unit in list(self._inventory.units.values()):
            if unit.record.source == "config" and unit.address not in kept:
                await self._membership.drop(unit, AuditContext.of(unit.address.tenant, ACTOR))
                counts["removed"] += 1
        return counts

    async def run(self) -> None:
        """Ask the hosts that never answered, round after round, until cancelled."""
        backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S, certain=1.0)
        loop = asyncio.get_running_loop()
        since = loop.time()
        while True:
            if self._waiting:
                gate = asyncio.Semaphore(ASKED_AT_ONCE)
                await asyncio.gather(*(self._ask(entry, gate) for entry in self._due()))
            self._changed.clear()
            pause = max(backoff.pause(), pause_of_absent(loop.time() - since))
            try:
                async with asyncio.timeout(pause if self._waiting else None):
                    await self._changed.wait()
            except TimeoutError:
                continue
            backoff.reset()
            since = loop.time()

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
        elif before.meter_interval_s != unit.record.meter_interval_s:
            self._sessions.meter(unit)
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
        options = entry.options
        if entry.driver != AUTO:  # who named the driver wants it to be let in
            options = self._sessions.credentials.options(entry.driver, entry.host, options)
        target = self._sessions.first_contact(
            entry.host, entry.port, unit=entry.behind, interface=entry.interface, options=options
        )
        sightings = await look(self._makers, target, None if entry.driver == AUTO else [entry.driver])
        return choose_unit(sightings, entry.host, entry.behind)

    def _due(self) -> list[ConfiguredUnit]:
        now = asyncio.get_running_loop().time()
        return [entry for place, entry in self._waiting.items() if self._again_at.get(place, now) <= now]

    async def _ask(self, entry: ConfiguredUnit, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                identity = (await self._look(entry)).identity
            except Exception as error:  # noqa: BLE001 - a driver's bug must not end the round for the other hosts
                self._failed(entry, error)
                return
        async with self._turn:
            if self._waiting.get(entry.place) == entry:  # else the file changed meanwhile
                await self._take(entry, identity)

    def _failed(self, entry: ConfiguredUnit, error: Exception) -> None:
        if self._waiting.get(entry.place) != entry:
            return  # likewise
        if isinstance(error, DriverError):
            pause = inf if error.again_s is None else error.again_s
            self._again_at[entry.place] = asyncio.get_running_loop().time() + pause
            self._list(entry, error.reason, error.detail)
        else:
            self._list(entry, "timeout", f"internal: {error}; the log says more", error)

    async def _take(self, entry: ConfiguredUnit, identity: Identity) -> None:
        """Make a unit of a host that answered for the first time."""
        if entry.kind not in {None, identity.kind}:
            detail = f"it is {A_NOUN[identity.kind]}: write it under [[units]], with that kind or with none"
            self._list(entry, "wrong_model", detail)
            return
        del self._waiting[entry.place]
        try:
            await self._adopt(entry, identity)
        except ServiceError as error:
            self._list(entry, "wrong_model", error.detail)
        except Exception as error:  # noqa: BLE001 - as in `_ask`
            self._list(entry, "timeout", f"internal: {error}; the log says more", error)

    async def _adopt(self, entry: ConfiguredUnit, identity: Identity) -> None:
        self._unidentified.drop(entry.host, entry.behind)
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

    def _list(
        self, entry: ConfiguredUnit, reason: AvailabilityReason, detail: str, bug: Exception | None = None
    ) -> None:
        """List a host as unidentified; the log has it where the reason is another one than before."""
        changed = self._unidentified.put(entry.tenant, entry.host, reason, detail, entry.behind)
        if changed and reason != "never_seen":
            words = {"host": entry.host, "reason": reason, "why": detail}
            log.warning("configured host has not answered yet", extra=words, exc_info=bug)
