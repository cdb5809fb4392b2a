"""What each verb does, one file a subject.

`units` adds, changes and removes; `discovery` discovers, refreshes and shows details; `bridge` republishes and
reloads; `control` sets, identifies and locks; `notes` writes notes. `handlers` collects all of them by verb.
"""

from __future__ import annotations

from services.commands.verbs.bridge import BridgeActions
from services.commands.verbs.handlers import CommandHandlers

__all__ = [
    "BridgeActions",
    "CommandHandlers",
]
