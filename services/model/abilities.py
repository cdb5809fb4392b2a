"""What a model can do, as data: Home Assistant entities, ``set`` checks, docs and the device table derive from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.model.keys import SettableRange


@dataclass(frozen=True, slots=True)
class Abilities:
    """What one unit, or one part of it, reports and takes.

    ``keys`` are the keys of `services.model.keys` that it can ever fill, ``telemetry`` the metered ones; a key outside
    of them stays null for ever. ``presence`` are the keys of which one, reported as unknown, means that no transmitter
    is on the air. ``slots`` is the number of registered transmitter places. ``settable`` are keys with their ranges.
    ``identifies`` says that it can show itself to people, for example by a flashing light.
    """

    keys: frozenset[str] = frozenset()
    telemetry: frozenset[str] = frozenset()
    presence: tuple[str, ...] = ()
    slots: int = 0
    settable: Mapping[str, SettableRange] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    identifies: bool = False

    @property
    def words(self) -> frozenset[str]:
        """The abilities as words, as they are published in ``info``."""
        words = {*self.features}
        if self.slots:
            words.add("slots")
        if self.telemetry:
            words.add("telemetry")
        return frozenset(words)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What rules allow of a unit, or of a part of it, now: nothing without a rule."""

    settable: Mapping[str, SettableRange] = field(default_factory=dict)
    """Keys with the range that is left of the unit's own."""
    identify: bool = False
    """It may be made to show itself, and can."""

    def __bool__(self) -> bool:
        return self.identify or bool(self.settable)
