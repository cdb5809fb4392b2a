"""What may be asked: every command by its verb, performed once, with or without a broker."""

from __future__ import annotations

from services.commands.command import Command, Outcome
from services.commands.perform import CommandService
from services.commands.verbs import BridgeActions, CommandHandlers

__all__ = [
    "BridgeActions",
    "Command",
    "CommandHandlers",
    "CommandService",
    "Outcome",
]
