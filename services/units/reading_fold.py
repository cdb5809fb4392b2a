"""Makes states of readings: merges them into what was reported, folds, has the new state written. Nothing here waits.

During the first complete read of a session readings are only collected. `ReadingFold.complete` folds all of them at
once: half a dump must not look like a transmitter that was switched off, and nothing of a unit that turns out to be
another one may get into the state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services import clock
from services.drivers import Reading
from services.live import StateWriter, Unit, UnitPart
from services.model import KEYS, UNIT_KINDS, AuditContext, Facet, Kind, State, TransmitterRecord
from services.rules import Situation, admitted, checks_for, checks_of, fold_part, fold_unit, reported_of
from services.store import Store
from services.units.availability import Availability

_RECORD_KEYS = frozenset({"model", "family", "serial", "mac", "device_id", "firmware", "band", "part_count"})
"""Keys of a unit that go into its record; the others are its state."""

RECENTLY_S = 1.0
"""What the meters showed within the last interval is as good as now."""

MORE = "more"
"""The driver's own keys, in what was reported and in a state."""

_SPARED = _RECORD_KEYS | {"number"}
"""Keys that stay though a whole reading lacks them: who a unit is."""

SLOT_KEYS = KEYS.names(Kind.CHANNEL, Facet.SLOTS)

Slots = dict[int, dict[int, State]]
"""Number of a part -> its slots, where they changed."""

_MISSING = object()


class ReadingFold:
    """Takes in the readings of all units, on the event loop."""

    def __init__(self, writer: StateWriter, availability: Availability, store: Store) -> None:
        self._writer = writer
        self._availability = availability
        self._store = store

    def begin(self, unit: Unit) -> list[Reading]:
        """Begin a complete read: from now on readings are collected in the list that is returned."""
        early: list[Reading] = []
        unit.early = early
        return early

    def abandon(self, unit: Unit, early: list[Reading]) -> None:
        """Give up the complete read of a unit that stays online: what was collected is taken like any other report."""
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
        """Take readings in; the number of states and slots that changed.

        ``at_once`` is for readings that do not come from the session: they do not wait for a complete read.
        """
        readings = [_admitted(unit, reading) for reading in readings]
        if at_once:
            _report_last_values(unit)
        elif unit.early is not None:
            unit.early.extend(readings)
            return 0
        return self._take(unit, readings, context)

    def _take(self, unit: Unit, readings: Sequence[Reading], context: AuditContext | None) -> int:
        touched: dict[int, UnitPart] = {}
        slotted: Slots = {}
        itself = False
        for reading in readings:
            number, slot = reading.part
            if number == 0:
                itself |= _merge(unit.reported, _reported_by(reading, unit.reported))
                continue
            part = self._writer.part(unit, number)
            if slot:
                _merge_slot(part, slotted, slot, reading)
            elif _merge(part.reported, _reported_by(reading, part.reported)):
                touched[part.number] = part
        now = clock.now_text()
        changed = int(itself and self._fold_unit(unit, now, context))
        if touched:
            around = self._availability.situation(unit, now)
            changed += sum(self._fold_part(unit, part, around, context) for part in touched.values())
        self._write_slots(unit, slotted, now)
        return changed + len(slotted)

    def complete(self, unit: Unit, context: AuditContext | None = None) -> None:
        """End a complete read: what was collected becomes the state, and the unit is online.

        What changed while the unit was offline is announced as late.
        """
        now = clock.now_text()
        early, unit.early = unit.early or [], None
        was_stale = unit.stale
        heard_at = unit.record.last_seen if was_stale else None
        slotted = self._merge_afresh(unit, early)
        if was_stale:
            self._writer.turn_live(unit, now)
        around = replace(self._availability.situation(unit, now, heard_at), online=True)
        self._fold_unit(unit, now, context, late=was_stale)
        for part in unit.parts.values():
            self._fold_part(unit, part, around, context, late=was_stale)
        self._write_slots(unit, slotted, now)
        self._availability.set(unit, "online", None, context=context)

    # -- inside ----------------------------------------------------------------------------------------------

    def _merge_afresh(self, unit: Unit, readings: Sequence[Reading]) -> Slots:
        """Replace what was reported by what a complete read brought; the slots that changed."""
        unit.reported.clear()
        for part in unit.parts.values():
            part.reported.clear()
        slotted: Slots = {}
        for reading in readings:
            number, slot = reading.part
            if number == 0:
                unit.reported.update(_reported_by(reading, unit.reported))
                continue
            part = self._writer.part(unit, number)
            if slot:
                _merge_slot(part, slotted, slot, reading)
            else:
                part.reported.update(_reported_by(reading, part.reported))
        return slotted

    def _fold_part(
        self, unit: Unit, part: UnitPart, around: Situation, context: AuditContext | None, *, late: bool = False
    ) -> bool:
        self._writer.change_part_facts(part, part.reported, around.now)
        if part.abilities is not None and part.abilities.presence:
            around = replace(around, presence=part.abilities.presence)
        if around.heard_at is None and part.state.get("transmitter_present"):
            around = replace(around, heard_at=_heard_at(part))
        around = self._availability.around(part, around)
        folded = fold_part(part.address.kind, part.state, part.reported, around, part.level)
        if folded is None:
            return False
        old = part.state
        for key in folded.gone:
            part.reported.pop(key, None)
        self._writer.change_part_state(unit, part, folded, around.now, context, late=late)
        self._availability.follow_transmitter(part, around.now)
        self._keep_transmitter(unit, part, old, around.now)
        return True

    def _fold_unit(self, unit: Unit, now: str, context: AuditContext | None, *, late: bool = False) -> bool:
        facts = {key: value for key, value in unit.reported.items() if key in _RECORD_KEYS}
        self._writer.change_facts(unit, facts, now)
        reported = {"name": unit.reported.get("device_id"), **unit.reported}
        folded = fold_unit(unit.address.kind, unit.state, reported, unit.more)
        if folded is None:
            return False
        self._writer.change_unit_state(unit, folded, now, context, late=late)
        return True

    def _write_slots(self, unit: Unit, slotted: Slots, now: str) -> None:
        for number, slots in slotted.items():
            self._writer.change_slots(unit, unit.parts[number], slots, now)

    def _keep_transmitter(self, unit: Unit, part: UnitPart, old: State, now: str) -> None:
        """Store which transmitter is on the channel, when that is another one than before."""
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


def _report_last_values(unit: Unit) -> None:
    """Treat the last known values of an offline unit as reported, so that readings from elsewhere are added to them."""
    if not unit.stale:
        return
    state = reported_of(unit.address.kind, {**unit.state, "name": None})
    unit.reported = {**state, "device_id": unit.state["name"], **unit.reported}
    for part in unit.parts.values():
        part.reported = {**reported_of(part.address.kind, part.state), **part.reported}


def _heard_at(part: UnitPart) -> str | None:
    """When the meters last received a transmitter that they do not receive now: units report its end later."""
    heard_at = part.meters.reception.heard_at
    if heard_at is None:
        return None
    age = asyncio.get_running_loop().time() - heard_at
    return clock.text_of(clock.now() - age) if age > RECENTLY_S else None


def _admitted(unit: Unit, reading: Reading) -> Reading:
    """The reading without what is no value of its key, its texts cleaned."""
    number, slot = reading.part
    kinds = UNIT_KINDS[unit.address.kind]
    checks = checks_of(kinds.part if number else kinds.unit, slot=bool(slot))
    values = admitted(checks, reading.values)
    more = admitted(checks_for(unit.more), reading.more) if reading.more else reading.more
    if values is reading.values and more is reading.more:
        return reading
    return replace(reading, values=values, more=more)


def _reported_by(reading: Reading, known: Mapping[str, object]) -> Mapping[str, object]:
    """The values of a reading, the driver's own keys under ``more``.

    Of a whole reading every key that was known and is missing is unknown now, but not who the unit is.
    """
    values = reading.values
    if not (reading.whole or reading.more):
        return values
    gone = dict.fromkeys(key for key in known if key not in _SPARED) if reading.whole else {}
    old = known.get(MORE)
    more = reading.more
    if not reading.whole and isinstance(old, Mapping):
        more = {**old, **more}
    return {**gone, **values, MORE: more}


def _merge(reported: dict[str, object], values: Mapping[str, object]) -> bool:
    """Merge what was reported; whether any of it is new."""
    changed = False
    for key, value in values.items():
        if reported.get(key, _MISSING) != value:
            reported[key] = value
            changed = True
    return changed


def _merge_slot(part: UnitPart, slotted: Slots, number: int, reading: Reading) -> None:
    """Merge what was reported of a slot; ``slotted`` gets all slots of the part where any of it is new."""
    slots = slotted.get(part.number, part.slots)
    old = slots.get(number)
    values = _reported_by(reading, old or {})
    known = old if old is not None else {**dict.fromkeys(SLOT_KEYS), "number": number}
    new = {**known, **{key: value for key, value in values.items() if key in known}}
    if old is None or new != known:
        slotted[part.number] = {**slots, number: new}
