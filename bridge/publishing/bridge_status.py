"""The bridge's own topics: ``state`` with the will behind it, ``info`` at a connect, ``health`` every 30 s."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Literal

import orjson

from bridge.contract import Message, Published, Topics, encoding
from bridge.mqtt import Connection
from services import clock
from services.model import Facet

log = logging.getLogger(__name__)

State = Literal["starting", "online", "degraded", "offline"]

HEALTH_S = 30.0
"""Contract, section 1."""

LOOK_S = 1.0
"""Seconds between two looks whether the published state is still the state."""


class LastWords:
    """The retained `offline` that stands at the broker when this process is gone."""

    def __init__(self, topics: Topics, bridge_id: str, epoch: int) -> None:
        self._topic = topics.process(Facet.STATE)
        self._id = bridge_id
        self._epoch = epoch

    def will(self) -> Message:
        """The message that the broker publishes when the process vanishes."""
        return self._offline("connection_lost", expected=False)

    def farewell(self) -> Message:
        """The message that the process publishes itself at a clean stop."""
        return self._offline("stopped", expected=True)

    def _offline(self, reason: str, *, expected: bool) -> Message:
        now = clock.now_text()
        return Message(
            self._topic, encoding.bridge_state(self._id, self._epoch, "offline", reason, now, expected=expected)
        )


class BridgeStatus:
    """Publishes the bridge's own topics."""

    def __init__(
        self,
        topics: Topics,
        bridge_id: str,
        epoch: int,
        *,
        info: Callable[[], Mapping[str, object]],
        health: Callable[[], Mapping[str, object]],
        trouble: Callable[[], str | None],
    ) -> None:
        self._topics = topics
        self._id = bridge_id
        self._epoch = epoch
        self._info = info
        self._health = health
        self._trouble = trouble
        self.announced = False
        """Whether the process was online once: ``starting`` is published at its start only."""
        self._online_over: Connection | None = None
        """The connection over which everything retained was sent, and then that the bridge is online."""
        self._info_is_old = False
        self._superseded = False
        """Whether another process with this id began later; the log has it once."""
        self._state: State = "starting"
        self._reason: str | None = None
        self._since = clock.now_text()

    def info_changed(self) -> None:
        """Have `info` published again, soon."""
        self._info_is_old = True

    # -- messages over a connection --------------------------------------------------------------------------

    async def publish_info(self, connection: Connection) -> None:
        """Publish what the process is; the MQTT version is that of this connection."""
        self._info_is_old = False
        data = {**self._info(), "mqtt_version": connection.version}
        payload = encoding.encode({"schema": "bridge.info/1", "id": self._id, "epoch": self._epoch, "data": data})
        await self._publish(connection, Facet.INFO, payload)

    async def publish_state(self, connection: Connection, state: State) -> None:
        """Publish the state of the process; ``online`` becomes ``degraded`` while something of it does not work."""
        trouble = self._trouble()
        if state == "online":
            self.announced = True
            self._online_over = connection
            state = "degraded" if trouble else "online"
        if (state, trouble) != (self._state, self._reason):
            self._since = clock.now_text()
        self._state, self._reason = state, trouble
        payload = encoding.bridge_state(self._id, self._epoch, state, trouble, self._since, expected=True)
        await self._publish(connection, Facet.STATE, payload)

    async def pulse(self, connection: Connection) -> None:
        """Publish health every 30 s, and state and info when they changed, until cancelled."""
        loop = asyncio.get_running_loop()
        health_at = loop.time()
        while True:
            if loop.time() >= health_at:
                health_at = loop.time() + HEALTH_S
                body = {"schema": "bridge.health/1", "id": self._id, "time": clock.now_text(), "data": self._health()}
                connection.publish_nowait(self._topics.process(Facet.HEALTH), encoding.encode(body), qos=0, retain=True)
            if self._info_is_old:
                await self.publish_info(connection)
            if self._trouble() != self._reason:
                await self.publish_state(connection, "online")
            await asyncio.sleep(LOOK_S)

    async def check_own_state(self, connection: Connection, _topic: Published, payload: bytes) -> None:
        """Publish the state again where the broker holds an older one, for example the will of an earlier run.

        A newer one is of another process with this bridge's id: to overwrite it would begin an exchange without end.
        """
        epoch, state = _held(payload)
        if self._online_over is not connection or (epoch == self._epoch and state != "offline"):
            return
        if epoch > self._epoch:
            if not self._superseded:
                log.error(
                    "another process publishes as this bridge, and began later: stop one of them, or give it an id of "
                    "its own ([bridge] id)",
                    extra={"epoch": self._epoch, "other": epoch},
                )
            self._superseded = True
            return
        log.info("the broker held another state of this bridge, for example its last will; ours is published again")
        await self.publish_state(connection, "online")

    async def _publish(self, connection: Connection, facet: Facet, payload: bytes) -> None:
        topic = self._topics.process(facet)
        while not connection.publish_nowait(topic, payload, qos=1, retain=True):
            await connection.ready()


def _held(payload: bytes) -> tuple[int, object]:
    """Epoch and state of what the broker holds; what cannot be read is older than anything."""
    try:
        held = orjson.loads(payload) if payload else {}
    except orjson.JSONDecodeError:
        held = {}
    epoch = held.get("epoch") if isinstance(held, dict) else None
    return (epoch, held.get("state")) if isinstance(epoch, int) else (0, None)
