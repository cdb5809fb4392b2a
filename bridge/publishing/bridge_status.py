"""The bridge's own topics: ``state`` with the will behind it, ``info`` at a connect, ``health`` every 30 s."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal

from bridge.contract import Message, Published, Topics, encoding
from bridge.mqtt import BrokerError, Connection
from bridge.publishing.retained import StandingTopics
from bridge.publishing.succession import Succession, held
from services import clock
from services.model import Facet

log = logging.getLogger(__name__)

State = Literal["starting", "online", "degraded", "offline"]

HEALTH_S = 30.0
"""Contract, section 1."""

UNHEARD_MOST = 2
"""Healths in a row that may fail to come back before the connection is made anew."""

LOOK_S = 1.0
"""Seconds between two looks whether the published state is still the state, and between two repetitions of it."""

LOGGED_S = 60.0
"""At most one line in so long says that the state was overwritten."""


OWN_STATES_KEPT = 20
"""How many of its own states a process knows again when they come back."""


class LastWords:
    """The retained `offline` that stands at the broker when this process is gone."""

    def __init__(self, topics: Topics, bridge_id: str, succession: Succession) -> None:
        self._topic = topics.process(Facet.STATE)
        self._id = bridge_id
        self._succession = succession

    def will(self) -> Message | None:
        """The message that the broker publishes when the process vanishes: when that will be nobody knows."""
        return self._offline("connection_lost", None, expected=False)

    def farewell(self) -> Message | None:
        """The message that the process publishes itself at a clean stop."""
        return self._offline("stopped", clock.now_text(), expected=True)

    def kept_back(self) -> bool:
        """Whether another process speaks for the bridge: then there are no last words."""
        return self._succession.stands_by

    def _offline(self, reason: str, since: str | None, *, expected: bool) -> Message | None:
        if self.kept_back():
            return None
        epoch = self._succession.epoch
        return Message(self._topic, encoding.bridge_state(self._id, epoch, "offline", reason, since, expected=expected))


class BridgeStatus:
    """Publishes the bridge's own topics."""

    def __init__(
        self,
        topics: Topics,
        bridge_id: str,
        succession: Succession,
        standing: StandingTopics,
        *,
        info: Callable[[], Mapping[str, object]],
        health: Callable[[], Mapping[str, object]],
        trouble: Callable[[], str | None],
        locks: Callable[[], list[dict[str, object]]],
    ) -> None:
        self._topics = topics
        self._id = bridge_id
        self._succession = succession
        self._standing = standing
        self._info = info
        self._health = health
        self._trouble = trouble
        self._locks = locks
        self.announced = False
        """Whether the process was online once: ``starting`` is published at its start only."""
        self._online_over: Connection | None = None
        """The connection over which everything retained was sent, and then that the bridge is online."""
        self._info_is_old = False
        self._published: deque[bytes] = deque(maxlen=OWN_STATES_KEPT)
        """The newest states that this process published: their echoes are its own."""
        self._overwritten = False
        """Whether the broker holds another state than ours, and ours is published again at the next look."""
        self._repeated_at = self._logged_at = self._outdone_at = float("-inf")
        self._unheard, self._is_heard = 0, False
        """How many healths in a row did not come back over this connection, and whether one ever did."""
        self._state: State = "starting"
        self._reason: str | None = None
        self._since = clock.now_text()

    def info_changed(self) -> None:
        """Have `info` published again, soon."""
        self._info_is_old = True

    def repeat(self, facet: Facet) -> None:
        """Have `state` or `info` published again, soon: the broker did not take it. `health` comes again anyway."""
        self._info_is_old |= facet in {Facet.INFO, Facet.LOCKS}
        self._overwritten |= facet is Facet.STATE

    # -- messages over a connection --------------------------------------------------------------------------

    async def publish_info(self, connection: Connection) -> None:
        """Publish what the process is, and what it locks; the MQTT version is that of this connection."""
        self._info_is_old = False
        data = {**self._info(), "mqtt_version": connection.version}
        payload = encoding.encode(
            {"schema": "bridge.info/1", "id": self._id, "epoch": self._succession.epoch, "data": data}
        )
        await self._publish(connection, Facet.INFO, payload)
        self._standing.sent(self._topics.process(Facet.INFO), payload)
        locks = encoding.encode(
            {
                "schema": "bridge.locks/1",
                "id": self._id,
                "epoch": self._succession.epoch,
                "data": {"locks": self._locks()},
            }
        )
        await self._publish(connection, Facet.LOCKS, locks)
        self._standing.sent(self._topics.process(Facet.LOCKS), locks)

    async def publish_state(self, connection: Connection, state: State) -> None:
        """Publish the state of the process; ``online`` becomes ``degraded`` while something of it does not work."""
        trouble = self._trouble() if state == "online" else None
        if state == "online":
            self.announced = True
            self._online_over = connection
            state = "degraded" if trouble else "online"
        if (state, trouble) != (self._state, self._reason):
            self._since = clock.now_text()
        self._state, self._reason = state, trouble
        payload = encoding.bridge_state(self._id, self._succession.epoch, state, trouble, self._since, expected=True)
        self._published.append(payload)
        await self._publish(connection, Facet.STATE, payload)

    async def pulse(self, connection: Connection) -> None:
        """Publish health every 30 s, and state and info when they changed, until cancelled."""
        loop = asyncio.get_running_loop()
        health_at = loop.time()
        self._unheard, self._is_heard = 0, False
        while True:
            if loop.time() >= health_at:
                health_at = loop.time() + HEALTH_S
                await self._publish_health(connection)
            if self._info_is_old:
                await self.publish_info(connection)
            if self._trouble() != self._reason or self._overwritten:
                await self._repeat(connection)
            await asyncio.sleep(LOOK_S)

    async def _publish_health(self, connection: Connection) -> None:
        """Publish health, unless so many did not come back over this connection that it is better given up."""
        if self._is_heard and self._unheard >= UNHEARD_MOST:
            log.error(
                "the broker takes what is published and hands out nothing any more, so no command arrives: connecting "
                "anew; mosquitto 2.0 does so after twenty messages above the size that a client allows"
            )
            connection.leave(BrokerError("lost", "the broker hands out nothing any more"))
            return
        self._unheard += 1
        body = {"schema": "bridge.health/1", "id": self._id, "time": clock.now_text(), "data": self._health()}
        await self._publish(connection, Facet.HEALTH, encoding.encode(body))

    async def hear_health(self, _connection: Connection, _topic: Published, _payload: bytes) -> None:
        """Health came back: what is published reaches the broker, and what the broker hands out reaches us."""
        self._unheard, self._is_heard = 0, True

    async def check_own_state(self, connection: Connection, _topic: Published, payload: bytes) -> None:
        """Publish the state again where the broker holds an older one, for example the will of an earlier run.

        At most once a second: another process with this id, and a lower epoch, may be as stubborn. To a higher epoch
        this process gives way, since to overwrite it would begin an exchange without end.
        """
        if self._is_own(payload):
            return
        there, ours = held(payload), self._succession.epoch
        if there.epoch > ours and not there.stopped:  # also at a connect: with our client id we may have thrown it out
            self._succession.give_way(connection, there.epoch)
            return
        now = asyncio.get_running_loop().time()
        is_rival = there.epoch > ours or (there.epoch == ours and there.state != "offline")
        if is_rival and now - self._outdone_at >= LOGGED_S:
            self._outdone_at = now
            await self._succession.outdo(connection, there.epoch)
            return
        if self._online_over is not connection:
            return
        if now - self._logged_at >= LOGGED_S:
            self._logged_at = now
            log.info("the broker held another state of this bridge, for example its last will; ours is published again")
        self._overwritten = True
        if now - self._repeated_at >= LOOK_S:
            await self._repeat(connection)

    def _is_own(self, payload: bytes) -> bool:
        """Whether this is the echo of a state of ours: they come back in order, so none comes behind a newer one."""
        if payload not in self._published:
            return False
        while self._published[0] != payload:
            self._published.popleft()
        return True

    async def _repeat(self, connection: Connection) -> None:
        self._overwritten = False
        self._repeated_at = asyncio.get_running_loop().time()
        await self.publish_state(connection, "online")

    async def _publish(self, connection: Connection, facet: Facet, payload: bytes) -> None:
        topic = self._topics.process(facet)
        while not connection.publish_nowait(topic, payload, qos=1, retain=True):
            await connection.ready()
