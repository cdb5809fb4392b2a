"""What may be asked: every command by its verb, performed once, with or without a broker."""

from __future__ import annotations

from services.commands.perform import Operations, Order, Outcome
from services.commands.verbs import House, Verbs

__all__ = [
    "House",
    "Operations",
    "Order",
    "Outcome",
    "Verbs",
]
