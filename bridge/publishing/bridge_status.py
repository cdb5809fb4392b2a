"""What the process says of itself: ``state`` with the will behind it, ``info`` at a connect, ``health`` regularly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import orjson

from bridge.contract import Topics, encoding
from bridge.mqtt import Connection, Message
from services import clock
from services.model import Campus, Facet

log = logging.getLogger(__name__)

State = Literal["starting", "online", "degraded", "offline"]

HEALTH_S = 30.0
"""Contract, section 1."""

LOOK_S = 1.0
"""How often it is looked whether the process still is what it last said."""


class Process:
    """The bridge's own topics."""

    def __init__(
        self,
        topics: Topics,
        bridge_id: str,
        *,
        epoch: Callable[[], int],
        info: Callable[[], Mapping[str, object]],
        health: Callable[[], Mapping[str, object]],
        trouble: Callable[[], str | None],
        tenants: Callable[[], Sequence[Campus]],
    ) -> None:
        self._topics = topics
        self._id = bridge_id
        self._epoch = epoch
        self._info = info
        self._health = health
        self._trouble = trouble
        self.tenants = tenants
        self.announced = False
        """Whether the process was online once: ``starting`` is said at its start only."""
        self._online_over: Connection | None = None
        """The connection over which everything retained was said, and then that we are online."""
        self._info_is_old = False
        self._state: State = "starting"
        self._reason: str | None = None
        self._since = clock.now_text()

    # -- messages that others send for us --------------------------------------------------------------------

    def will(self) -> Message:
        """What the broker says when we vanish."""
        payload = self._payload("offline", "connection_lost", clock.now_text(), expected=False)
        return Message(self._topics.process(Facet.STATE), payload)

    def farewell(self) -> Message:
        """What we say ourselves at a clean stop."""
        payload = self._payload("offline", "stopped", clock.now_text(), expected=True)
        return Message(self._topics.process(Facet.STATE), payload)

    # -- messages over a connection --------------------------------------------------------------------------

    async def say_info(self, connection: Connection) -> None:
        """Who we are; the MQTT version is that of this connection."""
        self._info_is_old = False
        data = {**self._info(), "mqtt_version": connection.version}
        payload = encoding.encode({"schema": "bridge.info/1", "id": self._id, "epoch": self._epoch(), "data": data})
        await self._publish(connection, Facet.INFO, payload)

    def info_changed(self) -> None:
        """What `info` says is no longer so: it is said again, soon."""
        self._info_is_old = True

    async def say_state(self, connection: Connection, state: State) -> None:
        """How we are. ``online`` becomes ``degraded`` while something of ours does not work."""
        trouble = self._trouble()
        if state == "online":
            self.announced = True
            self._online_over = connection
            state = "degraded" if trouble else "online"
        if (state, trouble) != (self._state, self._reason):
            self._since = clock.now_text()
        self._state, self._reason = state, trouble
        await self._publish(connection, Facet.STATE, self._payload(state, trouble, self._since, expected=True))

    async def pulse(self, connection: Connection) -> None:
        """Say health every 30 s, and state and info when they changed."""
        loop = asyncio.get_running_loop()
        health_at = loop.time()
        while True:
            if loop.time() >= health_at:
                health_at = loop.time() + HEALTH_S
                body = {"schema": "bridge.health/1", "id": self._id, "time": clock.now_text(), "data": self._health()}
                connection.publish_nowait(self._topics.process(Facet.HEALTH), encoding.encode(body), qos=0, retain=True)
            if self._info_is_old:
                await self.say_info(connection)
            if self._trouble() != self._reason:
                await self.say_state(connection, "online")
            await asyncio.sleep(LOOK_S)

    async def heard_own_state(self, connection: Connection, payload: bytes) -> None:
        """An older will may have overwritten what we said: then we say it again."""
        try:
            said = orjson.loads(payload) if payload else {}
        except orjson.JSONDecodeError:
            said = {}
        ours = isinstance(said, dict) and said.get("epoch") == self._epoch() and said.get("state") != "offline"
        if not ours and self._online_over is connection:
            log.info("the broker held another state of this bridge, for example its last will; saying ours again")
            await self.say_state(connection, "online")

    async def _publish(self, connection: Connection, facet: Facet, payload: bytes) -> None:
        topic = self._topics.process(facet)
        while not connection.publish_nowait(topic, payload, qos=1, retain=True):
            await connection.ready()

    def _payload(self, state: str, reason: str | None, since: str, *, expected: bool) -> bytes:
        return encoding.bridge_state(self._id, self._epoch(), state, reason, since, expected=expected)
