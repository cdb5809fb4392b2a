"""Decides what becomes of the outcomes of a scan: units to add or follow, candidates, errors of the result."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, get_args

from services.discovery.candidates import Candidates, Strangers
from services.discovery.scan import MENDABLE, OURS, Found, Missed, ScanOutcome
from services.discovery.targets import Place, ScanTargets
from services.drivers import Sighting
from services.live import IgnoredUnits, Inventory, UnidentifiedHosts
from services.model import AuditContext, AvailabilityReason, Result, ServiceError
from services.rules import Host, Match, recognise
from services.units import AUTO, DeviceSnapshot

log = logging.getLogger(__name__)

STRANGERS_LISTED = 50
"""Strangers that a reply names; the others are counted."""

BUGS_LISTED = 3
"""Failures of a driver itself that are listed one by one; the others are counted."""


class Sync(Protocol):
    """What discovery needs of `DeviceSyncService`."""

    async def bulk_sync_devices(
        self, *, manufacturer: str, devices: list[DeviceSnapshot], complete: bool, context: AuditContext
    ) -> Result:
        """Add, follow and recognise units."""


@dataclass(slots=True)
class ScanSinks:
    """The services that outcomes are compared with and handed to."""

    inventory: Inventory
    sync: Sync
    candidates: Candidates
    ignored: IgnoredUnits
    strangers: Strangers
    unidentified: UnidentifiedHosts
    """The MAC address that a host announced of itself; a unit that does not report its own is known by it."""


class ScanOutcomes:
    """Takes the outcomes of one discovery as they come, and hands them over now and then."""

    def __init__(
        self, plan: ScanTargets, sinks: ScanSinks, context: AuditContext, known_names: Mapping[str, str] | None = None
    ) -> None:
        self._plan = plan
        self._sinks = sinks
        self._context = context
        self._known_names = known_names or {}
        """Address -> host name of a unit that is known by its name."""
        self.results = {maker: Result(manufacturer=maker, request_id=context.request_id) for maker in plan.makers}
        self.done = 0
        self.found = 0
        self.seen_hosts: set[str] = set()
        """Hosts as people named them, at which a unit answered or has an open session."""
        self.candidates = 0
        self._waiting: list[Sighting] = []
        self._missed: dict[str, Missed] = {}
        self._units: dict[tuple[str, str], str] = {}
        self._bugs: Counter[str] = Counter()
        self._strangers: dict[str, str] = {}
        self._ours: dict[str, str] = {}
        """What this machine does not give -> manufacturer whose units are not asked for want of it."""

    # -- while the scan runs ---------------------------------------------------------------------------------

    def take(self, outcome: ScanOutcome) -> None:
        """Note an outcome; quick."""
        self.done += 1
        place = self._named(outcome.host, outcome.port)
        if isinstance(outcome, Found):
            self.found += len(outcome.sightings)
            self._waiting += outcome.sightings
            self._sinks.strangers.forget(outcome.host)
            if place is not None:
                self.seen_hosts.add(place.text)
        elif place is not None:
            self._missed[place.text] = outcome
            self._note_stranger(outcome)
        elif outcome.code == "internal":
            self._report_bug(outcome)
        elif outcome.code in OURS:
            self._ours[outcome.detail] = outcome.manufacturer
        elif outcome.code in MENDABLE:
            self._report(outcome)
        else:
            self._note_stranger(outcome)

    def pass_by(self, host: str, what: str) -> None:
        """Note a stranger that was not asked again."""
        self.done += 1
        self._strangers[host] = what

    def leave(self, host: str, port: int | None) -> None:
        """Note a unit that has an open session and was not asked."""
        self.done += 1
        place = self._named(host, port)
        if place is not None:
            self.seen_hosts.add(place.text)
        for unit in self._sinks.inventory.by_host(self._known_names.get(host, host)):
            if unit.address.tenant == self._context.tenant:
                self.found += 1
                result = self._result(unit.record.manufacturer)
                result.counts.seen += 1
                result.counts.unchanged += 1

    async def settle(self) -> None:
        """Hand over what was found since the last time."""
        waiting, self._waiting = self._waiting, []
        batches: dict[str, list[DeviceSnapshot]] = {}
        by_both_ways: list[tuple[DeviceSnapshot, str]] = []
        for found in sorted(
            waiting, key=lambda found: bool(found.unit)
        ):  # a unit's own address counts before a gateway
            snapshot = self._snapshot(found)
            if self._is_second_address(snapshot):
                continue
            match = self._recognised(snapshot)
            if match.outcome == "both_ways":
                by_both_ways.append((snapshot, match.why))
            if self._plan.adopts(found.host, found.port) or match.outcome != "new":
                batches.setdefault(snapshot.identity.manufacturer, []).append(snapshot)
            else:
                self._offer(snapshot)
        for manufacturer, devices in batches.items():
            await self._sync(manufacturer, devices)
        for snapshot, why in by_both_ways:
            self._list(snapshot, why)

    # -- when it is over -------------------------------------------------------------------------------------

    def failures(self) -> dict[str, tuple[AvailabilityReason, str]]:
        """Named hosts at which no unit answered, with the reason."""
        failed: dict[str, tuple[AvailabilityReason, str]] = {
            text: ("never_seen", unresolved.detail) for text, unresolved in self._plan.unresolved.items()
        }
        for text, missed in self._missed.items():
            if text not in self.seen_hosts:
                failed[text] = (_reason(missed.code), missed.detail)
        return failed

    def total(self) -> Result:
        """All manufacturers in one result; each of them stands in its data."""
        total = Result(request_id=self._context.request_id)
        for text, (reason, detail) in self.failures().items():
            total.counts.seen += 1
            total.fail(text, reason, detail)
        for maker, count in self._bugs.items():
            if count > BUGS_LISTED:
                self._result(maker).warnings.append(
                    f"driver of {maker}: {count - BUGS_LISTED} further failures like that"
                )
        for detail, maker in self._ours.items():
            self._result(maker).warnings.append(f"units of {maker} were not looked for: {detail}")
        for result in self.results.values():
            total.absorb(result)
        if self._strangers:
            named = [{"host": host, "what": what} for host, what in sorted(self._strangers.items())]
            total.data["strangers"] = named[:STRANGERS_LISTED]
            if len(named) > STRANGERS_LISTED:
                total.warnings.append(f"{len(named) - STRANGERS_LISTED} more strangers answered, which are not listed")
        total.data["manufacturers"] = {maker: result.as_json() for maker, result in sorted(self.results.items())}
        return total

    def list_unidentified(
        self, failed: Mapping[str, tuple[AvailabilityReason, str]], asked: Mapping[str, Place]
    ) -> None:
        """Keep the list of configured hosts that never answered up to date."""
        listed = self._sinks.unidentified
        for text, place in asked.items():
            host = place.where.host if isinstance(place.where, Host) else text
            if text in failed and not self._sinks.inventory.by_host(host):
                reason, detail = failed[text]
                listed.put(self._context.tenant, text, reason, detail)
            elif text in self.seen_hosts:
                listed.drop(text)

    # -- inside ----------------------------------------------------------------------------------------------

    def _note_stranger(self, missed: Missed) -> None:
        if missed.stranger:
            self._strangers[missed.host] = missed.stranger
            self._sinks.strangers.note(missed.host, missed.stranger, asyncio.get_running_loop().time())

    def _named(self, host: str, port: int | None) -> Place | None:
        single = self._plan.singles.get((host, port))
        return single.place if single else None

    def _result(self, maker: str) -> Result:
        return self.results.setdefault(maker, Result(manufacturer=maker, request_id=self._context.request_id))

    def _snapshot(self, found: Sighting) -> DeviceSnapshot:
        """As people named it, so that it is found again when its address changes; else by its address."""
        place = self._named(found.host, found.port)
        host = self._known_names.get(found.host, found.host)
        if place is not None and isinstance(place.where, Host):
            host = place.where.host
        identity = found.identity
        label = identity.device_id or found.name
        return DeviceSnapshot(  # AUTO: its firmware may change its protocol
            host, found.port, identity, AUTO, unit=found.unit, label=label
        )

    def _is_second_address(self, snapshot: DeviceSnapshot) -> bool:
        """Whether this unit answered in this discovery before: a name with two addresses, a unit with two networks."""
        who = snapshot.identity.serial or snapshot.identity.mac
        if who is None:
            return False
        first = self._units.setdefault((snapshot.identity.manufacturer, who), snapshot.host)
        if first != snapshot.host:
            why = f"the same unit answers at {first} as well, and is taken from there"
            self._result(snapshot.identity.manufacturer).warnings.append(f"{snapshot.host}: {why}")
            if not self._sinks.inventory.by_host(snapshot.host):
                self._list(snapshot, f"{why}: two networks of one unit, or two units that claim to be one")
        return first != snapshot.host

    def _recognised(self, snapshot: DeviceSnapshot) -> Match:
        records = [unit.record for unit in self._sinks.inventory.of(self._context.tenant)]
        return recognise(snapshot.identity, snapshot.host, snapshot.port, records, unit=snapshot.unit)

    def _offer(self, snapshot: DeviceSnapshot) -> None:
        identity, tenant = snapshot.identity, self._context.tenant
        counts = self._result(identity.manufacturer).counts
        counts.seen += 1
        counts.unchanged += 1
        if self._sinks.ignored.matches(tenant, identity, snapshot.host):
            return
        if snapshot.unit:
            self._sinks.candidates.drop(tenant, snapshot.host)  # the gateway answers now
        self._list(snapshot, "answered to discovery in a range that does not adopt; unit_add takes it")

    def _list(self, snapshot: DeviceSnapshot, why: str) -> None:
        """List what was found among the candidates."""
        identity = snapshot.identity
        self.candidates += 1
        self._sinks.candidates.put(
            self._context.tenant,
            snapshot.host,
            manufacturer=identity.manufacturer,
            model=identity.model,
            name=snapshot.label,
            mac=identity.mac,
            why=why,
            unit=snapshot.unit,
        )

    async def _sync(self, manufacturer: str, devices: list[DeviceSnapshot]) -> None:
        result = self._result(manufacturer)
        try:
            synced = await self._sinks.sync.bulk_sync_devices(
                manufacturer=manufacturer, devices=devices, complete=False, context=self._context
            )
        except ServiceError as error:
            result.counts.seen += 1
            result.fail(manufacturer, error.code, error.detail)
            return
        except Exception as error:  # one maker's trouble must not hide the others
            log.exception("units that were found could not be taken over", extra={"manufacturer": manufacturer})
            result.counts.seen += len(devices)
            result.fail(manufacturer, "internal", f"the bridge failed on {len(devices)} units: {error}")
            return
        result.absorb(synced)
        conflicts = {error.device: error.message for error in synced.errors if error.code == "identity_conflict"}
        for device in devices:
            if device.host in conflicts and not self._sinks.inventory.by_host(device.host):
                self._list(device, conflicts[device.host])
        for device in devices:
            for unit in self._sinks.inventory.by_host(device.host):
                for behind in {"", unit.record.behind}:
                    self._sinks.candidates.drop(self._context.tenant, device.host, behind)

    def _report_bug(self, missed: Missed) -> None:
        self._bugs[missed.manufacturer] += 1
        if self._bugs[missed.manufacturer] <= BUGS_LISTED:
            self._report(missed)

    def _report(self, missed: Missed) -> None:
        result = self._result(missed.manufacturer)
        result.counts.seen += 1
        result.fail(missed.host, missed.code, missed.detail)
        if missed.code in MENDABLE and not self._sinks.inventory.by_host(missed.host):
            self.candidates += 1
            self._sinks.candidates.put(
                self._context.tenant, missed.host, manufacturer=missed.manufacturer, why=missed.detail
            )


def _reason(code: str) -> AvailabilityReason:
    return next((reason for reason in get_args(AvailabilityReason) if reason == code), "never_seen")
