"""PURE, data. What can be asked, heard and set of a device and of its channels, by capability.

A row is a capability, which is also the last part of its address and has an event of its own. Source:
docs/protocols/system-api.md#capabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.model import Kind


class UnreadableError(ValueError):
    """A value that no document explains; the text is that value."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One capability: the field of its body, the event that tells of it, and what it becomes."""

    name: str
    """The capability, and the last part of the address."""
    event: str
    field: str
    """The one field of its body, in answers, events and requests alike."""
    decode: Callable[[Any], object]
    """From the field's value; raises `UnreadableError`."""
    keys: Mapping[Kind, str]
    """What it is called, by the kind of the unit or part; a kind that is missing does not have it."""
    own: frozenset[Kind] = frozenset()
    """Kinds for which that is a key of this maker alone, under ``more``."""


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise UnreadableError(repr(value))
    return value.strip() or None


def _flag(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise UnreadableError(repr(value))


def _decibels(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > GAIN_MOST:  # noqa: PLR0124 - not a number
        raise UnreadableError(repr(value))
    if value != int(value):
        raise UnreadableError(repr(value))
    return int(value)


def _activity(value: Any) -> str | None:
    if value is None:
        return None
    word = ACTIVITY.get(value) if isinstance(value, str) else None
    if word is None:
        raise UnreadableError(repr(value))
    return word


GAIN_MOST: Final = 200
"""Decibels, either way; beyond is nonsense."""
ACTIVITY: Final[Mapping[str, str]] = {"LOW": "low", "GOOD": "good", "CLIPPING": "clipping"}

_UNITS = (Kind.RECEIVER, Kind.IEM, Kind.CHARGER)
_METERED = (Kind.RECEIVER, Kind.IEM)
_PARTS = (Kind.CHANNEL, Kind.IEM_CHANNEL)

UNIT_RESOURCES: Final[Mapping[str, Resource]] = {
    row.name: row
    for row in (
        Resource("name", "DEVICE_NAME", "name", _text, dict.fromkeys(_UNITS, "name")),
        Resource(
            "identify",
            "DEVICE_IDENTIFY",
            "identifying",
            _flag,
            dict.fromkeys(_UNITS, "identifying"),
            own=frozenset(_UNITS),
        ),
        Resource(
            "audio-mute",
            "DEVICE_AUDIO_MUTE",
            "muted",
            _flag,
            dict.fromkeys(_METERED, "audio_muted"),
            own=frozenset(_METERED),
        ),
    )
}
CHANNEL_RESOURCES: Final[Mapping[str, Resource]] = {
    row.name: row
    for row in (
        Resource("name", "AUDIO_CHANNEL_NAME", "name", _text, dict.fromkeys(_PARTS, "name")),
        Resource(
            "mute",
            "AUDIO_CHANNEL_MUTE",
            "muted",
            _flag,
            {Kind.CHANNEL: "receiver_muted", Kind.IEM_CHANNEL: "audio_muted"},
            own=frozenset({Kind.IEM_CHANNEL}),
        ),
        Resource(
            "gain",
            "AUDIO_CHANNEL_GAIN",
            "gain",
            _decibels,
            {Kind.CHANNEL: "gain_db", Kind.IEM_CHANNEL: "audio_gain_db"},
            own=frozenset({Kind.IEM_CHANNEL}),
        ),
        Resource(
            "activity",
            "AUDIO_CHANNEL_ACTIVITY",
            "audioLevel",
            _activity,
            dict.fromkeys(_PARTS, "audio_activity"),
            own=frozenset(_PARTS),
        ),
    )
}

EVENTS: Final[Mapping[str, Resource]] = {
    row.event: row for table in (UNIT_RESOURCES, CHANNEL_RESOURCES) for row in table.values()
}
"""By the name of the event."""


def value_of(resource: Resource, body: Any) -> object:
    """What a body says. Raises `UnreadableError`; `LookupError` where it says nothing of it."""
    if not isinstance(body, Mapping) or resource.field not in body:
        raise LookupError(resource.field)
    return resource.decode(body[resource.field])
