"""Performs commands, with or without a broker.

`perform` performs each command once and audits how it ended; `remembered` has the outcomes of the last minutes,
`earlier` those from before this start. `command` is a command and its outcome as values. `reach` says which places a
command may name. What a verb does is in the room `verbs`, one file a subject. Which verbs there are, and what arguments
they take, is data in `services.verbs`.
"""

from __future__ import annotations

from services.commands.command import Command, Outcome
from services.commands.perform import CommandService
from services.commands.reach import Reach
from services.commands.verbs import BridgeActions, CommandHandlers

__all__ = [
    "BridgeActions",
    "Command",
    "CommandHandlers",
    "CommandService",
    "Outcome",
    "Reach",
]
