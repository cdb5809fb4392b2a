"""Performs commands, whether they came over MQTT or from another caller: each once, timed, remembered, audited.

The table of `services.verbs` lists the verbs; `services.commands.verbs` has what each does.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any

from services import clock
from services.audit import Audit
from services.commands.command import Command, Handler, Outcome, Progress
from services.commands.remembered import RememberedOutcomes
from services.model import TITLES, ErrorCode, Result, ServiceError, code_of
from services.verbs import VERBS

log = logging.getLogger(__name__)

REFUSED_KEPT = 1024
"""Characters of a refused command's arguments that the audit keeps."""

_REJECTIONS: frozenset[ErrorCode] = frozenset(TITLES) - {
    "device_offline",
    "device_timeout",
    "device_rejected",
    "device_auth",
    "internal",
}
"""Errors that were clear before anything was done."""


def _no_progress(_data: Mapping[str, object]) -> None:
    """Ignore progress."""


class CommandService:
    """Performs commands, each once, and audits how they ended."""

    def __init__(self, handlers: Mapping[str, Handler], audit: Audit) -> None:
        """``handlers`` performs every verb of the table that is not refused. Raises `ValueError` where one differs."""
        performable = {verb.name for verb in VERBS.values() if verb.forbidden is None}
        if strange := performable ^ set(handlers):
            raise ValueError(f"table and handlers differ in: {', '.join(sorted(strange))}")
        self._handlers = handlers
        self._audit = audit
        self._remembered = RememberedOutcomes()

    async def perform(self, command: Command, progress: Progress = _no_progress) -> Outcome:
        """Perform a command once; a repetition gets the first outcome. Never raises."""
        request_id = command.context.request_id
        if request_id is None or VERBS[command.verb].is_query:
            return await self._perform(command, progress)
        key = (command.address, command.verb, request_id)
        now = asyncio.get_running_loop().time()
        try:
            known = self._remembered.find(key, command, now)
        except ServiceError as error:
            return self.refuse(command, error)
        if known is not None:
            return await asyncio.shield(known)
        future = self._remembered.begin(key, command, now)
        try:
            outcome = await self._perform(command, progress)
        except BaseException:
            future.cancel()
            self._remembered.forget(key)
            raise
        future.set_result(outcome)
        return outcome

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
            outcome = Outcome("rejected" if error.code in _REJECTIONS else "failed", error=error)
        except Exception:
            log.exception("a command failed inside the bridge", extra={"verb": command.verb})
            detail = f"{command.verb} failed inside the bridge; its log has the reason at {clock.now_text()}"
            outcome = Outcome("failed", error=ServiceError("internal", detail))
        else:
            outcome = _outcome(done)
        outcome = Outcome(outcome.status, outcome.data, outcome.warnings, outcome.error, loop.time() - started)
        self._record(command, outcome)
        return outcome

    def _record(self, command: Command, outcome: Outcome) -> None:
        after = {
            "verb": command.verb,
            "args": _kept(command.args) if outcome.status == "rejected" else dict(command.args),
            "status": outcome.status,
            "error": outcome.error.code if outcome.error else None,
            "detail": outcome.error.detail if outcome.error else None,
        }
        resource = f"{command.address.kind}/{command.address.id}" if command.address else None
        self._audit.record("command", context=command.context, resource=resource, after=after)


def _kept(args: Mapping[str, Any]) -> dict[str, object]:
    """What the audit keeps of the arguments of a refused command, which nobody checked: all, or where that is much
    their beginning and a digest.
    """
    text = json.dumps(args, sort_keys=True, default=str)
    if len(text) <= REFUSED_KEPT:
        return dict(args)
    return {"begins": text[:REFUSED_KEPT], "sha256": hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()}


def _outcome(done: Mapping[str, object] | Result) -> Outcome:
    if not isinstance(done, Result):
        return Outcome("succeeded", dict(done))
    data = done.as_json()
    warnings = list(done.warnings)
    if done.status == "failed" and done.errors:
        first = done.errors[0]
        return Outcome("failed", data, warnings, ServiceError(code_of(first.code), first.message))
    return Outcome(done.status, data, warnings)
