"""Empties what stands at the broker under an earlier base topic or bridge id: nobody else would.

The database notes under which base topic and id this bridge published last. Where a start finds others, the topics of
the old place become former ones, kept until the broker has emptied them. Whoever else publishes there now (a bridge
that was a second one with our id, say) is not disturbed: its ``state`` has an epoch that was never ours.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, NoReturn, Self

from bridge.contract import EMPTY, Topics
from bridge.mqtt import FAILED, Connection
from bridge.publishing.retained.book import DISCOVERY, resource_of, topic_of
from bridge.publishing.succession import held
from services.model import Address, Campus, Facet, Kind, PublishedResource
from services.store import Store

log = logging.getLogger(__name__)

FORMER: Final = "former"
"""In place of a facet: a whole topic (in place of the page) under an earlier base topic or bridge id."""

PLACE: Final = "published_place"
"""The fact that names where this bridge publishes."""

STATE_S: Final = 3.0
"""How long the broker may take to hand out the state of a former place; then there is none."""

AGAIN_S: Final = 30.0
"""Between two looks at a former place that is said to be alive: a last will may be on its way."""

TURN: Final = 40
"""Messages after which the event loop gets a turn."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bridge publishes, and the highest epoch that it had there."""

    base: str
    bridge: str
    epoch: int = 0

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """The place that was noted; ``None`` where none was, or none that can be read."""
        match (text or "").split():
            case [base, bridge, epoch] if epoch.isdecimal():
                return cls(base, bridge, int(epoch))
        return None

    @property
    def text(self) -> str:
        """As it is noted."""
        return f"{self.base} {self.bridge} {self.epoch}"


class FormerTopics:
    """The topics of earlier places that the broker has not emptied yet."""

    def __init__(self, topics: Topics, store: Store, epoch: Callable[[], int]) -> None:
        """``epoch`` is that of this process, now."""
        self._topics = topics
        self._store = store
        self._epoch = epoch
        self._noted: str | None = None
        self._left: dict[PublishedResource, None] = {}
        store.subscribe_renewal(self._keep_all)

    def __bool__(self) -> bool:
        return bool(self._left)

    # -- at the start --------------------------------------------------------------------------------------------

    async def restore(self, published: Iterable[PublishedResource], default: Campus) -> list[PublishedResource]:
        """Take over what stands under other places; what stands under this one is returned.

        A database from before places were noted has topics under this base topic alone. Raises `StoreError`.
        """
        noted = await self._store.fact(PLACE)
        here = Place(self._topics.base, self._topics.bridge)
        before = Place.read(noted) or Place(here.base, here.bridge, self._epoch() - 1)
        places = {before: Topics(before.base, before.bridge)}
        current: list[PublishedResource] = []
        for resource in published:
            if resource.facet == DISCOVERY:
                current.append(resource)  # its topic has neither base nor bridge id
            elif resource.facet == FORMER:
                self._take_back_or_keep(resource, current)
            elif before.base != here.base or _is_other_bridge(resource.address, here.bridge):
                self._leave(before, places, resource)
            else:
                current.append(resource)
        for place, topics in places.items():
            if (place.base, place.bridge) != (here.base, here.bridge):
                log.info("base topic or bridge id changed: the old topics are emptied", extra={"old": place.text})
                for facet in (Facet.INFO, Facet.LOCKS, Facet.HEALTH, Facet.STATE):
                    self._keep(_former(place, default, topics.process(facet)))
        return current

    def _take_back_or_keep(self, resource: PublishedResource, current: list[PublishedResource]) -> None:
        """A place may be ours again before its topics were emptied."""
        base, bridge, _ = _place_of(resource)
        if (base, bridge) != (self._topics.base, self._topics.bridge):
            self._left[resource] = None
            return
        self._store.remove_published(resource)
        again = resource_of(self._topics, _topic_of(resource))
        if again is not None:
            self._store.put_published(again)
            current.append(again)

    def _leave(self, before: Place, places: dict[Place, Topics], resource: PublishedResource) -> None:
        """What stood under the place of the last run: its row names its topic from now on."""
        address = resource.address
        place = replace(before, bridge=address.id if address.kind is Kind.BRIDGE else before.bridge)
        topics = places.setdefault(place, Topics(place.base, place.bridge))
        topic = topic_of(topics, resource)
        if topic is not None:
            self._store.remove_published(resource)
            self._keep(_former(place, address.tenant, topic))

    def _keep(self, resource: PublishedResource) -> None:
        self._left[resource] = None
        self._store.put_published(resource)

    async def _keep_all(self) -> None:
        """Store all of it anew: the database is another one, and empty."""
        self._noted = None
        self.note_place()
        for resource in list(self._left):
            self._store.put_published(resource)
            await asyncio.sleep(0)  # others have a turn

    def note_place(self) -> None:
        """Keep where we publish from now on, with the epoch that everybody sees there."""
        here = Place(self._topics.base, self._topics.bridge, self._epoch()).text
        if here != self._noted:
            self._noted = here
            self._store.put_fact(PLACE, here)

    # -- over a connection ---------------------------------------------------------------------------------------

    async def clear(self, connection: Connection) -> NoReturn:
        """Empty what is left, as soon as nobody publishes there any more; cancelled with the connection."""
        waited_for: set[Place] = set()
        while True:
            for place in dict.fromkeys(Place(*_place_of(resource)) for resource in self._left):
                await self._clear(connection, place, waited_for)
            await asyncio.sleep(AGAIN_S)

    async def _clear(self, connection: Connection, place: Place, waited_for: set[Place]) -> None:
        topic = Topics(place.base, place.bridge).process(Facet.STATE)
        found = (await connection.look_at([topic], STATE_S)).get(topic)
        there = held(found.payload if found is not None else b"")
        if there.epoch > place.epoch:
            log.warning(
                "another bridge publishes under our former base topic and id: its topics stay", extra={"topic": topic}
            )
            for resource in self._of(place):
                self._forget(resource)
        elif there.state in {None, "offline"}:
            await self._empty(connection, place)
        elif place not in waited_for:
            waited_for.add(place)
            log.warning(
                "a bridge still runs under our former base topic and id: its topics are emptied when it has ended",
                extra={"topic": topic},
            )

    async def _empty(self, connection: Connection, place: Place) -> None:
        for number, resource in enumerate(list(self._of(place)), 1):
            emptied = partial(self._emptied, resource)
            while not connection.publish_nowait(_topic_of(resource), EMPTY, qos=1, retain=True, acked=emptied):
                await connection.ready()
            if number % TURN == 0:
                await asyncio.sleep(0)

    def _emptied(self, resource: PublishedResource, reason: int) -> None:
        if reason < FAILED:
            self._forget(resource)

    def _of(self, place: Place) -> Iterator[PublishedResource]:
        return (resource for resource in list(self._left) if Place(*_place_of(resource)) == place)

    def _forget(self, resource: PublishedResource) -> None:
        if resource in self._left:
            del self._left[resource]
            self._store.remove_published(resource)


def _is_other_bridge(address: Address, bridge: str) -> bool:
    return address.kind is Kind.BRIDGE and address.id != bridge


def _former(place: Place, campus: Campus, topic: str) -> PublishedResource:
    address = Address(campus.organization, campus.campus, Kind.BRIDGE, place.bridge)
    return PublishedResource(address, FORMER, f"{place.epoch} {topic}")


def _topic_of(resource: PublishedResource) -> str:
    return resource.page.partition(" ")[2]


def _place_of(resource: PublishedResource) -> tuple[str, str, int]:
    epoch, _, topic = resource.page.partition(" ")
    return topic.partition("/")[0], resource.address.id, int(epoch)
