"""What the store kept comes back at a start: last values, all of them stale until their unit answers."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import cast

from services import clock
from services.live import Inventory, StateWriter, Unit
from services.model import (
    CHANNEL_STATE_KEYS,
    RECEIVER_STATE_KEYS,
    ChannelState,
    PartRecord,
    ReceiverState,
    ServiceError,
    Slot,
    UnitRecord,
    kind_of_unit,
)
from services.rules import EMPTY_CHANNEL, EMPTY_RECEIVER
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
        state = {**EMPTY_RECEIVER, **_only(record.state, RECEIVER_STATE_KEYS)}
        try:
            writer.enter(Unit(record, state=cast("ReceiverState", state)))
        except ServiceError as error:  # one row must not keep the others from coming back
            log.warning("a stored receiver is left out", extra={"host": record.host, "why": error.detail})
    for stored in parts:
        _restore_part(inventory, writer, stored)
    for unit in inventory.units.values():
        try:
            availability.pass_time(unit, clock.now_text())
        except (TypeError, ValueError) as error:  # of another form than ours: the receiver will tell them anew
            log.warning("stored values are left out", extra={"receiver": unit.address.id, "why": str(error)})
            for part in unit.parts.values():
                part.state = EMPTY_CHANNEL


def _restore_part(inventory: Inventory, writer: StateWriter, stored: PartRecord) -> None:
    home = stored.address._replace(kind=kind_of_unit(stored.address.kind), id=stored.unit)
    unit = inventory.units.get(home)
    if unit is None:
        return
    part = inventory.ensure_part(unit, stored.number)
    values = {**EMPTY_CHANNEL, **_only(stored.state, CHANNEL_STATE_KEYS)}
    part.state = cast("ChannelState", values)
    part.slots = {cast("Slot", slot)["number"]: cast("Slot", slot) for slot in stored.slots}
    writer.enter_part(part, stored.changed_at or clock.now_text())


def _only(values: Mapping[str, object], keys: Sequence[str]) -> dict[str, object]:
    """Stored values under keys that still exist: an older program may have written others."""
    return {key: values[key] for key in keys if key in values}
