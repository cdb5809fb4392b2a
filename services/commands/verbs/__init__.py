"""What each verb does, one file a subject: units, discovery and reading, the bridge itself, notes."""

from __future__ import annotations

from services.commands.verbs.bridge import BridgeActions
from services.commands.verbs.handlers import CommandHandlers

__all__ = [
    "BridgeActions",
    "CommandHandlers",
]
