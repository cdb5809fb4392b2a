"""What was answered to which request: a repeated request does nothing twice.

A repeated (address, verb, request id) within ten minutes gets the same outcome; with other arguments it is a conflict.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.commands.command import Command, Outcome
from services.model import Address, ServiceError

REMEMBERED_S = 600.0
"""How long a request id is remembered, in seconds."""

REMEMBERED_MOST = 10_000
"""Outcomes kept at most; the oldest go first."""

Key = tuple[Address | None, str, str]


@dataclass(frozen=True, slots=True)
class _Remembered:
    at: float
    fingerprint: bytes
    outcome: asyncio.Future[Outcome]


class RememberedOutcomes:
    """The outcomes of the last ten minutes, and of what is under way."""

    def __init__(self) -> None:
        self._outcomes: dict[Key, _Remembered] = {}

    def find(self, key: Key, command: Command, now: float) -> asyncio.Future[Outcome] | None:
        """The outcome of the same request, perhaps still to come; ``None`` for a new request.

        ``now`` is loop time. Raises `ServiceError` (duplicate_conflict) where the request id was used for other
        arguments.
        """
        self._forget_old(now)
        known = self._outcomes.get(key)
        if known is None:
            return None
        if known.fingerprint != fingerprint(command.args):
            raise conflict(key[2])
        return known.outcome

    def begin(self, key: Key, command: Command, now: float) -> asyncio.Future[Outcome]:
        """Remember a request that begins; its outcome is set when it ends."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._outcomes[key] = _Remembered(now, fingerprint(command.args), future)
        return future

    def forget(self, key: Key) -> None:
        """Drop a request that was not performed to its end."""
        self._outcomes.pop(key, None)

    def _forget_old(self, now: float) -> None:
        """Entries are in order of arrival, so the old ones stand in front."""
        while self._outcomes:
            key, oldest = next(iter(self._outcomes.items()))
            if now - oldest.at < REMEMBERED_S and len(self._outcomes) < REMEMBERED_MOST:
                return
            del self._outcomes[key]


def conflict(request_id: str | None) -> ServiceError:
    """A request id that stands for other arguments already."""
    detail = f"request_id {request_id!r} was used for other arguments less than ten minutes ago"
    return ServiceError("duplicate_conflict", detail, field="request_id")


def fingerprint(args: Mapping[str, Any]) -> bytes:
    """A digest of arguments, kept instead of them: ten thousand commands of 64 KB would fill the memory."""
    return hashlib.sha256(json.dumps(args, sort_keys=True, default=str).encode()).digest()
