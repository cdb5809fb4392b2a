"""Messages become requests, and the answers go out."""

from __future__ import annotations

from bridge.inbound.command_gateway import Gateway

__all__ = [
    "Gateway",
]
