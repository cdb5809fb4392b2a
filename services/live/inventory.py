"""What is known now: units and their parts, and how they are found. Lives on the event loop's thread, never blocks.

`StateWriter` alone changes what is filed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.live.unit import Unit, UnitPart
from services.model import UNIT_KINDS, Address, Campus, Kind, UnitRecord


class Inventory:
    """All units of one bridge."""

    def __init__(self, bridge_id: str, epoch: int = 0) -> None:
        """``epoch`` distinguishes the revisions of this process from those of earlier ones."""
        self.bridge_id = bridge_id
        self.epoch = epoch
        self.units: dict[Address, Unit] = {}
        self._parts: dict[Address, tuple[Unit, UnitPart]] = {}
        self._by_host: dict[str, dict[Address, Unit]] = {}

    # -- finding ---------------------------------------------------------------------------------------------

    @property
    def tenants(self) -> list[Campus]:
        """Every campus that has a unit, sorted."""
        return sorted({address.tenant for address in self.units})

    def part(self, address: Address) -> tuple[Unit, UnitPart] | None:
        """A part and its unit."""
        return self._parts.get(address)

    def parts(self) -> Iterator[tuple[Unit, UnitPart]]:
        """All parts, by unit."""
        for unit in self.units.values():
            for part in unit.parts.values():
                yield unit, part

    def by_host(self, host: str) -> list[Unit]:
        """Units that are reached under this host name or address."""
        return list(self._by_host.get(host, {}).values())

    def at(self, host: str | None, port: int | None, unit: str = "") -> Unit | None:
        """The unit at this host and port, in any campus.

        No port is the driver's own; ``unit`` is the unit behind a gateway at the host.
        """
        if not host:
            return None
        return next(
            (
                one
                for one in self.by_host(host)
                if one.record.behind == unit and (one.record.port == port or None in {one.record.port, port})
            ),
            None,
        )

    def of(self, tenant: Campus) -> Iterable[Unit]:
        """Units of one campus."""
        return (unit for address, unit in self.units.items() if address.tenant == tenant)

    def bridge_address(self, tenant: Campus) -> Address:
        """The bridge's own address in a campus."""
        return Address(tenant.organization, tenant.campus, Kind.BRIDGE, self.bridge_id)

    # -- changing --------------------------------------------------------------------------------------------

    def put(self, unit: Unit) -> None:
        """Add a unit with its parts."""
        self.units[unit.address] = unit
        self._file(unit)
        for part in unit.parts.values():
            self._parts[part.address] = (unit, part)

    def refile(self, unit: Unit, record: UnitRecord) -> None:
        """Give a unit a changed record of itself (the address stays)."""
        if record.host == unit.record.host:
            unit.record = record
            return
        self._unfile(unit)
        unit.record = record
        self._file(unit)

    def forget(self, address: Address) -> Unit | None:
        """Drop a unit and its parts."""
        unit = self.units.pop(address, None)
        if unit is None:
            return None
        self._unfile(unit)
        for part in unit.parts.values():
            self._parts.pop(part.address, None)
        return unit

    def ensure_part(self, unit: Unit, number: int) -> UnitPart:
        """The part of that number, made where it is new."""
        part = unit.parts.get(number)
        if part is None:
            home = unit.address
            address = Address(home.organization, home.campus, UNIT_KINDS[home.kind].part, f"{home.id}-{number}")
            part = unit.parts[number] = UnitPart(address, number)
            unit.parts = dict(sorted(unit.parts.items()))
            self._parts[address] = (unit, part)
        return part

    def drop_part(self, unit: Unit, number: int) -> Address:
        """Take out a part that its unit does not have any more."""
        part = unit.parts.pop(number)
        self._parts.pop(part.address, None)
        return part.address

    # -- inside ----------------------------------------------------------------------------------------------

    def _file(self, unit: Unit) -> None:
        self._by_host.setdefault(unit.record.host, {})[unit.address] = unit

    def _unfile(self, unit: Unit) -> None:
        there = self._by_host.get(unit.record.host, {})
        there.pop(unit.address, None)
        if not there:
            self._by_host.pop(unit.record.host, None)
