"""What can be asked of a database.

`queries` has one function a question, each with a connection; `read` makes records of rows; `questions` are the methods
of the store that ask them on its thread. `facts` are what the process keeps of itself, `aging` deletes audit events
that are old by the time that the database has seen pass.
"""

from __future__ import annotations

from services.store.asking import aging, facts, queries
from services.store.asking.aging import Pruned
from services.store.asking.queries import Loaded, count_pending, pending_page, take_epoch
from services.store.asking.questions import StoreQuestions

__all__ = [
    "Loaded",
    "Pruned",
    "StoreQuestions",
    "aging",
    "count_pending",
    "facts",
    "pending_page",
    "queries",
    "take_epoch",
]
