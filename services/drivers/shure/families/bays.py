"""PURE. Puts together what several messages of a charger report about one bay.

A bay is empty as soon as BATT_DETECTED or BATT_STATE reports it, and occupied when neither does. An emptied bay gives
one reading that is whole: nothing of the battery that was removed stays. What is reported of an empty bay is kept back
until a battery is there, for the order in which a charger reports an insertion is not known
(docs/protocols.md#chargers).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from services.drivers.port import UNIT, Part, Reading
from services.drivers.shure.families.family import Model

UNSPECIFIED_FAULT = "unspecified"
"""The unit reports a fault, and not which, or by a code that no document has."""

NO_MODULE = "none"
MORE_KEYS = frozenset(
    {"module_type", "charged_mah", "new_capacity_mah", "time_to_full_status", "time_to_storage_minutes"}
)
"""Keys of a bay that stand under ``more``."""

MOST_BAYS = 8
"""Greatest number of bays of one unit, linked ones included."""
MOST_MODULES = 4

_PRESENCE = frozenset({"occupied", "charge_state"})
_FOLLOWING: Mapping[str, frozenset[str]] = {
    "charge_state": frozenset({"occupied", "fault"}),
    "time_to_full_minutes": frozenset({"time_to_storage_minutes"}),
}
"""Reported key -> published keys that change with it."""
_OF_STORAGE_MODE = frozenset({"charge_state", "time_to_full_minutes", "time_to_storage_minutes"})


@dataclass(frozen=True, slots=True)
class Charger(Model):
    """One model. ``parts`` is ``None`` where modules or linked units decide how many bays there are."""

    bays_per_module: int | None = None
    """Bays of one module (of one linked unit); ``None`` where the model has none."""


def bays_of_module(model: Charger, module: int) -> range:
    """Numbers of the bays in a module: 1 has bays 1 and 2 (inferred from drivers; no document has it)."""
    each = model.bays_per_module or 0
    return range((module - 1) * each + 1, module * each + 1)


def bays_of(
    model: Charger, answered: Collection[int], modules: Mapping[int, object], occupied: AbstractSet[int] = frozenset()
) -> tuple[int, ...]:
    """Numbers of the bays that a unit has now.

    ``answered`` are the bays of which a report came, ``modules`` the words of `MODULE_TYPES` by module number,
    ``occupied`` the bays with a battery: these exist, whatever the modules report.
    """
    if model.parts is not None:
        return tuple(range(1, model.parts + 1))
    missing: Iterable[int] = (
        bay for module, word in modules.items() if word == NO_MODULE for bay in bays_of_module(model, module)
    )
    there = (set(answered) - set(missing)) | occupied
    return tuple(sorted(there or answered))


@dataclass(frozen=True, slots=True)
class BayReading:
    """What is to be published of one place: ``number`` 0 is the charger, from 1 its bays.

    With ``whole``, keys that are missing become unknown.
    """

    number: int
    values: Mapping[str, object]
    more: Mapping[str, object] = field(default_factory=dict)
    whole: bool = False


class Bays:
    """The bays of one conversation with one charger."""

    def __init__(self, model: Charger) -> None:
        self._model = model
        self._known: dict[int, dict[str, object]] = {}
        self._modules: dict[int, object] = {}
        self._storage_mode: object = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The bays that the charger has, by what it has reported so far."""
        occupied = {bay for bay, known in self._known.items() if _occupied(known)}
        return bays_of(self._model, self._known.keys(), self._modules, occupied)

    def compose(self, index: int | None, values: Mapping[str, object]) -> list[BayReading]:
        """Readings that follow from one report: ``index`` as on the wire, ``values`` by the keys of its property.

        A value of ``None`` is unknown; a report that makes no sense is passed as ``None`` for all of its keys. An index
        beyond the bays of any charger gives nothing.
        """
        if index is None:
            return self._unit(values)
        if not values or not 1 <= index <= (self._model.parts or MOST_BAYS):
            return []
        if "module_type" in values:
            return self._module(index, values["module_type"])
        return self._bay(index, values)

    def snapshot(self, bay: int) -> BayReading:
        """Everything that is known of a bay."""
        known = self._known.get(bay)
        if known is None:
            return BayReading(bay, {}, self._module_of(bay), whole=True)
        if _occupied(known) is False:
            return self._empty(bay)
        return self._reading(bay, self._view(bay).keys(), whole=True)

    def _unit(self, values: Mapping[str, object]) -> list[BayReading]:
        readings = [BayReading(0, values)] if values else []
        if "storage_mode" in values and values["storage_mode"] != self._storage_mode:
            self._storage_mode = values["storage_mode"]
            readings += (
                self._reading(bay, _OF_STORAGE_MODE & self._view(bay).keys())
                for bay, known in sorted(self._known.items())
                if _occupied(known)
            )
        return [reading for reading in readings if reading.values or reading.more]

    def _module(self, module: int, word: object) -> list[BayReading]:
        self._modules[module] = word
        return [BayReading(bay, {}, {"module_type": word}) for bay in bays_of_module(self._model, module)]

    def _bay(self, bay: int, values: Mapping[str, object]) -> list[BayReading]:
        known = self._known.setdefault(bay, {})
        before = _occupied(known)
        known.update(values)
        now = _occupied(known)
        if now is False:
            if before is not False:  # of the battery that was removed nothing is known any longer
                self._known[bay] = dict(values)
            elif values.keys().isdisjoint(_PRESENCE):
                return []
            return [self._empty(bay)]
        if before is False:
            return [self._reading(bay, self._view(bay).keys(), whole=True)]
        touched = set(values).union(*(_FOLLOWING.get(key, ()) for key in values))
        return [self._reading(bay, touched)]

    def _empty(self, bay: int) -> BayReading:
        return BayReading(bay, {"occupied": False, "charge_state": "empty"}, self._module_of(bay), whole=True)

    def _reading(self, bay: int, keys: Iterable[str], *, whole: bool = False) -> BayReading:
        view = self._view(bay)
        chosen = {key: view[key] for key in sorted(keys) if key in view}
        more = {key: value for key, value in chosen.items() if key in MORE_KEYS}
        if whole:
            more |= self._module_of(bay)
        return BayReading(bay, {key: value for key, value in chosen.items() if key not in more}, more, whole)

    def _view(self, bay: int) -> dict[str, object]:
        """Everything known of a bay that is not empty, in the published words."""
        view = dict(self._known[bay])
        storing = self._storage_mode is True
        view["occupied"] = _occupied(view)
        state = view.get("charge_state")
        if "charge_state" in view or "fault" in view:
            view["fault"] = view.get("fault") or (UNSPECIFIED_FAULT if state == "fault" else None)
        if state == "charging" and storing:
            view["charge_state"] = "storing"
        if "time_to_full_minutes" in view:
            minutes = view["time_to_full_minutes"]
            view["time_to_full_minutes"] = None if storing else minutes
            view["time_to_storage_minutes"] = minutes if storing else None
        return view

    def _module_of(self, bay: int) -> dict[str, object]:
        """The module is not removed with the battery."""
        words = [word for module, word in self._modules.items() if bay in bays_of_module(self._model, module)]
        return {"module_type": words[0]} if words else {}


def _occupied(known: Mapping[str, object]) -> bool | None:
    """Whether there is a battery: both properties have to agree that there is one, as far as they were reported."""
    detected, state = known.get("occupied"), known.get("charge_state")
    if detected is False or state == "empty":
        return False
    return True if detected is True or state is not None else None


class BayComposer:
    """`ReadingComposer` of a charger.

    Where modules decide which bays there are, these are kept back until a complete read confirms it: a module that is
    missing may be reported last.
    """

    def __init__(self, model: Charger) -> None:
        self._bays = Bays(model)
        self._reported = frozenset(self._bays.numbers)
        """Bays that are known outside."""

    @property
    def parts(self) -> tuple[int, ...] | None:
        """Numbers of the bays that there are."""
        return self._bays.numbers

    def compose(self, reading: Reading) -> list[Reading]:
        """Readings of the charger and of the bays that are known outside."""
        composed = self._bays.compose(reading.part.number or None, reading.values)
        return [_as_reading(each) for each in composed if not each.number or each.number in self._reported]

    def complete(self) -> list[Reading]:
        """Everything of the bays that nothing was reported of yet."""
        there = frozenset(self._bays.numbers)
        new, self._reported = there - self._reported, there
        return [_as_reading(self._bays.snapshot(bay)) for bay in sorted(new)]


def _as_reading(bay: BayReading) -> Reading:
    return Reading(Part(bay.number) if bay.number else UNIT, bay.values, bay.more, bay.whole)
