"""The one place where what is known of a unit or part is changed.

Each change gives the snapshot its revision, marks it for the publisher, stores it, and has it announced. Who
decides what changes (the fold, availability, recognition, membership, restoring) calls a method here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import BaseModel

from services import clock
from services.live.announcer import Announcer
from services.live.changes import Changes
from services.live.inventory import Inventory
from services.live.revisions import Revisions
from services.live.unit import Unit, UnitPart
from services.model import (
    Abilities,
    AuditContext,
    AvailabilityReason,
    AvailabilityState,
    Facet,
    Key,
    ServiceError,
    State,
    UnitRecord,
    empty_state,
)
from services.rules import BatteryLevel, Folded, is_unit_id
from services.store import Store

PART_FACTS = ("antenna_count", "diversity")
"""Readings of a part that belong to its info."""

_MISSING = object()


class StateWriter:
    """Writes what is known of units."""

    def __init__(self, inventory: Inventory, changes: Changes, store: Store, announcer: Announcer) -> None:
        self._inventory = inventory
        self._revisions = Revisions(inventory, changes)
        self._store = store
        self._announcer = announcer

    # -- units and parts that come and go --------------------------------------------------------------------

    def enter(self, unit: Unit) -> None:
        """File a unit that is new here. Raises `ServiceError` (schema_violation) for an id that is none."""
        if not is_unit_id(unit.address.id):
            detail = f"{unit.address.id!r} is no id: a-z, 0-9, - and _, at most 58, beginning with a letter or digit"
            raise ServiceError("schema_violation", detail, field="args.id")
        now = clock.now_text()
        unit.availability.since = unit.availability.since or unit.record.last_seen or now
        self._inventory.put(unit)
        for version in (unit.version, unit.info_version, unit.availability.version):
            self._revisions.advance(version, now)
        if unit.record.changed_at:
            unit.version.changed_at = unit.record.changed_at
        self._revisions.mark(unit.address, Facet.INFO, Facet.STATE, Facet.AVAILABILITY, Facet.LINK)

    def add(self, unit: Unit) -> None:
        """Enter a unit, store it and list it. Raises `ServiceError` like `enter`."""
        self.enter(unit)
        self._store.put_unit(unit.record)
        self._revisions.members(unit.address.tenant)

    def restore_part(
        self,
        unit: Unit,
        number: int,
        state: State,
        level: BatteryLevel | None,
        slots: dict[int, State],
        changed_at: str,
    ) -> None:
        """File a part as the store kept it; it is stale."""
        part = self._inventory.ensure_part(unit, number)
        part.state, part.level, part.slots = state, level, slots
        self._enter_part(part, changed_at)

    def part(self, unit: Unit, number: int) -> UnitPart:
        """The part of that number; one that is new here is filed, numbered and listed."""
        part = unit.parts.get(number)
        if part is None:
            part = self._inventory.ensure_part(unit, number)
            part.stale = unit.stale
            self._enter_part(part, clock.now_text())
            self._revisions.members(unit.address.tenant)
        return part

    def remove(self, unit: Unit) -> None:
        """Take a unit out with all its parts: of the inventory, the store and the broker."""
        self._inventory.forget(unit.address)
        self._store.remove_unit(unit.address)
        for address in (unit.address, *(part.address for part in unit.parts.values())):
            self._revisions.mark(address, Facet.INFO)  # the publisher finds no unit there, and empties its topics
        self._revisions.members(unit.address.tenant)

    def remove_part(self, unit: Unit, number: int) -> None:
        """Take out a part that its unit does not have any more."""
        address = self._inventory.drop_part(unit, number)
        self._store.remove_part(address)
        self._revisions.mark(address, Facet.INFO)  # likewise
        self._revisions.members(unit.address.tenant)

    # -- who a unit is ---------------------------------------------------------------------------------------

    def change_record(self, unit: Unit, record: UnitRecord) -> None:
        """Give a unit a changed record of itself; its address stays."""
        relabelled = unit.record.labels != record.labels
        self._inventory.refile(unit, record)
        now = clock.now_text()
        self._revisions.info(unit, now)
        if relabelled:
            for part in unit.parts.values():
                self._revisions.info(part, now)
        self._revisions.summary(unit.address.tenant)
        self._keep(unit)

    def change_facts(self, unit: Unit, facts: Mapping[str, object], now: str) -> bool:
        """Take facts that a unit reports into its record; whether any of them is new."""
        new = {key: value for key, value in facts.items() if getattr(unit.record, key) != value}
        if not new:
            return False
        self._inventory.refile(unit, replace(unit.record, **new))  # type: ignore[arg-type]  # by name
        self._revisions.info(unit, now)
        self._keep(unit)
        return True

    def equip(
        self, unit: Unit, driver: str, abilities: Abilities, parts: Mapping[int, Abilities], more: Sequence[Key]
    ) -> None:
        """Give a unit the abilities and parts of the hardware that answered; parts that it lacks now go.

        ``driver`` is the name of the driver that read it, ``more`` the rows of that driver's own keys.
        """
        now = clock.now_text()
        if (abilities, driver) != (unit.abilities, unit.driver):
            unit.abilities, unit.driver, unit.more = abilities, driver, tuple(more)
            self._revisions.info(unit, now)
        for number, able in parts.items():
            part = self.part(unit, number)
            if part.abilities != able:
                part.abilities = able
                self._revisions.info(part, now)
            if part.slots and not able.slots:  # the unit that was here before had some
                self.change_slots(unit, part, {}, now)
        for number in [number for number in unit.parts if number not in parts]:
            self.remove_part(unit, number)

    def abilities_changed(self, unit: Unit) -> None:
        """Have what a unit and its parts can published anew: rules about it changed."""
        now = clock.now_text()
        self._revisions.info(unit, now)
        for part in unit.parts.values():
            self._revisions.info(part, now)

    def expect(self, unit: Unit, abilities: Abilities, part_abilities: Abilities, more: Sequence[Key]) -> None:
        """Give a unit that has not answered yet the abilities of its model of an earlier run."""
        unit.abilities, unit.more = abilities, tuple(more)
        for part in unit.parts.values():
            part.abilities = part_abilities

    def change_options(self, unit: Unit, options: BaseModel | None) -> None:
        """Give a unit its driver's own settings; they are never stored and never published."""
        unit.options = options

    def keep_last_seen(self, unit: Unit, last_seen: str) -> None:
        """Store when data of a unit last arrived (RFC 3339)."""
        self._inventory.refile(unit, replace(unit.record, last_seen=last_seen))
        self._store.touch(unit.address, last_seen)

    # -- what a unit reports ---------------------------------------------------------------------------------

    def change_unit_state(
        self, unit: Unit, folded: Folded, now: str, context: AuditContext | None, *, late: bool = False
    ) -> None:
        """Swap the state of a unit itself; its label stands in its info as well."""
        renamed = unit.state["name"] != folded.state["name"]
        unit.state = folded.state
        if renamed:
            self._revisions.info(unit, now)
        self._revisions.state(unit, now)
        self._keep(unit)
        if folded.before:
            self._announcer.settings_changed(unit, None, folded.before, folded.after, now, context, late=late)

    def change_part_state(
        self, unit: Unit, part: UnitPart, folded: Folded, now: str, context: AuditContext | None = None, *,
        late: bool = False,
    ) -> None:  # fmt: skip
        """Swap the state of a part; audit and events get what the fold found in it."""
        part.state, part.level = folded.state, folded.level
        self._part_changed(unit, part, now)
        if any(value is not None for value in folded.before.values()):
            self._announcer.settings_changed(unit, part, folded.before, folded.after, now, context, late=late)
        for happening in folded.events:
            self._announcer.part_event(unit, part, happening, now, context, late=late)

    def change_part_facts(self, part: UnitPart, reported: Mapping[str, object], now: str) -> None:
        """Take over what a part reports of its hardware; what it does not report stays."""
        for key in PART_FACTS:
            value = reported.get(key, _MISSING)
            if value is not _MISSING and getattr(part, key) != value:
                setattr(part, key, value)
                self._revisions.info(part, now)

    def change_slots(self, unit: Unit, part: UnitPart, slots: Mapping[int, State], now: str) -> None:
        """Swap the slots of a part."""
        part.slots = dict(slots)
        self._revisions.slots(part, now)
        self._store.put_part(part.record(unit.address.id))

    def empty_states(self, unit: Unit) -> None:
        """Leave out the values of a unit's parts: they are of another form than ours."""
        for part in unit.parts.values():
            part.state, part.level = empty_state(part.address.kind), None

    # -- whether a unit is there -----------------------------------------------------------------------------

    def change_availability(
        self,
        unit: Unit,
        state: AvailabilityState,
        reason: AvailabilityReason | None,
        now: str,
        *,
        detail: str | None = None,
        context: AuditContext | None = None,
    ) -> None:
        """Swap the availability of a unit; going online or offline is audited and is an event."""
        there = unit.availability
        before = {"state": there.state, "reason": there.reason}
        if state != there.state:
            there.since = now
        there.state, there.reason = state, reason
        self._revisions.advance(there.version, now)
        self._revisions.mark(unit.address, Facet.AVAILABILITY, Facet.LINK)
        for part in unit.parts.values():
            self._revisions.mark(part.address, Facet.AVAILABILITY)
        if state != before["state"]:
            self._revisions.summary(unit.address.tenant)
            self._announcer.availability_changed(unit, before, detail, now, context)

    def explain(self, unit: Unit, detail: str | None) -> None:
        """Keep for people what is wrong with a unit; ``None``: nothing."""
        unit.availability.detail = detail

    def turn_stale(self, unit: Unit, now: str) -> None:
        """Mark the values of a unit as possibly old."""
        self._turn(unit, now, stale=True)

    def turn_live(self, unit: Unit, now: str) -> None:
        """Mark the values of a unit as current."""
        self._turn(unit, now, stale=False)

    # -- inside ----------------------------------------------------------------------------------------------

    def _turn(self, unit: Unit, now: str, *, stale: bool) -> None:
        """Swap ``stale`` of a unit and its parts; every facet that carries it changes."""
        unit.stale = stale
        self._revisions.state(unit, now)
        self._revisions.info(unit, now)
        self._revisions.summary(unit.address.tenant)
        for part in unit.parts.values():
            part.stale = stale
            self._revisions.state(part, now)
            self._revisions.info(part, now)
            if part.slots:
                self._revisions.slots(part, now)

    def _enter_part(self, part: UnitPart, now: str) -> None:
        for version in (part.info_version, part.version, part.slots_version):
            self._revisions.advance(version, now)
        self._revisions.mark(part.address, Facet.INFO, Facet.STATE, Facet.AVAILABILITY)
        if part.slots:
            self._revisions.mark(part.address, Facet.SLOTS)

    def _part_changed(self, unit: Unit, part: UnitPart, now: str) -> None:
        self._revisions.state(part, now)
        self._revisions.summary(part.address.tenant)
        self._store.put_part(part.record(unit.address.id))

    def _keep(self, unit: Unit) -> None:
        """Write the unit's record behind, with its newest state."""
        record = replace(unit.record, state=unit.state, changed_at=unit.version.changed_at or None)
        self._inventory.refile(unit, record)
        self._store.put_unit(record)
