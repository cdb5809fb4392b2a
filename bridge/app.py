"""The composition root: builds everything, starts it in one group, ends it in order."""

from __future__ import annotations

import asyncio
import logging
import platform
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from importlib.metadata import version
from itertools import islice

from bridge.contract import CONTRACT, Topics
from bridge.http import metrics, server
from bridge.inbound import Gateway
from bridge.mqtt import Connection, MqttClient
from bridge.publishing import AuditRelay, Process, Publisher, Renderer
from bridge.settings import (
    ConfigurationError,
    Settings,
    broker_of,
    changes,
    configured_units,
    digest,
    polling_of,
    ranges_of,
    status_rules_of,
)
from services.audit import Audit, Outbox
from services.commands import Operations, Verbs
from services.discovery import Adverts, DiscoveryOrchestrationService, Schedule
from services.drivers import Driver
from services.live import Bus, Inventory, News
from services.model import AuditContext, Campus, RangeRecord, ServiceError
from services.store import Store, StoreError, remember
from services.units import Availability, Configured, DeviceSyncService, Intake, Metering, Roster, Sessions, Upkeep

log = logging.getLogger(__name__)

Reload = Callable[[], Settings]
"""Reads the configuration again. Raises `ConfigurationError`."""

UNIDENTIFIED_LISTED = 150
"""Configured hosts that `health` lists one by one: up to 600 bytes each, so that it stays below 128 KB."""

_DIGEST = "configuration_digest"

NEED_RESTART = frozenset({"bridge", "mqtt", "database", "http"})
"""Sections that a running bridge keeps as they were: it would be another bridge."""


RESTART_S = 1.0
"""Before a part of the bridge that failed starts again."""


class App:
    """One running bridge."""

    def __init__(self, settings: Settings, drivers: Mapping[str, Driver], store: Store, reload: Reload) -> None:
        self.settings = settings
        self._read_again = reload
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self.lag = server.LoopLag()
        self.store = store
        self.drivers = drivers
        self.default = Campus(settings.bridge.organization, settings.bridge.campus)
        self.bus = Bus()
        self.inventory = Inventory(self.bus, settings.bridge.id)
        self.inventory.epoch = store.epoch
        self.audit = Audit(store)
        self.outbox = Outbox(store)
        self._build_services()
        self._build_edge()

    def _build_services(self) -> None:
        settings, inventory, store = self.settings, self.inventory, self.store
        news = News(self.bus, self.audit)
        self.availability = Availability(inventory, store, news, status_rules_of(settings))
        self.intake = Intake(inventory, store, news, self.availability)
        self.sessions = Sessions(inventory, self.drivers, self.intake, self.availability, polling_of(settings))
        self.roster = Roster(inventory, self.intake, self.sessions, store, self.audit)
        self.sessions.verify = self.roster.verify
        self.sync = DeviceSyncService(inventory, self.intake, self.availability, self.roster, self.audit, self.drivers)
        self.discovery = DiscoveryOrchestrationService(
            inventory=inventory,
            sync=self.sync,
            sessions=self.sessions,
            audit=self.audit,
            drivers=self.drivers,
            remember=store.put_range,
            forget=store.remove_range,
        )
        self.adverts = Adverts(
            inventory=inventory, discovery=self.discovery, drivers=self.drivers, default_tenant=self.default
        )
        self.schedule = Schedule(discovery=self.discovery, inventory=inventory)
        self.configured = Configured(inventory, self.roster, self.sessions, self.sync, self.drivers)
        self.metering = Metering(self.sessions, self.bus, settings.polling.telemetry_interval)
        self.upkeep = Upkeep(inventory, self.availability, store, settings.audit.keep)
        verbs = Verbs(
            inventory=inventory,
            sync=self.sync,
            discovery=self.discovery,
            roster=self.roster,
            sessions=self.sessions,
            drivers=self.drivers,
            audit=self.audit,
            house=self,
        )
        self.operations = Operations(verbs.table, self.audit)

    def _build_edge(self) -> None:
        settings = self.settings
        topics = Topics(settings.mqtt.base_topic, settings.bridge.id)
        self.process = Process(
            topics,
            settings.bridge.id,
            epoch=lambda: self.inventory.epoch,
            info=self._info,
            health=self._health,
            trouble=self._trouble,
            tenants=self.tenants,
        )
        self.relay = AuditRelay(self.outbox, topics, self.inventory)
        self.publisher = Publisher(
            inventory=self.inventory,
            bus=self.bus,
            store=self.store,
            topics=topics,
            renderer=Renderer(self.inventory),
            relay=self.relay,
            process=self.process,
            value_topics=settings.mqtt.value_topics,
        )
        self.roster.on_gone = self.publisher.forget
        self.gateway = Gateway(
            operations=self.operations,
            topics=topics,
            process=self.process,
            audit=self.audit,
            default=self.default,
            reply_prefixes=settings.mqtt.reply_prefixes,
        )
        self.client = MqttClient(broker_of(settings), will=self.process.will, farewell=self.process.farewell)

    # -- running ---------------------------------------------------------------------------------------------

    async def run(self, started: Callable[[App, str | None], None] = lambda _app, _url: None) -> None:
        """Run until cancelled; ``started`` is told the address of the HTTP server, where there is one."""
        loaded = await self.store.load()
        self.roster.restore(loaded.units, loaded.parts)
        self.inventory.ignored.extend(loaded.ignored)
        self.publisher.restore(loaded.published)
        self.relay.restore(loaded.heads)
        await self._compare_configuration()
        await self._apply(self.settings, loaded.ranges)
        self.roster.start_sessions()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.sessions.close)
            stack.push_async_callback(self.gateway.close)
            url = await self._serve_http(stack)
            started(self, url)
            async with asyncio.TaskGroup() as group:
                for name, work in self._work().items():
                    group.create_task(_again_and_again(name, work), name=name)

    def _work(self) -> Mapping[str, Callable[[], Coroutine[None, None, None]]]:
        async def mqtt() -> None:
            await self.client.run(self._on_connected)

        async def adverts() -> None:
            await self.adverts.run(self.settings.discovery.interface)

        return {
            "mqtt": mqtt,
            "metering": self.metering.run,
            "upkeep": self.upkeep.run,
            "configured receivers": self.configured.run,
            "schedule": self.schedule.run,
            "adverts": adverts,
            "loop lag": self.lag.measure,
        }

    async def _on_connected(self, connection: Connection) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.gateway.serve(connection, self.tenants()), name="commands")
            group.create_task(self.publisher.serve(connection), name="publisher")

    async def _serve_http(self, stack: AsyncExitStack) -> str | None:
        if not self.settings.http.listen:
            return None
        render = metrics.renderer(self.inventory, self._metrics(), self._loop.time)
        return await stack.enter_async_context(
            server.serve(self.settings.http.listen, render=render, not_ready=self._not_ready, lag=self.lag)
        )

    # -- configuration ---------------------------------------------------------------------------------------

    async def reload(self) -> Mapping[str, object]:
        """Read the configuration again and apply what can change while the bridge runs. Raises `ServiceError`."""
        try:
            new = self._read_again()
        except ConfigurationError as error:
            why = "; ".join(error.problems)
            raise ServiceError("schema_violation", f"the configuration was not taken over: {why}") from error
        changed = changes(self.settings, new)
        fixed = sorted(NEED_RESTART & set(changed))
        old, new = self.settings, new.keeping(self.settings, fixed)
        await self._apply(new)
        self.settings = new
        self._put_into_effect(new, changed)
        if changed:
            after = {"sections": sorted(changed), "digest": digest(new), "need_restart": fixed}
            self._audit_configuration({"digest": digest(old)}, after)
            with suppress(StoreError):  # it is in effect all the same, and compared again at the next start
                await self.store.ask(partial(remember, key=_DIGEST, value=digest(new)))
            self.process.info_changed()
        told = "configuration read again"
        if fixed:
            told += ", but what changed in these sections counts only after a restart: " + ", ".join(fixed)
        log.log(logging.WARNING if fixed else logging.INFO, told, extra={"changed": sorted(changed)})
        return {"changed": sorted(changed), "need_restart": fixed}

    def _put_into_effect(self, settings: Settings, changed: Collection[str]) -> None:
        if "status" in changed:
            self.availability.judge_by(status_rules_of(settings))
        if {"polling", "discovery"} & set(changed):
            self.sessions.configure(polling_of(settings))
        self.metering.interval_s = settings.polling.telemetry_interval
        self.upkeep.keep_audit_s = settings.audit.keep

    async def _compare_configuration(self) -> None:
        """What was changed while the bridge was not running is audited at its start."""
        now = digest(self.settings)
        before = await self.store.ask(partial(remember, key=_DIGEST, value=now))
        if before not in {None, now}:
            self._audit_configuration({"digest": before}, {"digest": now}, late=True)

    def _audit_configuration(
        self, before: Mapping[str, object], after: Mapping[str, object], *, late: bool = False
    ) -> None:
        context = AuditContext(self.default.organization, self.default.campus)
        self.audit.record("configuration_changed", context=context, before=before, after=after, late=late)

    async def _apply(self, settings: Settings, stored: Sequence[RangeRecord] = ()) -> None:
        counts = await self.configured.apply(configured_units(settings))
        if any(counts.values()):
            log.info("receivers of the configuration applied", extra=counts)
        self.schedule.configure(
            ranges_of(settings),
            stored=stored,
            makers=dict.fromkeys(sorted({driver.manufacturer for driver in self.drivers.values()})),
            interface=settings.discovery.interface,
            concurrency=settings.discovery.concurrency,
        )
        await self.gateway.listen_to(self.tenants())

    def republish(self, tenant: Campus | None) -> int:
        """Send everything retained again, of one campus or of all; the number of topics."""
        return self.publisher.republish(tenant)

    def tenants(self) -> Sequence[Campus]:
        """Every campus that is served."""
        return sorted({self.default, *self.inventory.tenants, *self.discovery.tenants})

    # -- what the process says of itself ---------------------------------------------------------------------

    def _info(self) -> dict[str, object]:
        return {
            "version": version("mic2mqtt"),
            "contract": CONTRACT,
            "python": platform.python_version(),
            "drivers": sorted(self.drivers),
            "configuration_digest": digest(self.settings),
            "database": self.settings.database.url.partition(":")[0],
        }

    def _trouble(self) -> str | None:
        if not self.store.writable:
            return "database_not_writable"
        return "broker_refuses_messages" if self._refused else None

    @property
    def _refused(self) -> int:
        """Messages that the broker did not take over this connection: a right is missing there."""
        connection = self.client.connection
        return connection.counters.refused if connection is not None else 0

    def _not_ready(self) -> list[str]:
        reasons = [] if self.store.writable else [f"database: {self.store.last_error}"]
        if self.client.connection is None:
            reasons.append(f"broker: {self.client.trouble or 'not connected yet'}")
        if self._refused:
            reasons.append(f"broker: it refused {self._refused} messages; the log names the topic and the right")
        return reasons

    def _health(self) -> dict[str, object]:
        units = self.inventory.units.values()
        return {
            "uptime_s": round(self._loop.time() - self._started),
            "loop_lag_s": round(self.lag.worst_s, 4),
            "dirty_resources": self.bus.dirty,
            "events_dropped": self.bus.events_dropped,
            "outbox_depth": self.outbox.depth,
            "outbox_oldest_s": round(self.outbox.oldest_age_s, 1),
            "receivers": len(units),
            "receivers_online": sum(1 for unit in units if unit.online),
            "channels": sum(len(unit.parts) for unit in units),
            "database_error": self.store.last_error,
            "unidentified_hosts": len(self.inventory.unidentified),
            "unidentified": [
                {"host": one.host, "reason": one.reason, "since": one.since, "detail": one.detail}
                for one in islice(self.inventory.unidentified.values(), UNIDENTIFIED_LISTED)
            ],
        }

    def _metrics(self) -> metrics.Process:
        def gauges() -> dict[str, tuple[str, float]]:
            return {
                "mqtt_connected": ("1 while connected to the broker.", float(self.client.connection is not None)),
                "database_writable": ("1 while the database takes writes.", float(self.store.writable)),
                "outbox_depth": ("Audit events that wait for the broker.", float(self.outbox.depth)),
                "outbox_age_seconds": ("Age of the oldest audit event that waits.", self.outbox.oldest_age_s),
                "dirty_resources": ("Changed resources that wait to be published.", float(self.bus.dirty)),
                "loop_lag_seconds": ("Worst event loop delay of the last seconds.", self.lag.worst_s),
                "uptime_seconds": ("Since the start of the process.", self._loop.time() - self._started),
            }

        def counters() -> dict[str, tuple[str, float]]:
            return {
                "events_dropped": ("Events that nobody could be told in time.", float(self.bus.events_dropped)),
                "mqtt_messages_published": ("Messages handed to the broker.", float(self.publisher.sent.total())),
                "telemetry_dropped": (
                    "Telemetry that the broker was too slow to take.",
                    float(self.publisher.telemetry_dropped),
                ),
                "mqtt_connects": ("Connections made to the broker.", float(self.client.connects)),
            }

        words = {key: str(value) for key, value in self._info().items() if key != "drivers"}
        return metrics.Process(words, gauges, counters, lambda: self.gateway.outcomes)


async def _again_and_again(name: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run work that never ends by itself. A bug of ours in one part must not take the show's other parts with it."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("a part of the bridge failed and starts again; please report this", extra={"part": name})
        await asyncio.sleep(RESTART_S)
