"""The bridge's own topics, as the broker hands them out to us like to anybody else.

They tell what stands at the broker, whoever wrote it. With MQTT 3.1.1 they are the only sign that a message was taken:
such a broker acknowledges what its access rules throw away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bridge.contract import Incoming, Published, Topics
from bridge.mqtt import Connection, Version
from services.model import Address, Campus, Facet, Kind

EVERY_VERSION: Final[tuple[Version, ...]] = ("5", "3.1.1")
OLD: Final[tuple[Version, ...]] = ("3.1.1",)

EchoReader = Callable[[Connection, Published, bytes], Awaitable[None]]
"""Gets the connection, what the topic speaks of, and the payload, which is empty where somebody emptied the topic."""


@dataclass(frozen=True, slots=True)
class _Reading:
    reader: EchoReader
    versions: Collection[Version]


class Echoes:
    """Hands what stands under our own topics to those who asked for it."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._of_process: dict[Facet, list[_Reading]] = {}
        self._of_campuses: dict[Facet, list[_Reading]] = {}

    def read_process(self, facet: Facet, reader: EchoReader, versions: Collection[Version] = EVERY_VERSION) -> None:
        """Have ``reader`` called for each message under a facet of the process, over connections of these versions."""
        self._of_process.setdefault(facet, []).append(_Reading(reader, versions))

    def read_campuses(self, facet: Facet, reader: EchoReader, versions: Collection[Version] = EVERY_VERSION) -> None:
        """Have ``reader`` called for each message under a facet of the bridge in any campus, likewise."""
        self._of_campuses.setdefault(facet, []).append(_Reading(reader, versions))

    def subscriptions(self, campuses: Iterable[Campus], version: Version) -> list[str]:
        """The topics that are read over a connection of this version."""
        places = [Address(one.organization, one.campus, Kind.BRIDGE, self._topics.bridge) for one in campuses]
        return [
            *(self._topics.process(facet) for facet in _wanted(self._of_process, version)),
            *(self._topics.of(place, facet) for facet in _wanted(self._of_campuses, version) for place in places),
        ]

    async def take(self, connection: Connection, message: Incoming) -> None:
        """Hand a message to its readers."""
        published = self._topics.parse(message.topic)
        if published is None or published.part:
            return
        readings = self._of_process if published.address is None else self._of_campuses
        for reading in readings.get(published.facet, ()):
            if connection.version in reading.versions:
                await reading.reader(connection, published, message.payload)


def _wanted(readings: Mapping[Facet, Sequence[_Reading]], version: Version) -> list[Facet]:
    return [facet for facet, some in readings.items() if any(version in reading.versions for reading in some)]
