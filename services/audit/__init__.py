"""Who did what, when, and how it ended.

`record` writes audit events of the closed list in `actions`; `outbox` hands committed events out for publishing until
the broker has acknowledged them; `retention` deletes old ones, and `clock_watch` keeps it from taking a clock
that was set for time that passed.
"""

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
