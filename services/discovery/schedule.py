"""Starts discoveries without a command: once after a change, when the changes have settled; then at the interval of
each range.

Configured hosts that have not answered yet are asked again with growing pauses. Times are loop times, in seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from services import clock
from services.backoff import Backoff
from services.discovery.service import DiscoveryOrchestrationService
from services.discovery.targets import Place, place_of
from services.live import Inventory, UnidentifiedHosts
from services.model import AuditContext, Campus, RangeRecord, ServiceError
from services.rules import Host

log = logging.getLogger(__name__)

ACTOR = "schedule"

DEBOUNCE_S = 2.0
"""Seconds from a change to its search: an editor saves twice, and a person changes a second line."""

RETRY_FIRST_S, RETRY_MOST_S = 5.0, 60.0
"""Seconds between two questions to a configured host that never answered; one connection attempt each."""

AGAIN_AFTER_FAILURE_S = 60.0
"""Pause after a discovery that failed inside the bridge, in seconds."""

Key = tuple[Campus, str]


@dataclass(slots=True)
class Retry:
    """A configured host that has not answered."""

    place: Place
    due: float
    backoff: Backoff = field(default_factory=lambda: Backoff(RETRY_FIRST_S, RETRY_MOST_S, certain=0.8))


class Schedule:
    """Keeps the ranges as they are configured, and has them searched."""

    def __init__(
        self,
        *,
        discovery: DiscoveryOrchestrationService,
        inventory: Inventory,
        unidentified: UnidentifiedHosts,
        debounce_s: float = DEBOUNCE_S,
    ) -> None:
        self._discovery = discovery
        self._inventory = inventory
        self._unidentified = unidentified
        self._debounce_s = debounce_s
        self._due: dict[Key, float] = {}
        self._retries: dict[Key, Retry] = {}
        self._searching: dict[Campus, set[Key]] = {}
        self._interrupted: set[Campus] = set()
        """Campuses whose search was cancelled by a change: what is left of its ranges is still due."""
        self._makers: Mapping[str, object] | None = None
        self._wake = asyncio.Event()

    def configure(
        self,
        ranges: Iterable[RangeRecord],
        *,
        stored: Iterable[RangeRecord] = (),
        makers: Mapping[str, object] | None = None,
        interface: str = "",
        concurrency: int | None = None,
    ) -> int:
        """Take ranges and single hosts over, at start and at every reload; how many of them will be searched now.

        What is new or changed is searched once, ``debounce_s`` after the last change. ``stored`` are the ranges that
        were searched before this start. ``makers`` are the settings of each manufacturer, whatever they are: where they
        change, everything that may have units of that maker is searched again. A search that runs for a range
        that is gone is cancelled.
        """
        now = asyncio.get_running_loop().time()
        before = {**{_key(record): record for record in stored}, **{_key(r): r for r in self._discovery.ranges}}
        changed_makers = self._changed_makers(makers)
        taken: dict[Key, RangeRecord] = {}
        due: dict[Key, float] = {}
        for record in ranges:
            key = _key(record)
            known = before.get(key)
            fresh = known is None or _wanted(known) != _wanted(record) or _concerns(record, changed_makers)
            taken[key] = record if fresh else replace(record, scanned_at=known.scanned_at if known else None)
            at = self._when(taken[key], now)
            if at is not None:
                due[key] = at
        for tenant, network in before.keys() - taken.keys():
            self._discovery.forget(tenant, network)  # when it comes back it is new
        self._due = due
        self._retries = {key: retry for key, retry in self._retries.items() if key in taken}
        for retry in self._retries.values():
            retry.due = now + self._debounce_s
        self._discovery.configure(taken.values(), interface=interface, concurrency=concurrency)
        self._stop_searching_what_is_gone(taken)
        self._wake.set()
        return sum(at <= now + self._debounce_s for at in due.values())

    @property
    def ranges(self) -> Sequence[RangeRecord]:
        """The ranges and single hosts that are looked at, with the time of their last search."""
        return self._discovery.ranges

    async def run(self) -> None:
        """Search what comes due, until cancelled."""
        clock_s = asyncio.get_running_loop().time
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._wake.clear()
                now = clock_s()
                for tenant in {key[0] for key in [*self._due, *self._retries]} - self._searching.keys():
                    keys = {key for key, at in self._due.items() if key[0] == tenant and at <= now}
                    hosts = {key for key, retry in self._retries.items() if key[0] == tenant and retry.due <= now}
                    if keys or hosts:
                        self._searching[tenant] = keys
                        tasks.create_task(self._work(tenant, keys, hosts - keys), name=f"schedule {tenant.campus}")
                await self._sleep(now)

    async def _sleep(self, now: float) -> None:
        """Until something is due in a campus that is not being searched, or something changed."""
        times = [at for key, at in self._due.items() if key[0] not in self._searching]
        times += [retry.due for key, retry in self._retries.items() if key[0] not in self._searching]
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(times) - now) if times else None):
                await self._wake.wait()

    async def _work(self, tenant: Campus, keys: set[Key], hosts: set[Key]) -> None:
        try:
            if keys:
                await self._search(tenant, keys)
            if hosts:
                await self._ask_again(tenant, hosts)
        finally:
            del self._searching[tenant]
            self._wake.set()

    async def _search(self, tenant: Campus, keys: set[Key]) -> None:
        await self._discovery.wait_idle(tenant)
        ranges = [record for record in self._discovery.ranges if _key(record) in keys]
        pause: float | None = None
        try:
            await self._discovery.search_ranges(context=AuditContext.of(tenant, ACTOR), ranges=ranges)
        except ServiceError as error:  # somebody else began in the same moment
            log.info("a scheduled discovery waits", extra={"campus": tenant.campus, "why": error.detail})
            return
        except Exception:  # one campus's trouble must not end the schedule of the others
            log.exception("a scheduled discovery failed", extra={"campus": tenant.campus})
            pause = AGAIN_AFTER_FAILURE_S
        if tenant in self._interrupted:
            self._interrupted.discard(tenant)
            return
        now = asyncio.get_running_loop().time()
        for record in ranges:
            self._next(record, now, pause)

    def _next(self, record: RangeRecord, now: float, pause: float | None) -> None:
        """When a range that was just searched is due again, unless it was changed meanwhile."""
        key = _key(record)
        current = next((one for one in self._discovery.ranges if _key(one) == key), None)
        if current is None or _wanted(current) != _wanted(record):
            return
        after = pause if pause is not None else record.schedule_s
        if after is None:
            self._due.pop(key, None)
        else:
            self._due[key] = now + after
        self._watch_host(record, now)

    def _watch_host(self, record: RangeRecord, now: float) -> None:
        """Begin to ask a configured host again that did not answer."""
        place = _host_of(record)
        if place is not None and place.text in self._unidentified:
            self._retries.setdefault(_key(record), _retry(place, now))
        else:
            self._retries.pop(_key(record), None)

    async def _ask_again(self, tenant: Campus, hosts: set[Key]) -> None:
        retries = {key: self._retries[key] for key in hosts if key in self._retries}
        places = [retry.place for retry in retries.values()]
        try:
            finished = await self._discovery.look_at(context=AuditContext.of(tenant, ACTOR), places=places)
        except Exception:  # as above
            log.exception("configured hosts could not be asked again", extra={"campus": tenant.campus})
            still = {place.text for place in places}
        else:
            still = set(finished.failed)
        now = asyncio.get_running_loop().time()
        for key, retry in retries.items():
            if retry.place.text not in still:
                self._retries.pop(key, None)
                continue
            retry.due = now + retry.backoff.pause()

    # -- what a change means ---------------------------------------------------------------------------------

    def _when(self, record: RangeRecord, now: float) -> float | None:
        """When a range is due: soon, if it was not searched as it stands; else by its schedule."""
        soon = now + self._debounce_s
        place = _host_of(record)
        if place is not None and isinstance(place.where, Host) and not self._inventory.by_host(place.where.host):
            return soon
        if record.scanned_at is None:
            return soon
        if record.schedule_s is None:
            return None
        elapsed = clock.now() - clock.unix_seconds(record.scanned_at)
        return max(soon, now + record.schedule_s - max(0.0, elapsed))

    def _changed_makers(self, makers: Mapping[str, object] | None) -> set[str]:
        """Manufacturers whose settings differ from those of the last time; at start there is no last time."""
        if makers is None:
            return set()
        before, self._makers = self._makers, dict(makers)
        if before is None:
            return set()
        return {maker for maker in {*before, *makers} if before.get(maker) != makers.get(maker)}

    def _stop_searching_what_is_gone(self, taken: Mapping[Key, RangeRecord]) -> None:
        for tenant, keys in self._searching.items():
            search = self._discovery.running(tenant)
            if search is not None and search.context.actor == ACTOR and not keys <= taken.keys():
                self._interrupted.add(tenant)
                search.cancel()


def _retry(place: Place, now: float) -> Retry:
    """The first question again to a host that did not answer one."""
    retry = Retry(place, now)
    retry.due += retry.backoff.pause()
    return retry


def _key(record: RangeRecord) -> Key:
    return record.tenant, record.network


def _wanted(record: RangeRecord) -> tuple[object, ...]:
    """What of a range makes a new search worthwhile when it changes."""
    return record.adopt, record.manufacturer


def _concerns(record: RangeRecord, makers: set[str]) -> bool:
    return bool(makers) and (record.manufacturer is None or record.manufacturer in makers)


def _host_of(record: RangeRecord) -> Place | None:
    """A configured single host; ``None`` for a range, and for one that cannot be read."""
    try:
        place = place_of(record)
    except ValueError:
        return None
    return place if isinstance(place.where, Host) and record.source == "config" else None
