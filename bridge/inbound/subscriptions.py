"""Which topics the bridge reads: commands of every campus that it serves, and those of its own that somebody reads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from bridge.contract import Topics
from bridge.inbound.echoes import Echoes
from bridge.mqtt import BrokerError, Connection
from bridge.publishing import RETAINED
from services.model import Campus, Facet

log = logging.getLogger(__name__)

MISSING_AGAIN_S: Final = 20.0
"""Before a subscription that the broker refused, or never answered, is asked for again: someone has to change its
access rules first."""


class Subscriptions:
    """The subscriptions of the newest connection."""

    def __init__(self, topics: Topics, tenants: Callable[[], Sequence[Campus]], echoes: Echoes) -> None:
        """``tenants`` names every campus that is served now."""
        self._topics = topics
        self._tenants = tenants
        self._echoes = echoes
        self._further: Callable[[], Sequence[str]] = tuple
        self._connection: Connection | None = None
        self._subscribed: set[str] = set()
        self._watched: set[str] = set()
        """Retained topics of ours, in which we want to know what others write."""
        self._refused: dict[str, None] = {}
        self._answered = asyncio.Event()
        """Whether the broker answered for our own topics over the newest connection."""

    def also_read(self, topics: Callable[[], Sequence[str]]) -> None:
        """Read these topics of others, too, as they are when the broker is asked."""
        self._further = topics

    @property
    def refused(self) -> Sequence[str]:
        """The topics that the broker does not let us read, at the moment."""
        return tuple(self._refused)

    def reads(self, topic: str) -> bool:
        """Whether exactly this topic is subscribed."""
        return topic in self._subscribed

    async def serve(self, connection: Connection) -> None:
        """Subscribe over a new connection. Raises `BrokerError` when it is lost."""
        self._connection = connection
        self._subscribed, self._watched = set(), set()
        await self._subscribe(connection)

    async def answered(self) -> None:
        """Wait until the broker granted or refused our own topics over the newest connection.

        Nothing is to be published before: only then does the broker hand out the state of another process with our
        id, which ours would overwrite.
        """
        await self._answered.wait()

    async def keep(self, connection: Connection) -> NoReturn:
        """Ask again for what is missing, until cancelled. Raises `BrokerError` when the connection is lost."""
        while True:
            await asyncio.sleep(MISSING_AGAIN_S)
            await self._subscribe(connection)

    def end(self) -> None:
        """The connection is gone: `extend` does nothing until the next one."""
        self._connection = None
        self._refused = {}
        self._answered.clear()

    async def extend(self) -> None:
        """Subscribe for campuses that were added, now or over the next connection."""
        if self._connection is None:
            return
        try:
            await self._subscribe(self._connection)
        except BrokerError as error:
            log.debug("no subscription now: %s", error)

    async def _subscribe(self, connection: Connection) -> None:
        """Subscribe; what is subscribed already costs nothing. Raises `BrokerError` when the connection is lost."""
        await self._read(connection)
        self._answered.set()
        await self._watch(connection)

    async def _read(self, connection: Connection) -> None:
        tenants = self._tenants()
        own = self._echoes.subscriptions(tenants, connection.version)
        # what is subscribed stays apart when its campus is gone: its last audit events come back as well
        connection.set_apart([*own, *self._subscribed])
        served = [*own, *self._topics.subscriptions(tenants), *self._further()]
        self._refused = {topic: None for topic in self._refused if topic in served}
        wanted = [topic for topic in served if topic not in self._subscribed]
        if not wanted:
            return
        self._subscribed.update(wanted)
        refused: Sequence[str] = wanted
        try:
            refused = await connection.subscribe(wanted)
        finally:
            self._subscribed.difference_update(refused)
        self._note(wanted, refused)

    async def _watch(self, connection: Connection) -> None:
        """Hear of what others write where we publish; who may not read that misses it. Over MQTT 5 alone."""
        topics = []
        if connection.version == "5":
            own = [self._topics.process(facet) for facet in (Facet.INFO, Facet.LOCKS)]
            topics = [*own, *self._topics.retained(self._tenants(), RETAINED)]
        wanted = [topic for topic in topics if topic not in self._watched]
        if wanted:
            self._watched.update(wanted)
            refused = await connection.subscribe_to_others(wanted)
            log.debug("what others write on our topics: %d subscriptions, %d refused", len(wanted), len(refused))

    def _note(self, wanted: Sequence[str], refused: Sequence[str]) -> None:
        """Log what changed: a refusal once, and when it is over."""
        for topic in wanted:
            if topic in refused and topic not in self._refused:
                self._refused[topic] = None
                log.error("the broker refuses our subscription; let this user read it", extra={"topic": topic})
            elif topic not in refused and topic in self._refused:
                del self._refused[topic]
                log.info("the broker grants our subscription now", extra={"topic": topic})
