"""Which receivers there are: adopted, added, moved, replaced, labelled, removed; each audited, each stored.

What stands in the configuration file belongs to the file and is refused to commands; what commands and discovery
add lives in the database.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from services import clock
from services.audit import Audit
from services.drivers import Driver, DriverError
from services.live import Inventory, Unit
from services.model import (
    CHANNEL_STATE_KEYS,
    RECEIVER_STATE_KEYS,
    Address,
    AuditContext,
    AvailabilityReason,
    Campus,
    ChannelState,
    Event,
    Facet,
    Identity,
    IgnoredIdentity,
    PartRecord,
    ReceiverState,
    ServiceError,
    Slot,
    UnitRecord,
    kind_of_unit,
)
from services.rules import EMPTY_CHANNEL, EMPTY_RECEIVER, is_unit_id, make_id, same_unit
from services.store import Store
from services.units.reading_fold import Intake
from services.units.sessions import Sessions

log = logging.getLogger(__name__)

LABEL_KEYS = ("location", "building", "room", "rack", "position", "tags")

_PUBLIC = ("manufacturer", "driver", "host", "port", "model", "serial", "mac", "name", "source", "labels")
"""What an audit event says of a receiver."""

RECONNECT_KEYS = ("host", "port", "interface", "driver", "meter_interval_s")
"""What a session is begun with: a change of these begins a new one, a change of words does not."""

Gone = Callable[[Sequence[Address]], None]
"""Told the addresses whose retained topics must go."""


class Roster:
    """Adds, changes and removes receivers."""

    def __init__(self, inventory: Inventory, intake: Intake, sessions: Sessions, store: Store, audit: Audit) -> None:
        self._inventory = inventory
        self._intake = intake
        self._sessions = sessions
        self._store = store
        self._audit = audit
        self.on_gone: Gone = lambda _addresses: None
        self.configuration = "the configuration"
        """Where receivers of the configuration stand, in words."""

    # -- at start --------------------------------------------------------------------------------------------

    def restore(self, units: Sequence[UnitRecord], parts: Sequence[PartRecord]) -> None:
        """Put what was stored back: last values, all of them stale until their receiver answers."""
        for record in units:
            state = {**EMPTY_RECEIVER, **_only(record.state, RECEIVER_STATE_KEYS)}
            try:
                self._enter(Unit(record, state=cast("ReceiverState", state)))
            except ServiceError as error:  # one row must not keep the others from coming back
                log.warning("a stored receiver is left out", extra={"host": record.host, "why": error.detail})
        for stored in parts:
            home = stored.address._replace(kind=kind_of_unit(stored.address.kind), id=stored.unit)
            unit_of = self._inventory.units.get(home)
            if unit_of is None:
                continue
            part = self._inventory.ensure_part(unit_of, stored.number)
            values = {**EMPTY_CHANNEL, **_only(stored.state, CHANNEL_STATE_KEYS)}
            part.state = cast("ChannelState", values)
            part.slots = {cast("Slot", slot)["number"]: cast("Slot", slot) for slot in stored.slots}
            self._mark_part(part.address, stored.changed_at or clock.now_text())
            if stored.changed_at:
                part.version.changed_at = stored.changed_at
        for unit in self._inventory.units.values():
            try:
                self._intake.judge_stored(unit)
            except (TypeError, ValueError) as error:  # of another form than ours: the receiver will tell them anew
                log.warning("stored values are left out", extra={"receiver": unit.address.id, "why": str(error)})
                for part in unit.parts.values():
                    part.state = EMPTY_CHANNEL

    def start_sessions(self) -> None:
        """Begin every receiver's life."""
        for unit in self._inventory.units.values():
            if self._sessions.get(unit.address) is None:
                self._sessions.start(unit)

    # -- discovery and sessions ------------------------------------------------------------------------------

    def adopt(self, record: UnitRecord, identity: Identity | None, context: AuditContext) -> Address:
        """Add a receiver; an empty id in its address is made of its identity. Raises `ServiceError`."""
        tenant = record.address.tenant
        if not record.address.id:
            if identity is None:
                raise ServiceError("schema_violation", "a receiver that never answered needs an id", field="args.id")
            taken = [address.id for address in self._inventory.units if address.tenant == tenant]
            made = make_id(identity, record.host, taken)
            record = replace(record, address=record.address._replace(id=made))
        if record.address in self._inventory.units:
            raise ServiceError(
                "duplicate_conflict", f"there is a receiver {record.address.id} already", field="args.id"
            )
        unit = Unit(record)
        self._enter(unit)
        self._store.put_unit(record)
        action = "receiver_adopted" if record.source == "discovery" else "receiver_added"
        self._audit.record(action, context=context, resource=_resource(unit), after=_public(record))
        self._inventory.mark_membership(tenant)
        log.info("receiver added", extra={"receiver": record.address.id, "host": record.host, "source": record.source})
        self._sessions.start(unit)
        return record.address

    def learn(self, address: Address, identity: Identity) -> bool:
        """Take over what an identity says of a known receiver; whether anything was new."""
        unit = self.find(address)
        facts = {
            key: getattr(identity, key)
            for key in ("family", "model", "serial", "mac", "device_id", "firmware", "band", "part_count")
            if getattr(identity, key) is not None and getattr(identity, key) != getattr(unit.record, key)
        }
        if not facts:
            return False
        self._change(unit, replace(unit.record, **facts))
        return True

    def verify(self, unit: Unit, driver: Driver, identity: Identity) -> None:
        """Whether the unit that answered is the one that this receiver is. Raises `DriverError` where it is not.

        An id that stands in the configuration survives a swap of the unit: the new one is audited and taken.
        """
        record = unit.record
        same = same_unit(record, identity)
        other_model = bool(record.model and identity.model and record.model != identity.model)
        context = AuditContext(record.address.organization, record.address.campus)
        if same is False or (same is None and other_model):
            if record.source != "config":
                reason: AvailabilityReason = "identity_conflict" if same is False else "wrong_model"
                detail = (
                    f"expected {record.model} {record.mac or record.serial or ''}, found {identity.model} "
                    f"{identity.mac or identity.serial or ''}; receiver_replace accepts the new unit"
                )
                if unit.reason != reason:
                    self.conflict(record.address, detail, context)
                raise DriverError(reason, detail)
            before, after = _identity_of(record), _identity_of(identity)
            log.warning(
                "another unit answers here, and is taken: the configuration gives its id",
                extra={"receiver": record.address.id, "was": before, "is": after},
            )
            self._audit.record(
                "receiver_replaced", context=context, resource=_resource(unit), before=before, after=after
            )
        self.learn(record.address, identity)
        self._equip(unit, driver, identity)
        if unit.record.driver != driver.name or unit.record.manufacturer != identity.manufacturer:
            known = replace(unit.record, driver=driver.name, manufacturer=identity.manufacturer)
            self._change(unit, known)

    async def read_anew(self, unit: Unit) -> None:
        """Forget what a receiver said in this session, and read it again; one that is away is read when it returns.

        Raises `ServiceError`; then everything stands as before.
        """
        if not unit.online:
            return
        early = self._intake.begin(unit)
        try:
            await self._sessions.refresh(unit.address)
        except ServiceError:
            if unit.online:
                self._intake.abandon(unit, early)
            raise
        if unit.early is early:
            self._intake.complete(unit)

    async def reconnect(self, unit: Unit) -> None:
        """Begin a receiver's connection anew."""
        await self._sessions.restart(unit)

    async def move(self, address: Address, host: str, port: int | None, context: AuditContext) -> None:
        """Follow a receiver to its new address."""
        unit = self.find(address)
        before = {"host": unit.record.host, "port": unit.record.port}
        self._change(unit, replace(unit.record, host=host, port=port))
        after = {"host": host, "port": port}
        self._audit.record("receiver_moved", context=context, resource=_resource(unit), before=before, after=after)
        log.info("receiver moved", extra={"receiver": address.id, "from": before["host"], "host": host})
        await self._sessions.restart(unit)

    def conflict(self, address: Address, why: str, context: AuditContext) -> None:
        """Two units claim one identity: said, audited, never merged."""
        log.warning("identity conflict", extra={"receiver": address.id, "why": why})
        resource = f"{address.kind}/{address.id}"
        self._audit.record("receiver_conflict", context=context, resource=resource, after={"why": why})
        event = Event(clock.uuid7(), "identity_conflict", clock.now_text(), address, {"why": why})
        self._inventory.bus.tell(event)

    # -- commands --------------------------------------------------------------------------------------------

    async def update(self, address: Address, changes: Mapping[str, object], context: AuditContext) -> UnitRecord:
        """Change host, port, name, labels, metering or driver of a receiver. Raises `ServiceError`."""
        unit = self.find(address)
        self._refuse_config(unit)
        old = unit.record
        new = replace(old, **changes)  # type: ignore[arg-type]  # by name, checked by the command's model
        before = {key: getattr(old, key) for key in changes}
        self._change(unit, new)
        self._audit.record(
            "receiver_updated", context=context, resource=_resource(unit), before=before, after=dict(changes)
        )
        if any(getattr(old, key) != getattr(new, key) for key in RECONNECT_KEYS):
            await self._sessions.restart(unit)
        return new

    def amend(self, unit: Unit, record: UnitRecord, context: AuditContext) -> None:
        """Take over what the configuration says of a receiver."""
        old = unit.record
        keys = [key for key in _PUBLIC if getattr(old, key) != getattr(record, key)]
        self._change(unit, record)
        self._audit.record(
            "receiver_updated",
            context=context,
            resource=_resource(unit),
            before={key: getattr(old, key) for key in keys},
            after={key: getattr(record, key) for key in keys},
        )

    async def replace_unit(self, address: Address, host: str | None, context: AuditContext) -> UnitRecord:
        """Put new hardware behind an old id: same topics and labels, a new identity at the next answer."""
        unit = self.find(address)
        self._refuse_config(unit)
        old = unit.record
        fresh = replace(
            old, host=host or old.host, family=None, model=None, serial=None, mac=None, device_id=None,
            firmware=None, band=None, part_count=None,
        )  # fmt: skip
        self._change(unit, fresh)
        self._audit.record(
            "receiver_replaced",
            context=context,
            resource=_resource(unit),
            before={**_identity_of(old), "host": old.host},
            after={"host": fresh.host},
        )
        await self._sessions.restart(unit)
        return fresh

    def label(self, address: Address, labels: Mapping[str, object], context: AuditContext) -> Mapping[str, object]:
        """Set labels of a receiver (``None`` removes one). Raises `ServiceError`."""
        unit = self.find(address)
        self._refuse_config(unit)
        old = unit.record.labels
        new = {key: value for key, value in {**old, **labels}.items() if value is not None}
        self._change(unit, replace(unit.record, labels=new))
        self._audit.record("labels_set", context=context, resource=_resource(unit), before=dict(old), after=dict(new))
        return new

    async def remove(self, address: Address, context: AuditContext, *, ignore: bool = True) -> None:
        """Take a receiver out: its session, cache, stored rows and retained topics go; discovery leaves it alone."""
        unit = self.find(address)
        self._refuse_config(unit)
        await self.drop(unit, context)
        if ignore:
            record = unit.record
            gone = IgnoredIdentity(
                tenant=address.tenant,
                unit=address.id,
                manufacturer=record.manufacturer,
                serial=record.serial,
                mac=record.mac,
                model=record.model,
                device_id=record.device_id,
                host=record.host,
                since=clock.now_text(),
                cid=record.cid,
                kind=address.kind,
            )
            self._inventory.ignored.append(gone)
            self._store.ignore(gone)

    async def drop(self, unit: Unit, context: AuditContext) -> None:
        """End a receiver's being here, for whatever reason."""
        while self._sessions.get(unit.address) is not None:  # a restart may come in between
            await self._sessions.stop(unit.address)
        self._inventory.forget(unit.address)
        self._store.remove_unit(unit.address)
        self._audit.record("receiver_removed", context=context, resource=_resource(unit), before=_public(unit.record))
        log.info("receiver removed", extra={"receiver": unit.address.id})
        self.on_gone([unit.address, *(part.address for part in unit.parts.values())])
        self._inventory.mark_membership(unit.address.tenant)

    def unignore(self, tenant: Campus, host: str | None, unit_id: str | None, who: Identity | None = None) -> int:
        """Allow removed units again: by the host or id that they had, or by what one says of itself; how many."""
        back = [
            gone
            for gone in self._inventory.ignored
            if gone.tenant == tenant
            and ((host and gone.host == host) or (unit_id and gone.unit == unit_id) or (who and same_unit(gone, who)))
        ]
        for gone in back:
            self._inventory.ignored.remove(gone)
            self._store.unignore(gone)
        return len(back)

    def find(self, address: Address) -> Unit:
        """A receiver by its address. Raises `ServiceError` (unknown_resource)."""
        unit = self._inventory.units.get(address)
        if unit is None:
            where = f"{address.organization}/{address.campus}"
            raise ServiceError("unknown_resource", f"there is no receiver {address.id!r} in {where}")
        return unit

    # -- inside ----------------------------------------------------------------------------------------------

    def _enter(self, unit: Unit) -> None:
        if not is_unit_id(unit.address.id):
            detail = f"{unit.address.id!r} is no id: a-z, 0-9, - and _, at most 58, beginning with a letter or digit"
            raise ServiceError("schema_violation", detail, field="args.id")
        now = clock.now_text()
        unit.since = unit.since or now
        self._inventory.put(unit)
        for version in (unit.version, unit.info_version, unit.availability_version):
            self._inventory.advance(version, now)
        if unit.record.changed_at:
            unit.version.changed_at = unit.record.changed_at
        for facet in (Facet.INFO, Facet.STATE, Facet.AVAILABILITY, Facet.LINK):
            self._inventory.bus.mark(unit.address, facet)

    def _equip(self, unit: Unit, driver: Driver, identity: Identity) -> None:
        """Give a receiver the capabilities and channels of the unit that answered."""
        now = clock.now_text()
        able = driver.families.get(identity.family)
        if able != unit.capabilities:
            unit.capabilities = able
            self._inventory.advance(unit.info_version, now)
            self._inventory.bus.mark(unit.address, Facet.INFO)
            self._mark_part_infos(unit, now)
        count = identity.part_count or 0
        fresh = [number for number in range(1, count + 1) if number not in unit.parts]
        for number in fresh:
            self._mark_part(self._inventory.ensure_part(unit, number).address, now)
        if self._drop_parts_beyond(unit, identity.part_count) or fresh:
            self._inventory.mark_membership(unit.address.tenant)

    def _mark_part_infos(self, unit: Unit, now: str) -> None:
        for part in unit.parts.values():
            self._inventory.advance(part.info_version, now)
            self._inventory.bus.mark(part.address, Facet.INFO)

    def _mark_part(self, address: Address, now: str) -> None:
        found = self._inventory.part(address)
        if found is None:
            return
        for version in (found[1].info_version, found[1].version, found[1].slots_version):
            self._inventory.advance(version, now)
        for facet in (Facet.INFO, Facet.STATE, Facet.AVAILABILITY):
            self._inventory.bus.mark(address, facet)
        if found[1].slots:
            self._inventory.bus.mark(address, Facet.SLOTS)

    def _drop_parts_beyond(self, unit: Unit, count: int | None) -> bool:
        """A unit with fewer channels stands there now: the others' topics go. Whether there were any."""
        gone = [number for number in unit.parts if count is not None and number > count]
        addresses = [self._inventory.drop_part(unit, number) for number in gone]
        if addresses:
            for address in addresses:
                self._store.remove_part(address)
            self.on_gone(addresses)
        return bool(addresses)

    def _change(self, unit: Unit, record: UnitRecord) -> None:
        relabelled = unit.record.labels != record.labels
        self._inventory.refile(unit, record)
        if relabelled:
            self._mark_part_infos(unit, clock.now_text())
        self._inventory.advance(unit.info_version, clock.now_text())
        self._inventory.bus.mark(unit.address, Facet.INFO)
        self._inventory.bus.mark(self._inventory.bridge_address(unit.address.tenant), Facet.SUMMARY)
        self._intake.keep_unit(unit)

    def _refuse_config(self, unit: Unit) -> None:
        if unit.record.source == "config":
            detail = f"receiver {unit.address.id} stands in {self.configuration} under [[receivers]]: change it there"
            raise ServiceError("forbidden", detail, field="args.id")


def _resource(unit: Unit) -> str:
    return f"{unit.address.kind}/{unit.address.id}"


def _public(record: UnitRecord) -> dict[str, object]:
    return {key: getattr(record, key) for key in _PUBLIC}


def _identity_of(whom: UnitRecord | Identity) -> dict[str, object]:
    return {key: getattr(whom, key) for key in ("model", "serial", "mac", "device_id", "firmware")}


def _only(values: Mapping[str, object], keys: Sequence[str]) -> dict[str, object]:
    """Stored values under keys that still exist: an older program may have written others."""
    return {key: values[key] for key in keys if key in values}
