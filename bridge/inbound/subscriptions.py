"""Which command topics the bridge reads: those of every campus that it serves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from bridge.contract import Topics
from bridge.mqtt import BrokerError, Connection
from services.model import Campus

log = logging.getLogger(__name__)


class Subscriptions:
    """The subscriptions of the newest connection."""

    def __init__(self, topics: Topics, tenants: Callable[[], Sequence[Campus]]) -> None:
        """``tenants`` names every campus that is served now."""
        self._topics = topics
        self._tenants = tenants
        self._connection: Connection | None = None
        self._subscribed: set[str] = set()

    async def serve(self, connection: Connection) -> None:
        """Subscribe over a new connection. Raises `BrokerError` when it is lost."""
        self._connection = connection
        self._subscribed = set()
        await self._subscribe(connection)

    def end(self) -> None:
        """The connection is gone: `extend` does nothing until the next one."""
        self._connection = None

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
        wanted = [topic for topic in self._topics.subscriptions(self._tenants()) if topic not in self._subscribed]
        if not wanted:
            return
        self._subscribed.update(wanted)
        try:
            refused = await connection.subscribe(wanted)
        except BrokerError:
            self._subscribed.difference_update(wanted)
            raise
        for topic in refused:
            log.error("the broker refuses our subscription; let this user read it", extra={"topic": topic})
