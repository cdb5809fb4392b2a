"""The place where the record of a unit and the places of its parts are changed: filed, numbered, marked, stored."""

from __future__ import annotations

from dataclasses import replace

from services import clock
from services.live.inventory import Inventory, Unit, UnitPart
from services.model import Facet, ServiceError, UnitRecord
from services.rules import is_unit_id
from services.store import Store


class StateWriter:
    """Writes what is known of units: every change gets its revision, its mark and its place in the store."""

    def __init__(self, inventory: Inventory, store: Store) -> None:
        self._inventory = inventory
        self._changes = inventory.bus
        self._store = store

    def enter(self, unit: Unit) -> None:
        """File a unit that is new here. Raises `ServiceError` (schema_violation) for an id that is none."""
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
            self._changes.mark(unit.address, facet)

    def enter_part(self, part: UnitPart, now: str) -> None:
        """Number and mark a part that is new here."""
        for version in (part.info_version, part.version, part.slots_version):
            self._inventory.advance(version, now)
        for facet in (Facet.INFO, Facet.STATE, Facet.AVAILABILITY):
            self._changes.mark(part.address, facet)
        if part.slots:
            self._changes.mark(part.address, Facet.SLOTS)

    def change_record(self, unit: Unit, record: UnitRecord) -> None:
        """Give a unit a changed record of itself; its address stays."""
        relabelled = unit.record.labels != record.labels
        self._inventory.refile(unit, record)
        now = clock.now_text()
        self.change_info(unit, now, parts=relabelled)
        self._changes.mark(self._inventory.bridge_address(unit.address.tenant), Facet.SUMMARY)
        self.keep_unit(unit)

    def change_info(self, unit: Unit, now: str, *, parts: bool) -> None:
        """Number and mark the info of a unit, and with ``parts`` that of its parts."""
        self._inventory.advance(unit.info_version, now)
        self._changes.mark(unit.address, Facet.INFO)
        if parts:
            for part in unit.parts.values():
                self.change_part_info(part, now)

    def change_part_info(self, part: UnitPart, now: str) -> None:
        """Number and mark the info of a part."""
        self._inventory.advance(part.info_version, now)
        self._changes.mark(part.address, Facet.INFO)

    def keep_unit(self, unit: Unit) -> None:
        """Write the unit's record behind, with its newest state."""
        record = replace(
            unit.record,
            state=unit.state,
            changed_at=unit.version.changed_at or None,
        )
        self._inventory.refile(unit, record)
        self._store.put_unit(record)
