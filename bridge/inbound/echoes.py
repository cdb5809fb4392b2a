"""The bridge's own topics, as the broker hands them out to us like to anybody else.

They tell what stands at the broker, whoever wrote it. With MQTT 3.1.1 they are the only sign that a message was taken:
such a broker acknowledges what its access rules throw away.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Final

from bridge.contract import Incoming, Published, Topics
from bridge.mqtt import Connection, Version
from services.model import Address, Campus, Facet, Kind

log = logging.getLogger(__name__)

EVERY_VERSION: Final[Collection[Version]] = ("5", "3.1.1")

EchoReader = Callable[[Connection, Published, bytes], Awaitable[None]]
"""Gets the connection, what the topic speaks of, and the payload, which is empty where somebody emptied the topic."""


class Echoes:
    """Hands what stands under our own topics to those who asked for it."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._of_process: dict[Facet, tuple[EchoReader, Collection[Version]]] = {}
        self._of_campuses: dict[Facet, tuple[EchoReader, Collection[Version]]] = {}

    def read_process(self, facet: Facet, reader: EchoReader, versions: Collection[Version] = EVERY_VERSION) -> None:
        """Have ``reader`` called for each message under a facet of the process, over connections of these versions."""
        self._of_process[facet] = (reader, versions)

    def read_campuses(self, facet: Facet, reader: EchoReader, versions: Collection[Version] = EVERY_VERSION) -> None:
        """Have ``reader`` called for each message under a facet of the bridge in any campus, likewise."""
        self._of_campuses[facet] = (reader, versions)

    def subscriptions(self, campuses: Iterable[Campus], version: Version) -> list[str]:
        """The topics that are read over a connection of this version."""
        places = [Address(one.organization, one.campus, Kind.BRIDGE, self._topics.bridge) for one in campuses]
        of_process = [facet for facet, (_, versions) in self._of_process.items() if version in versions]
        of_campuses = [facet for facet, (_, versions) in self._of_campuses.items() if version in versions]
        return [
            *(self._topics.process(facet) for facet in of_process),
            *(self._topics.of(place, facet) for facet in of_campuses for place in places),
        ]

    async def take(self, connection: Connection, message: Incoming) -> None:
        """Hand a message to its reader."""
        published = self._topics.parse(message.topic)
        if published is None or published.part:
            return
        readers = self._of_process if published.address is None else self._of_campuses
        if published.facet in readers:
            await readers[published.facet][0](connection, published, message.payload)
