"""Orders are performed here, by whatever way they came: once each, timed, remembered, audited.

A repeated (target, verb, request id) within ten minutes gets the same outcome, with other arguments it is a conflict.
What each verb does is in `services.commands.verbs`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from services import clock
from services.audit import Audit
from services.model import TITLES, Address, AuditContext, ErrorCode, Result, ServiceError, code_of

log = logging.getLogger(__name__)

Status = Literal["succeeded", "partial", "failed", "rejected"]
Progress = Callable[[Mapping[str, object]], None]

REMEMBERED_S = 600.0
"""How long a request id is remembered: contract, section 3."""

REMEMBERED_MOST = 10_000
"""Outcomes kept at most; the oldest go first."""

QUERIES = frozenset({"detail"})
"""Verbs that change nothing: answered anew each time, for a stored answer would only be an old one."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted: ``address`` is ``None`` where the process is asked, for everything that it serves."""

    verb: str
    address: Address | None
    args: Mapping[str, Any]
    context: AuditContext


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended."""

    status: Status
    data: Mapping[str, object] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    error: ServiceError | None = None
    duration_s: float = 0.0


Do = Callable[[Order, Progress], Awaitable[Mapping[str, object] | Result]]
"""Performs one verb: data or a result, or a `ServiceError`."""


class Operations:
    """Performs orders, each once, and audits how they ended."""

    def __init__(self, verbs: Mapping[str, Do], audit: Audit) -> None:
        self._verbs = verbs
        self._audit = audit
        self._remembered: dict[tuple[Address | None, str, str], _Remembered] = {}

    async def perform(self, order: Order, progress: Progress = lambda _data: None) -> Outcome:
        """Do what is wanted, once; never raises."""
        request_id = order.context.request_id
        if request_id is None or order.verb in QUERIES:
            return await self._perform(order, progress)
        key = (order.address, order.verb, request_id)
        now = asyncio.get_running_loop().time()
        self._forget_old(now)
        fingerprint = _fingerprint(order.args)
        known = self._remembered.get(key)
        if known is not None:
            if known.fingerprint != fingerprint:
                detail = f"request_id {request_id!r} was used for other arguments less than ten minutes ago"
                return self.refuse(order, ServiceError("duplicate_conflict", detail, field="request_id"))
            return await asyncio.shield(known.outcome)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._remembered[key] = _Remembered(now, fingerprint, future)
        try:
            outcome = await self._perform(order, progress)
        except BaseException:
            future.cancel()
            self._remembered.pop(key, None)
            raise
        future.set_result(outcome)
        return outcome

    def refuse(self, order: Order, error: ServiceError) -> Outcome:
        """Not to be done, whatever the verb would do: audited like any other end of a command."""
        outcome = Outcome("rejected", error=error)
        self._record(order, outcome)
        return outcome

    async def _perform(self, order: Order, progress: Progress) -> Outcome:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            done = await self._verbs[order.verb](order, progress)
        except ServiceError as error:
            outcome = Outcome("rejected" if error.code in _REJECTIONS else "failed", error=error)
        except Exception:
            log.exception("a command failed inside the bridge", extra={"verb": order.verb})
            detail = f"{order.verb} failed inside the bridge; its log has the reason at {clock.now_text()}"
            outcome = Outcome("failed", error=ServiceError("internal", detail))
        else:
            outcome = _outcome(done)
        outcome = Outcome(outcome.status, outcome.data, outcome.warnings, outcome.error, loop.time() - started)
        self._record(order, outcome)
        return outcome

    def _record(self, order: Order, outcome: Outcome) -> None:
        after = {
            "verb": order.verb,
            "args": dict(order.args),
            "status": outcome.status,
            "error": outcome.error.code if outcome.error else None,
            "detail": outcome.error.detail if outcome.error else None,
        }
        resource = f"{order.address.kind}/{order.address.id}" if order.address else None
        self._audit.record("command", context=order.context, resource=resource, after=after)

    def _forget_old(self, now: float) -> None:
        """Entries are in order of arrival, so the old ones stand in front."""
        while self._remembered:
            key, oldest = next(iter(self._remembered.items()))
            if now - oldest.at < REMEMBERED_S and len(self._remembered) < REMEMBERED_MOST:
                return
            del self._remembered[key]


@dataclass(frozen=True, slots=True)
class _Remembered:
    at: float
    fingerprint: bytes
    outcome: asyncio.Future[Outcome]


_REJECTIONS: frozenset[ErrorCode] = frozenset(TITLES) - {
    "device_offline",
    "device_timeout",
    "device_rejected",
    "device_auth",
    "internal",
}
"""Errors that were clear before anything was done."""


def _fingerprint(args: Mapping[str, Any]) -> bytes:
    """Tells arguments apart without keeping them: ten thousand commands of 64 KB would be all the memory there is."""
    return hashlib.sha256(json.dumps(args, sort_keys=True, default=str).encode()).digest()


def _outcome(done: Mapping[str, object] | Result) -> Outcome:
    if not isinstance(done, Result):
        return Outcome("succeeded", dict(done))
    data = done.as_json()
    warnings = list(done.warnings)
    if done.status == "failed" and done.errors:
        first = done.errors[0]
        return Outcome("failed", data, warnings, ServiceError(code_of(first.code), first.message))
    return Outcome(done.status, data, warnings)
