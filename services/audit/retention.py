"""How long audit events stay in the database, by a clock that may be set at any time."""

from __future__ import annotations

import asyncio
import logging

from services import clock
from services.audit.clock_watch import ClockWatch
from services.audit.outbox import Outbox
from services.audit.record import Audit
from services.model import AuditContext, Campus
from services.store import Loss, Store, StoreClosedError, StoreError, aging

log = logging.getLogger(__name__)

LOOK_S = 30.0
"""Seconds between two looks at the clock."""
FIRST_PRUNE_S = 30.0
"""From the start to the first deletion: a bridge that is restarted every night deletes too."""
PRUNE_S = 3600.0
"""Seconds between two deletions of audit events that are old enough."""
SEEN_S = 600.0
"""Seconds between two notes of the time of day."""
DAY_S = 86_400.0


class Retention:
    """Deletes audit events that are older than the configuration wants them kept, and audits that the clock was set."""

    def __init__(self, store: Store, audit: Audit, outbox: Outbox, tenant: Campus, keep_s: float) -> None:
        """``tenant`` is the campus in which it is audited that the clock was set."""
        self._store = store
        self._audit = audit
        self._outbox = outbox
        self._tenant = tenant
        self.keep_s = keep_s
        """Seconds that an audit event stays."""
        self._watch = ClockWatch()

    async def run(self) -> None:
        """Look at the clock and delete what is old, until cancelled."""
        self._audit_gap()
        now = asyncio.get_running_loop().time
        prune_at, note_at = now() + FIRST_PRUNE_S, now() + SEEN_S
        try:
            while True:
                await asyncio.sleep(LOOK_S)
                await self._look_at_clock()
                if now() >= note_at:
                    note_at = now() + SEEN_S
                    self._note_time()
                if now() >= prune_at:
                    prune_at = now() + PRUNE_S
                    await self._prune()
        except asyncio.CancelledError:
            self._note_time()
            raise

    def _note_time(self) -> None:
        self._store.put_fact(aging.SEEN, clock.now_text())

    def _audit_gap(self) -> None:
        """Audit what the clock did while the bridge was not running, where it was not a usual stop."""
        gap_s, self._store.clock_gap_s = self._store.clock_gap_s, 0.0
        if gap_s < 0 or gap_s > DAY_S:
            self._clock_changed(gap_s, late=True)

    async def _look_at_clock(self) -> None:
        seconds = self._watch.step_s()
        if not seconds:
            return
        try:
            await self._store.note_clock_step(seconds)
        except StoreClosedError:
            raise
        except StoreError as error:  # it is seen again at the next look
            log.warning("the clock was set, and the database cannot be told: %s", error)
            return
        self._watch.accept(seconds)
        log.warning(
            "the clock was set by %+.0f s: times of earlier audit events are off by that, and none is deleted for it",
            seconds,
        )
        self._clock_changed(seconds)

    def _clock_changed(self, seconds: float, *, late: bool = False) -> None:
        now_s = clock.now()
        self._audit.record(
            "clock_changed",
            context=AuditContext(self._tenant.organization, self._tenant.campus),
            before={"time": clock.text_of(max(0.0, now_s - seconds))},
            after={"time": clock.text_of(now_s)},
            late=late,
        )

    async def _prune(self) -> None:
        pruned = await self._store.prune(self.keep_s)
        for tenant, loss in pruned.undelivered.items():
            self._lost(tenant, loss)

    def _lost(self, tenant: Campus, loss: Loss) -> None:
        log.warning(
            "audit events were kept as long as they can be, and no broker took them: they are deleted",
            extra={"campus": tenant.campus, "count": loss.count, "until": loss.until},
        )
        self._outbox.give_up(loss.count)
        self._audit.record(
            "audit_lost",
            context=AuditContext(tenant.organization, tenant.campus),
            after={"count": loss.count, "since": loss.since, "until": loss.until, "why": "no broker took them"},
        )
