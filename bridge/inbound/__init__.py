"""Takes messages in and sends replies out.

`presence` is all of the bridge that concerns its broker: `subscriptions` decides which topics are read, `echoes` hands
those of our own topics to their readers. `router` reads messages off a connection. `command_gateway` makes a command of
a message, has it performed by `services.commands` and makes a reply of its outcome; `replies` sends replies out.
`neighbours` tells which units are another bridge's.
"""

from __future__ import annotations

from bridge.inbound.command_gateway import CommandGateway
from bridge.inbound.echoes import Echoes
from bridge.inbound.neighbours import Neighbours
from bridge.inbound.presence import Presence
from bridge.inbound.replies import Replies
from bridge.inbound.router import InboundRouter
from bridge.inbound.subscriptions import Subscriptions

__all__ = [
    "CommandGateway",
    "Echoes",
    "InboundRouter",
    "Neighbours",
    "Presence",
    "Replies",
    "Subscriptions",
]
