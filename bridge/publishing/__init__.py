"""Changes become messages: what is rendered, what stands at the broker, in which order it goes out."""

from __future__ import annotations

from bridge.publishing.audit_relay import AuditRelay
from bridge.publishing.bridge_status import BridgeStatus, LastWords
from bridge.publishing.publisher import Publisher
from bridge.publishing.rendering import Renderer

__all__ = [
    "AuditRelay",
    "BridgeStatus",
    "LastWords",
    "Publisher",
    "Renderer",
]
