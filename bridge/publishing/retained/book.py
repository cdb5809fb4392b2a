"""Knows what is retained at the broker. It is kept in the database, so that a later run can empty what is no more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial

from bridge.contract import EMPTY, Topics
from bridge.mqtt import FAILED, Connection
from bridge.publishing.retained.standing import StandingTopics
from services.live import Inventory
from services.model import Address, Campus, Facet, Kind, PublishedResource
from services.store import Store

log = logging.getLogger(__name__)

VALUE = "value"
"""In place of a facet: one plain value of a state."""

DISCOVERY = "home_assistant"
"""In place of a facet: a discovery message for Home Assistant. The page is the hash of its payload and its topic."""

_FACETS = frozenset(facet.value for facet in Facet)


class RetainedBook:
    """The retained topics of units, parts and campuses, and the emptying of those that are no more."""

    def __init__(
        self,
        topics: Topics,
        store: Store,
        inventory: Inventory,
        tenants: Callable[[], Collection[Campus]],
        standing: StandingTopics,
    ) -> None:
        """``tenants`` names every campus that is served now."""
        self._topics = topics
        self._store = store
        self._inventory = inventory
        self._tenants = tenants
        self._standing = standing
        store.subscribe_renewal(self.keep_all)
        self._published: dict[Address, set[PublishedResource]] = {}
        self._emptying: set[PublishedResource] = set()
        """Topics whose emptying the broker has not acknowledged."""

    def restore(self, published: Iterable[PublishedResource]) -> None:
        """Take over what stands at the broker from earlier runs."""
        for resource in published:
            if topic_of(self._topics, resource) is None:
                log.warning("what was published under %r is not known here and stays", resource.facet)
                continue
            self._published.setdefault(resource.address, set()).add(resource)

    async def keep_all(self) -> None:
        """Store the whole book anew: the database is another one, and empty."""
        for known in list(self._published.values()):
            for resource in known:
                self._store.put_published(resource)
            await asyncio.sleep(0)  # others have a turn

    def connected(self) -> None:
        """Begin a connection: acknowledgements of the last one do not come any more."""
        self._emptying.clear()

    def add(self, resource: PublishedResource) -> None:
        """Note a topic that was published."""
        known = self._published.setdefault(resource.address, set())
        self._emptying.discard(resource)
        if resource not in known:
            known.add(resource)
            self._store.put_published(resource)

    def sent(self, topic: str, payload: bytes) -> None:
        """Note what others of the bridge published under a topic of ours."""
        self._standing.sent(topic, payload)

    def drop(self, resource: PublishedResource) -> None:
        """Forget a topic without emptying it: something newer stands there, or it was never taken."""
        if resource in self._published.get(resource.address, ()):
            self._published[resource.address].discard(resource)
            self._store.remove_published(resource)

    def discovery_of(self, address: Address) -> dict[str, PublishedResource]:
        """The discovery messages that stand there for a unit, part or campus, by topic."""
        known = self._published.get(address, set()) - self._emptying
        return {one.page.partition(" ")[2]: one for one in known if one.facet == DISCOVERY}

    def addresses(self) -> list[Address]:
        """Everything of which something stands there."""
        return list(self._published)

    def leftovers(self, address: Address, facet: Facet, pages: Collection[str]) -> list[PublishedResource]:
        """Pages of a facet that were published and are no more; of a resource that is gone, all of its facets."""
        known = self._published.get(address, set()) - self._emptying
        if not pages and not self.exists(address):
            # discovery first: whoever follows it would read emptied topics as values
            return sorted(known, key=lambda resource: resource.facet != DISCOVERY)
        return [resource for resource in known if resource.facet == facet and resource.page not in pages]

    def exists(self, address: Address) -> bool:
        """Whether there is such a unit or part, or such a campus, here."""
        if address.kind is Kind.BRIDGE:
            return self._inventory.bridge_address(address.tenant) == address and self.serves(address.tenant)
        return address in self._inventory.units or self._inventory.part(address) is not None

    def serves(self, campus: Campus) -> bool:
        """Whether the bridge has anything to do with a campus: then it publishes there."""
        return campus in self._tenants()

    def places(self) -> list[Address]:
        """The bridge's own addresses in campuses where something of it stands, be they served or not."""
        return [address for address in self._published if address.kind is Kind.BRIDGE]

    def outdated(self, *, values: bool) -> Iterator[tuple[Address, list[PublishedResource]]]:
        """What earlier runs left of resources that are no more, by address; without ``values``, plain values too."""
        for address, known in list(self._published.items()):
            if not self.exists(address):
                yield address, sorted(known, key=lambda resource: resource.facet != DISCOVERY)
            elif not values:
                yield address, [one for one in known if one.facet == VALUE]
            else:
                yield address, []

    async def empty(self, connection: Connection, gone: Sequence[PublishedResource]) -> None:
        """Empty retained topics; they count as standing until the broker has acknowledged that."""
        for resource in gone:
            topic = topic_of(self._topics, resource)
            if topic is None:
                continue
            self._emptying.add(resource)
            self._standing.sent(topic, EMPTY)
            while not connection.publish_nowait(
                topic, EMPTY, qos=1, retain=True, acked=partial(self._emptied, resource)
            ):
                await connection.ready()

    def _emptied(self, resource: PublishedResource, reason: int) -> None:
        """Forget a topic that the broker has emptied."""
        if resource not in self._emptying or reason >= FAILED:
            return  # published again meanwhile, or refused
        self._emptying.discard(resource)
        self._store.remove_published(resource)
        left = self._published.get(resource.address, set())
        left.discard(resource)
        if not left:  # its topics were needed until now
            self._published.pop(resource.address, None)
            self._topics.forget(resource.address)


def topic_of(topics: Topics, resource: PublishedResource) -> str | None:
    """The topic of what was published; ``None`` for a facet that this version does not know."""
    if resource.facet == DISCOVERY:
        return resource.page.partition(" ")[2]
    if resource.facet == VALUE:
        return topics.value(resource.address, resource.page)
    return topics.of(resource.address, Facet(resource.facet), resource.page) if resource.facet in _FACETS else None


def resource_of(topics: Topics, topic: str) -> PublishedResource | None:
    """What was published under a topic of a campus; ``None`` for any other topic."""
    published = topics.parse(topic)
    if published is not None and published.address is not None:
        return PublishedResource(published.address, published.facet, published.part)
    address, key = topics.resource_of(topic), topic.rpartition("/")[2]
    if address is None or topic != topics.value(address, key):
        return None
    return PublishedResource(address, VALUE, key)
