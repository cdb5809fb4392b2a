"""Places of a unit: the unit itself, its channels, bays or IEM channels, and the slots of a channel."""

from __future__ import annotations

from typing import NamedTuple


class Part(NamedTuple):
    """A place of a unit.

    ``number`` 0 is the unit itself, from 1 its channels, bays or IEM channels; ``slot`` is a registered transmitter
    place of a channel, 0 for none.
    """

    number: int = 0
    slot: int = 0


UNIT = Part()
"""The unit itself."""
