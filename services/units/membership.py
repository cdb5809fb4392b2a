"""Adds, moves, replaces, labels and removes units; every change is audited and stored.

A unit of the configuration file can be changed there only: commands on it are refused. Units that commands and
discovery add live in the database.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from pydantic import BaseModel

from services import clock
from services.audit import Audit
from services.live import IgnoredUnits, Inventory, StateWriter, Unit
from services.model import (
    A_NOUN,
    NOUNS,
    UNIT_KINDS,
    Address,
    AuditContext,
    Campus,
    Identity,
    IgnoredIdentity,
    ServiceError,
    UnitRecord,
)
from services.rules import make_id
from services.units.reading_fold import ReadingFold
from services.units.recognition import identity_of
from services.units.sessions import Sessions
from services.units.unit_queue import UnitQueues

log = logging.getLogger(__name__)

LABEL_KEYS = ("location", "building", "room", "rack", "position", "tags")

_PUBLIC = ("manufacturer", "driver", "host", "port", "model", "serial", "mac", "name", "source", "labels")
"""Fields of a unit's record that its audit events carry."""

RECONNECT_KEYS = ("host", "port", "behind", "interface", "driver")
"""Fields of a record that a session depends on: a change of one of them restarts it."""


class Membership:
    """Adds, changes and removes units."""

    def __init__(
        self,
        inventory: Inventory,
        writer: StateWriter,
        fold: ReadingFold,
        sessions: Sessions,
        queues: UnitQueues,
        ignored: IgnoredUnits,
        audit: Audit,
        *,
        configuration: str = "the configuration",
    ) -> None:
        """``configuration`` names the file for error messages."""
        self._inventory = inventory
        self._writer = writer
        self._fold = fold
        self._sessions = sessions
        self._queues = queues
        self._ignored = ignored
        self._audit = audit
        self._configuration = configuration

    def start_sessions(self) -> None:
        """Start the sessions of all units that have none."""
        for unit in self._inventory.units.values():
            if self._sessions.get(unit.address) is None:
                self._sessions.start(unit)

    # -- discovery and sessions ------------------------------------------------------------------------------

    def adopt(
        self,
        record: UnitRecord,
        identity: Identity | None,
        context: AuditContext,
        options: BaseModel | None = None,
    ) -> Address:
        """Add a unit; an empty id in its address is made of its identity. Raises `ServiceError`.

        ``options`` are its driver's own settings of it.
        """
        tenant = record.address.tenant
        if not record.address.id:
            if identity is None:
                raise ServiceError("schema_violation", "a unit that never answered needs an id", field="args.id")
            taken = [address.id for address in self._inventory.units if address.tenant == tenant]
            made = make_id(identity, record.host, taken, unit=record.behind)
            record = replace(record, address=record.address._replace(id=made))
        there = next((kind for kind in UNIT_KINDS if record.address._replace(kind=kind) in self._inventory.units), None)
        if there is not None:  # ids are unique over all kinds of a campus
            detail = f"there is {A_NOUN[there]} with the id {record.address.id!r} already: give another id"
            raise ServiceError("duplicate_conflict", detail, field="args.id")
        unit = Unit(record, options=options)
        self._writer.add(unit)
        action = "receiver_adopted" if record.source == "discovery" else "receiver_added"
        self._audit.record(action, context=context, resource=unit.address, after=_public(record))
        log.info("unit added", extra={"unit": record.address.id, "host": record.host, "source": record.source})
        self._sessions.start(unit)
        return record.address

    async def read_anew(self, unit: Unit) -> None:
        """Forget what a unit reported in this session, and read it again; one that is offline is read when it returns.

        Raises `ServiceError`; then everything stands as before.
        """
        await self._queues.run(unit.address, partial(self._read_anew, unit))

    async def reconnect(self, unit: Unit) -> None:
        """Restart the session of a unit, unless it was removed meanwhile."""
        await self._queues.run(unit.address, partial(self._sessions.restart, unit), internal=True)

    async def move(self, address: Address, host: str, port: int | None, context: AuditContext) -> None:
        """Change the host of a unit that answers at another address now. Raises `ServiceError`."""
        await self._queues.run(address, partial(self._move, address, host, port, context), internal=True)

    # -- commands --------------------------------------------------------------------------------------------

    async def update(self, address: Address, changes: Mapping[str, object], context: AuditContext) -> UnitRecord:
        """Change host, port, name, labels, metering or driver of a unit. Raises `ServiceError`."""
        return await self._queues.run(address, partial(self._update, address, changes, context))

    def set_options(self, unit: Unit, options: BaseModel | None) -> bool:
        """Take over the driver's own settings of a unit; whether they are others than before."""
        changed = unit.options != options
        self._writer.change_options(unit, options)
        return changed

    def amend(self, unit: Unit, record: UnitRecord, context: AuditContext) -> None:
        """Take over the record of a unit from the configuration."""
        old = unit.record
        keys = [key for key in _PUBLIC if getattr(old, key) != getattr(record, key)]
        self._writer.change_record(unit, record)
        self._audit.record(
            "receiver_updated",
            context=context,
            resource=unit.address,
            before={key: getattr(old, key) for key in keys},
            after={key: getattr(record, key) for key in keys},
        )

    async def replace_unit(
        self, address: Address, host: str | None, context: AuditContext, *, behind: str | None = None
    ) -> UnitRecord:
        """Put new hardware behind an old id: same topics and labels, a new identity at the next answer.

        ``behind`` is the unit behind a gateway; ``None`` for host or this leaves what was. Raises `ServiceError`.
        """
        return await self._queues.run(address, partial(self._replace_unit, address, host, behind, context))

    def label(self, address: Address, labels: Mapping[str, object], context: AuditContext) -> Mapping[str, object]:
        """Set labels of a unit (``None`` removes one). Raises `ServiceError`."""
        unit = self.find(address)
        self._refuse_config(unit)
        old = unit.record.labels
        new = {key: value for key, value in {**old, **labels}.items() if value is not None}
        self._writer.change_record(unit, replace(unit.record, labels=new))
        self._audit.record("labels_set", context=context, resource=unit.address, before=dict(old), after=dict(new))
        return new

    async def remove(self, address: Address, context: AuditContext) -> None:
        """Take a unit out: its session, cache, stored rows and retained topics go; discovery leaves it alone.

        Raises `ServiceError`: of two removals at once the second finds no such unit.
        """
        await self._queues.run(address, partial(self._remove, address, context))

    async def drop(self, unit: Unit, context: AuditContext) -> None:
        """Take out a unit that the configuration does not have any more."""
        await self._queues.run(unit.address, partial(self._drop, unit, context), internal=True)

    def unignore(self, tenant: Campus, host: str | None, unit_id: str | None, who: Identity | None = None) -> int:
        """Allow removed units again: see `IgnoredUnits.allow`."""
        return self._ignored.allow(tenant, host, unit_id, who)

    def find(self, address: Address) -> Unit:
        """A unit by its address. Raises `ServiceError` (unknown_resource)."""
        unit = self._inventory.units.get(address)
        if unit is None:
            where = f"{address.organization}/{address.campus}"
            raise ServiceError("unknown_resource", f"there is no {NOUNS[address.kind]} {address.id!r} in {where}")
        return unit

    # -- inside ----------------------------------------------------------------------------------------------

    async def _read_anew(self, unit: Unit) -> None:
        if not unit.online:
            return
        early = self._fold.begin(unit)
        try:
            await self._sessions.read(unit.address)
        except ServiceError:
            if unit.online:
                self._fold.abandon(unit, early)
            raise
        if unit.early is early:
            self._fold.complete(unit)

    async def _move(self, address: Address, host: str, port: int | None, context: AuditContext) -> None:
        unit = self.find(address)
        before = {"host": unit.record.host, "port": unit.record.port}
        self._writer.change_record(unit, replace(unit.record, host=host, port=port))
        after = {"host": host, "port": port}
        self._audit.record("receiver_moved", context=context, resource=unit.address, before=before, after=after)
        log.info("unit moved", extra={"unit": address.id, "from": before["host"], "host": host})
        await self._sessions.restart(unit)

    async def _update(self, address: Address, changes: Mapping[str, object], context: AuditContext) -> UnitRecord:
        unit = self.find(address)
        self._refuse_config(unit)
        old = unit.record
        new = replace(old, **changes)  # type: ignore[arg-type]  # by name, checked by the command's model
        before = {key: getattr(old, key) for key in changes}
        self._writer.change_record(unit, new)
        self._audit.record(
            "receiver_updated", context=context, resource=unit.address, before=before, after=dict(changes)
        )
        if any(getattr(old, key) != getattr(new, key) for key in RECONNECT_KEYS):
            await self._sessions.restart(unit)
        elif old.meter_interval_s != new.meter_interval_s:
            self._sessions.meter(unit)
        return new

    async def _replace_unit(
        self, address: Address, host: str | None, behind: str | None, context: AuditContext
    ) -> UnitRecord:
        unit = self.find(address)
        self._refuse_config(unit)
        old = unit.record
        fresh = replace(
            old, host=host or old.host, behind=old.behind if behind is None else behind, family=None, model=None,
            serial=None, mac=None, cid=None, device_id=None, firmware=None, band=None, part_count=None,
            certificate=None,
        )  # fmt: skip
        self._writer.change_record(unit, fresh)
        self._audit.record(
            "receiver_replaced",
            context=context,
            resource=unit.address,
            before={**identity_of(old), "host": old.host},
            after={"host": fresh.host},
        )
        await self._sessions.restart(unit)
        return fresh

    async def _remove(self, address: Address, context: AuditContext) -> None:
        unit = self.find(address)
        self._refuse_config(unit)
        await self._drop(unit, context)
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
        self._ignored.add(gone)

    async def _drop(self, unit: Unit, context: AuditContext) -> None:
        if self._inventory.units.get(unit.address) is not unit:
            return  # somebody else was first
        await self._sessions.stop(unit.address)
        self._writer.remove(unit)
        self._audit.record("receiver_removed", context=context, resource=unit.address, before=_public(unit.record))
        log.info("unit removed", extra={"unit": unit.address.id})

    def _refuse_config(self, unit: Unit) -> None:
        if unit.record.source == "config":
            noun, tables = NOUNS[unit.address.kind], "[[units]] or [[receivers]]"
            detail = f"{noun} {unit.address.id} stands in {self._configuration} under {tables}: change it there"
            raise ServiceError("forbidden", detail, field="args.id")


def _public(record: UnitRecord) -> dict[str, object]:
    return {key: getattr(record, key) for key in _PUBLIC}
