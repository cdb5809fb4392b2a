"""Looks whether what we published still stands at the broker, where MQTT 3.1.1 tells nobody that others changed it.

MQTT 5 hands out what others publish, and leaves out what is our own. With MQTT 3.1.1 everything would come back, at a
connect 15,000 messages at once, in the queue in which commands wait. So a few topics are subscribed for a moment,
looked at and left again, all of them once in two minutes (docs/decisions/standing-topics-are-looked-at.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from bridge.contract import Incoming, Topics
from bridge.mqtt import NO_ECHO, Connection
from services.model import Address, Facet

ROUND_S: Final = 100.0
"""How often each topic is looked at."""

AT_ONCE: Final = 50
"""Topics that are looked at together: asked for in half a millisecond, fewer than a broker queues for a client."""

BEGIN_S: Final = 10.0
"""After a connect everything is published within so long; a round that began before would know the first topics alone,
and leave all others to the next one."""

LOOK_S: Final = 0.5
"""How long the broker may take to hand out what stands under a topic; then nothing does."""

SURE_S: Final = 2.0
"""What differs is looked at once more after this: ours may have been on its way."""

Report = Callable[[Address | None, Facet], None]
"""Told that a topic was changed by others: address (``None`` for the process) and facet."""


class StandingTopics:
    """What we published last under each retained topic, over a connection that speaks MQTT 3.1.1."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._is_on = False
        self._sent: dict[str, int] = {}
        """The hash of each topic's payload."""
        self._readable: set[str] = set()
        """Campuses of which the broker hands out something to us: there a topic may be missed."""
        self._mended: set[str] = set()
        """Topics that were sent again and were not seen since."""

    def connected(self, connection: Connection) -> None:
        """Begin a connection: everything is published anew."""
        self._is_on = connection.version != "5"
        self._sent.clear()
        self._readable.clear()
        self._mended.clear()

    def sent(self, topic: str, payload: bytes) -> None:
        """Note what was published; nothing stands where it was empty."""
        if not self._is_on:
            return
        if payload:
            self._sent[topic] = hash(payload)
        else:
            self._sent.pop(topic, None)

    async def watch(self, connection: Connection, report: Report) -> None:
        """Look at everything in turn, until cancelled. Raises `BrokerError` when the connection is lost."""
        await asyncio.sleep(min(BEGIN_S, ROUND_S))
        while self._is_on:
            topics = list(self._sent)
            pause_s = ROUND_S / max(1, -(-len(topics) // AT_ONCE))
            for begin in range(0, max(1, len(topics)), AT_ONCE):
                await asyncio.sleep(pause_s)
                if not connection.congested:
                    await self._check(connection, topics[begin : begin + AT_ONCE], report)

    async def _check(self, connection: Connection, topics: Sequence[str], report: Report) -> None:
        wrong = await self._differing(connection, topics)
        if wrong:
            await asyncio.sleep(SURE_S)
            wrong = await self._differing(connection, list(wrong))
        for topic, is_there in wrong.items():
            if topic in self._mended and not is_there and topic not in connection.refusals:
                connection.refusals.note(topic, NO_ECHO)  # it was sent again, and is not there again
            self._mended.add(topic)
            address = self._topics.resource_of(topic)
            published = self._topics.parse(topic)
            report(address, Facet.STATE if published is None else published.facet)  # a plain value is of the state

    async def _differing(self, connection: Connection, topics: Sequence[str]) -> dict[str, bool]:
        """Those under which something else stands, or nothing, though nothing was published meanwhile."""
        before = {topic: self._sent[topic] for topic in topics if topic in self._sent}
        if not before:
            return {}
        found = await connection.look_at(list(before), LOOK_S)
        self._readable.update(map(_campus, found))
        wrong = {}
        for topic, expected in before.items():
            if self._sent.get(topic) != expected:
                continue
            if self._is_right(found.get(topic), expected):
                self._mended.discard(topic)
                connection.refusals.taken(topic)
            elif _campus(topic) in self._readable:
                wrong[topic] = topic in found
        return wrong

    @staticmethod
    def _is_right(there: Incoming | None, expected: int) -> bool:
        return there is not None and hash(there.payload) == expected


def _campus(topic: str) -> str:
    """The levels of a topic that one right to read covers mostly."""
    return "/".join(topic.split("/")[:4])
