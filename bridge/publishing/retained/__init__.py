"""Knows what of ours is retained at the broker, and keeps it so.

`book` lists the topics that stand there, kept in the database, and empties those that are no more. `former` empties
what stands under an earlier base topic or bridge id. `repairs` sends again what others wrote over, or the broker did
not take; `standing` finds that out where MQTT 3.1.1 does not tell.
"""

from __future__ import annotations

from bridge.publishing.retained.book import DISCOVERY, VALUE, RetainedBook
from bridge.publishing.retained.former import FormerTopics
from bridge.publishing.retained.repairs import Repairs
from bridge.publishing.retained.standing import StandingTopics

__all__ = [
    "DISCOVERY",
    "VALUE",
    "FormerTopics",
    "Repairs",
    "RetainedBook",
    "StandingTopics",
]
