"""A bridge's insides as far as discovery sees them: a real inventory, and a record of what was asked of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.discovery import AnnouncedHosts, Candidate, Candidates, DiscoveryOrchestrationService
from services.live import Changes, IgnoredUnits, Inventory, UnidentifiedHosts, Unit
from services.model import Address, AuditContext, Campus, Kind, RangeRecord, Result, UnitRecord
from services.units import DeviceSnapshot
from tests.unit.discovery.answering import AnsweringDriver, makers_of

STAGE = Campus("default", "stage")
DEFAULT = Campus("default", "default")
CONTEXT = AuditContext("default", "stage", actor="tests", request_id="r1")


def configured(network: str, *, adopt: bool = True, every_s: float | None = None, **more: object) -> RangeRecord:
    record = RangeRecord(STAGE, network, adopt, every_s, None, "config")
    return replace(record, **more)  # type: ignore[arg-type]  # by name


class Shelf:
    """Adds every device that it is handed to the inventory, as `DeviceSyncService` does."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.handed: list[DeviceSnapshot] = []
        self.broken: set[str] = set()
        """Manufacturers of which nothing can be taken over."""

    @property
    def hosts(self) -> list[str]:
        return sorted(snapshot.host for snapshot in self.handed)

    async def bulk_sync_devices(
        self, *, manufacturer: str, devices: Sequence[DeviceSnapshot], complete: bool, context: AuditContext
    ) -> Result:
        assert not complete, "a discovery never sees everything"
        if manufacturer in self.broken:
            raise RuntimeError("the shelf broke")
        result = Result(manufacturer=manufacturer)
        for device in devices:
            self.handed.append(device)
            result.counts.seen += 1
            if self.inventory.by_host(device.host):
                result.counts.unchanged += 1
                continue
            result.counts.added += 1
            identity = device.identity
            put(self.inventory, f"rack-{len(self.handed)}", device.host, context.tenant, serial=identity.serial,
                mac=identity.mac, manufacturer=manufacturer, port=device.port)  # fmt: skip
        return result


def put(
    inventory: Inventory,
    unit_id: str,
    host: str,
    tenant: Campus = STAGE,
    *,
    online: bool = False,
    kind: Kind = Kind.RECEIVER,
    **facts: object,
) -> Unit:
    address = Address(tenant.organization, tenant.campus, kind, unit_id)
    record = UnitRecord(address, "acme", "acme", host, source="discovery", family="one", model="A1")
    receiver = Unit(replace(record, **facts))  # type: ignore[arg-type]  # by name
    inventory.put(receiver)
    inventory.ensure_part(receiver, 1)
    set_online(receiver, online=online)
    return receiver


def set_online(receiver: Unit, *, online: bool = True) -> None:
    receiver.availability.state = "online" if online else "offline"
    receiver.link_state.session = "live" if online else "waiting"


class Readings:
    """Receivers that are read again, each with the outcome that a test gives it."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.outcomes: dict[str, Exception] = {}

    async def refresh(self, address: Address) -> None:
        self.read.append(address.id)
        if address.id in self.outcomes:
            raise self.outcomes[address.id]


@dataclass
class Diary:
    """What was audited."""

    entries: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def record(
        self,
        action: str,
        *,
        context: AuditContext,
        resource: str | None = None,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        self.entries.append((action, after or {}))

    @property
    def actions(self) -> list[str]:
        return [action for action, _ in self.entries]


class Site:
    """A discovery service and everything around it."""

    def __init__(self, *drivers: AnsweringDriver, ranges: Sequence[RangeRecord] = ()) -> None:
        self.changes = Changes()
        self.inventory = Inventory("main")
        self.listed = Candidates(self.inventory, self.changes)
        self.ignored = IgnoredUnits()
        self.unidentified = UnidentifiedHosts()
        self.shelf = Shelf(self.inventory)
        self.readings = Readings()
        self.diary = Diary()
        self.remembered: list[RangeRecord] = []
        self.announced_hosts = AnnouncedHosts()
        self.drivers = {driver.name: driver for driver in drivers}
        self.makers = makers_of(*drivers)
        self.discovery = DiscoveryOrchestrationService(
            inventory=self.inventory,
            candidates=self.listed,
            ignored=self.ignored,
            unidentified=self.unidentified,
            sync=self.shelf,
            sessions=self.readings,
            audit=self.diary,
            makers=self.makers,
            remember=self.remembered.append,
        )
        self.discovery.configure(ranges)

    async def discover(self, **wishes: object) -> Result:
        return await self.discovery.handle_discovery_requested(context=CONTEXT, **wishes)  # type: ignore[arg-type]

    def candidate(self, tenant: Campus, host: str) -> Candidate:
        candidate = self.listed.get(tenant, host)
        assert candidate is not None, f"{host} is no candidate"
        return candidate

    def candidates(self) -> dict[str, str]:
        return {one.host: one.why for tenant in (STAGE, DEFAULT) for one in self.listed.of(tenant)}


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that has no event to be awaited; the test's own time limit ends a wait in vain."""
    while not condition():  # noqa: ASYNC110 - see above
        await asyncio.sleep(0.002)
