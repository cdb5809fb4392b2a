"""DeviceSyncService: takes over units and values that a discovery or another program found. Needs no broker.

Sessions use the same fold as these methods: there is no second way to write a state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import BaseModel

from services.audit import Audit
from services.drivers import DriverError, Makers, Reading, check_manufacturer, look
from services.live import IgnoredUnits, Inventory, Unit
from services.model import (
    NOUNS,
    PART_KINDS,
    Address,
    AuditContext,
    Campus,
    DeviceError,
    Identity,
    Kind,
    Part,
    Result,
    ServiceError,
    Source,
    UnitRecord,
)
from services.rules import Match, normalise_host, recognise, same_unit
from services.units.availability import Availability
from services.units.membership import Membership
from services.units.reading_fold import ReadingFold
from services.units.recognition import Recognition
from services.units.session import Polling, target_of


@dataclass(frozen=True, slots=True)
class DeviceSnapshot:
    """One unit as it was found: its identity, which has its kind, and its address."""

    host: str
    port: int | None
    identity: Identity
    driver: str
    name: str | None = None
    labels: Mapping[str, object] = field(default_factory=dict)
    source: Source = "discovery"
    unit: str = ""
    """The unit behind a gateway at ``host``."""
    id: str | None = None
    """The id that it gets where it is new; ``None``: one is made of its identity."""
    options: BaseModel | None = None
    """The driver's own settings of it, from the configuration."""
    label: str | None = None
    """What the unit calls itself, for a list of what was found; ``name`` is what people here call it."""


def find_unit(inventory: Inventory, address: Address) -> Unit:
    """The unit with this address, or that has the part with this address.

    Raises `ServiceError` (unknown_resource).
    """
    if address.kind in PART_KINDS:
        found = inventory.part(address)
        unit = found[0] if found else None
    else:
        unit = inventory.units.get(address)
    if unit is None:
        where = f"{address.organization}/{address.campus}"
        raise ServiceError("unknown_resource", f"there is no {NOUNS[address.kind]} {address.id!r} in {where}")
    return unit


class DeviceSyncService:
    """Brings the stored units up to date with what was found."""

    def __init__(
        self,
        inventory: Inventory,
        fold: ReadingFold,
        availability: Availability,
        membership: Membership,
        ignored: IgnoredUnits,
        recognition: Recognition,
        audit: Audit,
        makers: Makers,
    ) -> None:
        self._inventory = inventory
        self._fold = fold
        self._availability = availability
        self._membership = membership
        self._ignored = ignored
        self._recognition = recognition
        self._audit = audit
        self._makers = makers

    async def sync_device_status(self, *, unit: Address, readings: Sequence[Reading], context: AuditContext) -> Result:
        """Take readings of one unit in. Raises `ServiceError` (unknown_resource)."""
        started = asyncio.get_running_loop().time()
        found = self._membership.find(unit)
        changed = self._fold.take(found, readings, context, at_once=True)
        return self._result(context, started, found.record.manufacturer, changed)

    async def sync_device_battery(
        self, *, part: Address, values: Mapping[str, object], context: AuditContext
    ) -> Result:
        """Take a part's battery values in; 0 is 0, ``None`` is unknown. Raises `ServiceError`."""
        started = asyncio.get_running_loop().time()
        found = self._inventory.part(part)
        if found is None:
            raise ServiceError("unknown_resource", f"there is no {NOUNS[part.kind]} {part.id}")
        strange = sorted(key for key in values if not key.startswith("battery_") and key != "power_source")
        if strange:
            raise ServiceError("schema_violation", f"not a battery value: {', '.join(strange)}", field=strange[0])
        unit, known = found
        changed = self._fold.take(unit, [Reading(Part(known.number), values)], context, at_once=True)
        return self._result(context, started, unit.record.manufacturer, changed)

    async def bulk_sync_devices(
        self,
        *,
        manufacturer: str,
        devices: Sequence[DeviceSnapshot],
        complete: bool,
        context: AuditContext,
        limit: int | None = None,
    ) -> Result:
        """Bring the units of one maker and campus up to date with a list of what answered.

        With ``complete`` the list is all there is: units that are not on it are marked offline. A partial
        list never does that. Beyond ``limit`` units the first ones are done, with a warning.
        Raises `ServiceError` for a manufacturer without a driver.
        """
        started = asyncio.get_running_loop().time()
        check_manufacturer(self._makers, manufacturer)
        result = Result(manufacturer=manufacturer, request_id=context.request_id)
        distinct = _collapse(devices)
        if limit is not None and len(distinct) > limit:
            result.leave_out(f"{len(distinct)} units, only the first {limit} were taken; the limit is {limit}")
            distinct, complete = distinct[:limit], False
        present: set[Address] = set()
        for snapshot in distinct:
            result.counts.seen += 1
            await asyncio.sleep(0)  # a thousand units must not hold the loop
            try:
                address = await self._sync_one(snapshot, context, result)
            except (ServiceError, DriverError) as error:
                code = error.code if isinstance(error, ServiceError) else error.reason
                result.fail(snapshot.host, code, error.detail)
                continue
            if address is not None:
                present.add(address)
        if complete:
            await self._mark_absent(manufacturer, context, present, result)
        result.duration_s = asyncio.get_running_loop().time() - started
        return result

    async def clear_sync_cache(self, *, context: AuditContext, unit: Address | None = None) -> Result:
        """Forget what units reported in this session and read them again, completely, without losing a connection.

        One that is offline is read when it returns. Stored state and retained topics stay; ``seen`` counts the
        units. Raises `ServiceError` (unknown_resource).
        """
        started = asyncio.get_running_loop().time()
        chosen = [self._membership.find(unit)] if unit else list(self._inventory.of(context.tenant))
        result = Result(request_id=context.request_id)
        for found in chosen:
            result.counts.seen += 1
            result.counts.offline += not found.online
            try:
                await self._membership.read_anew(found)
            except ServiceError as error:
                result.fail(found.address.id, error.code, error.detail)
        self._audit.record("sync_cache_cleared", context=context, after={"receivers": len(chosen)})
        result.duration_s = asyncio.get_running_loop().time() - started
        return result

    # -- inside ----------------------------------------------------------------------------------------------

    async def _sync_one(self, snapshot: DeviceSnapshot, context: AuditContext, result: Result) -> Address | None:
        tenant = context.tenant
        identity = snapshot.identity
        neighbours = list(self._inventory.of(tenant))
        online = [unit.address.id for unit in neighbours if unit.online]
        known = (unit.record for unit in neighbours)
        match = recognise(identity, snapshot.host, snapshot.port, known, online, unit=snapshot.unit)
        if match.outcome == "moved" and match.record is not None and await self._still_answers(match.record):
            why = f"{match.record.address.id} answers at {match.record.host} and also at {snapshot.host}"
            match = Match("conflict", match.record, why)
        is_new = match.outcome == "new"
        if match.outcome == "both_ways":
            if snapshot.source != "config" or snapshot.unit:
                return self._tell_both_ways(match, snapshot, result)
            is_new = True  # its own address counts more than the gateway
        if match.outcome == "conflict":
            self._tell_conflict(match, snapshot, context, result)
            is_new = snapshot.source == "config" and self._inventory.at(*_place(snapshot)) is None
        if is_new:
            if snapshot.source == "discovery" and self._ignored.matches(tenant, identity, snapshot.host):
                result.warnings.append(
                    f"{snapshot.host}: removed by hand, so not added again; {_add_verb(identity.kind)} brings it back"
                )
                return None
            address = self._membership.adopt(snapshot_record(snapshot, tenant), identity, context, snapshot.options)
            result.counts.added += 1
            return address
        assert match.record is not None  # noqa: S101  # every other outcome names its record
        address = match.record.address
        if match.outcome == "conflict":
            return address
        if match.outcome == "moved":
            result.counts.moved += 1
            await self._membership.move(address, snapshot.host, snapshot.port, context)
        else:
            learnt = self._recognition.learn(self._membership.find(address), identity)
            result.counts.updated += learnt
            result.counts.unchanged += not learnt
            where = {"host": snapshot.host, "port": snapshot.port}
            self._audit.record("receiver_duplicate", context=context, resource=address, after=where)
        return address

    def _tell_both_ways(self, match: Match, snapshot: DeviceSnapshot, result: Result) -> Address:
        """Keep a unit where it is known, with what the other way tells of it besides."""
        assert match.record is not None  # noqa: S101  # there is no such match without one
        self._recognition.complete(self._membership.find(match.record.address), snapshot.identity)
        result.counts.unchanged += 1
        if snapshot.source == "config":
            result.errors.append(DeviceError(snapshot.host, "identity_conflict", f"{match.why}: it is one unit"))
        else:
            result.warnings.append(f"{snapshot.host}: {match.why}")
        return match.record.address

    def _tell_conflict(self, match: Match, snapshot: DeviceSnapshot, context: AuditContext, result: Result) -> None:
        """Log, audit and publish a conflict at every unit that it is about."""
        result.counts.conflict += 1
        for record in (match.record, match.twin):
            if record is not None:
                self._recognition.conflict(self._membership.find(record.address), match.why, context)
        if snapshot.source != "config":
            result.errors.append(DeviceError(snapshot.host, "identity_conflict", match.why))

    async def _still_answers(self, record: UnitRecord) -> bool:
        """Ask the old place of a unit that seems to have moved: whether it answers there as that unit."""
        unit = self._inventory.units.get(record.address)
        if unit is not None and unit.link_state.session in {"reading", "live"}:
            return True  # it has its one conversation
        names = [record.driver] if record.driver in self._makers else None
        try:
            sightings = await look(self._makers, target_of(record, Polling()), names)
        except DriverError:
            return False
        return any(same_unit(record, sighting.identity) for sighting in sightings)

    async def _mark_absent(
        self, manufacturer: str, context: AuditContext, present: set[Address], result: Result
    ) -> None:
        """Set units offline that a complete list lacks; those that were online are reconnected: it may be wrong."""
        connected: list[Unit] = []
        for unit in self._inventory.of(context.tenant):
            if unit.record.manufacturer == manufacturer and unit.address not in present:
                if unit.online:
                    detail = "it was not in a complete list of what is there"
                    self._availability.set(unit, "offline", "timeout", detail=detail, context=context)
                    connected.append(unit)
                result.counts.offline += 1
        await asyncio.gather(*(self._membership.reconnect(unit) for unit in connected))

    def _result(self, context: AuditContext, started: float, manufacturer: str | None, changed: int) -> Result:
        result = Result(manufacturer=manufacturer, request_id=context.request_id)
        result.counts.seen = 1
        if changed:
            result.counts.updated = 1
        else:
            result.counts.unchanged = 1
        result.duration_s = asyncio.get_running_loop().time() - started
        return result


def _place(snapshot: DeviceSnapshot) -> tuple[str, int | None, str]:
    return snapshot.host, snapshot.port, snapshot.unit


def snapshot_record(snapshot: DeviceSnapshot, tenant: Campus) -> UnitRecord:
    """A record; where the snapshot gives no id its address has an empty one, and adoption makes it."""
    identity = snapshot.identity
    return UnitRecord(
        address=Address(tenant.organization, tenant.campus, identity.kind, snapshot.id or ""),
        manufacturer=identity.manufacturer,
        driver=snapshot.driver,
        host=snapshot.host,
        port=snapshot.port,
        behind=snapshot.unit,
        family=identity.family,
        model=identity.model,
        name=snapshot.name,
        serial=identity.serial,
        mac=identity.mac,
        cid=identity.cid,
        device_id=identity.device_id,
        firmware=identity.firmware,
        band=identity.band,
        part_count=identity.part_count,
        source=snapshot.source,
        labels=snapshot.labels,
    )


def _add_verb(kind: Kind) -> str:
    """The verb that adds a unit of this kind; receivers have one of their own."""
    return "receiver_add" if kind is Kind.RECEIVER else "unit_add"


def _collapse(devices: Sequence[DeviceSnapshot]) -> list[DeviceSnapshot]:
    """The last snapshot of each host. A unit that was seen at two hosts is kept twice on purpose: only the comparison
    with the inventory shows whether it moved or is in conflict.
    """
    by_host: dict[tuple[str, int | None, str], DeviceSnapshot] = {}
    for device in devices:
        host = normalise_host(device.host)
        by_host[host, device.port, device.unit] = replace(device, host=host)
    return list(by_host.values())
