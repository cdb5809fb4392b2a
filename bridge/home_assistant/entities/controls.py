"""Entities that set something: made of what ``info.settable`` allows now, so they come and go with the rules. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bridge.home_assistant.entities.entity import Platform
from services.model import KEYS, Key, Kind, SettableRange

SUFFIX: Final = "_set"
"""Behind a key in the ids of its control: its reading keeps its own."""

_PLATFORMS: Final[Mapping[Any, Platform]] = {int: "number", float: "number", bool: "switch", str: "text"}


@dataclass(frozen=True, slots=True)
class Control:
    """One control: its platform, and the fields of its discovery beside ids and topics."""

    key: str
    platform: Platform
    fields: Mapping[str, object]


def controls(kind: Kind, settable: Mapping[str, SettableRange], names: Mapping[str, str]) -> list[Control]:
    """The controls of a part. ``names`` are those of its readings, by key."""
    rows = {row.name: row for row in KEYS.of(kind)}
    made = []
    for key, span in sorted(settable.items()):
        if key in rows and (control := _control(rows[key], span, names.get(key, words_of(key)))) is not None:
            made.append(control)
    return made


def possible(kind: Kind) -> dict[str, Platform]:
    """Every control that a part of a kind could have, by its key: those that it lacks are taken away by name."""
    return {row.name: _platform(row) for row in KEYS.of(kind) if row.role in {"setting", "live"} and _is_simple(row)}


def words_of(key: str) -> str:
    """A key as people read it, where nobody wrote a name."""
    text = key.replace("_", " ")
    return text[0].upper() + text[1:]


def _is_simple(row: Key) -> bool:
    return bool(row.choices) or row.type in _PLATFORMS


def _platform(row: Key) -> Platform:
    return "select" if row.choices else _PLATFORMS[row.type]


def _control(row: Key, span: SettableRange, name: str) -> Control | None:
    """A control; ``None`` where Home Assistant could not show it: a number without limits, words without a choice."""
    if not _is_simple(row):
        return None
    value = f"value_json.data.{row.name} if value_json is defined else none"
    fields: dict[str, object] = {"name": name, "entity_category": "config", "value_template": f"{{{{ {value} }}}}"}
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
    return Control(row.name, platform, fields)
