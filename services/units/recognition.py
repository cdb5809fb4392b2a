"""Who answers where a unit is expected: the same unit, another one, or one that claims the identity of a third."""

from __future__ import annotations

import logging
from dataclasses import replace

from services import clock
from services.audit import Audit
from services.drivers import Driver, DriverError
from services.live import Inventory, StateWriter, Unit
from services.model import AuditContext, AvailabilityReason, Event, Identity, UnitRecord
from services.rules import same_unit
from services.store import Store

log = logging.getLogger(__name__)

FACTS = ("family", "model", "serial", "mac", "device_id", "firmware", "band", "part_count")
"""What a record takes over from the identity that a unit gives of itself."""


class Recognition:
    """Compares who answered with who was expected, and takes over what is new of it."""

    def __init__(self, inventory: Inventory, writer: StateWriter, store: Store, audit: Audit) -> None:
        self._inventory = inventory
        self._writer = writer
        self._store = store
        self._audit = audit

    def learn(self, unit: Unit, identity: Identity) -> bool:
        """Take over what an identity says of a known unit; whether anything was new."""
        facts = {
            key: getattr(identity, key)
            for key in FACTS
            if getattr(identity, key) is not None and getattr(identity, key) != getattr(unit.record, key)
        }
        if not facts:
            return False
        self._writer.change_record(unit, replace(unit.record, **facts))
        return True

    def verify(self, unit: Unit, driver: Driver, identity: Identity) -> None:
        """Take over the identity of a unit that answered. Raises `DriverError` where it is not the expected one.

        An id that stands in the configuration survives a swap of the unit: the new one is audited and taken.
        """
        record = unit.record
        same = same_unit(record, identity)
        other_model = bool(record.model and identity.model and record.model != identity.model)
        if same is False or (same is None and other_model):
            self._refuse_stranger(unit, identity, "identity_conflict" if same is False else "wrong_model")
        self.learn(unit, identity)
        self._equip(unit, driver, identity)
        if unit.record.driver != driver.name or unit.record.manufacturer != identity.manufacturer:
            known = replace(unit.record, driver=driver.name, manufacturer=identity.manufacturer)
            self._writer.change_record(unit, known)

    def conflict(self, unit: Unit, why: str, context: AuditContext) -> None:
        """Log, audit and publish that two units claim one identity; they are never merged."""
        address = unit.address
        log.warning("identity conflict", extra={"receiver": address.id, "why": why})
        self._audit.record("receiver_conflict", context=context, resource=address, after={"why": why})
        event = Event(clock.uuid7(), "identity_conflict", clock.now_text(), address, {"why": why})
        self._inventory.bus.tell(event)

    # -- inside ----------------------------------------------------------------------------------------------

    def _refuse_stranger(self, unit: Unit, identity: Identity, reason: AvailabilityReason) -> None:
        """Another unit answers: refused, unless the configuration gives its id."""
        record = unit.record
        context = AuditContext(record.address.organization, record.address.campus)
        if record.source != "config":
            detail = (
                f"expected {record.model} {record.mac or record.serial or ''}, found {identity.model} "
                f"{identity.mac or identity.serial or ''}; receiver_replace accepts the new unit"
            )
            if unit.reason != reason:
                self.conflict(unit, detail, context)
            raise DriverError(reason, detail)
        before, after = identity_of(record), identity_of(identity)
        log.warning(
            "another unit answers here, and is taken: the configuration gives its id",
            extra={"receiver": record.address.id, "was": before, "is": after},
        )
        self._audit.record("receiver_replaced", context=context, resource=unit.address, before=before, after=after)

    def _equip(self, unit: Unit, driver: Driver, identity: Identity) -> None:
        """Give a unit the capabilities and parts of the hardware that answered."""
        now = clock.now_text()
        able = driver.families.get(identity.family)
        if able != unit.capabilities:
            unit.capabilities = able
            self._writer.change_info(unit, now, parts=True)
        count = identity.part_count or 0
        fresh = [number for number in range(1, count + 1) if number not in unit.parts]
        for number in fresh:
            self._writer.enter_part(self._inventory.ensure_part(unit, number), now)
        if self._drop_parts_beyond(unit, identity.part_count) or fresh:
            self._inventory.mark_membership(unit.address.tenant)

    def _drop_parts_beyond(self, unit: Unit, count: int | None) -> bool:
        """Take out the parts that the hardware does not have any more; whether there were any."""
        gone = [number for number in unit.parts if count is not None and number > count]
        for number in gone:
            address = self._inventory.drop_part(unit, number)
            self._store.remove_part(address)
            self._inventory.mark_gone(address)
        return bool(gone)


def identity_of(whom: UnitRecord | Identity) -> dict[str, object]:
    """What an audit event says of the hardware behind an id."""
    return {key: getattr(whom, key) for key in ("model", "serial", "mac", "device_id", "firmware")}
