"""What a model can do, as data: Home Assistant entities, ``set`` checks, docs and the device table derive from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.model.keys import SettableRange


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One family's abilities.

    ``receiver_keys``, ``channel_keys`` and ``telemetry_keys`` are the keys of `services.model.keys` that the family
    can ever fill; a key outside of them stays null for ever. ``presence_keys`` are the channel keys of which one,
    reported as unknown, means that no transmitter is on the air. ``settable`` are channel keys with their ranges.
    """

    manufacturer: str
    family: str
    receiver_keys: frozenset[str]
    channel_keys: frozenset[str]
    telemetry_keys: frozenset[str]
    presence_keys: tuple[str, ...] = ()
    slots: int = 0
    settable: Mapping[str, SettableRange] = field(default_factory=dict)
    features: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """The abilities as sorted words, as they are published in ``info``."""
        words = {*self.features}
        if self.slots:
            words.add("slots")
        if self.telemetry_keys:
            words.add("telemetry")
        if self.settable:
            words.add("control")
        return sorted(words)
