"""Checks whether the unit that answered is the expected one, and refuses or takes over another one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.audit import Audit
from services.drivers import Description, Driver, DriverError, known_product, more_of
from services.live import Announcer, Inventory, StateWriter, Unit
from services.model import A_NOUN, Address, AuditContext, AvailabilityReason, Identity, Kind, UnitRecord
from services.rules import same_unit

log = logging.getLogger(__name__)

FACTS = ("family", "model", "serial", "mac", "cid", "device_id", "firmware", "band", "part_count", "certificate")
"""Fields of a record that are taken from the identity that a unit reports."""

HARDWARE = ("serial", "mac", "cid")
"""Those by which a unit is recognised: nobody can change them."""


BOTH_WAYS_S = 60.0
"""Seconds until a unit behind a gateway is tried again that is read at its own address."""

SWAPPED_S = 15.0
"""Seconds between two tries where another unit answers: somebody has to act first."""


class Recognition:
    """Compares the unit that answered with the expected one, and takes over what is new."""

    def __init__(
        self,
        inventory: Inventory,
        writer: StateWriter,
        announcer: Announcer,
        audit: Audit,
        drivers: Mapping[str, Driver],
    ) -> None:
        self._inventory = inventory
        self._said: set[tuple[Address, Address]] = set()
        """Units that claim one identity, and of which that was said."""
        self._writer = writer
        self._announcer = announcer
        self._audit = audit
        self._drivers = drivers

    def learn(self, unit: Unit, identity: Identity) -> bool:
        """Take over the fields of an identity into the record of a known unit; whether any of them was new."""
        facts = {
            key: getattr(identity, key)
            for key in FACTS
            if getattr(identity, key) is not None and getattr(identity, key) != getattr(unit.record, key)
        }
        if not facts:
            return False
        self._writer.change_record(unit, replace(unit.record, **facts))
        return True

    def complete(self, unit: Unit, identity: Identity) -> None:
        """Take over what a unit does not say of itself by the way that it is read, but by another way."""
        record = unit.record
        facts = {key: getattr(identity, key) for key in HARDWARE if getattr(record, key) is None}
        if any(value is not None for value in facts.values()):
            self._writer.change_record(unit, replace(record, **facts))

    def verify(self, unit: Unit, driver: str, description: Description) -> None:
        """Take over identity, parts and abilities of a unit that answered, as the driver of this name read them.

        An id that stands in the configuration survives a swap of the unit: the new one is audited and taken, unless it
        is another unit that we know. Raises `DriverError` where it is not the expected one.
        """
        record = unit.record
        if description.identity.kind is not record.address.kind:  # its topics are those of another kind
            expected, found = A_NOUN[record.address.kind], A_NOUN[description.identity.kind]
            detail = f"expected {expected}, found {found}: remove this one, or give it another host or kind"
            raise DriverError("wrong_model", detail, again_s=SWAPPED_S)
        identity = replace(description.identity, part_count=len(description.parts))
        same = same_unit(record, identity)
        self._check_double(unit, identity, same=same)
        other_model = bool(record.model and identity.model and record.model != identity.model)
        if same is False or (same is None and other_model):
            self._refuse_stranger(unit, identity, "identity_conflict" if same is False else "wrong_model")
        self.learn(unit, identity)
        more = more_of(self._drivers[driver], identity.model, identity.family)
        self._writer.equip(unit, driver, description.abilities, description.parts, more)
        if unit.record.manufacturer != identity.manufacturer:
            self._writer.change_record(unit, replace(unit.record, manufacturer=identity.manufacturer))

    def expect(self, unit: Unit, driver: Driver) -> None:
        """Give a unit that has not answered yet the abilities of the model that it was in an earlier run."""
        product = known_product(driver, unit.record.model, unit.record.family)
        if unit.abilities is None and product is not None:
            more = more_of(driver, unit.record.model, unit.record.family)
            self._writer.expect(unit, product.abilities, product.part_abilities, more)

    def conflict(self, unit: Unit, why: str, context: AuditContext) -> None:
        """Log, audit and publish that two units claim one identity; they are never merged."""
        log.warning("identity conflict", extra={"unit": unit.address.id, "why": why})
        self._announcer.identity_conflict(unit, why, context)

    def _check_double(self, unit: Unit, identity: Identity, *, same: bool | None) -> None:
        """Compare a unit that answered with all others that we know.

        Two places that answer are two units, whatever they say of themselves: both are served, and that they claim one
        identity is said at both, once. But where another unit was expected than this one that we know from another
        place, neither gets the other's name. Of a unit that is known at its own address and behind a gateway, its own
        address counts. Raises `DriverError` (identity_conflict) then.
        """
        twins = [
            each
            for each in self._inventory.units.values()
            if each is not unit
            and each.record.manufacturer == identity.manufacturer
            and same_unit(each.record, identity)
        ]
        if same is not False:
            self._prefer_direct(unit, [each for each in twins if each.online and not each.record.behind])
            twins = [each for each in twins if bool(each.record.behind) == bool(unit.record.behind)]
        other = next(iter(twins), None)
        if other is None or (same is not False and not other.online):
            return
        name = identity.serial or identity.mac or identity.cid
        mine, theirs = (f"{each.address.id} ({_place_of(each.record)})" for each in (unit, other))
        detail = (
            f"the unit {name} answers at {mine} and is known as {theirs}: if it is one unit, take one of them out; "
            f"if they changed places, change their hosts, or accept it with {_replace_verb(unit.address.kind)}"
        )
        if (unit.address, other.address) not in self._said:
            self._said |= {(unit.address, other.address), (other.address, unit.address)}
            for each in (unit, other):
                self.conflict(each, detail, AuditContext.of(each.address.tenant))
        if same is False:
            raise DriverError("identity_conflict", detail, again_s=SWAPPED_S)

    # -- inside ----------------------------------------------------------------------------------------------

    def _prefer_direct(self, unit: Unit, direct: Sequence[Unit]) -> None:
        """Refuse a unit behind a gateway that answers at its own address too, and is read there."""
        if not unit.record.behind or not direct:
            return
        there = direct[0]
        detail = (
            f"it is {there.address.id}, which is read at its own address {_place_of(there.record)}: take the entry "
            f"behind the gateway {unit.record.host} out, or the other one"
        )
        raise DriverError("identity_conflict", detail, again_s=BOTH_WAYS_S)

    def _refuse_stranger(self, unit: Unit, identity: Identity, reason: AvailabilityReason) -> None:
        """Another unit answers: refused, unless the configuration gives its id."""
        record = unit.record
        context = AuditContext(record.address.organization, record.address.campus)
        if record.source != "config":
            detail = (
                f"expected {record.model} {record.mac or record.serial or ''}, found {identity.model} "
                f"{identity.mac or identity.serial or ''}; {_replace_verb(record.address.kind)} accepts the new unit"
            )
            if unit.availability.reason != reason:
                self.conflict(unit, detail, context)
            raise DriverError(reason, detail, again_s=SWAPPED_S)
        self._writer.change_record(unit, replace(record, serial=None, mac=None, cid=None))  # they were the other unit's
        before, after = identity_of(record), identity_of(identity)
        log.warning(
            "another unit answers here, and is taken: the configuration gives its id",
            extra={"unit": record.address.id, "was": before, "is": after},
        )
        self._audit.record("receiver_replaced", context=context, resource=unit.address, before=before, after=after)


def _place_of(record: UnitRecord) -> str:
    return record.host if record.port is None else f"{record.host}:{record.port}"


def _replace_verb(kind: Kind) -> str:
    """The verb that accepts new hardware of this kind; receivers have one of their own."""
    return "receiver_replace" if kind is Kind.RECEIVER else "unit_replace"


def identity_of(whom: UnitRecord | Identity) -> dict[str, object]:
    """The hardware behind an id, as audit events carry it."""
    return {key: getattr(whom, key) for key in ("model", "serial", "mac", "device_id", "firmware")}
