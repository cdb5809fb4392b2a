"""Locks: while one holds, nothing of a campus, or of its units with a tag, can be controlled, whatever the rules say.

They are kept in the database, end by themselves, and every beginning and end is audited.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from services import clock
from services.audit import Audit
from services.control.rules import Place
from services.model import AuditContext, Campus, ServiceError
from services.store import Store

log = logging.getLogger(__name__)

FACT: Final = "control_locks"
"""The name under which the store keeps them."""
LOCKS_MOST: Final = 100
"""Locks of all campuses together."""
LOOK_S: Final = 30.0
"""Longest time between two looks at the clock: it may be set meanwhile."""


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock. ``tags`` empty: the whole campus; else units that have all of them. Times are RFC 3339."""

    organization: str
    campus: str
    tags: tuple[str, ...]
    reason: str
    since: str
    until: str | None
    by: str | None

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """What it locks: a second lock of the same takes its place."""
        return (self.organization, self.campus, self.tags)

    def holds(self, place: Place) -> bool:
        """Whether a unit is locked by it."""
        return place.tenant == Campus(self.organization, self.campus) and {*self.tags} <= place.tags

    def is_over(self, now: float) -> bool:
        """Whether its time is over; ``now`` in seconds since 1970."""
        return self.until is not None and clock.unix_seconds(self.until) <= now


class Locks:
    """The locks that hold."""

    def __init__(self, store: Store, audit: Audit, changed: Callable[[], None]) -> None:
        """``changed`` is called when a lock begins or ends."""
        self._store = store
        self._audit = audit
        self._changed = changed
        self._locks: dict[tuple[str, str, tuple[str, ...]], Lock] = {}
        self._moved = asyncio.Event()
        store.subscribe_renewal(self._keep_all)

    async def restore(self) -> None:
        """Take over what an earlier run kept."""
        kept = await self._store.fact(FACT)
        if kept is None:
            return
        try:
            locks = [Lock(**{**one, "tags": tuple(one["tags"])}) for one in json.loads(kept)]
            for lock in locks:
                lock.is_over(0.0)  # raises for an end that is no time
        except (ValueError, TypeError, KeyError):
            log.exception("the locks that the database has cannot be read: set them again")
            return
        self._locks = {lock.key: lock for lock in locks}

    def listed(self) -> list[dict[str, object]]:
        """All that hold, as they are published."""
        return [{**asdict(lock), "tags": list(lock.tags)} for _, lock in sorted(self._locks.items())]

    def of(self, place: Place) -> Lock | None:
        """A lock that holds at a place; ``None`` where none does."""
        now = clock.now()
        return next((lock for lock in self._locks.values() if lock.holds(place) and not lock.is_over(now)), None)

    def lock(
        self, tenant: Campus, tags: tuple[str, ...], reason: str, until: str | None, context: AuditContext
    ) -> Lock:
        """Begin a lock, or change the one of the same campus and tags. Raises `ServiceError`."""
        lock = Lock(tenant.organization, tenant.campus, tags, reason, clock.now_text(), until, context.actor)
        if lock.is_over(clock.now()):
            raise ServiceError("expired", f"until is over already: {until}", field="args.until")
        if lock.key not in self._locks and len(self._locks) >= LOCKS_MOST:
            raise ServiceError("busy", f"there are {LOCKS_MOST} locks: unlock what is not needed any more")
        self._locks[lock.key] = lock
        self._note("control_locked", lock, context)
        return lock

    def unlock(self, tenant: Campus, tags: tuple[str, ...], context: AuditContext) -> Lock:
        """End a lock. Raises `ServiceError` (unknown_resource) where there is none of these tags."""
        lock = self._locks.pop((tenant.organization, tenant.campus, tags), None)
        if lock is None:
            there = [list(one.tags) for one in self._locks.values() if Campus(one.organization, one.campus) == tenant]
            what = f"the tags {', '.join(tags)}" if tags else "the whole campus (without tags)"
            detail = f"there is no lock of {what}; locks of this campus, by tags: {there or 'none'}"
            raise ServiceError("unknown_resource", detail, field="args.tags")
        self._note("control_unlocked", lock, context)
        return lock

    async def run(self) -> None:
        """End locks whose time is over, until cancelled."""
        while True:
            for lock in [one for one in self._locks.values() if one.is_over(clock.now())]:
                del self._locks[lock.key]
                self._note("control_unlocked", lock, AuditContext(lock.organization, lock.campus))
            self._moved.clear()
            try:
                async with asyncio.timeout(self._pause()):
                    await self._moved.wait()
            except TimeoutError:
                continue

    def _pause(self) -> float:
        ends = [clock.unix_seconds(one.until) for one in self._locks.values() if one.until]
        return max(0.05, min([LOOK_S, *(end - clock.now() for end in ends)]))

    def _note(self, action: str, lock: Lock, context: AuditContext) -> None:
        self._store.put_fact(FACT, json.dumps(self.listed()))
        self._audit.record(action, context=context, after={**asdict(lock), "tags": list(lock.tags)})
        self._moved.set()
        self._changed()

    async def _keep_all(self) -> None:
        """Store anew what holds: the database is another one, and empty."""
        self._store.put_fact(FACT, json.dumps(self.listed()))
