"""What goes into a fold beside readings, and what comes out of it; and what is on a part only for a time. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.model import KEYS, EventType, Key, Kind, State
from services.rules.battery import BatteryLevel, StatusRules


@dataclass(frozen=True, slots=True)
class Situation:
    """What surrounds a part while it is folded. ``now`` and ``heard_at`` are RFC 3339, ``now_s`` is Unix time."""

    now: str
    now_s: float
    online: bool
    stale: bool
    rules: StatusRules
    presence: tuple[str, ...] = ()
    """Keys of which one, reported as unknown, means that no transmitter is on the air: `Abilities.presence`."""
    gone_s: float | None = None
    """For how many seconds the transmitter of this part has been gone, by a clock that nobody sets; ``None`` where only
    the stored time of day can tell."""
    heard_at: str | None = None
    """When the state before was last known to be true; ``None`` means just now."""
    more: tuple[Key, ...] = ()
    """Rows of the driver's own keys."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened once, with the values behind it as they were and as they are."""

    event: EventType
    before: Mapping[str, object]
    after: Mapping[str, object]
    at: str | None = None
    """RFC 3339, where it happened before it was reported; ``None`` means just now."""


@dataclass(frozen=True, slots=True)
class Folded:
    """The new state of a unit or part, with what changed in it."""

    state: State
    events: tuple[Happening, ...] = ()
    before: Mapping[str, object] = field(default_factory=dict)
    """Audited settings that changed, as they were."""
    after: Mapping[str, object] = field(default_factory=dict)
    """The same, as they are."""
    level: BatteryLevel | None = None
    """How urgent the transmitter's battery is: the next fold needs it for the hysteresis."""
    gone: tuple[str, ...] = ()
    """Keys of what left the part: they are no evidence any longer, and are taken out of what was reported."""


class Passing:
    """What is on a part only for a time: a transmitter on the air, a connected beltpack.

    What only it can report goes with it; the last of its battery stays readable, under ``last_`` and the key's name.
    """

    def __init__(self, kind: Kind, presence: str, seen: str, lost: EventType) -> None:
        """``presence`` is true while it is there, ``seen`` has when it last was."""
        self.presence = presence
        self.seen = seen
        self._lost = lost
        self.keys = KEYS.gone_with(kind, presence)
        """What only it can report: null as soon as it is gone."""
        self.last_battery: Mapping[str, str] = {
            row.name: row.derived_from[0] for row in KEYS.of(kind) if row.name.startswith("last_battery_")
        }
        """Key that stays readable when it goes -> key that it was."""

    def keep_last(self, new: dict[str, object], old: State, around: Situation) -> None:
        """Take what went with it away, in place, and keep when it was last there."""
        if new[self.presence] is False:
            for key in self.keys:
                new[key] = None
            for last, live in self.last_battery.items():
                new[last] = old[live] if old[live] is not None else old[last]
            went = around.heard_at or around.now
            new[self.seen] = went if old[self.presence] is True else old[self.seen]
            return
        new[self.seen] = None if new[self.presence] else old[self.seen]
        for last, live in self.last_battery.items():
            new[last] = new[live] if new[live] is not None else old[last]

    def gone_for_s(self, state: State, around: Situation) -> float | None:
        """For how many seconds it has been gone; ``None`` where it is not, or nobody knows."""
        since = state[self.seen]
        if not isinstance(since, str):
            return None
        if around.gone_s is not None:
            return around.gone_s
        return max(0.0, around.now_s - datetime.fromisoformat(since).timestamp())  # a clock that was set back

    def loss(self, old: State, new: State) -> list[Happening]:
        """The event of its going, at the time when it was last there."""
        if not (old[self.presence] is True and new[self.presence] is False):
            return []
        seen = new[self.seen]
        at = seen if isinstance(seen, str) else None
        return [Happening(self._lost, {self.presence: True}, {self.presence: False}, at)]

    def battery_events(
        self, old: State, new: State, was: BatteryLevel | None, level: BatteryLevel | None
    ) -> list[Happening]:
        """Events of a battery that crossed a threshold; none where it went with its transmitter."""
        if level == was or not new[self.presence]:
            return []
        before = {live: old[live] for live in self.last_battery.values()}
        after = {live: new[live] for live in self.last_battery.values()}
        if level == "critical":
            return [Happening("battery_critical", before, after)]
        if level == "replace":
            return [Happening("battery_replace", before, after)] if was is None else []
        known = any(value is not None for value in after.values())
        return [Happening("battery_recovered", before, after)] if known else []
