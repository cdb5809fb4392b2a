"""Builds a bridge from its services, starts their tasks in one group, and ends them in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial

from bridge.contract import Topics
from bridge.health import Health, InEffect
from bridge.home_assistant import Discovery
from bridge.http import metrics, server
from bridge.inbound import CommandGateway, InboundRouter, Neighbours, Presence, Replies
from bridge.mqtt import Connection
from bridge.publishing import AuditRelay, BridgeStatus, FormerTopics, Publisher, Renderer, RetainedBook, StandingTopics
from bridge.reload import ConfigurationReload, ReloadRequests
from bridge.restarts import keep_running
from bridge.settings import Settings, broker_of, polling_of, status_rules_of
from services.audit import Audit, Outbox, Retention
from services.commands import BridgeActions, CommandHandlers, CommandService, Reach
from services.control import Controller, Locks
from services.discovery import Adverts, AnnouncedHosts, Candidates, DiscoveryOrchestrationService, Schedule
from services.drivers import Credential, Driver, Makers, Surroundings
from services.live import Announcer, Changes, IgnoredUnits, Inventory, StateWriter, UnidentifiedHosts, keep_all
from services.model import Campus, Facet
from services.store import Store
from services.units import (
    Availability,
    ConfiguredUnits,
    DeviceSyncService,
    Membership,
    PeriodicChores,
    ReadingFold,
    Recognition,
    Sessions,
    TelemetryCollector,
    UnitQueues,
    restore,
)

log = logging.getLogger(__name__)


class App:
    """One running bridge."""

    def __init__(
        self,
        settings: Settings,
        drivers: Mapping[str, Driver],
        store: Store,
        read: Callable[[], Settings],
        *,
        origin: str = "the configuration",
    ) -> None:
        """``read`` reads the configuration again and raises `ConfigurationError`; ``origin`` names its file."""
        self._in_effect = InEffect(settings)
        self._origin = origin
        self._reloads = ReloadRequests()
        self.lag = server.LoopLag()
        self.store = store
        self.makers = Makers(drivers)
        self.default = Campus(settings.bridge.organization, settings.bridge.campus)
        self.changes = Changes()
        self.inventory = Inventory(settings.bridge.id, store.epoch)
        self.ignored = IgnoredUnits(store.ignore, store.unignore)
        store.subscribe_renewal(partial(keep_all, self.inventory, store))
        store.subscribe_renewal(self.ignored.keep_all)
        self.unidentified = UnidentifiedHosts()
        self.announced = AnnouncedHosts()
        self.candidates = Candidates(self.inventory, self.changes)
        self.audit = Audit(store)
        self.outbox = Outbox(store)
        self.retention = Retention(store, self.audit, self.outbox, self.default, settings.audit.keep)
        self._build_units(settings)
        self._build_discovery()
        self._build_publishing(settings)
        self._build_commands(settings)
        self.configuration = self._build_configuration(read)

    def _build_units(self, settings: Settings) -> None:
        inventory, store = self.inventory, self.store
        announcer = Announcer(self.changes, self.audit)
        self.writer = StateWriter(inventory, self.changes, store, announcer)
        self.availability = Availability(inventory, self.writer, status_rules_of(settings))
        self.fold = ReadingFold(self.writer, self.availability, store)
        self.recognition = Recognition(inventory, self.writer, announcer, self.audit, self.makers)
        self.locks = Locks(store, self.audit, lambda: self.status.info_changed())  # noqa: PLW0108 - built later  # noqa: PLW0108 - built later
        queues = UnitQueues()
        self.sessions = Sessions(
            inventory, self.makers, self.fold, self.availability, self.recognition, queues, polling_of(settings)
        )
        self.controller = Controller(inventory, self.writer, self.sessions, queues, self.locks)
        self.membership = Membership(
            inventory,
            self.writer,
            self.fold,
            self.sessions,
            queues,
            self.ignored,
            self.audit,
            configuration=self._origin,
        )
        self.sync = DeviceSyncService(
            inventory,
            self.fold,
            self.availability,
            self.membership,
            self.ignored,
            self.recognition,
            self.audit,
            self.makers,
        )
        self.configured = ConfiguredUnits(
            inventory, self.membership, self.sessions, self.sync, self.makers, self.unidentified
        )
        self.telemetry = TelemetryCollector(self.sessions, self.changes, self.fold, settings.polling.telemetry_interval)
        self.chores = PeriodicChores(inventory, self.changes, self.availability)

    def _build_discovery(self) -> None:
        self.discovery = DiscoveryOrchestrationService(
            inventory=self.inventory,
            candidates=self.candidates,
            ignored=self.ignored,
            unidentified=self.unidentified,
            sync=self.sync,
            sessions=self.sessions,
            audit=self.audit,
            makers=self.makers,
            remember=self.store.put_range,
            forget=self.store.remove_range,
        )
        self.adverts = Adverts(
            inventory=self.inventory,
            ignored=self.ignored,
            discovery=self.discovery,
            makers=self.makers,
            announced=self.announced,
            default_tenant=self.default,
        )
        self.reach = Reach(lambda: self.discovery.ranges, self.inventory, self.makers)
        self.schedule = Schedule(discovery=self.discovery, inventory=self.inventory, unidentified=self.unidentified)

    def _build_publishing(self, settings: Settings) -> None:
        self.topics = Topics(settings.mqtt.base_topic, settings.bridge.id)
        self.presence = Presence(broker_of(settings), self.topics, self.inventory, self.store, self.tenants)
        self.client = self.presence.client
        self.health = Health(
            in_effect=self._in_effect,
            drivers=self.makers,
            inventory=self.inventory,
            unidentified=self.unidentified,
            changes=self.changes,
            store=self.store,
            outbox=self.outbox,
            presence=self.presence,
            lag=self.lag,
        )
        standing = StandingTopics(self.topics)
        self.status = BridgeStatus(
            self.topics,
            settings.bridge.id,
            self.presence.succession,
            standing,
            info=self.health.info,
            health=self.health.figures,
            trouble=self.health.trouble,
            locks=self.locks.listed,
        )
        self.presence.listen(self.status)
        self.book = RetainedBook(self.topics, self.store, self.inventory, self.tenants, standing)
        self.former = FormerTopics(self.topics, self.store, lambda: self.inventory.epoch)
        self.relay = AuditRelay(self.outbox, self.topics, self.inventory, self.presence.confirmations, self.book)
        self.presence.echoes.read_campuses(Facet.AUDIT_HEAD, self.relay.check_head)
        self.home_assistant = Discovery(
            inventory=self.inventory,
            topics=self.topics,
            book=self.book,
            changes=self.changes,
            status=self.status,
            tenants=self.tenants,
            home=self.default,
            allowed=self.controller.allowed,
        )
        self.presence.subscriptions.also_read(self.home_assistant.subscriptions)
        self.publisher = Publisher(
            inventory=self.inventory,
            changes=self.changes,
            topics=self.topics,
            renderer=Renderer(self.inventory, self.candidates, self.controller.allowed),
            relay=self.relay,
            status=self.status,
            book=self.book,
            former=self.former,
            standing=standing,
            tenants=self.tenants,
            companion=self.home_assistant,
            value_topics=settings.mqtt.value_topics,
        )

    def _build_commands(self, settings: Settings) -> None:
        handlers = CommandHandlers(
            inventory=self.inventory,
            sync=self.sync,
            discovery=self.discovery,
            membership=self.membership,
            sessions=self.sessions,
            makers=self.makers,
            audit=self.audit,
            flush=self.store.flush,
            reach=self.reach,
            controller=self.controller,
            locks=self.locks,
            bridge=BridgeActions(self.publisher.republish, self._reloads.ask, self.tenants),
        )
        self.commands = CommandService(handlers.table, self.audit, self.store.flush)
        self.replies = Replies()
        neighbours = Neighbours(self.topics, self.book.exists)
        self.gateway = CommandGateway(
            commands=self.commands,
            topics=self.topics,
            replies=self.replies,
            audit=self.audit,
            default=self.default,
            reply_prefixes=settings.mqtt.reply_prefixes,
            neighbours=neighbours,
        )
        repairs = self.publisher.repairs
        self.router = InboundRouter(
            self.presence,
            self.gateway,
            self.replies,
            neighbours,
            overwritten=repairs.overwritten,
            of_others=self.home_assistant.take,
        )

    def _build_configuration(self, read: Callable[[], Settings]) -> ConfigurationReload:
        return ConfigurationReload(
            in_effect=self._in_effect,
            requests=self._reloads,
            read=read,
            default=self.default,
            drivers=self.makers,
            store=self.store,
            audit=self.audit,
            retention=self.retention,
            availability=self.availability,
            sessions=self.sessions,
            configured=self.configured,
            schedule=self.schedule,
            reach=self.reach,
            telemetry=self.telemetry,
            subscriptions=self.presence.subscriptions,
            status=self.status,
            campuses_changed=self.publisher.campuses_changed,
            use_credentials=self._use_credentials,
            use_control_rules=self.controller.use_rules,
            use_home_assistant=self.home_assistant.configure,
            use_interface=self._use_interface,
        )

    # -- running ---------------------------------------------------------------------------------------------

    async def run(self, started: Callable[[App, str | None], None] = lambda _app, _url: None) -> None:
        """Run until cancelled; ``started`` gets the address of the HTTP server, ``None`` where there is none."""
        loaded = await self.store.load()
        restore(self.inventory, self.writer, self.availability, loaded.units, loaded.parts)
        self.ignored.restore(loaded.ignored)
        self.book.restore(await self.former.restore(loaded.published, self.default))
        self.relay.restore(loaded.heads)
        self.commands.restore(loaded.requested)
        await self.locks.restore()
        async with AsyncExitStack() as stack:
            interface = self.settings.discovery.interface
            await stack.enter_async_context(self.makers.open(Surroundings(interface)))
            stack.push_async_callback(self.sessions.close)
            await self.configuration.start(loaded.ranges)
            self.membership.start_sessions()
            stack.push_async_callback(self.gateway.close)
            url = await self._serve_http(stack)
            started(self, url)
            async with asyncio.TaskGroup() as group:
                for name, work in self._work().items():
                    group.create_task(keep_running(name, work), name=name)

    def _work(self) -> Mapping[str, Callable[[], Coroutine[None, None, None]]]:
        async def mqtt() -> None:
            await self.client.run(self._on_connected)

        return {
            "mqtt": mqtt,
            "configuration": self.configuration.run,
            "telemetry": self.telemetry.run,
            "chores": self.chores.run,
            "audit retention": self.retention.run,
            "configured units": self.configured.run,
            "schedule": self.schedule.run,
            "adverts": self.adverts.run,
            "locks": self.locks.run,
            "loop lag": self.lag.measure,
        }

    async def _on_connected(self, connection: Connection) -> None:
        if self.presence.succession.stands_by:
            await self.presence.succession.watch(connection)
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self.router.serve(connection), name="inbound")
            await self.presence.subscriptions.answered()
            group.create_task(self.publisher.serve(connection), name="publisher")

    async def _use_credentials(self, entries: Sequence[Credential]) -> None:
        """Have drivers let in by these from now on; units that had others are asked again with them."""
        self.sessions.credentials.use(entries)
        outdated = self.sessions.outdated()
        if outdated:
            log.info("connecting again with other options", extra={"units": [unit.address.id for unit in outdated]})
        await asyncio.gather(*(self.membership.reconnect(unit) for unit in outdated))

    async def _use_interface(self, interface: str) -> None:
        """Have everything leave by another local address: connections, searches, adverts."""
        await self.sessions.close()
        await self.makers.move(Surroundings(interface))
        self.membership.start_sessions()
        self.adverts.listen_again()

    async def _serve_http(self, stack: AsyncExitStack) -> str | None:
        if not self.settings.http.listen:
            return None
        render = metrics.renderer(self.inventory, self.metrics(), asyncio.get_running_loop().time)
        return await stack.enter_async_context(
            server.serve(
                self.settings.http.listen,
                render=render,
                not_ready=self.health.not_ready,
                lag=self.lag,
                hosts=self.settings.http.hosts,
            )
        )

    # -- for callers ---------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """The configuration that is in effect."""
        return self._in_effect.settings

    async def reload(self) -> Mapping[str, object]:
        """Read the configuration again and apply what can change while the bridge runs. Raises `ServiceError`."""
        return await self._reloads.ask()

    def tenants(self) -> Sequence[Campus]:
        """Every campus that is served."""
        return sorted({self.default, *self.discovery.tenants})

    def metrics(self) -> metrics.Process:
        """The figures of the process that a scrape asks for."""
        return self.health.metrics(self.publisher, self.gateway, self.replies)
