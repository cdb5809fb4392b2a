"""Who did what, when, and how it ended: the record that someone may have to be shown later."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services import clock
from services.model import Address, AuditContext, AuditDraft
from services.store import Store

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "receiver_added": "A receiver was added by configuration or command.",
        "receiver_adopted": "Discovery found a receiver and took it in.",
        "receiver_updated": "A receiver's host, name, driver or another of its settings here was changed.",
        "receiver_removed": "A receiver was taken out.",
        "receiver_replaced": "New hardware stands behind a receiver's id.",
        "receiver_moved": "A known receiver was found at another address.",
        "receiver_duplicate": "What was found is a receiver that is known already, where it is known.",
        "receiver_conflict": "Two units claim one identity.",
        "receiver_online": "A receiver is reachable and was read completely.",
        "receiver_offline": "A receiver is no longer reachable.",
        "receiver_settings_changed": "A setting was changed on the receiver.",
        "channel_settings_changed": "A channel's name, frequency, gain, mute or encryption changed.",
        "labels_set": "Labels or tags of a receiver were edited.",
        "transmitter_on": "A transmitter came on the air.",
        "transmitter_lost": "A transmitter was switched off or went out of range.",
        "battery_replace": "A battery should be changed soon.",
        "battery_critical": "A battery is about to be empty.",
        "battery_recovered": "A battery is good again.",
        "command": "A command was carried out, refused, or failed.",
        "bad_input": "Something arrived that is no command; these are counted, not listed one by one.",
        "discovery_started": "A discovery began.",
        "discovery_finished": "A discovery ended, with what it found.",
        "sync_cache_cleared": "What was remembered of receivers was forgotten, to be read anew.",
        "configuration_changed": "The configuration is different: read again, or at a start.",
        "note": "Somebody wrote something down.",
    }
)
"""Every action there is, with its meaning. The list is closed: a new one is an addition to the contract."""


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

        ``late`` is a change that nobody was looking at when it happened; ``time`` (RFC 3339) is now unless given.
        Raises `ValueError` for an action that is not on the list.
        """
        if action not in ACTIONS:
            raise ValueError(f"{action!r} is no audit action: the list is ACTIONS in services/audit/record.py")
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
