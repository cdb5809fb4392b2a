"""What keeps a database sound, and says when it is not.

`damage` recognises a SQLite file that is no longer as SQLite wrote it and sets it aside, `checkup` looks at the file
while the bridge runs, `losses` says which audit events give way where they cannot be kept, `condition` is what does
not work, in words that name the remedy.
"""

from __future__ import annotations

from services.store.care import losses
from services.store.care.checkup import Checkup, Look
from services.store.care.condition import Condition
from services.store.care.damage import (
    QUICKLY_READ_BYTES,
    Renewal,
    check_for_damage,
    damaged,
    find_damage,
    identity,
    is_damage,
    is_passing,
    left_aside,
    remedy,
    remedy_of,
    set_aside,
    size,
)
from services.store.care.losses import Loss, Losses, added, make_room

__all__ = [
    "QUICKLY_READ_BYTES",
    "Checkup",
    "Condition",
    "Look",
    "Loss",
    "Losses",
    "Renewal",
    "added",
    "check_for_damage",
    "damaged",
    "find_damage",
    "identity",
    "is_damage",
    "is_passing",
    "left_aside",
    "losses",
    "make_room",
    "remedy",
    "remedy_of",
    "set_aside",
    "size",
]
