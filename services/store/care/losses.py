"""What gives way where audit events cannot be kept: how many of which campus, from when to when; never in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services import clock
from services.model import AuditDraft, Campus

ACTION = "audit_lost"
"""The audit event that stands for those that are lost."""
MOST_WAITING = 10_000
"""Audit events that wait in memory for a database that takes nothing: some 15 MB. More cost the loop too much time."""
MADE_FREE = 1_000
"""So many give way at once, so that not every further event looks through all of them."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Audit events of one campus that are lost."""

    count: int
    since: str
    """When the oldest of them happened."""
    until: str
    """When the newest of them happened."""

    def __add__(self, other: Loss) -> Loss:
        return Loss(self.count + other.count, min(self.since, other.since), max(self.until, other.until))

    def draft(self, tenant: Campus, why: str) -> AuditDraft:
        """The audit event that says so."""
        return AuditDraft(
            event_id=clock.uuid7(),
            time=clock.now_text(),
            tenant=tenant,
            action=ACTION,
            resource=None,
            claimed_actor=None,
            request_id=None,
            before=None,
            after={"count": self.count, "since": self.since, "until": self.until, "why": why},
            late=False,
        )


Losses = Mapping[Campus, Loss]


def make_room(drafts: list[AuditDraft]) -> tuple[list[AuditDraft], Losses]:
    """What stays of too many waiting events, and what is lost.

    The oldest of what units reported by themselves go first; what somebody asked for stays as long as it can.
    """
    surplus = len(drafts) - MOST_WAITING + MADE_FREE
    by_themselves = [draft for draft in drafts if not _was_asked_for(draft)]
    going = by_themselves[:surplus]
    gone = {id(draft) for draft in going}
    if len(going) < surplus:
        rest = [draft for draft in drafts if id(draft) not in gone]
        going += rest[: surplus - len(going)]
        gone = {id(draft) for draft in going}
    return [draft for draft in drafts if id(draft) not in gone], losses_of(going)


def losses_of(drafts: Iterable[AuditDraft]) -> Losses:
    """Events that are lost, counted by campus."""
    times: dict[Campus, list[str]] = {}
    for draft in drafts:
        times.setdefault(draft.tenant, []).append(draft.time)
    return {tenant: Loss(len(those), min(those), max(those)) for tenant, those in times.items()}


def added(losses: Losses, more: Losses) -> dict[Campus, Loss]:
    """Both together."""
    return {**losses, **{tenant: losses[tenant] + loss if tenant in losses else loss for tenant, loss in more.items()}}


def _was_asked_for(draft: AuditDraft) -> bool:
    return draft.claimed_actor is not None or draft.request_id is not None
