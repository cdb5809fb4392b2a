"""One queue a unit: whatever is done to a unit (read, restart, replacement, removal) is done in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from services.model import Address, ServiceError

T = TypeVar("T")

QUEUED_MOST = 16
"""Requests for one unit that may wait or be under way; a further one is refused as ``busy``."""

RETRY_AFTER_S = 5.0
"""When a refused request may be sent again: the longest step, a complete read that is not answered, takes 3 s."""


@dataclass(slots=True)
class _Queue:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # first come, first served
    length: int = 0


class UnitQueues:
    """The queues of all units; one that is empty costs nothing."""

    def __init__(self, most: int = QUEUED_MOST) -> None:
        self._most = most
        self._queues: dict[Address, _Queue] = {}

    def busy(self, address: Address) -> bool:
        """Whether something is done to a unit now."""
        return address in self._queues

    async def run(self, address: Address, work: Callable[[], Awaitable[T]], *, internal: bool = False) -> T:
        """Do work on a unit once everything that was asked of it before is done, and return what the work returns.

        The unit may have been changed or removed meanwhile: the work itself has to look. Work must not queue more work
        on the same unit and wait for it. ``internal`` work (a reload, a discovery) is never refused: it has a bound of
        its own. Raises `ServiceError` (busy) when too much waits, and whatever the work raises.
        """
        queue = self._queues.setdefault(address, _Queue())
        if queue.length >= self._most and not internal:
            raise ServiceError(
                "busy",
                f"{queue.length} requests for {address.kind} {address.id} wait already; send this one again later",
                retry_after_s=RETRY_AFTER_S,
            )
        queue.length += 1
        try:
            async with queue.turn:
                return await work()
        finally:
            queue.length -= 1
            if not queue.length:
                del self._queues[address]
