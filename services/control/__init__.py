"""Changes units where rules of the configuration allow it: set, identify, meter_boost, and locks that forbid all.

`controller` checks a control against what the unit takes, the rules and the locks, sends it in the unit's turn, and
says what was wanted and what the unit reported; `many` does that to all units of a campus or with a tag; `locks`
keeps the locks; `rules` says what a rule allows.
"""

from __future__ import annotations

from services.control.controller import Controlled, Controller, Done
from services.control.locks import Lock, Locks
from services.control.many import control_many
from services.control.rules import RF_KEYS, ControlRule

__all__ = ["RF_KEYS", "ControlRule", "Controlled", "Controller", "Done", "Lock", "Locks", "control_many"]
