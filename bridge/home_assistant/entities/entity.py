"""One row of the table: an entity, and where its value stands. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from services.model import EventType, Facet

Platform = Literal["sensor", "binary_sensor", "event", "number", "switch", "text", "select", "button"]
Form = Literal["plain", "words", "number", "time"]
"""What a value is: any text, one of closed words, a number, or a time as RFC 3339."""

LEVELS_EXPIRE_S: Final = 100
"""``levels`` come every 30 s; after three that did not come a level is not known any more."""


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity of a device. Field names of `more` are those of Home Assistant's MQTT discovery."""

    key: str
    """Its own within the device; ids are made of it, so it never changes."""
    name: str
    platform: Platform = "sensor"
    reads: str = ""
    """Template of the value without braces; empty for ``value_json.data.<key>``."""
    facet: Facet = Facet.STATE
    form: Form = "plain"
    options: tuple[str, ...] = ()
    """The closed words that it can be; also the types of an event."""
    on: bool = True
    """Enabled without anybody asking for it."""
    diagnostic: bool = False
    needs: tuple[str, ...] = ()
    """Keys of which the unit must have one; empty: ``key``. See `always`."""
    always: bool = False
    """It is there whatever the unit can."""
    instead_of: str = ""
    """Enabled only where the unit lacks this key: bars, where there is no percentage."""
    own: bool = False
    """Its availability is that of the bridge alone."""
    lasting: bool = False
    """It has a state as long as the broker has one: it tells itself that the bridge is gone."""
    details: str = ""
    """Template of an object that becomes its attributes, without braces; empty where it has none."""
    more: Mapping[str, object] = field(default_factory=dict)

    def fits(self, keys: frozenset[str]) -> bool:
        """Whether a unit or part with these keys has it."""
        return self.always or not keys.isdisjoint(self.needs or (self.key,))

    def is_on(self, keys: frozenset[str]) -> bool:
        """Whether it is enabled on a unit or part with these keys."""
        return self.on and (not self.instead_of or self.instead_of not in keys)

    @property
    def value(self) -> str:
        """The template of its value without braces; unknown where somebody emptied the topic, as at a removal.

        Home Assistant may read an emptied topic before it has taken the entity away, and complains of what it lacks.
        """
        return f"({self.reads or f'value_json.data.{self.key}'}) if value_json is defined else none"


@dataclass(frozen=True, slots=True)
class Trigger:
    """A device trigger: an event that an automation can begin with, found at the device."""

    event: EventType
    subtype: str
    """The thing that it happens to, in a word."""


def measured(unit: str, device_class: str = "", precision: int | None = None) -> Mapping[str, object]:
    """The fields of a number that is worth a graph."""
    return {"state_class": "measurement", **figure(unit, device_class, precision)}


def figure(unit: str, device_class: str = "", precision: int | None = None) -> Mapping[str, object]:
    """The fields of a number that people set: worth no graph."""
    fields: dict[str, object] = {"unit_of_measurement": unit} if unit else {}
    if device_class:
        fields["device_class"] = device_class
    if precision is not None:
        fields["suggested_display_precision"] = precision
    return fields


def of_class(name: str) -> Mapping[str, object]:
    """The field of a device class alone."""
    return {"device_class": name}


def icon(name: str) -> Mapping[str, object]:
    """The field of an icon."""
    return {"icon": f"mdi:{name}"}
