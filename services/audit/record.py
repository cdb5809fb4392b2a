"""Who did what, when, and how it ended: the record that someone may have to be shown later."""

from __future__ import annotations

from collections.abc import Mapping

from services import clock
from services.audit.actions import ACTIONS, action_of
from services.model import Address, AuditContext, AuditDraft
from services.store import Store


class Audit:
    """Writes audit events."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(
        self,
        action: str,
        *,
        context: AuditContext,
        resource: Address | str | None = None,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        late: bool = False,
        time: str | None = None,
    ) -> AuditDraft:
        """Write an event of one of the `ACTIONS`, in one transaction with what the caller stores beside it.

        An action is written as that of a receiver or channel, and named by the kind of the ``resource`` (`action_of`).
        ``late`` is a change that nobody was looking at when it happened; ``time`` (RFC 3339) is now unless given.
        Raises `ValueError` for an action that is not on the list.
        """
        if isinstance(resource, Address):
            action = action_of(action, resource.kind)
        if action not in ACTIONS:
            raise ValueError(f"{action!r} is no audit action: the list is ACTIONS in services/audit/actions.py")
        draft = AuditDraft(
            event_id=clock.uuid7(),
            time=time or clock.now_text(),
            tenant=context.tenant,
            action=action,
            resource=f"{resource.kind}/{resource.id}" if isinstance(resource, Address) else resource,
            claimed_actor=context.actor,
            request_id=context.request_id,
            before=before,
            after=after,
            late=late,
        )
        self._store.append_audit(draft)
        return draft
