"""Who did what: events are recorded here, and handed out again until the broker has them."""

from __future__ import annotations

from services.audit.outbox import Outbox
from services.audit.record import ACTIONS, Audit
from services.audit.retention import Retention

__all__ = [
    "ACTIONS",
    "Audit",
    "Outbox",
    "Retention",
]
