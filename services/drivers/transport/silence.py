"""Units that announce nothing of themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from services.drivers.port import Gone, Sighting


async def nothing_announced() -> AsyncIterator[Sighting | Gone]:
    """What a maker overhears whose units announce nothing: it waits until it is cancelled."""
    await asyncio.get_running_loop().create_future()
    yield Gone("", "")  # never reached: a generator needs a yield
