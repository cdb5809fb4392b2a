"""What may be set: rules of the configuration, and values held against what a unit takes and a rule allows.

Nothing is allowed without a rule. The first rule in the file that covers a place, a verb and a key decides its limits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from services.model import Campus, ServiceError, SettableRange, in_words

RF_KEYS: Final = frozenset(
    {"frequency_mhz", "frequency_2_mhz", "group", "group_channel", "rf_muted", "rf_power_mw", "tx_power_level"}
)
"""What moves or ends a carrier: only where a rule says ``allow_rf``."""

MOVED_BY: Final[Mapping[str, frozenset[str]]] = {"frequency_mhz": frozenset({"group", "group_channel"})}
"""A frequency is moved by the choice of a group, and a group ends with a frequency of its own: whichever goes out last
would make the other's confirmation untrue."""

SWITCH: Final = frozenset({"true", "false"})
"""The choices of a key that is on or off."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a rule may cover: a unit."""

    tenant: Campus
    unit: str
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ControlRule:
    """One rule; what is ``None`` or empty matches everything, but verbs."""

    number: int
    """Its place in the file, from 1: what the audit names."""
    verbs: frozenset[str]
    organization: str | None = None
    campus: str | None = None
    tags: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    keys: frozenset[str] | None = None
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    allow_rf: bool = False
    only_idle: bool = False

    def covers(self, place: Place, verb: str) -> bool:
        """Whether a verb at a place is this rule's business: all that it names must match."""
        return (
            verb in self.verbs
            and self.organization in {None, place.tenant.organization}
            and self.campus in {None, place.tenant.campus}
            and self.tags <= place.tags
            and (not self.units or place.unit in self.units)
        )

    def allows(self, key: str) -> bool:
        """Whether it lets a key be set."""
        return (self.keys is None or key in self.keys) and (self.allow_rf or key not in RF_KEYS)


def rule_of(rules: Iterable[ControlRule], place: Place, verb: str, key: str | None = None) -> ControlRule | None:
    """The first rule that allows a verb at a place, of a ``set`` for one key; ``None`` where none does."""
    return next((rule for rule in rules if rule.covers(place, verb) and (key is None or rule.allows(key))), None)


def allowed(
    rules: Sequence[ControlRule], place: Place, settable: Mapping[str, SettableRange]
) -> dict[str, SettableRange]:
    """Of what a unit or part takes, what rules let it be set to."""
    ranges = {}
    for key, can in settable.items():
        rule = rule_of(rules, place, "set", key)
        if rule is not None and (narrowed := within_limits(can, rule.limits.get(key))) is not None:
            ranges[key] = narrowed
    return ranges


def within_limits(can: SettableRange, limits: tuple[float, float] | None) -> SettableRange | None:
    """A range made narrower; ``None`` where nothing is left of it."""
    if limits is None:
        return can
    if (choices := can.get("choices")) is not None:
        within = [word for word in choices if _is_number(word) and limits[0] <= float(word) <= limits[1]]
        return {**can, "choices": within} if within else None
    low, high = max(limits[0], can.get("minimum", -math.inf)), min(limits[1], can.get("maximum", math.inf))
    if low > high:
        return None
    step, origin = can.get("step"), can.get("minimum", 0.0)
    if step:  # the grid is the unit's, wherever the limits begin
        low = origin + math.ceil(round((low - origin) / step, 6)) * step
    narrowed = can.copy()
    if math.isfinite(low):
        narrowed["minimum"] = _plain(low)
    if math.isfinite(high):
        narrowed["maximum"] = _plain(high)
    return narrowed


def is_idle(states: Iterable[Mapping[str, object]]) -> bool:
    """Whether none of these parts has a carrier on the air, by their states; where nobody knows, one may be."""
    return all(_has_no_carrier(state) for state in states)


def _has_no_carrier(state: Mapping[str, object]) -> bool:
    if "transmitter_present" in state:
        return state["transmitter_present"] is False
    return "rf_muted" not in state or state["rf_muted"] is True  # an IEM transmitter sends itself; a bay never does


def check_together(keys: Iterable[str]) -> None:
    """Refuse keys of which one sets the other. Raises `ServiceError` (schema_violation)."""
    asked = {*keys}
    for one, others in MOVED_BY.items():
        if one in asked and (other := min(asked & others, default=None)):
            detail = f"give {one} or {other}, not both: the unit sets either by the other"
            raise ServiceError("schema_violation", detail, field=f"args.{other}")


def checked(key: str, can: SettableRange, value: object) -> object:
    """A value as it may be sent. Raises `ServiceError` (out_of_range, schema_violation): nothing is clamped."""
    if isinstance(value, Mapping):  # neither a step nor a toggle: those were counted out before
        detail = f'{key} must be a value, {{"step": NUMBER}} or {{"toggle": true}}, not another object'
        raise ServiceError("schema_violation", detail, field=f"args.{key}")
    if choices := can.get("choices"):
        return _choice(key, choices, value)
    if "max_length" in can:
        return _text(key, can, value)
    return _number(key, can, value)


def relative(key: str, change: Mapping[str, object], now: object) -> object:
    """The value that a step or a toggle leads to. Raises `ServiceError`."""
    where = f"args.{key}"
    if now is None:
        raise ServiceError("not_settable", f"{key} is unknown now: give the value itself", field=where)
    if "toggle" in change:
        if not isinstance(now, bool):
            raise ServiceError("schema_violation", f"{key} is no switch: it cannot be toggled", field=where)
        return not now
    step = change["step"]
    if isinstance(now, bool) or not isinstance(now, int | float) or not isinstance(step, int | float):
        raise ServiceError("schema_violation", f"{key} is no number: it has no steps", field=where)
    return _plain(round(now + step, 6))


def _choice(key: str, choices: Sequence[str], value: object) -> object:
    where = f"args.{key}"
    if {*choices} == SWITCH:
        if not isinstance(value, bool):
            raise ServiceError("schema_violation", f"{key} must be true or false, not {in_words(value)}", field=where)
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float) or str(_plain(value)) not in choices:
        detail = f"{key} must be one of {', '.join(choices)}, not {in_words(value)}"
        raise ServiceError("out_of_range", detail, field=where)
    return int(value) if all(choice.lstrip("-").isdigit() for choice in choices) else value


def _text(key: str, can: SettableRange, value: object) -> str:
    where, most, least = f"args.{key}", can["max_length"], can.get("min_length", 0)
    if not isinstance(value, str):
        raise ServiceError("schema_violation", f"{key} must be a text, not {in_words(value)}", field=where)
    if not least <= len(value) <= most:
        detail = f"{key} must have {least} to {most} characters on this unit, not {len(value)}"
        raise ServiceError("out_of_range", detail, field=where)
    characters = can.get("characters")
    if characters is not None and (strange := sorted({*value} - {*characters})):
        raise ServiceError(
            "out_of_range", f"{key} cannot hold {' '.join(map(repr, strange))} on this unit", field=where
        )
    if value != value.strip():
        raise ServiceError("out_of_range", f"{key} must neither begin nor end with a blank", field=where)
    return value


def _number(key: str, can: SettableRange, value: object) -> float:
    where = f"args.{key}"
    low, high, unit = can.get("minimum"), can.get("maximum"), f" {can['unit']}" if can.get("unit") else ""
    bounds = [f" {word} {bound:.10g}" for word, bound in (("from", low), ("to", high)) if bound is not None]
    may = f"{key} must be a number" + (f"{''.join(bounds)}{unit}" if bounds else "")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ServiceError("schema_violation", f"{may}, not {in_words(value)}", field=where)
    if (low is not None and value < low) or (high is not None and value > high):
        raise ServiceError("out_of_range", f"{may}, not {in_words(value)}", field=where)
    step = can.get("step")
    if step and abs((steps := (value - (low or 0.0)) / step) - round(steps)) > 1e-6:  # noqa: PLR2004 - of a step
        detail = f"{may} in steps of {step:.10g}{unit}, not {in_words(value)}"
        raise ServiceError("out_of_range", detail, field=where)
    return _plain(value)


def _is_number(word: str) -> bool:
    return word.lstrip("-").replace(".", "", 1).isdigit()


T = TypeVar("T")


def _plain(value: T) -> T | int:
    """A number without a fraction as the whole number that it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
