"""Makes the new state of the old one and of what a unit reported, with settings that changed and events. PURE.

A unit and each of its parts keep two mappings. ``reported`` is what the unit reported in this session, merged.
``state`` is what is published: the keys of the kind, made of ``reported`` and of the state before (the last battery,
when the transmitter was last there). A state is never changed in place. The key table lists the keys;
`FOLDS` has what a kind has beyond that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.model import KEYS, RESOURCE_KINDS, EventType, Key, Kind, State
from services.rules import bays, channels
from services.rules.battery import BatteryLevel, battery_level
from services.rules.folded import Folded, Happening, Passing, Situation
from services.rules.status import Signs, judge

MORE = "more"

Derive = Callable[[dict[str, object], State, Mapping[str, object], Situation], None]


@dataclass(frozen=True, slots=True)
class Fold:
    """What one kind of part has beyond merging: keys that follow from others, events, and who leaves it."""

    derive: Derive | None = None
    edges: tuple[tuple[str, object, object, EventType], ...] = ()
    events: Callable[[State, State, BatteryLevel | None, BatteryLevel | None], Sequence[Happening]] = field(
        default=lambda _old, _new, _was, _level: ()
    )
    presence: str = ""
    """Key that is true while a transmitter is on the channel or a battery in the bay."""
    passing: Passing | None = None
    """What is on the part for a time and has a battery: thresholds count, and for a while it is lost after it went."""
    forgets: bool = False
    """What leaves is another thing than what comes next: nothing that it reported is evidence any longer."""
    back: Callable[[State], dict[str, object]] | None = None


BELTPACK = Passing(Kind.BELTPACK, "connected", "last_seen", "beltpack_lost")

FOLDS: Mapping[Kind, Fold] = {
    Kind.CHANNEL: Fold(
        channels.derive,
        channels.EDGES,
        channels.events,
        channels.PRESENCE,
        channels.TRANSMITTER,
        back=channels.reported_of,
    ),
    Kind.IEM_CHANNEL: Fold(),
    Kind.BAY: Fold(
        bays.derive,
        bays.EDGES,
        bays.charge_events,
        bays.PRESENCE,
        forgets=True,
    ),
    Kind.BELTPACK: Fold(
        lambda new, old, _reported, around: BELTPACK.keep_last(new, old, around),
        (("connected", False, True, "beltpack_connected"),),
        lambda old, new, was, level: [*BELTPACK.loss(old, new), *BELTPACK.battery_events(old, new, was, level)],
        BELTPACK.presence,
        BELTPACK,
        forgets=True,
    ),
}
"""Every kind of part."""


class _Names(NamedTuple):
    """Names of a kind's keys, as the table has them: looked up once a fold, for a fold happens at every change."""

    keys: tuple[str, ...]
    kept: tuple[str, ...]
    audited: tuple[str, ...]
    gone: tuple[str, ...]


def _names(kind: Kind) -> _Names:
    presence = FOLDS[kind].presence if kind in FOLDS else ""
    return _Names(
        keys=tuple(key for key in KEYS.names(kind) if key != MORE),
        kept=KEYS.with_role(kind, "kept"),
        audited=KEYS.audited(kind),
        gone=KEYS.gone_with(kind, presence) if presence else (),
    )


_NAMES: Mapping[Kind, _Names] = {kind: _names(kind) for kind in RESOURCE_KINDS}


def fold_part(
    kind: Kind,
    state: State,
    reported: Mapping[str, object],
    around: Situation,
    level: BatteryLevel | None = None,
) -> Folded | None:
    """Make the state of everything reported; ``None`` where nothing of it changed.

    ``reported["more"]`` holds the driver's own keys. ``level`` is `Folded.level` of the fold before.
    """
    fold, names = FOLDS[kind], _NAMES[kind]
    new = _merged(names, state, reported)
    if fold.derive is not None:
        fold.derive(new, state, reported, around)
    new[MORE] = _more(kind, new, reported, around.more)
    now = battery_level(new, around.rules, level) if fold.passing else None
    new["status"], new["status_reasons"] = judge(kind, new, _signs(fold, new, around, now))
    if new == state:
        return None
    left = bool(fold.presence) and new[fold.presence] is False
    gone = names.gone if left else ()
    # values that went with the transmitter were not changed by anybody
    changed = [key for key in names.audited if new[key] != state[key] and key not in gone]
    return Folded(
        new,
        (*_crossed(fold, state, new), *fold.events(state, new, level, now)),
        {key: state[key] for key in changed},
        {key: new[key] for key in changed},
        now,
        gone if fold.forgets else (),
    )


def fold_unit(kind: Kind, state: State, reported: Mapping[str, object], more: tuple[Key, ...] = ()) -> Folded | None:
    """The state of a unit itself, of everything reported; ``None`` where nothing changed."""
    names = _NAMES[kind]
    new = _merged(names, state, reported)
    new[MORE] = _more(kind, new, reported, more)
    if new == state:
        return None
    changed = [key for key in names.audited if new[key] != state[key] and state[key] is not None]
    return Folded(new, (), {key: state[key] for key in changed}, {key: new[key] for key in changed})


def rejudge(kind: Kind, state: State, around: Situation, level: BatteryLevel | None = None) -> Folded | None:
    """The same values judged again: the unit went offline, time passed, or the thresholds are others.

    ``None`` where the status and its reasons stay; there are no events.
    """
    fold = FOLDS[kind]
    now = battery_level(state, around.rules, level) if fold.passing else None
    status, reasons = judge(kind, state, _signs(fold, state, around, now))
    if status == state["status"] and reasons == state["status_reasons"]:
        return None
    return Folded({**state, "status": status, "status_reasons": reasons}, (), {}, {}, now)


def reported_of(kind: Kind, state: State) -> dict[str, object]:
    """What a unit has to report to make this state of a unit or part, as far as it is known."""
    fold = FOLDS.get(kind)
    if fold is not None and fold.back is not None:
        return fold.back(state)
    return {key: value for key, value in state.items() if value is not None}


def _merged(names: _Names, state: State, reported: Mapping[str, object]) -> dict[str, object]:
    new = {key: reported.get(key) for key in names.keys}
    for key in names.kept:
        new[key] = state[key]
    return new


def _more(kind: Kind, new: State, reported: Mapping[str, object], rows: tuple[Key, ...]) -> dict[str, object]:
    """The driver's own keys: all that it declares for this kind, unknown where they were not reported."""
    own = reported.get(MORE)
    values: Mapping[str, object] = own if isinstance(own, Mapping) else {}
    if not rows:
        return dict(values)
    return {
        row.name: None if row.gone_with and new.get(row.gone_with) is False else values.get(row.name)
        for row in rows
        if kind in row.kinds
    }


def _signs(fold: Fold, state: State, around: Situation, level: BatteryLevel | None) -> Signs:
    gone_s = fold.passing.gone_for_s(state, around) if fold.passing else None
    lost = gone_s is not None and gone_s < around.rules.lost_hold_s
    return Signs(level, lost, around.online, around.stale)


def _crossed(fold: Fold, old: State, new: State) -> list[Happening]:
    return [
        Happening(event, {key: was}, {key: now})
        for key, was, now, event in fold.edges
        if old[key] == was and new[key] == now
    ]


def last_seen(kind: Kind, state: State) -> str | None:
    """When what passes on a part was last there, RFC 3339; ``None`` while it is, or where nobody knows."""
    fold = FOLDS.get(kind)
    since = state[fold.passing.seen] if fold is not None and fold.passing is not None else None
    return since if isinstance(since, str) else None
