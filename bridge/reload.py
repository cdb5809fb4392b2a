"""Applying the configuration: at the start, and again when somebody asks for it; one application at a time.

A request that comes while one is under way gets the next one, which reads the file after it: the newest file wins.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from bridge.health import InEffect
from bridge.inbound import Subscriptions
from bridge.publishing import BridgeStatus
from bridge.settings import (
    ConfigurationError,
    HomeAssistantSettings,
    Settings,
    changes,
    configured_units,
    control_rules_of,
    credentials_of,
    digest,
    polling_of,
    ranges_of,
    status_rules_of,
)
from services.audit import Audit, Retention
from services.commands import Reach
from services.control import ControlRule
from services.discovery import Schedule
from services.drivers import Credential, Driver
from services.model import AuditContext, Campus, RangeRecord, ServiceError
from services.pace import Pace
from services.store import Store
from services.units import Availability, ConfiguredUnits, Sessions, TelemetryCollector

log = logging.getLogger(__name__)

_DIGEST = "configuration_digest"

NEED_RESTART = frozenset({"bridge", "mqtt", "database", "http", "drivers"})
"""Sections that a running bridge keeps as they were: it would be another bridge."""

LINES_APART_S, LINES_BURST = 60.0, 3
"""Lines about reloads that changed nothing: whoever may send commands would fill the log."""


class ReloadRequests:
    """Requests to read the configuration again; all that wait share one outcome."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[Mapping[str, object]] | None = None
        self._asked = asyncio.Event()

    async def ask(self) -> Mapping[str, object]:
        """Wait for a reload that begins after this call; what it changed. Raises `ServiceError`."""
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().create_future()
            self._waiting.add_done_callback(_retrieve)
            self._asked.set()
        return await asyncio.shield(self._waiting)

    async def take(self) -> asyncio.Future[Mapping[str, object]]:
        """Wait for a request; its outcome is for the caller to set."""
        await self._asked.wait()
        self._asked.clear()
        assert self._waiting is not None  # noqa: S101  # set together with the flag
        taken, self._waiting = self._waiting, None
        return taken


class ConfigurationReload:
    """Brings the running services up to the configuration."""

    def __init__(
        self,
        *,
        in_effect: InEffect,
        requests: ReloadRequests,
        read: Callable[[], Settings],
        default: Campus,
        drivers: Mapping[str, Driver],
        store: Store,
        audit: Audit,
        retention: Retention,
        availability: Availability,
        sessions: Sessions,
        configured: ConfiguredUnits,
        schedule: Schedule,
        reach: Reach,
        telemetry: TelemetryCollector,
        subscriptions: Subscriptions,
        status: BridgeStatus,
        campuses_changed: Callable[[], None],
        use_credentials: Callable[[Sequence[Credential]], Awaitable[None]],
        use_control_rules: Callable[[Sequence[ControlRule]], None],
        use_home_assistant: Callable[[HomeAssistantSettings], None],
        use_interface: Callable[[str], Awaitable[None]],
    ) -> None:
        """``read`` reads the file again. Raises `ConfigurationError`.

        ``campuses_changed`` is called when campuses may have come or gone; ``use_interface`` has everything leave by
        another local address.
        """
        self._in_effect = in_effect
        self._requests = requests
        self._read = read
        self._default = default
        self._drivers = drivers
        self._store = store
        self._audit = audit
        self._retention = retention
        self._availability = availability
        self._sessions = sessions
        self._configured = configured
        self._schedule = schedule
        self._reach = reach
        self._telemetry = telemetry
        self._subscriptions = subscriptions
        self._status = status
        self._campuses_changed = campuses_changed
        self._use_credentials = use_credentials
        self._use_control_rules = use_control_rules
        self._use_home_assistant = use_home_assistant
        self._use_interface = use_interface
        self._lines = Pace(1 / LINES_APART_S, LINES_BURST)
        self._left_out = 0
        """Reloads without a line in the log since the last that had one."""
        store.subscribe_renewal(self._keep_all)

    async def start(self, stored: Sequence[RangeRecord]) -> None:
        """Apply the configuration of the start; ``stored`` are the ranges with the time of their last search."""
        await self._compare_with_last_run()
        await self._apply(self._in_effect.settings, stored)

    async def run(self) -> None:
        """Read and apply the configuration whenever it is asked for, until cancelled."""
        while True:
            outcome = await self._requests.take()
            try:
                result = await self._reload()
            except ServiceError as error:
                outcome.set_exception(error)
            except BaseException as error:
                outcome.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
                raise
            else:
                outcome.set_result(result)

    async def _reload(self) -> Mapping[str, object]:
        old = self._in_effect.settings
        try:
            read = self._read()
            configured_units(read, self._drivers)
            credentials_of(read, self._drivers)
        except ConfigurationError as error:
            why = "; ".join(error.problems)
            raise ServiceError("schema_violation", f"the configuration was not taken over: {why}") from error
        changed = changes(old, read)
        fixed = sorted(NEED_RESTART & set(changed))
        new = read.keeping(old, fixed)
        await self._apply(new)
        self._in_effect.settings = new
        self._put_into_effect(new, changed)
        if new.discovery.interface != old.discovery.interface:
            await self._use_interface(new.discovery.interface)
        if changed:
            after = {"sections": sorted(changed), "digest": digest(new), "need_restart": fixed}
            self._audit_change({"digest": digest(old)}, after)
            self._store.put_fact(_DIGEST, digest(new))
            self._status.info_changed()
        words = "configuration read again"
        if fixed:
            words += ", but what changed in these sections counts only after a restart: " + ", ".join(fixed)
        if set(changed) - NEED_RESTART or self._lines.take(asyncio.get_running_loop().time()):
            extra = {"changed": sorted(changed), **({"left_out": self._left_out} if self._left_out else {})}
            log.log(logging.WARNING if fixed else logging.INFO, words, extra=extra)
            self._left_out = 0
        else:
            self._left_out += 1
        return {"changed": sorted(changed), "need_restart": fixed}

    async def _apply(self, settings: Settings, stored: Sequence[RangeRecord] = ()) -> None:
        await self._use_credentials(credentials_of(settings, self._drivers))
        counts = await self._configured.apply(configured_units(settings, self._drivers))
        if any(counts.values()):
            log.info("units of the configuration applied", extra=counts)
        self._schedule.configure(
            ranges_of(settings),
            stored=stored,
            makers=dict.fromkeys(sorted({driver.manufacturer for driver in self._drivers.values()})),
            interface=settings.discovery.interface,
            concurrency=settings.discovery.concurrency,
        )
        self._reach.configure(settings.discovery.allow, settings.discovery.allow_ports)
        self._campuses_changed()
        self._use_control_rules(control_rules_of(settings))
        self._use_home_assistant(settings.home_assistant)
        await self._subscriptions.extend()

    def _put_into_effect(self, settings: Settings, changed: Collection[str]) -> None:
        if "status" in changed:
            self._availability.use_rules(status_rules_of(settings))
        if {"polling", "discovery"} & set(changed):
            self._sessions.configure(polling_of(settings))
        self._telemetry.interval_s = settings.polling.telemetry_interval
        self._retention.keep_s = settings.audit.keep

    async def _keep_all(self) -> None:
        """Store anew what is in effect: the database is another one, and empty."""
        self._store.put_fact(_DIGEST, digest(self._in_effect.settings))
        for record in self._schedule.ranges:
            self._store.put_range(record)

    async def _compare_with_last_run(self) -> None:
        """Audit what was changed while the bridge was not running."""
        now = digest(self._in_effect.settings)
        before = await self._store.fact(_DIGEST)
        self._store.put_fact(_DIGEST, now)
        if before not in {None, now}:
            self._audit_change({"digest": before}, {"digest": now}, late=True)

    def _audit_change(self, before: Mapping[str, object], after: Mapping[str, object], *, late: bool = False) -> None:
        context = AuditContext(self._default.organization, self._default.campus)
        self._audit.record("configuration_changed", context=context, before=before, after=after, late=late)


def _retrieve(outcome: asyncio.Future[Mapping[str, object]]) -> None:
    """Nobody may be waiting any more: then a failure is nobody's, and the log has it."""
    if not outcome.cancelled():
        outcome.exception()
