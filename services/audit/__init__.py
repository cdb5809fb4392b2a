"""Who did what: events are recorded here, and handed out again until the broker has them."""

from __future__ import annotations

from services.audit.actions import ACTIONS, action_of
from services.audit.outbox import Outbox
from services.audit.record import Audit
from services.audit.retention import Retention

__all__ = [
    "ACTIONS",
    "Audit",
    "Outbox",
    "Retention",
    "action_of",
]
