"""The subscriptions of one conversation: made by POST without a body, under the id of the server's WebSocket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import quote

from services.drivers.port import DriverError
from services.drivers.shure.system_api.conversation.asking import Place
from services.drivers.shure.system_api.conversation.together import together
from services.drivers.shure.system_api.gateway import SUCCESS, Gateway
from services.drivers.transport.https import HttpUnit

log = logging.getLogger(__name__)

END_S = 0.8
"""Longest time for taking all of them back."""


class Subscriptions:
    """What is told of one unit by itself."""

    def __init__(self, gateway: Gateway, http: HttpUnit) -> None:
        self._gateway, self._http = gateway, http
        self._transport = ""
        self._made: set[str] = set()
        self._refused: dict[str, Place] = {}

    @property
    def refused(self) -> Sequence[Place]:
        """What the server does not tell of by itself."""
        return list(self._refused.values())

    async def begin(self, places: Sequence[Place]) -> None:
        """Subscribe to what is not subscribed yet. Raises `DriverError`."""
        if self._transport != self._gateway.transport_id:
            self._transport = self._gateway.transport_id
            self._made.clear()
            self._refused.clear()
        wanted = [place for place in places if place.path not in self._made and place.path not in self._refused]
        await together(self._subscribe(place) for place in wanted)
        if any(place.path in self._refused for place in wanted):
            words = {
                "host": self._gateway.settings.host,
                "capabilities": sorted({p.resource.name for p in self.refused}),
            }
            log.warning(
                "a System API server refuses subscriptions; these values are asked for again and again", extra=words
            )

    async def end(self) -> None:
        """Take them back, as far as that goes within a moment. The server may go on: nobody listens then."""
        with suppress(TimeoutError, DriverError):
            async with asyncio.timeout(END_S):
                await together(self._ask("DELETE", path) for path in self._made)

    async def _subscribe(self, place: Place) -> None:
        if await self._ask("POST", place.path) in SUCCESS:
            self._made.add(place.path)
        else:
            self._refused[place.path] = place

    async def _ask(self, method: str, path: str) -> int:
        where = f"{path}/subscription/{quote(self._transport, safe='')}"
        return (await self._gateway.ask(self._http, method, where)).status
