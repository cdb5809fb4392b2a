"""Messages become commands, and the answers go out."""

from __future__ import annotations

from bridge.inbound.command_gateway import CommandGateway
from bridge.inbound.replies import Replies
from bridge.inbound.router import InboundRouter
from bridge.inbound.subscriptions import Subscriptions

__all__ = [
    "CommandGateway",
    "InboundRouter",
    "Replies",
    "Subscriptions",
]
