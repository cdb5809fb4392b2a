"""Asks one unit for its resources and writes them: few at a time, and every answer is a sign of life."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from services.drivers.port import DriverError
from services.drivers.transport.https import HttpUnit

AT_ONCE: Final = 2
"""Requests at work beside the event stream: a unit is a small computer."""
BLOCKED_AGAIN_S: Final = 60.0
"""Someone has to switch access on in Control Cockpit first, and a unit that is asked too often locks everybody out."""

OK, BAD_REQUEST, NOT_FOUND, METHOD, CONFLICT, UNPROCESSABLE = 200, 400, 404, 405, 409, 422
EXPECTED = frozenset({*range(200, 300), BAD_REQUEST, NOT_FOUND, METHOD, CONFLICT, UNPROCESSABLE})
"""Statuses that say something about a resource; others say something about the conversation."""

Answered = tuple[int, object]
"""A status, and the JSON that came with it; ``None`` where none came."""


def is_ok(status: int) -> bool:
    """Whether a request was carried out."""
    return OK <= status < 300  # noqa: PLR2004 - RFC 9110, section 15.3


class Questions:
    """Requests to one unit. ``heard`` is called for each answer, ``garbled`` for one that is no JSON."""

    def __init__(self, unit: HttpUnit, heard: Callable[[], None], garbled: Callable[[], None]) -> None:
        self._unit = unit
        self._heard = heard
        self._garbled = garbled
        self._places = asyncio.Semaphore(AT_ONCE)

    async def get(self, path: str) -> Answered:
        """Read a resource. Raises `DriverError`."""
        return await self.ask("GET", path)

    async def put(self, path: str, body: object) -> Answered:
        """Write properties of a resource. Raises `DriverError`."""
        return await self.ask("PUT", path, body)

    async def ask(self, method: str, path: str, body: object = None, *, timeout: float | None = None) -> Answered:
        """Send a request. Raises `DriverError`."""
        async with self._places:
            try:
                answer = await self._unit.request(method, path, json=body, expected=EXPECTED, timeout=timeout)
            except DriverError as error:
                raise patient(error) from error
        self._heard()
        if not answer.body:
            return answer.status, None
        try:
            return answer.status, answer.json()
        except DriverError:
            self._garbled()
            return answer.status, None


def patient(error: DriverError) -> DriverError:
    """The same error, to be tried again only after a while where access is switched off."""
    if error.reason != "control_blocked":
        return error
    return DriverError(error.reason, error.detail, again_s=BLOCKED_AGAIN_S)
