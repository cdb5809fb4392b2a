"""How the bridge is: its version and configuration, its figures, its trouble, and why it is not ready. Reads only."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice

from bridge.contract import CONTRACT
from bridge.http import metrics, server
from bridge.inbound import CommandGateway, Presence, Replies
from bridge.publishing import Publisher
from bridge.settings import Settings, digest
from services.audit import Outbox
from services.drivers import Driver
from services.live import Changes, Inventory, UnidentifiedHosts
from services.model import Kind
from services.store import Store

UNIDENTIFIED_LISTED = 150
"""Configured hosts that `health` lists one by one: up to 600 bytes each, so that it stays below 128 KB."""


@dataclass(slots=True)
class InEffect:
    """The configuration that is in effect; a reload replaces it."""

    settings: Settings


class Health:
    """Collects version, figures and trouble of the process."""

    def __init__(
        self,
        *,
        in_effect: InEffect,
        drivers: Mapping[str, Driver],
        inventory: Inventory,
        unidentified: UnidentifiedHosts,
        changes: Changes,
        store: Store,
        outbox: Outbox,
        presence: Presence,
        lag: server.LoopLag,
    ) -> None:
        self._in_effect = in_effect
        self._drivers = drivers
        self._inventory = inventory
        self._unidentified = unidentified
        self._changes = changes
        self._store = store
        self._outbox = outbox
        self._presence = presence
        self._client = presence.client
        self._lag = lag
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()

    def info(self) -> dict[str, object]:
        """What the process is: data of `bridge.info`."""
        settings = self._in_effect.settings
        return {
            "version": version("mic2mqtt"),
            "contract": CONTRACT,
            "python": platform.python_version(),
            "drivers": sorted(self._drivers),
            "configuration_digest": digest(settings),
            "database": settings.database.url.partition(":")[0],
        }

    def trouble(self) -> str | None:
        """Why the bridge is degraded, as a reason of the contract; ``None`` while everything works."""
        database = self._store.condition.trouble
        if database is not None:
            return database[0]
        return self._presence.trouble()

    def not_ready(self) -> list[str]:
        """Why the bridge is not ready, in words; empty while it is."""
        database = self._store.condition.trouble
        reasons = [] if database is None else [f"database: {database[1]}"]
        return reasons + self._presence.not_ready()

    def figures(self) -> dict[str, object]:
        """Data of `bridge.health`."""
        units = self._inventory.units.values()
        receivers = [unit for unit in units if unit.address.kind is Kind.RECEIVER]
        database = self._store.condition.trouble
        return {
            "uptime_s": round(self._uptime_s),
            "loop_lag_s": round(self._lag.worst_s, 4),
            "dirty_resources": self._changes.dirty,
            "events_dropped": self._changes.events_dropped,
            "outbox_depth": self._outbox.depth,
            "outbox_oldest_s": round(self._outbox.oldest_age_s, 1),
            "receivers": len(receivers),
            "receivers_online": sum(1 for unit in receivers if unit.online),
            "channels": sum(len(unit.parts) for unit in receivers),
            "units": len(units),
            "units_online": sum(1 for unit in units if unit.online),
            "parts": sum(len(unit.parts) for unit in units),
            "database_error": None if database is None else database[1],
            "unidentified_hosts": len(self._unidentified),
            "unidentified": [
                {"host": one.host, "reason": one.reason, "since": one.since, "detail": one.detail}
                | ({"unit": one.unit} if one.unit else {})
                for one in islice(self._unidentified, UNIDENTIFIED_LISTED)
            ],
        }

    def metrics(self, publisher: Publisher, gateway: CommandGateway, replies: Replies) -> metrics.Process:
        """The figures of the process for a scrape, those of its publisher and its commands too."""

        def gauges() -> dict[str, tuple[str, float]]:
            return {
                "mqtt_connected": ("1 while connected to the broker.", float(self._client.connection is not None)),
                "superseded": (
                    "1 while another process with this bridge's id, which began later, publishes in its place.",
                    float(self._presence.succession.stands_by),
                ),
                "database_writable": ("1 while the database takes writes.", float(self._store.writable)),
                "database_sound": (
                    "1 while the database takes writes, and was neither damaged nor is kept open by others.",
                    float(self._store.condition.trouble is None),
                ),
                "outbox_depth": ("Audit events that wait for the broker.", float(self._outbox.depth)),
                "outbox_age_seconds": ("Age of the oldest audit event that waits.", self._outbox.oldest_age_s),
                "dirty_resources": ("Changed resources that wait to be published.", float(self._changes.dirty)),
                "loop_lag_seconds": ("Worst event loop delay of the last seconds.", self._lag.worst_s),
                "uptime_seconds": ("Since the start of the process.", self._uptime_s),
            }

        def counters() -> dict[str, tuple[str, float]]:
            totals = self._client.totals
            return {
                "events_dropped": (
                    "Events that were dropped because the queue was full.",
                    float(self._changes.events_dropped),
                ),
                "mqtt_messages_published": ("Messages handed to the broker.", float(publisher.sent.total())),
                "telemetry_dropped": (
                    "Telemetry that the broker was too slow to take.",
                    float(publisher.telemetry_dropped),
                ),
                "audit_events_lost": (
                    "Audit events given up because the database took none for too long.",
                    float(self._store.condition.audit_lost),
                ),
                "retained_repairs": (
                    "Retained topics that others had changed or emptied, and that were sent again.",
                    float(publisher.repairs.count),
                ),
                "replies_lost": ("Replies to commands that were never handed to a broker.", float(replies.lost)),
                "commands_elsewhere": (
                    "Commands to units of other bridges of the campus, which these answer.",
                    float(gateway.elsewhere),
                ),
                "mqtt_messages_refused": (
                    "Messages that the broker did not take: no right, or too large for it.",
                    float(totals.refused + totals.too_large),
                ),
                "mqtt_received_dropped": (
                    "Messages to the bridge that were dropped because too many waited.",
                    float(totals.received_dropped),
                ),
                "mqtt_connects": ("Connections made to the broker.", float(self._client.connects)),
            }

        def info() -> dict[str, str]:
            return {key: str(value) for key, value in self.info().items() if key != "drivers"}

        return metrics.Process(info, gauges, counters, lambda: gateway.outcomes)

    @property
    def _uptime_s(self) -> float:
        return self._loop.time() - self._started
