"""One plain retained value a topic, for consumers that read no JSON."""

from __future__ import annotations

from bridge.contract import Topics
from bridge.mqtt import Connection
from bridge.publishing.rendering import Renderer
from bridge.publishing.retained import VALUE, RetainedBook, StandingTopics
from services.model import Address, PublishedResource


class PlainValues:
    """Publishes the values of a part's state one by one; only those that changed."""

    def __init__(self, topics: Topics, renderer: Renderer, book: RetainedBook, standing: StandingTopics) -> None:
        self._topics = topics
        self._renderer = renderer
        self._book = book
        self._standing = standing
        self._published: dict[Address, dict[str, object]] = {}

    def forget(self, address: Address | None = None) -> None:
        """Publish all values of a part again when its state is next published; without an address, of all parts."""
        if address is None:
            self._published.clear()
        else:
            self._published.pop(address, None)

    async def publish(self, connection: Connection, address: Address) -> None:
        """Publish what changed of a part's values."""
        known = self._published.setdefault(address, {})
        for key, value, payload in self._renderer.values(address):
            if key in known and known[key] == value:
                continue
            known[key] = value
            topic = self._topics.value(address, key)
            while not connection.publish_nowait(topic, payload, qos=1, retain=True):
                await connection.ready()
            self._standing.sent(topic, payload)
            self._book.add(PublishedResource(address, VALUE, key))
