"""The one way for a reading to become stored state: merge, fold, remember, mark, tell. Nothing here waits.

While a receiver is being read for the first time in a session its readings are only kept; `complete` folds all of
them at once against the last known state, so that half a dump never looks like a transmitter that went, and nothing
of a unit that turns out to be another one gets into the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services import clock
from services.drivers import Reading
from services.live import Inventory, News, StateWriter, Unit, UnitPart
from services.model import (
    KEYS,
    AuditContext,
    Facet,
    Kind,
    State,
    TransmitterRecord,
)
from services.rules import Situation, fold_part, fold_unit, reported_of
from services.store import Store
from services.units.availability import Availability

_RECORD_KEYS = frozenset({"model", "family", "serial", "mac", "device_id", "firmware", "band", "part_count"})
"""Receiver readings that say who it is; the others are its state."""

_CHANNEL_FACTS = ("antenna_count", "diversity")
"""Channel readings that belong to its info."""

MORE = "more"
"""The driver's own keys, in what was reported and in a state."""

_SPARED = _RECORD_KEYS | {"number"}

_MISSING = object()


class Intake:
    """Takes readings in, one receiver at a time, on the event loop."""

    def __init__(
        self, inventory: Inventory, writer: StateWriter, store: Store, news: News, availability: Availability
    ) -> None:
        self._inventory = inventory
        self._writer = writer
        self._bus = inventory.bus
        self._store = store
        self._news = news
        self._availability = availability

    def begin(self, unit: Unit) -> list[Reading]:
        """A complete read starts: what comes is kept, in this list, until all of it is there."""
        early: list[Reading] = []
        unit.early = early
        return early

    def abandon(self, unit: Unit, early: list[Reading]) -> None:
        """The complete read of a receiver that stays online failed: what came is taken as any report is."""
        if unit.early is early:
            unit.early = None
            self.take(unit, early)

    def take(
        self,
        unit: Unit,
        readings: Sequence[Reading],
        context: AuditContext | None = None,
        *,
        at_once: bool = False,
    ) -> int:
        """Take readings in; the number of snapshots that changed.

        ``at_once`` does not wait for a complete read: somebody else than the session knows something of a receiver.
        """
        if at_once:
            _remember_what_stands(unit)
        elif unit.early is not None:
            unit.early.extend(readings)
            return 0
        return self._take(unit, readings, context)

    def _take(self, unit: Unit, readings: Sequence[Reading], context: AuditContext | None) -> int:
        touched: dict[int, UnitPart] = {}
        slotted: dict[int, UnitPart] = {}
        itself = False
        for reading in readings:
            number, slot = reading.part
            if number == 0:
                itself |= _merge(unit.reported, _reported_by(reading, unit.reported))
                continue
            part = unit.parts.get(number) or self._new_part(unit, number)
            if slot:
                if _merge_slot(part, slot, _reported_by(reading, part.slots.get(slot, {}))):
                    slotted[part.number] = part
            elif _merge(part.reported, _reported_by(reading, part.reported)):
                touched[part.number] = part
        now = clock.now_text()
        changed = int(itself and self._fold_unit(unit, now, context))
        if touched:
            around = self._availability.situation(unit, now)
            changed += sum(self._fold(unit, part, around, context) for part in touched.values())
        for part in slotted.values():
            self._publish_slots(unit, part, now)
        return changed + len(slotted)

    def complete(self, unit: Unit, context: AuditContext | None = None) -> None:
        """A complete read is here: what was kept becomes the state, and the receiver is online.

        What changed while nobody was looking is told as late.
        """
        now = clock.now_text()
        early, unit.early = unit.early or [], None
        was_stale, unit.stale = unit.stale, False
        heard_at = unit.record.last_seen if was_stale else None
        slotted = self._merge_afresh(unit, early)
        around = replace(self._availability.situation(unit, now, heard_at), online=True)
        if not self._fold_unit(unit, now, context, late=was_stale) and was_stale:
            self._inventory.advance(unit.version, now)
            self._bus.mark(unit.address, Facet.STATE)
        for part in unit.parts.values():
            part.stale = False
            if not self._fold(unit, part, around, context, late=was_stale) and was_stale:
                self._changed(unit, part, now)  # the values stayed, but they are no longer stale
            if part.number in slotted:
                self._publish_slots(unit, part, now)
        if was_stale:
            self._inventory.turned(unit, now)
        unit.last_error = None
        self._availability.set(unit, "online", None, context=context)

    # -- inside ----------------------------------------------------------------------------------------------

    def _merge_afresh(self, unit: Unit, readings: Sequence[Reading]) -> set[int]:
        """What the device said before is no longer evidence, this is; the channels whose slots are others now."""
        unit.reported.clear()
        for part in unit.parts.values():
            part.reported.clear()
        slotted: set[int] = set()
        for reading in readings:
            number, slot = reading.part
            if number == 0:
                unit.reported.update(_reported_by(reading, unit.reported))
                continue
            part = unit.parts.get(number) or self._new_part(unit, number)
            if not slot:
                part.reported.update(_reported_by(reading, part.reported))
            elif _merge_slot(part, slot, _reported_by(reading, part.slots.get(slot, {}))):
                slotted.add(part.number)
        return slotted

    def _new_part(self, unit: Unit, number: int) -> UnitPart:
        part = self._inventory.ensure_part(unit, number)
        part.stale = unit.stale
        self._inventory.mark_membership(unit.address.tenant)
        now = clock.now_text()
        for version in (part.info_version, part.version):
            self._inventory.advance(version, now)
        for facet in (Facet.INFO, Facet.STATE, Facet.AVAILABILITY):
            self._bus.mark(part.address, facet)
        return part

    def _fold(
        self,
        unit: Unit,
        part: UnitPart,
        around: Situation,
        context: AuditContext | None,
        *,
        late: bool = False,
    ) -> bool:
        self._facts(part, around.now)
        if part.abilities is not None and part.abilities.presence:
            around = replace(around, presence=part.abilities.presence)
        folded = fold_part(part.address.kind, part.state, part.reported, around, part.level)
        if folded is None:
            return False
        old, part.state, part.level = part.state, folded.state, folded.level
        for key in folded.gone:
            part.reported.pop(key, None)
        self._changed(unit, part, around.now)
        if any(value is not None for value in folded.before.values()):
            self._news.settings_changed(unit, part, folded.before, folded.after, around.now, context, late=late)
        if old.get("transmitter_present") and folded.state.get("transmitter_present") is False:
            self._availability.hold(part.address)
        for happening in folded.events:
            self._news.happened(unit, part, happening, around.now, context, late=late)
        self._keep_transmitter(unit, part, old, around.now)
        return True

    def _changed(self, unit: Unit, part: UnitPart, now: str) -> None:
        self._inventory.advance(part.version, now)
        self._bus.mark(part.address, Facet.STATE)
        self._bus.mark(self._inventory.bridge_address(part.address.tenant), Facet.SUMMARY)
        self._store.put_part(part.record(unit.address.id))

    def _fold_unit(self, unit: Unit, now: str, context: AuditContext | None, *, late: bool = False) -> bool:
        facts: dict[str, Any] = {key: value for key, value in unit.reported.items() if key in _RECORD_KEYS}
        news = {key: value for key, value in facts.items() if getattr(unit.record, key) != value}
        if news:
            self._inventory.refile(unit, replace(unit.record, **news))
            self._inventory.advance(unit.info_version, now)
            self._bus.mark(unit.address, Facet.INFO)
        reported = {"name": unit.reported.get("device_id"), **unit.reported}
        folded = fold_unit(unit.address.kind, unit.state, reported, unit.more)
        if folded is not None:
            unit.state = folded.state
            self._inventory.advance(unit.version, now)
            self._bus.mark(unit.address, Facet.STATE)
            if folded.before:
                self._news.settings_changed(unit, None, folded.before, folded.after, now, context, late=late)
        if news or folded is not None:
            self._writer.keep_unit(unit)
        return folded is not None

    def _keep_transmitter(self, unit: Unit, part: UnitPart, old: State, now: str) -> None:
        """Remember which transmitter is on the channel, when that is another one than before."""
        state: Mapping[str, Any] = part.state
        model = state.get("transmitter_model")
        if model is None:
            return
        who = (model, state["transmitter_id"])
        if old["transmitter_present"] and who == (old["transmitter_model"], old["transmitter_id"]):
            return
        self._store.put_transmitter(
            TransmitterRecord(
                tenant=part.address.tenant,
                unit=unit.address.id,
                part=part.number,
                model=model,
                device_id=state["transmitter_id"] or "",
                firmware=state["transmitter_firmware"],
                battery_percent=state["battery_percent"],
                battery_bars=state["battery_bars"],
                last_seen=now,
            )
        )

    def _facts(self, part: UnitPart, now: str) -> None:
        for key in _CHANNEL_FACTS:
            value = part.reported.get(key, _MISSING)
            if value is not _MISSING and getattr(part, key) != value:
                setattr(part, key, value)
                self._inventory.advance(part.info_version, now)
                self._bus.mark(part.address, Facet.INFO)

    def _publish_slots(self, unit: Unit, part: UnitPart, now: str) -> None:
        self._inventory.advance(part.slots_version, now)
        self._bus.mark(part.address, Facet.SLOTS)
        self._store.put_part(part.record(unit.address.id))


def _remember_what_stands(unit: Unit) -> None:
    """Before something is folded onto a receiver that is not heard: its last known values count as reported."""
    if not unit.stale:
        return
    state = reported_of(unit.address.kind, {**unit.state, "name": None})
    unit.reported = {**state, "device_id": unit.state["name"], **unit.reported}
    for part in unit.parts.values():
        part.reported = {**reported_of(part.address.kind, part.state), **part.reported}


def _reported_by(reading: Reading, known: Mapping[str, object]) -> Mapping[str, object]:
    """What a reading says, the driver's own keys under ``more``.

    Of a whole reading every key that was known and is missing is unknown now, but not who the unit is.
    """
    if not (reading.whole or reading.more):
        return reading.values
    gone = dict.fromkeys(key for key in known if key not in _SPARED) if reading.whole else {}
    old = known.get(MORE)
    more = reading.more if reading.whole or not isinstance(old, Mapping) else {**old, **reading.more}
    return {**gone, **reading.values, MORE: more}


def _merge(reported: dict[str, object], values: Mapping[str, object]) -> bool:
    """Merge what was said; whether any of it is new."""
    changed = False
    for key, value in values.items():
        if reported.get(key, _MISSING) != value:
            reported[key] = value
            changed = True
    return changed


def _merge_slot(part: UnitPart, number: int, values: Mapping[str, object]) -> bool:
    old = part.slots.get(number)
    known = old if old is not None else {**dict.fromkeys(KEYS.names(Kind.CHANNEL, Facet.SLOTS)), "number": number}
    new = {**known, **{key: value for key, value in values.items() if key in known}}
    if old is not None and new == known:
        return False
    part.slots[number] = new
    return True
