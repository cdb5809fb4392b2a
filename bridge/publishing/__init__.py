"""Publishes what changed.

`publisher` takes marks and events and sends them in order; `rendering` makes the payload of a unit or part,
`campus_pages` that of inventory, summary and candidates, `plain_values` one topic a value. The room `retained` knows
what stands at the broker, empties what is no more and mends what others did to it. `audit_relay` publishes audit events
until the broker took them, which `confirmations` tells. `bridge_status` publishes the bridge's own state, info and
health; `succession` decides which of two processes with one id speaks.
"""

from __future__ import annotations

from bridge.publishing.audit_relay import AuditRelay
from bridge.publishing.bridge_status import BridgeStatus, LastWords
from bridge.publishing.confirmations import Confirmations
from bridge.publishing.publisher import RETAINED, Companion, Publisher
from bridge.publishing.rendering import Renderer
from bridge.publishing.retained import DISCOVERY, FormerTopics, RetainedBook, StandingTopics
from bridge.publishing.succession import Succession, epoch_above

__all__ = [
    "DISCOVERY",
    "RETAINED",
    "AuditRelay",
    "BridgeStatus",
    "Companion",
    "Confirmations",
    "FormerTopics",
    "LastWords",
    "Publisher",
    "Renderer",
    "RetainedBook",
    "StandingTopics",
    "Succession",
    "epoch_above",
]
