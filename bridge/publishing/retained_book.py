"""Knows what is retained at the broker. It is kept in the database, so that a later run can empty what is no more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from bridge.contract import EMPTY, Topics
from bridge.mqtt import FAILED, Connection
from bridge.publishing.campus_pages import Rendered
from services.model import Address, Facet, Kind, PublishedResource
from services.store import Store

log = logging.getLogger(__name__)

VALUE = "value"
"""In place of a facet: one plain value of a state."""


class RetainedBook:
    """The retained topics of units, parts and campuses, and the emptying of those that are no more."""

    def __init__(
        self, topics: Topics, store: Store, exists: Callable[[Address], bool], facets: Iterable[Facet]
    ) -> None:
        """``exists`` returns whether there is a unit or part of that address; ``facets`` are the retained ones."""
        self._topics = topics
        self._store = store
        self._exists = exists
        self._facets = frozenset({*facets, VALUE})
        store.subscribe_renewal(self.keep_all)
        self._published: dict[Address, set[PublishedResource]] = {}
        self._emptying: set[PublishedResource] = set()
        """Topics whose emptying the broker has not acknowledged."""

    def restore(self, published: Iterable[PublishedResource]) -> None:
        """Take over what stands at the broker from earlier runs."""
        for resource in published:
            if resource.facet not in self._facets:
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

    def leftovers(self, address: Address, facet: Facet, rendered: Sequence[Rendered]) -> list[PublishedResource]:
        """Pages of a facet that were published and are no more; of a resource that is gone, all of its facets."""
        known = self._published.get(address, set()) - self._emptying
        if not rendered and self.is_gone(address):
            return list(known)
        pages = {page for page, _ in rendered}
        return [resource for resource in known if resource.facet == facet and resource.page not in pages]

    def is_gone(self, address: Address) -> bool:
        """Whether a unit or part is no more; the bridge's own topics of a campus always stay."""
        return address.kind is not Kind.BRIDGE and not self._exists(address)

    def outdated(self, *, values: bool) -> list[list[PublishedResource]]:
        """What earlier runs left of resources that are no more, by address; without ``values``, plain values too."""
        return [
            [one for one in known if self.is_gone(address) or (not values and one.facet == VALUE)]
            for address, known in list(self._published.items())
        ]

    async def empty(self, connection: Connection, gone: Sequence[PublishedResource]) -> None:
        """Empty retained topics; they count as standing until the broker has acknowledged that."""
        for resource in gone:
            if resource.facet == VALUE:
                topic = self._topics.value(resource.address, resource.page)
            else:
                topic = self._topics.of(resource.address, Facet(resource.facet), resource.page)
            self._emptying.add(resource)
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
