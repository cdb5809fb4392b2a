"""The table of verbs. One that is not here is unknown; the documents and all checks are made from these rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from services.model import RESOURCE_KINDS, UNIT_KINDS, Address, Kind
from services.verbs.arguments import (
    Arguments,
    Discover,
    Identify,
    LabelsSet,
    LockArguments,
    MeterBoost,
    NoArguments,
    Note,
    OfReceiver,
    OfUnit,
    ReceiverAdd,
    ReceiverReplace,
    ReceiverUpdate,
    Refresh,
    SetMany,
    SetValues,
    UnitAdd,
    UnitChanges,
    UnitReplace,
    UnitReplacement,
    UnitUpdate,
    Unlock,
)

PROCESS: Final = "process"
"""The scope of what is addressed to the process itself, and so to everything that it serves."""

BRIDGE_SCOPES: Final = frozenset({PROCESS, Kind.BRIDGE.value})
"""The process itself, and the bridge as a resource of one campus."""

UNIT_SCOPES: Final = frozenset(kind.value for kind in UNIT_KINDS)
"""Units of every kind."""

PART_SCOPES: Final = frozenset(UNIT_KINDS[kind].part.value for kind in UNIT_KINDS)
"""Parts of every kind."""

RESOURCE_SCOPES: Final = frozenset(kind.value for kind in RESOURCE_KINDS)
"""Units and parts of every kind."""

NO_VERB: Final = "unknown"
"""Stands for a verb that is none, where the number of words must be bounded (metrics, reply topics)."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that may be asked."""

    name: str
    takes: Mapping[str, type[Arguments]]
    """Arguments by scope: ``process``, ``bridge``, and the kinds of units and parts."""
    about: str
    is_long: bool = False
    """Answered ``accepted`` first, and ``progress`` later, where it reaches more than one unit."""
    is_query: bool = False
    """Changes nothing: a repeated request is performed anew, for a remembered answer would be an old one."""
    is_kept: bool = False
    """Changes what is kept in the database: it has succeeded when that is written."""
    is_control: bool = False
    """Changes a unit: allowed by rules alone, done once a request id over a restart too, its results in the audit."""


def scope_of(address: Address | None) -> str:
    """The scope of a command's address: ``process`` for none, else the kind of the resource."""
    return PROCESS if address is None else address.kind.value


def _to(scopes: Iterable[str], takes: type[Arguments]) -> dict[str, type[Arguments]]:
    return dict.fromkeys(sorted(scopes), takes)


_ROWS: Final = (
    Verb(
        "refresh",
        {**_to(BRIDGE_SCOPES, Refresh), **_to(RESOURCE_SCOPES, NoArguments)},
        "Read units completely, now.",
        is_long=True,
    ),
    Verb(
        "detail",
        _to(RESOURCE_SCOPES, NoArguments),
        "Read one unit and answer with all that is known of it.",
        is_query=True,
    ),
    Verb("discover", _to(BRIDGE_SCOPES, Discover), "Look for units; progress is reported.", is_long=True),
    Verb("discover_cancel", _to(BRIDGE_SCOPES, NoArguments), "End a discovery that runs."),
    Verb("republish", _to(BRIDGE_SCOPES, NoArguments), "Publish everything retained again."),
    Verb("reload", _to(BRIDGE_SCOPES, NoArguments), "Read the configuration file again."),
    Verb("unit_add", _to(BRIDGE_SCOPES, UnitAdd), "Add a unit of any kind.", is_kept=True),
    Verb(
        "unit_remove",
        {**_to(BRIDGE_SCOPES, OfUnit), **_to(UNIT_SCOPES, NoArguments)},
        "Remove a unit, and keep discovery from adding it again.",
        is_kept=True,
    ),
    Verb(
        "unit_update",
        {**_to(BRIDGE_SCOPES, UnitUpdate), **_to(UNIT_SCOPES, UnitChanges)},
        "Change how a unit is reached or called.",
        is_kept=True,
    ),
    Verb(
        "unit_replace",
        {**_to(BRIDGE_SCOPES, UnitReplace), **_to(UNIT_SCOPES, UnitReplacement)},
        "Put new hardware behind an old id.",
        is_kept=True,
    ),
    Verb("receiver_add", _to(BRIDGE_SCOPES, ReceiverAdd), "Add a receiver.", is_kept=True),
    Verb(
        "receiver_remove",
        _to(BRIDGE_SCOPES, OfReceiver),
        "Remove a receiver, and keep discovery from adding it again.",
        is_kept=True,
    ),
    Verb(
        "receiver_update",
        _to(BRIDGE_SCOPES, ReceiverUpdate),
        "Change how a receiver is reached or called.",
        is_kept=True,
    ),
    Verb("receiver_replace", _to(BRIDGE_SCOPES, ReceiverReplace), "Put new hardware behind an old id.", is_kept=True),
    Verb("labels_set", _to(BRIDGE_SCOPES, LabelsSet), "Set where a unit stands.", is_kept=True),
    Verb("note", _to(BRIDGE_SCOPES, Note), "Write something into the audit.", is_kept=True),
    Verb(
        "set",
        {**_to(BRIDGE_SCOPES, SetMany), **_to(RESOURCE_SCOPES, SetValues)},
        "Set keys of a unit or part, where a control rule allows it; of a campus: of all units, or those with tags.",
        is_long=True,
        is_control=True,
    ),
    Verb(
        "identify",
        _to(RESOURCE_SCOPES, Identify),
        "Make a unit or part show itself to people, where a control rule allows it.",
        is_control=True,
    ),
    Verb(
        "meter_boost",
        _to(PART_SCOPES, MeterBoost),
        "Meter a part faster for a while, where a control rule allows it.",
        is_control=True,
    ),
    Verb("lock", _to(BRIDGE_SCOPES, LockArguments), "Forbid control, whatever the rules say.", is_kept=True),
    Verb("unlock", _to(BRIDGE_SCOPES, Unlock), "End a lock.", is_kept=True),
)

VERBS: Final[Mapping[str, Verb]] = {verb.name: verb for verb in _ROWS}
"""Every verb by its name."""
