"""The arguments of commands: what may be asked of each verb, as models.

`docs/topics.md` and the AsyncAPI document are made from here: a field's description is its documentation. Texts lose
control characters and hosts are written in one way before anything sees them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from services.model import ID_PATTERN, RESOURCE_KINDS, UNIT_KINDS, UnitWord, clean_text
from services.rules import networks

SHORTEST_METER_S = 0.1
"""Shure units refuse a shorter METER_RATE."""

TEXT_MOST = 200
"""Characters of a name or label."""
KEYS_MOST = 32
"""Keys of one ``set``; no unit has as many."""
NOTE_MOST = 2000
"""Characters of a note."""

_RESOURCE = rf"^({'|'.join(RESOURCE_KINDS)})/[a-z0-9][a-z0-9_-]{{0,62}}$"
_NEW_ID = r"^[a-z0-9][a-z0-9_-]{0,57}$"
_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_HOST = r"^[^\s/]+$"

PATTERNS_IN_WORDS: Final = {
    ID_PATTERN: "an id: lower-case letters, digits, - and _, at most 63, the first a letter or digit",
    _NEW_ID: "an id: lower-case letters, digits, - and _, at most 58, the first a letter or digit",
    _HOST: "a host name or address, without blanks and slashes",
    _RESOURCE: f"a kind, a slash and an id, for example receiver/rack1; the kinds are {', '.join(RESOURCE_KINDS)}",
}
"""What people are told who did not keep to a pattern."""

_LABELS = ("location", "building", "room", "rack", "position", "tags")
_SETTINGS = ("host", "port", "unit", "name", "driver", "interface", "meter_interval")


def _place(value: str) -> str:
    networks.parse(value)
    return value


def _host(value: str) -> str:
    """A host without a port, that a unit can have."""
    place = networks.parse(value)
    if not isinstance(place, networks.Host) or place.port is not None:
        raise ValueError(f"{value!r} is not one host; a port has an argument of its own")
    return place.host


def _interface(value: str | None) -> str | None:
    if value:
        try:
            ip_address(value)
        except ValueError:
            raise ValueError(f"{value!r} is no address: give one of this machine's, or an empty text") from None
    return value


def _meter_interval(value: float | None) -> float | None:
    if value is not None and 0 < value < SHORTEST_METER_S:
        raise PydanticCustomError("greater_than_equal", "must be 0, or 0.1 to 60 seconds")
    return value


def _text(value: str | None) -> str | None:
    return None if value is None else clean_text(value.strip(), TEXT_MOST)


def _word(value: str, most: int = TEXT_MOST) -> str:
    if not (clean := clean_text(value.strip(), most)):
        raise ValueError("this has nothing that can be shown")
    return clean


_TIME: Final = TypeAdapter(AwareDatetime)


def moment(text: str) -> datetime:
    """A point in time with its zone. Raises `ValueError` with an example."""
    try:
        return _TIME.validate_python(text)
    except ValidationError:
        raise ValueError("write it as 2026-11-22T19:30:00Z (RFC 3339, with a time zone)") from None


def _moment(value: str | None) -> str | None:
    """A time as it is kept and shown, whatever way it was written."""
    return None if value is None else moment(value).isoformat()


Id = Annotated[str, Field(pattern=ID_PATTERN)]
NewId = Annotated[
    str | None,
    Field(pattern=_NEW_ID, description="At most 58 characters."),
]
Host = Annotated[
    str,
    Field(min_length=1, max_length=253, pattern=_HOST, description="Host name or address."),
    AfterValidator(_host),
]
Place = Annotated[
    str, AfterValidator(_place), Field(max_length=300, description="Network, range of addresses, address or host name.")
]
Port = Annotated[int | None, Field(ge=1, le=65535, description="Port, where it is not the driver's own.")]
Word = Annotated[str, Field(min_length=1, max_length=63), AfterValidator(_word)]
Text = Annotated[str | None, Field(max_length=TEXT_MOST), AfterValidator(_text)]
Interface = Annotated[
    str | None, Field(max_length=45, description="Local address to connect from."), AfterValidator(_interface)
]
Behind = Annotated[
    Word | None, Field(description="Which one of the units behind a gateway at the host, as a discovery names it.")
]
MeterInterval = Annotated[
    float | None,
    Field(ge=0, le=60, description="Seconds between meter samples, 0.1 to 60; 0 is off."),
    AfterValidator(_meter_interval),
]
Tags = Annotated[list[Word], Field(max_length=64, description="Words to select units by.")]


class Arguments(BaseModel):
    """What all have in common: nothing is guessed, nothing unknown is let through."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SetValues(Arguments):
    """Set keys to values: ``info.settable`` of the unit or part has which, and within which range.

    Instead of a value ``{"step": 3}`` or ``{"toggle": true}``, with request_id and valid_until. What a unit keeps is
    checked against the unit itself, not here.
    """

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, Any]

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_extra:
            raise ValueError('nothing to set; give keys and values, for example "gain_db": 6')
        if strange := [key for key in self.model_extra if not _KEY.fullmatch(key)]:
            raise ValueError(f"{clean_text(strange[0], 40)!r} is no key: small letters, digits and _")
        if len(self.model_extra) > KEYS_MOST:
            raise ValueError(f"at most {KEYS_MOST} keys at once")
        return self


def is_relative(value: object) -> bool:
    """Whether it is a step or a toggle, and neither nonsense nor a value."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    step = value.get("step")
    return value.get("toggle") is True or (isinstance(step, int | float) and not isinstance(step, bool))


class Identify(Arguments):
    """Make a unit or part show itself, where it can."""

    on: Annotated[bool, Field(description="false ends it; it also ends by itself.")] = True


class MeterBoost(Arguments):
    """Meter one part faster for a while."""

    interval: Annotated[
        float, Field(ge=SHORTEST_METER_S, le=60, description="Seconds between two samples asked of the unit.")
    ] = SHORTEST_METER_S
    duration: Annotated[float, Field(ge=1, le=300, description="For so many seconds, then as before.")] = 60.0


class NoArguments(Arguments):
    """The verb has no arguments."""


class Refresh(Arguments):
    """Read units completely, now. Without arguments all of them."""

    manufacturer: Annotated[Word | None, Field(description="Only units of this maker.")] = None
    tags: Annotated[Tags | None, Field(description="Only units that have all of these tags.")] = None


class Discover(Arguments):
    """Look for units. Without arguments in the configured ranges and hosts."""

    networks: Annotated[list[Place], Field(max_length=1000, description="Look here instead.")] = []
    hosts: Annotated[list[Place], Field(max_length=10_000, description="And at these hosts.")] = []
    manufacturer: Annotated[Word | None, Field(description="Only units of this maker.")] = None
    adopt: Annotated[bool, Field(description="Add what answers; false only lists it among the candidates.")] = True
    limit: Annotated[int | None, Field(ge=1, le=65_536, description="Ask no more addresses than so many.")] = None


class OfTenant(Arguments):
    """Which campus is meant, for commands to the process; a campus's own command topic names it already."""

    organization: Annotated[Id | None, Field(description="Default: the configured one.")] = None
    campus: Annotated[Id | None, Field(description="Default: the configured one.")] = None


class SetMany(SetValues, OfTenant):
    """Set keys of all units of a campus, or of those with tags, and of their parts: of each what it has of them."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)  # the other base forbids it

    tags: Annotated[Tags, Field(description="Only units that have all of these tags.")] = []
    kinds: Annotated[list[UnitWord], Field(max_length=len(UNIT_KINDS), description="Only units of these kinds.")] = []


class Unlock(OfTenant):
    """End a lock: that of exactly these tags, without tags that of the campus."""

    tags: Annotated[Tags, Field(description="The tags that were locked.")] = []


class LockArguments(Unlock):
    """Forbid set, identify and meter_boost at a campus, or at its units that have all of these tags."""

    reason: Annotated[
        str,
        Field(min_length=1, max_length=TEXT_MOST, description="What people are told whose control is refused."),
        AfterValidator(_word),
    ]
    until: Annotated[
        str | None, Field(max_length=40, description="RFC 3339; the lock ends by itself."), AfterValidator(_moment)
    ] = None


class OfUnit(OfTenant):
    """Which unit is meant, of whatever kind."""

    id: Annotated[Id, Field(description="The unit's id.")]


class OfReceiver(OfTenant):
    """Which receiver is meant."""

    id: Annotated[Id, Field(description="The receiver's id.")]


class ReceiverAdd(OfTenant):
    """Add a receiver by its host, or one that is not there yet by its id."""

    id: NewId = None
    host: Host | None = None
    port: Port = None
    driver: Annotated[Word, Field(description="auto asks every driver.")] = "auto"
    manufacturer: Annotated[Word | None, Field(description="Maker, for gear that is only listed.")] = None
    name: Text = None
    location: Text = None
    building: Text = None
    room: Text = None
    rack: Text = None
    position: Text = None
    tags: Tags = []

    @model_validator(mode="after")
    def _host_or_id(self) -> Self:
        if self.host is None and self.id is None:
            raise ValueError("give the unit's host, or an id for one that is not there yet")
        return self


class UnitAdd(ReceiverAdd):
    """Add a unit of any kind by its host, or one that is not there yet by its id and kind."""

    kind: Annotated[
        UnitWord | None,
        Field(description="Found out by asking where it is not given; needed for a unit that does not answer."),
    ] = None
    unit: Behind = None


class ReceiverChanges(Arguments):
    """Change how a receiver is reached or called."""

    host: Host | None = None
    port: Port = None
    name: Text = None
    driver: Word | None = None
    interface: Interface = None
    meter_interval: MeterInterval = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        settings = tuple(key for key in _SETTINGS if key in type(self).model_fields)
        if not self.model_fields_set & set(settings):
            raise ValueError(f"nothing to change; give {_listed(settings)}")
        return self


class UnitChanges(ReceiverChanges):
    """Change how a unit is reached or called."""

    unit: Behind = None


class UnitUpdate(UnitChanges, OfUnit):
    """Change how a unit is reached or called."""


class ReceiverUpdate(ReceiverChanges, OfReceiver):
    """Change how a receiver is reached or called."""


class ReceiverReplacement(Arguments):
    """Put new hardware behind the id."""

    host: Annotated[Host | None, Field(description="Where the new unit is; default: the same host.")] = None


class UnitReplacement(ReceiverReplacement):
    """Put new hardware behind the id."""

    unit: Behind = None


class UnitReplace(UnitReplacement, OfUnit):
    """Put new hardware behind an old id."""


class ReceiverReplace(ReceiverReplacement, OfReceiver):
    """Put new hardware behind an old id."""


class LabelsSet(OfUnit):
    """Set where a unit stands; null takes a label away, what is not named stays."""

    location: Text = None
    building: Text = None
    room: Text = None
    rack: Text = None
    position: Text = None
    tags: Annotated[Tags | None, Field(description="Words to select units by.")] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set & set(_LABELS):
            raise ValueError(f"nothing to set; give {_listed(_LABELS)}")
        return self


class Note(OfTenant):
    """Write something into the audit."""

    text: Annotated[
        str,
        Field(min_length=1, max_length=NOTE_MOST, description="What to write."),
        AfterValidator(lambda text: _word(text, NOTE_MOST)),
    ]
    resource: Annotated[str | None, Field(pattern=_RESOURCE, description="What it is about: kind, slash, id.")] = None


def _listed(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
