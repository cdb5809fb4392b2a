"""What servers tell of units that nobody speaks to through them: where each of them is to be found."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Iterable, Mapping

from services.drivers.port import Gone, Sighting
from services.drivers.shure.system_api.codec.nodes import OFFLINE, Node
from services.drivers.shure.system_api.products import has_own_protocol, identity_of
from services.drivers.transport.https import HttpsSettings

LASTS_S = 900.0
"""A list is read at least that often while anybody speaks to a unit behind the server."""
AGAIN_S = 60.0
"""What did not change is told again after so long."""
WAITING_MOST = 4000


class Inventory:
    """The lists of all servers as announcements.

    A unit that has a protocol of its own is announced at its own address: there it is one unit, whoever found it. Any
    other stands behind the server.
    """

    def __init__(self, driver: str) -> None:
        self._driver = driver
        self._news: asyncio.Queue[Sighting | Gone] = asyncio.Queue(WAITING_MOST)
        self._told: dict[HttpsSettings, dict[str, tuple[float, Sighting]]] = {}

    def take(self, settings: HttpsSettings, nodes: Mapping[str, Node], served: Iterable[str], now: float) -> None:
        """Compare a list with what was told. ``served`` are CIDs of units that are spoken to through this server."""
        told = self._told.setdefault(settings, {})
        mine = {*served}
        there = {
            cid: seen for cid, node in nodes.items() if cid not in mine and (seen := self._sighting(settings, node))
        }
        for cid, (_, before) in list(told.items()):
            if cid not in there:
                del told[cid]
                self._put(Gone(before.driver, before.host, before.port, before.unit))
        for cid, seen in there.items():
            at, before = told.get(cid, (now - AGAIN_S, seen))
            if now - at >= AGAIN_S or before != seen:
                told[cid] = now, seen
                self._put(seen)

    async def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """What the lists say that is new, until cancelled."""
        while True:
            yield await self._news.get()

    def _put(self, news: Sighting | Gone) -> None:
        if not self._news.full():  # nobody may listen
            self._news.put_nowait(news)

    def _sighting(self, settings: HttpsSettings, node: Node) -> Sighting | None:
        identity = identity_of(node)
        if identity is None or node.state == OFFLINE:
            return None
        evidence = {"cid": node.cid, "system_api": settings.peer, "state": node.state}
        if not has_own_protocol(node):
            return Sighting(
                self._driver, settings.host, identity, settings.port, node.cid, lasts_s=LASTS_S, evidence=evidence
            )
        if not _is_address(node.address):
            return None
        return Sighting(self._driver, node.address, identity, lasts_s=LASTS_S, evidence=evidence)


def _is_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_multicast)
