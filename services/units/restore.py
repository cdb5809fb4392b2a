"""Puts stored units and parts back at a start; their values are stale until their unit answers."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from services import clock
from services.live import Inventory, StateWriter, Unit
from services.model import (
    Kind,
    PartRecord,
    ServiceError,
    State,
    UnitRecord,
    empty_state,
    kind_of_unit,
)
from services.rules import stored_level
from services.units.availability import Availability

log = logging.getLogger(__name__)


def restore(
    inventory: Inventory,
    writer: StateWriter,
    availability: Availability,
    units: Sequence[UnitRecord],
    parts: Sequence[PartRecord],
) -> None:
    """Put stored units and parts back. One that cannot be read is left out, with a warning."""
    for record in units:
        try:
            writer.enter(Unit(record, state=_stored(record.address.kind, record.state)))
        except ServiceError as error:  # one row must not keep the others from coming back
            log.warning("a stored unit is left out", extra={"host": record.host, "why": error.detail})
    for stored in parts:
        _restore_part(inventory, writer, stored)
    for unit in inventory.units.values():
        try:
            availability.rejudge(unit, clock.now_text())
        except (TypeError, ValueError) as error:  # of another form than ours: the unit will report them again
            log.warning("stored values are left out", extra={"unit": unit.address.id, "why": str(error)})
            writer.empty_states(unit)


def _restore_part(inventory: Inventory, writer: StateWriter, stored: PartRecord) -> None:
    home = stored.address._replace(kind=kind_of_unit(stored.address.kind), id=stored.unit)
    unit = inventory.units.get(home)
    if unit is None:
        return
    state = _stored(stored.address.kind, stored.state)
    slots = {int(str(slot["number"])): slot for slot in stored.slots}
    changed_at = stored.changed_at or clock.now_text()
    writer.restore_part(unit, stored.number, state, stored_level(state), slots, changed_at)


def _stored(kind: Kind, values: Mapping[str, object]) -> State:
    """A stored state with exactly the keys of today: those of other versions go, new ones are unknown."""
    empty = empty_state(kind)
    return {**empty, **{key: value for key, value in values.items() if key in empty}}
