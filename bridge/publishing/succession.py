"""Which process speaks for this bridge where two have its id: the one that began later, the higher epoch.

The other one publishes nothing, waits, and goes on by itself, with a new epoch, when the later one is gone
(docs/decisions/two-processes-with-one-id.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from random import randrange
from typing import Final, Protocol

import orjson

from bridge.contract import Incoming, Topics
from bridge.mqtt import BrokerError, Connection
from services import clock
from services.model import Facet
from services.store import Store, StoreError, take_epoch

log = logging.getLogger(__name__)

GONE_S: Final = 10.0
"""The other process is gone when its state is `offline` for so long: a connection that was cut is back by then."""

SILENT_S: Final = 45.0
"""The other process is gone when nothing of it arrived for so long: its `health` comes every 30 s."""


TIE_SPREAD: Final = 1000
"""Two processes with one epoch each add up to so much by chance, so that they differ afterwards."""


class Epochs(Protocol):
    """Holds the epoch that stands in every message; the inventory does."""

    epoch: int


class Succession:
    """Whether this process speaks for the bridge, or stands by."""

    def __init__(self, topics: Topics, holder: Epochs, new_epoch: Callable[[int], Awaitable[int]]) -> None:
        """``new_epoch`` gives one above that of another process."""
        self._state, self._health = topics.process(Facet.STATE), topics.process(Facet.HEALTH)
        self._holder = holder
        self._new_epoch = new_epoch
        self.other: int | None = None
        """The epoch of the process that speaks in our place; ``None`` while we do."""

    @property
    def epoch(self) -> int:
        """Ours."""
        return self._holder.epoch

    @property
    def stands_by(self) -> bool:
        """Whether another process speaks for the bridge."""
        return self.other is not None

    def give_way(self, connection: Connection, other: int) -> None:
        """Stop publishing for a process with a higher epoch: leave the broker, without a will, and stand by."""
        if self.other is None:
            log.error(
                "another process publishes as this bridge, and began later: this one publishes nothing until it is "
                "gone. Stop one of them, or give it an id of its own ([bridge] id)",
                extra={"epoch": self.epoch, "other": other},
            )
        self.other = other
        connection.leave(BrokerError("superseded", "another process with this bridge's id began later"))

    async def watch(self, connection: Connection) -> None:
        """Look, over a connection that publishes nothing, until the other process is gone; then speak again.

        Raises `BrokerError` when the connection is lost.
        """
        loop = asyncio.get_running_loop()
        await connection.subscribe([self._state, self._health])
        messages = aiter(connection.messages())
        until = loop.time() + SILENT_S
        while True:
            try:
                async with asyncio.timeout_at(until):
                    message = await anext(messages)
            except TimeoutError:
                break
            except StopAsyncIteration:
                raise connection.lost.result().afresh() from None
            until = self._until(message, loop.time(), until)
        other, self.other = self.other or 0, None
        await self._rise(other)
        log.warning("the other process with this bridge's id is gone: publishing again", extra={"epoch": self.epoch})
        connection.leave(BrokerError("superseded", "the other process is gone: this one speaks for the bridge again"))

    def _until(self, message: Incoming, now: float, until: float) -> float:
        """When the other process counts as gone, after this message."""
        if message.topic == self._health:
            return until if message.retain else now + SILENT_S
        there = held(message.payload)
        if there.state == "offline":
            return min(until, now + GONE_S)
        self.other = max(there.epoch, self.other or 0)
        return now + SILENT_S if there.epoch > self.epoch else now  # who has a lower one gives way to us

    async def outdo(self, connection: Connection, other: int) -> None:
        """Connect anew with an epoch above another one: of a process that is no more, or began in the same second."""
        log.warning("another process of this bridge has our epoch or a later one: taking one above it")
        await self._rise(other + randrange(TIE_SPREAD))
        connection.leave(BrokerError("superseded", "another process has this bridge's id and our epoch or a later one"))

    async def _rise(self, other: int) -> None:
        self._holder.epoch = await self._new_epoch(other)


async def epoch_above(store: Store, other: int) -> int:
    """A new epoch, stored so that the next start has a higher one; without the database it holds for this run."""
    at_least = max(int(clock.now()), other + 1, store.epoch + 1)
    try:
        return await store.ask(partial(take_epoch, now_s=at_least))
    except StoreError as error:
        log.warning("the new epoch is not stored: %s", error)
        return at_least


@dataclass(frozen=True, slots=True)
class Held:
    """What the broker holds as the state of this bridge."""

    epoch: int = 0
    state: str | None = None
    stopped: bool = False
    """Whether its process ended in good order: then it is no more."""


def held(payload: bytes) -> Held:
    """Read a state of the bridge; what cannot be read is older than anything."""
    try:
        body = orjson.loads(payload) if payload else {}
    except orjson.JSONDecodeError:
        body = {}
    if not isinstance(body, dict) or not isinstance(epoch := body.get("epoch"), int):
        return Held()
    state = body.get("state")
    return Held(epoch, state, state == "offline" and body.get("expected") is True)
