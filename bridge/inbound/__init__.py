"""Takes messages in and sends replies out.

`router` reads messages off a connection, `subscriptions` decides which topics are read, `echoes` hands those of our own
topics to their readers. `command_gateway` makes a command of a message, has it performed by `services.commands` and
makes a reply of its outcome; `replies` sends replies out.
"""

from __future__ import annotations

from bridge.inbound.command_gateway import CommandGateway
from bridge.inbound.echoes import Echoes
from bridge.inbound.replies import Replies
from bridge.inbound.router import InboundRouter
from bridge.inbound.subscriptions import Subscriptions

__all__ = [
    "CommandGateway",
    "Echoes",
    "InboundRouter",
    "Replies",
    "Subscriptions",
]
