"""Commands that an earlier run of the bridge performed, as its audit has them.

A client that got no answer asks again with the same request id: the bridge may have been killed after it had done and
stored what was asked, and before it answered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from services.commands.command import Command, Outcome
from services.commands.remembered import REMEMBERED_S, conflict, fingerprint
from services.model import AuditEvent, ServiceError, code_of
from services.verbs import VERBS

BEGUN = "control_begun"
CUT_OFF = (
    "the bridge ended while this was done: whether the unit took it is not known, and it is not done twice; "
    "look at the state, and ask with a new request_id"
)
NO_DATA = "it was done before the bridge was started anew: what else was answered then is not known any more"


class EarlierCommands:
    """What was asked in the last minutes before the start, by request id."""

    def __init__(self) -> None:
        self._events: dict[str, list[AuditEvent]] = {}
        self._started_s = 0.0

    def restore(self, events: Sequence[AuditEvent], now_s: float) -> None:
        """Take over audit events that have a request id; ``now_s`` is loop time."""
        found: dict[str, list[AuditEvent]] = defaultdict(list)
        for event in events:
            found[event.draft.request_id or ""].append(event)
        self._events, self._started_s = dict(found), now_s

    def find(self, command: Command, now_s: float) -> Outcome | None:
        """How a command ended that changes what is kept, or a unit; ``None`` where it was not performed, as we know.

        Other commands may be performed again: they only look. Raises `ServiceError` (duplicate_conflict) where the
        request id was used for other arguments.
        """
        if now_s - self._started_s > REMEMBERED_S:
            self._events.clear()
        request_id = command.context.request_id
        verb = VERBS[command.verb]
        if request_id not in self._events or not (verb.is_kept or verb.is_control):
            return None
        mine = [one for one in self._events[request_id] if one.draft.tenant in {command.tenant, command.context.tenant}]
        ends = [one.draft.after or {} for one in mine if one.draft.action == "command"]
        begun = [one.draft.after or {} for one in mine if one.draft.action == BEGUN]
        if begun and not ends:
            return (
                Outcome("failed", error=ServiceError("device_timeout", CUT_OFF))
                if _is_same(begun[0], command)
                else None
            )
        if not ends:  # what is kept is stored in one piece with its audit event, and the end of the command after it
            return Outcome("succeeded", warnings=[NO_DATA]) if mine else None
        return next((_outcome(end) for end in ends if _is_of(end, command)), None)


def _is_of(end: Mapping[str, Any], command: Command) -> bool:
    was_done = end.get("status") in {"succeeded", "partial"} or "rules" in end  # a unit may have done what it denied
    return was_done and _is_same(end, command)


def _is_same(end: Mapping[str, Any], command: Command) -> bool:
    """Whether it was this command. Raises `ServiceError` where its request id was used for other arguments."""
    if end.get("verb") != command.verb:
        return False
    if fingerprint(end.get("args") or {}) != fingerprint(command.args):
        raise conflict(command.context.request_id)
    return True


def _outcome(end: Mapping[str, Any]) -> Outcome:
    """The outcome as far as the audit has it: of a control what was wanted and reported too."""
    code = end.get("error")
    error = ServiceError(code_of(code), end.get("detail") or code) if code else None
    data = end.get("result")
    if isinstance(data, Mapping):
        return Outcome(end["status"], data, error=error)
    return Outcome(end["status"], warnings=[NO_DATA], error=error)
