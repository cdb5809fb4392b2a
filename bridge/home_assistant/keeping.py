"""Looks whether discovery still stands at the broker as it was sent: people delete devices, others write over them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final

from bridge.mqtt import Connection
from services.model import Address, PublishedResource

ROUND_S: Final = 120.0
"""Everything is looked at once in this time."""

AT_ONCE: Final = 50
"""Topics in one look, about: as many as fit into one SUBSCRIBE without a broker's queue running over."""

LOOK_S: Final = 2.0
"""How long the broker may take to hand out what stands there."""

SURE_S: Final = 2.0
"""Before a second look: something may have been under way."""

Known = Callable[[Address], Mapping[str, PublishedResource]]
"""The discovery messages of a unit, part or campus that were sent, by topic."""


def page_of(topic: str, payload: bytes) -> str:
    """How a discovery message is kept in the book of retained topics: its hash, and its topic."""
    return f"{sha256(payload).hexdigest()[:16]} {topic}"


class Keeper:
    """Finds discovery messages that do not stand any more as they were sent, over one connection."""

    def __init__(
        self, connection: Connection, known: Known, wrong: Callable[[Sequence[PublishedResource]], None]
    ) -> None:
        """``wrong`` is called with those that something else stands for, or nothing."""
        self._connection = connection
        self._known = known
        self._wrong = wrong
        self._may_read = False
        """The broker handed out something; before, nothing can be missed: this user may have no right to read."""

    async def stands(self, addresses: Sequence[Address], within_s: float) -> bool:
        """Whether everything of some addresses stands there. Raises `BrokerError` when the connection is lost."""
        sent = self._sent(addresses)
        return not sent or len(await self._connection.look_at(list(sent), within_s)) == len(sent)

    async def watch(self, everything: Callable[[], Sequence[Address]]) -> None:
        """Look at everything in turn, until cancelled. Raises `BrokerError` when the connection is lost."""
        while True:
            addresses = everything()
            pause_s = ROUND_S / max(1, len(addresses))
            await asyncio.sleep(0 if addresses else ROUND_S)
            for batch in self._batches(addresses):
                await asyncio.sleep(pause_s * len(batch))
                if not self._connection.congested and (wrong := await self._differing(self._sent(batch))):
                    await asyncio.sleep(SURE_S)
                    if wrong := await self._differing(wrong):
                        self._wrong(list(wrong.values()))

    def _batches(self, addresses: Sequence[Address]) -> Iterator[Sequence[Address]]:
        batch: list[Address] = []
        topics = 0
        for address in addresses:
            batch.append(address)
            topics += len(self._known(address))
            if topics >= AT_ONCE or len(batch) >= AT_ONCE:
                yield batch
                batch, topics = [], 0
        if batch:
            yield batch

    def _sent(self, addresses: Sequence[Address]) -> dict[str, PublishedResource]:
        return {topic: one for address in addresses for topic, one in self._known(address).items()}

    async def _differing(self, sent: Mapping[str, PublishedResource]) -> dict[str, PublishedResource]:
        """Those that something else stands for, or nothing, though nothing was sent meanwhile."""
        if not sent:
            return {}
        found = await self._connection.look_at(list(sent), LOOK_S)
        self._may_read = self._may_read or bool(found)
        return {
            topic: one
            for topic, one in sent.items()
            if self._may_read
            and self._known(one.address).get(topic) == one
            and (topic not in found or page_of(topic, found[topic].payload) != one.page)
        }
