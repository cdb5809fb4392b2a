"""Performs commands, whether they came over MQTT or from another caller: each once, timed, remembered, audited.

The table of `services.verbs` lists the verbs; `services.commands.verbs` has what each does.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services import clock
from services.audit import Audit
from services.commands.command import Command, Handler, Outcome, Progress
from services.commands.earlier import EarlierCommands
from services.commands.remembered import RememberedOutcomes
from services.model import REJECTIONS, AuditEvent, Campus, Result, ServiceError, code_of
from services.pace import Pace
from services.store import StoreError
from services.verbs import VERBS

log = logging.getLogger(__name__)

REFUSED_KEPT = 1024
"""Characters of a refused command's arguments that the audit keeps."""

RESULTS_KEPT = 32 * 1024
"""Characters of the results of one control, of many units perhaps, that the audit keeps."""

KEPT_WITHIN_S = 5.0
"""How long a command waits until its effect is written."""
NOT_KEPT = (
    "it is in effect, but not written yet, because the database takes nothing: if the bridge ends before it does, this "
    "is lost"
)

REFUSED_PER_S, REFUSED_BURST = 1.0, 50
"""Refused commands that are audited, a campus; the others are counted in the next one (``left_out``)."""

QUERIES_PER_S, QUERIES_BURST = 1 / 60, 50
"""The same of commands that only look: whoever reads states over MQTT is not audited either, and a dashboard that
asks each second would fill the database (docs/decisions/queries-are-audited-sparingly.md)."""


@dataclass(slots=True)
class _Sparing:
    """Commands of one campus that change nothing: anybody who may write can send them without end."""

    pace: Pace
    left_out: int = 0

    def take(self, now_s: float) -> int | None:
        """How many were left out since the last one that was audited; ``None`` where this one is left out too."""
        if not self.pace.take(now_s):
            self.left_out += 1
            return None
        left_out, self.left_out = self.left_out, 0
        return left_out


def _no_progress(_data: Mapping[str, object]) -> None:
    """Ignore progress."""


class CommandService:
    """Performs commands, each once, and audits how they ended."""

    def __init__(self, handlers: Mapping[str, Handler], audit: Audit, flush: Callable[[], Awaitable[None]]) -> None:
        """``handlers`` performs every verb of the table; ``flush`` waits until all is written.

        Raises `ValueError` where the handlers are others than the table has.
        """
        if strange := VERBS.keys() ^ handlers.keys():
            raise ValueError(f"table and handlers differ in: {', '.join(sorted(strange))}")
        self._handlers = handlers
        self._audit = audit
        self._flush = flush
        self._remembered = RememberedOutcomes()
        self._earlier = EarlierCommands()
        self._unkept = 0
        """Commands since the last one that was kept in time."""
        self._refused: defaultdict[Campus, _Sparing] = defaultdict(lambda: _Sparing(Pace(REFUSED_PER_S, REFUSED_BURST)))
        self._queries: defaultdict[Campus, _Sparing] = defaultdict(lambda: _Sparing(Pace(QUERIES_PER_S, QUERIES_BURST)))

    async def perform(self, command: Command, progress: Progress = _no_progress) -> Outcome:
        """Perform a command once; a repetition gets the first outcome. Never raises."""
        request_id = command.context.request_id
        if request_id is None or VERBS[command.verb].is_query:
            return await self._perform(command, progress)
        key = (command.address, command.verb, request_id)
        now = asyncio.get_running_loop().time()
        try:
            known = self._remembered.find(key, command, now)
            earlier = None if known else self._earlier.find(command, now)
        except ServiceError as error:
            return self.refuse(command, error)
        if known is not None:
            return await asyncio.shield(known)
        if earlier is not None:
            return earlier
        future = self._remembered.begin(key, command, now)
        try:
            outcome = await self._perform(command, progress)
        except BaseException:
            future.cancel()
            self._remembered.forget(key)
            raise
        future.set_result(outcome)
        if outcome.error is not None and outcome.error.retryable and not outcome.audited:
            self._remembered.forget(key)  # the same request may succeed later, and nothing of it was done
        return outcome

    def restore(self, requested: Sequence[AuditEvent]) -> None:
        """Take over what was asked in the last minutes before this start, so that it is not done twice."""
        self._earlier.restore(requested, asyncio.get_running_loop().time())

    def refuse(self, command: Command, error: ServiceError) -> Outcome:
        """Do not perform a command, whatever its verb would do; audited like any other end of a command."""
        outcome = Outcome("rejected", error=error)
        self._record(command, outcome)
        return outcome

    async def _perform(self, command: Command, progress: Progress) -> Outcome:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            done = await self._handlers[command.verb](command, progress)
        except ServiceError as error:
            outcome = Outcome("rejected" if error.code in REJECTIONS else "failed", error=error)
        except Exception:
            log.exception("a command failed inside the bridge", extra={"verb": command.verb})
            detail = f"{command.verb} failed inside the bridge; its log has the reason at {clock.now_text()}"
            outcome = Outcome("failed", error=ServiceError("internal", detail))
        else:
            outcome = _outcome(done)
            if VERBS[command.verb].is_kept and not await self._is_kept():
                outcome = replace(outcome, status="partial", warnings=[*outcome.warnings, NOT_KEPT])
        outcome = replace(outcome, duration_s=loop.time() - started)
        self._record(command, outcome)
        return outcome

    async def _is_kept(self) -> bool:
        """Wait until what was changed is written; whether it is."""
        try:
            async with asyncio.timeout(KEPT_WITHIN_S):
                await self._flush()
        except (TimeoutError, StoreError) as error:
            if not self._unkept:  # once an outage: whoever may send commands would fill the log
                log.warning("a command is in effect and not kept", extra={"why": str(error) or "the database is busy"})
            self._unkept += 1
            return False
        if self._unkept:
            log.info("commands are kept again", extra={"were_not": self._unkept})
            self._unkept = 0
        return True

    def _record(self, command: Command, outcome: Outcome) -> None:
        left_out = self._left_out(command, outcome)
        if left_out is None:
            return
        after = {
            "verb": command.verb,
            "args": _kept(command.args) if outcome.status == "rejected" else dict(command.args),
            "status": outcome.status,
            "error": outcome.error.code if outcome.error else None,
            "detail": outcome.error.detail if outcome.error else None,
            **_bounded(outcome.audited),
            **({"left_out": left_out} if left_out else {}),
        }
        resource = f"{command.address.kind}/{command.address.id}" if command.address else None
        self._audit.record("command", context=command.context, resource=resource, after=after)

    def _left_out(self, command: Command, outcome: Outcome) -> int | None:
        """How many like this one were not audited before it; ``None`` where this one is not either."""
        campus, now_s = command.context.tenant, asyncio.get_running_loop().time()
        if outcome.status == "rejected":
            return self._refused[campus].take(now_s)
        return self._queries[campus].take(now_s) if VERBS[command.verb].is_query else 0


def _kept(args: Mapping[str, Any]) -> dict[str, object]:
    """What the audit keeps of the arguments of a refused command, which nobody checked: all, or where that is much
    their beginning and a digest.
    """
    text = json.dumps(args, sort_keys=True, default=str)
    if len(text) <= REFUSED_KEPT:
        return dict(args)
    return {"begins": text[:REFUSED_KEPT], "sha256": hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()}


def _bounded(audited: Mapping[str, object]) -> Mapping[str, object]:
    """What a control did, or where that is much the beginning of it."""
    text = json.dumps(audited, sort_keys=True, default=str)
    return (
        audited if len(text) <= RESULTS_KEPT else {"result_begins": text[:RESULTS_KEPT], "rules": audited.get("rules")}
    )


def _outcome(done: Mapping[str, object] | Result | Outcome) -> Outcome:
    if isinstance(done, Outcome):
        return done
    if not isinstance(done, Result):
        return Outcome("succeeded", dict(done))
    data = done.as_json()
    warnings = list(done.warnings)
    if done.status == "failed" and done.errors:
        first = done.errors[0]
        return Outcome("failed", data, warnings, ServiceError(code_of(first.code), first.message))
    return Outcome(done.status, data, warnings)
