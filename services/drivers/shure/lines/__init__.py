"""Units that take one command a line and lose some of them in silence: asking one thing at a time, and again.

The transmitters of PSM1000 are the only ones of the kind. Which families are is data: `families.Dialect`.
"""

from __future__ import annotations

from services.drivers.shure.lines.alive import SignsOfLife
from services.drivers.shure.lines.one_by_one import ask_one_by_one

__all__ = ["SignsOfLife", "ask_one_by_one"]
