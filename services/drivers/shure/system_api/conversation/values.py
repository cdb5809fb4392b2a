"""What one unit reported last, value by value, and who waits for the next report."""

from __future__ import annotations

import asyncio
from collections import Counter


class Values:
    """The newest value of each address, with how often it was told of."""

    def __init__(self) -> None:
        self._known: dict[str, object] = {}
        self._told: Counter[str] = Counter()
        self._news = asyncio.Event()

    def __getitem__(self, path: str) -> object:
        return self._known.get(path)

    def __contains__(self, path: str) -> bool:
        return path in self._known

    def told(self, path: str) -> int:
        """How often a value was told of, by an event or by an answer."""
        return self._told[path]

    def put(self, path: str, value: object) -> None:
        """Keep a value, and wake those who wait."""
        self._known[path] = value
        self._told[path] += 1
        self._news.set()

    async def holds(self, path: str, value: object, since: int, seconds: float) -> bool:
        """Wait until an equal value was told of since then; whether one was within the time."""
        try:
            async with asyncio.timeout(seconds):
                while not (self._told[path] > since and self._known.get(path) == value):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True
