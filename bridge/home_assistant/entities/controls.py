"""Entities that control something: made of what rules allow now, so they come and go with the rules. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from bridge.home_assistant.entities.entity import Entity, Platform
from services.model import KEYS, Allowed, Key, Kind, SettableRange

TOGETHER: Final = frozenset({"group", "group_channel", "group_2", "group_channel_2"})
"""What a unit takes together with what it has of the others: while it has none it takes neither alone."""

SUFFIX: Final = "_set"
"""Behind a key in the ids of its control: its reading keeps its own."""

_PLATFORMS: Final[Mapping[Any, Platform]] = {int: "number", float: "number", bool: "switch", str: "text"}


@dataclass(frozen=True, slots=True)
class Control:
    """One control: its platform, and the fields of its discovery beside ids and topics."""

    id: str
    """Its own within the device; ids are made of it, so it never changes."""
    key: str
    platform: Platform
    fields: Mapping[str, object]
    verb: Literal["set", "identify"] = "set"
    needs: str = ""
    """Template of a condition, without braces, for it to be available beside its device; empty where there is none."""


IDENTIFY: Final = Control(
    "identify",
    "identify",
    "button",
    {
        "name": "Identify",
        "device_class": "identify",
        "entity_category": "config",
        "payload_press": '{"args":{"on":true}}',
    },
    "identify",
)
"""Makes the unit or part flash."""


def controls(kind: Kind, allowed: Allowed, readings: Mapping[str, Entity], more: Sequence[Key] = ()) -> list[Control]:
    """The controls of a unit or part. ``readings`` are its other entities by key, of which a
    control has name and icon; ``more`` the keys of its maker alone.
    """
    made = [IDENTIFY] if allowed.identify else []
    for row, value in _rows(kind, more):
        if (span := allowed.settable.get(row.name)) is not None:
            control = _control(row, value, span, readings.get(row.name))
            made += [control] if control is not None else []
    return made


def possible(kind: Kind, more: Sequence[Key] = ()) -> dict[str, Platform]:
    """Every control that a thing of a kind could have, by its id: those that it lacks are taken away by name."""
    rows = (row for row, _ in _rows(kind, more) if row.role in {"setting", "live"} and _is_simple(row))
    return {IDENTIFY.id: IDENTIFY.platform, **{row.name + SUFFIX: _platform(row) for row in rows}}


def _rows(kind: Kind, more: Sequence[Key]) -> list[tuple[Key, str]]:
    """Each key with the template of its value, without braces."""
    own = [row for row in more if kind in row.kinds]
    return [
        *((row, f"value_json.data.{row.name}") for row in KEYS.of(kind)),
        *((row, f"(value_json.data.more or {{}}).get('{row.name}')") for row in own),
    ]


_ENDINGS: Final = ("_percent", "_minutes", "_mhz", "_db", "_mw", "_c", "_mah")


def short(key: str) -> str:
    """A key without its unit, as people type and read it: ``battery`` of ``battery_percent``."""
    for ending in _ENDINGS:
        if key.endswith(ending) and len(key) > len(ending):
            return key.removesuffix(ending)
    return key


def words_of(key: str) -> str:
    """A key as people read it, where nobody wrote a name; its unit stands behind the value."""
    text = short(key).replace("_", " ")
    return text[0].upper() + text[1:]


def _is_simple(row: Key) -> bool:
    return bool(row.choices) or row.type in _PLATFORMS


def _platform(row: Key) -> Platform:
    return "select" if row.choices else _PLATFORMS[row.type]


def _control(row: Key, value: str, span: SettableRange, reading: Entity | None) -> Control | None:
    """A control; ``None`` where Home Assistant could not show it: a number without limits, words without a choice."""
    if not _is_simple(row):
        return None
    own, value = value, f"{value} if value_json is defined else none"
    name = words_of(row.name) if reading is None else reading.name
    look = {key: value for key, value in (reading.more if reading else {}).items() if key == "icon"}
    fields: dict[str, object] = {
        "name": name,
        **look,
        "entity_category": "config",
        "value_template": f"{{{{ {value} }}}}",
    }
    command = '{"args":{"%s":{{ value%s }}}}'
    platform = _platform(row)
    if platform == "number":
        low, high = span.get("minimum"), span.get("maximum")
        if low is None or high is None or low >= high:
            return None
        fields |= {"min": low, "max": high, "step": span.get("step") or 1, "mode": "box"}
        fields |= {"unit_of_measurement": row.unit} if row.unit else {}
        fields["command_template"] = command % (row.name, "")
    elif platform == "switch":
        plain = '{"args":{"%s":%s}}'
        fields |= {"payload_on": plain % (row.name, "true"), "payload_off": plain % (row.name, "false")}
        fields |= {"state_on": "True", "state_off": "False"}
    elif platform == "text":
        # a text has no way to be unknown, and an empty one can be edited
        fields["value_template"] = f"{{{{ ({value}) or '' }}}}"
        fields |= {
            "command_template": command % (row.name, " | tojson"),
            "max": min(255, span.get("max_length") or 255),
        }
    else:
        options = [word for word in span.get("choices") or row.choices if word in row.choices]
        if not options:
            return None
        fields |= {"options": options, "command_template": command % (row.name, " | tojson")}
    needs = f"value_json is defined and {own} is not none" if row.name in TOGETHER else ""
    return Control(row.name + SUFFIX, row.name, platform, fields, needs=needs)
