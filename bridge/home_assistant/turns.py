"""Gives others a turn of the event loop, since a large fleet is much work in small pieces."""

from __future__ import annotations

import asyncio
from typing import Final

SLICE_S: Final = 0.0005
"""How long the event loop is held at most, about; one device takes a fraction of it."""


class Turns:
    """Work in small pieces."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + SLICE_S

    async def share(self) -> None:
        """Give others a turn where ours has lasted long enough; call it after each piece."""
        if self._loop.time() >= self._until:
            await asyncio.sleep(0)
            self._until = self._loop.time() + SLICE_S
