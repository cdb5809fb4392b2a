"""DiscoveryOrchestrationService: finds units, reads them again, and answers with all that is known of one of them.

Callable without any broker. A driver's ``look`` decides who answers and of what kind it is; what answers in a place
that adopts is handed to `DeviceSyncService`, everything else becomes a candidate. A unit that is online keeps its one
session: a discovery counts it and leaves it alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from services import clock
from services.discovery.candidates import Candidates, Strangers
from services.discovery.outcomes import ScanSinks, Sync
from services.discovery.places import add_refused, configured_places, named_places
from services.discovery.refresh import Reader, Refresher, choose
from services.discovery.search import Finished, Progress, Search, SearchRunner, covers
from services.discovery.summary import for_audit, in_short
from services.discovery.targets import Place
from services.drivers import Makers, check_manufacturer
from services.live import IgnoredUnits, Inventory, UnidentifiedHosts, describe
from services.model import Address, AuditContext, Campus, RangeRecord, Result, ServiceError
from services.rules import MAX_ADDRESSES, Host
from services.units import find_unit

log = logging.getLogger(__name__)


class Recorder(Protocol):
    """What discovery needs of `Audit`."""

    def record(
        self,
        action: str,
        *,
        context: AuditContext,
        resource: str | None = None,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> object:
        """Write an audit event."""


class DiscoveryOrchestrationService:
    """One discovery for each campus at a time; any number of refreshes."""

    def __init__(
        self,
        *,
        inventory: Inventory,
        candidates: Candidates,
        ignored: IgnoredUnits,
        unidentified: UnidentifiedHosts,
        sync: Sync,
        sessions: Reader,
        audit: Recorder,
        makers: Makers,
        remember: Callable[[RangeRecord], None] = lambda _record: None,
        forget: Callable[[Campus, str], None] = lambda _tenant, _network: None,
    ) -> None:
        """``remember`` keeps when a range was searched, ``forget`` drops one that is no longer configured."""
        self._inventory = inventory
        self._refresher = Refresher(sessions)
        self._audit = audit
        self._makers = makers
        self._remember = remember
        self.forget = forget
        self.candidates = candidates
        self.sinks = ScanSinks(inventory, sync, candidates, ignored, Strangers(), unidentified)
        self._runner = SearchRunner(self.sinks, makers)
        self._running: dict[Campus, Search] = {}
        self._ended = asyncio.Event()
        self._places: list[tuple[Campus, Place]] = []
        self.ranges: tuple[RangeRecord, ...] = ()
        """Ranges and hosts as configured or stored, of all campuses."""

    def configure(self, ranges: Iterable[RangeRecord], *, interface: str = "", concurrency: int | None = None) -> None:
        """Set where units are looked for: ranges and single hosts, with the campus that each belongs to."""
        self.ranges = tuple(ranges)
        self._places = [(record.tenant, place) for record in self.ranges for place in configured_places([record])[0]]
        self._runner.interface = interface
        if concurrency is not None:
            self._runner.concurrency = concurrency

    @property
    def tenants(self) -> list[Campus]:
        """Every campus that has a unit or something to search, sorted."""
        return sorted({*self._inventory.tenants, *(record.tenant for record in self.ranges)})

    def tenant_of(self, host: str) -> Campus | None:
        """The campus that has a range or host with this address."""
        return next((tenant for tenant, place in self._places if covers(place, host)), None)

    def adopting(self, host: str) -> Campus | None:
        """The campus that has it and adopts what answers there."""
        return next((tenant for tenant, place in self._places if place.adopt and covers(place, host)), None)

    def running(self, tenant: Campus) -> Search | None:
        """The discovery that is under way in a campus."""
        return self._running.get(tenant)

    # -- discover --------------------------------------------------------------------------------------------

    async def handle_discovery_requested(
        self,
        *,
        context: AuditContext,
        networks: Sequence[str] | None = None,
        hosts: Sequence[str] | None = None,
        manufacturer: str | None = None,
        adopt: bool | None = None,
        limit: int | None = None,
        progress: Progress | None = None,
    ) -> Result:
        """Search the networks and hosts that are named, else everything that is configured for the campus.

        ``adopt`` overrides that of the ranges (what is named is adopted unless it is false); ``limit`` is the most
        addresses that are asked, at most `MAX_ADDRESSES`. ``progress`` is called at most once a second with
        ``done``, ``total``, ``found`` and ``eta_s``.

        Raises:
            ServiceError: ``busy`` while another discovery runs in this campus; ``schema_violation`` for an unknown
                manufacturer, or when nothing that was named can be searched; ``out_of_range`` for a limit.
        """
        if manufacturer is not None:
            check_manufacturer(self._makers, manufacturer)
        if limit is not None and not 1 <= limit <= MAX_ADDRESSES:
            raise ServiceError("out_of_range", f"limit must be 1 to {MAX_ADDRESSES} addresses", field="args.limit")
        records: Sequence[RangeRecord] = ()
        if networks or hosts:
            places, refused = named_places(networks or (), hosts or (), adopt=adopt is not False)
        else:
            records = [record for record in self.ranges if record.tenant == context.tenant]
            places, refused = configured_places(records, adopt=adopt)
        if refused and not places:
            detail = "; ".join(refused.values())
            raise ServiceError("schema_violation", detail, field="args.networks" if networks else "args.hosts")
        if not places:
            words = (
                f"nothing is configured to be searched in {context.organization}/{context.campus}: name networks or "
                "hosts, or write [[discovery.ranges]] into the configuration"
            )
            return Result(manufacturer=manufacturer, warnings=[words], incomplete=True, request_id=context.request_id)
        result = await self._search(Search(context, places), manufacturer, limit, progress, records)
        add_refused(result, refused)
        return result

    async def search_ranges(self, *, context: AuditContext, ranges: Sequence[RangeRecord]) -> Result:
        """Search some of the configured ranges of a campus. Raises `ServiceError` (busy)."""
        places, refused = configured_places(ranges)
        result = await self._search(Search(context, places), None, None, None, ranges)
        add_refused(result, refused)
        return result

    async def look_at(self, *, context: AuditContext, places: Sequence[Place]) -> Finished:
        """Ask single hosts quietly: a host that announced itself, or one that has not answered yet.

        Neither audited nor counted as the campus's discovery; what comes of it is audited by those who do it.
        """
        search = Search(context, places)
        finished = await self._runner.run(search)
        if search.outcomes is not None:
            search.outcomes.list_unidentified(finished.failed, self._configured_hosts(places, context.tenant))
        return finished

    async def cancel(self, tenants: Iterable[Campus] | None = None) -> int:
        """End the discoveries of these campuses, or of all; returns how many were ended.

        They end with the result of what was found until then.
        """
        chosen = [
            search
            for tenant, search in self._running.items()
            if (tenants is None or tenant in tenants) and not search.cancelled
        ]
        for search in chosen:
            search.cancel()
        return len(chosen)

    async def wait_idle(self, tenant: Campus) -> None:
        """Wait until no discovery runs in a campus."""
        while tenant in self._running:
            self._ended.clear()
            await self._ended.wait()

    # -- refresh and detail ----------------------------------------------------------------------------------

    async def handle_refresh_requested(
        self,
        *,
        context: AuditContext,
        manufacturer: str | None = None,
        tags: Sequence[str] = (),
        units: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Result:
        """Read units of the campus again, completely: all, or those of a maker, with all of the tags, or by id.

        One that fails never hides another. Raises `ServiceError` (schema_violation) for an unknown manufacturer.
        """
        if manufacturer is not None:
            check_manufacturer(self._makers, manufacturer)
        chosen, strange = choose(self._inventory.of(context.tenant), manufacturer, tags, units)
        result = await self._refresher.read(chosen, context, progress)
        result.manufacturer = manufacturer
        for name in strange:
            result.counts.seen += 1
            result.fail(name, "unknown_resource", f"there is no unit {name!r} in {context.campus}")
        return result

    async def handle_device_detail_requested(self, *, context: AuditContext, address: Address) -> Result:
        """Everything that is known of a unit, or of the unit that a part belongs to.

        Raises `ServiceError` (unknown_resource).
        """
        unit = find_unit(self._inventory, address)
        result = Result(manufacturer=unit.record.manufacturer, request_id=context.request_id)
        result.counts.seen = result.counts.unchanged = 1
        result.data[unit.address.kind.value] = describe(unit)
        return result

    # -- inside ----------------------------------------------------------------------------------------------

    async def _search(
        self,
        search: Search,
        manufacturer: str | None,
        limit: int | None,
        progress: Progress | None,
        records: Sequence[RangeRecord],
    ) -> Result:
        context = search.context
        self._refuse_second(context.tenant)
        self._running[context.tenant] = search
        wanted = {"places": [place.text for place in search.places], "manufacturer": manufacturer, "limit": limit}
        self._audit.record("discovery_started", context=context, after=wanted)
        log.info("discovery started", extra={"campus": context.campus, "places": search.what})
        after: dict[str, object] = {"status": "failed", "errors": ["it was interrupted"]}
        try:
            finished = await self._runner.run(search, manufacturer=manufacturer, limit=limit, progress=progress)
            result = finished.result
            if search.outcomes is not None:
                hosts = self._configured_hosts(search.places, context.tenant)
                search.outcomes.list_unidentified(finished.failed, hosts)
            if not finished.cancelled and manufacturer is None and limit is None:
                self._note_searched(records)
            after = for_audit(result)
            return result
        finally:
            del self._running[context.tenant]
            self._ended.set()
            self._audit.record("discovery_finished", context=context, after=after)
            log.info("discovery finished", extra={"campus": context.campus, "places": search.what, **in_short(after)})

    def _refuse_second(self, tenant: Campus) -> None:
        running = self._running.get(tenant)
        if running is None:
            return
        now = asyncio.get_running_loop().time()
        state = running.progress(now)
        raise ServiceError(
            "busy",
            f"a discovery of {running.what} runs since {running.since} ({state['done']} of "
            f"{state['total'] or 'still counted'} addresses); wait for it, or end it with discover_cancel",
            retry_after_s=state["eta_s"] if isinstance(state["eta_s"], float) else None,
        )

    def _note_searched(self, records: Sequence[RangeRecord]) -> None:
        now = clock.now_text()
        searched = {_key(record): replace(record, scanned_at=now) for record in records}
        self.ranges = tuple(
            replace(record, scanned_at=now) if _key(record) in searched else record for record in self.ranges
        )
        for record in searched.values():
            self._remember(record)

    def _configured_hosts(self, places: Iterable[Place], tenant: Campus) -> dict[str, Place]:
        """Those of the places that are single hosts of the configuration."""
        configured = {record.network for record in self.ranges if record.tenant == tenant and record.source == "config"}
        return {place.text: place for place in places if isinstance(place.where, Host) and place.text in configured}


def _key(record: RangeRecord) -> tuple[Campus, str]:
    return record.tenant, record.network
