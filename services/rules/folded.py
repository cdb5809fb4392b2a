"""What goes into a fold beside readings, and what comes out of it. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.model import EventType, Key, State
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


def gone_for_s(state: State, around: Situation) -> float | None:
    """For how many seconds the transmitter of a channel has been gone; ``None`` where it is not, or nobody knows."""
    since = state["transmitter_last_seen"]
    if not isinstance(since, str):
        return None
    if around.gone_s is not None:
        return around.gone_s
    return max(0.0, around.now_s - datetime.fromisoformat(since).timestamp())  # a clock that was set back
