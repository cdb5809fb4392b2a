"""PURE. Puts together what several reports of a charger say about one bay.

A bay is empty as soon as BATT_DETECTED or BATT_STATE says so, and occupied when neither does. An emptied bay gives one
reading that is whole: nothing of the battery that was removed stays. What is reported of an empty bay is kept back
until a battery is there, for the order in which a charger reports an insertion is not known
(docs/protocols.md#chargers).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.drivers.shure.families.sbc import (
    MORE_KEYS,
    MOST_BAYS,
    UNSPECIFIED_FAULT,
    Charger,
    bays_of,
    bays_of_module,
)

_PRESENCE = frozenset({"occupied", "charge_state"})
_FOLLOWING: Mapping[str, frozenset[str]] = {
    "charge_state": frozenset({"occupied", "fault"}),
    "time_to_full_minutes": frozenset({"time_to_storage_minutes"}),
}
"""Reported key -> published keys that change with it."""
_OF_STORAGE_MODE = frozenset({"charge_state", "time_to_full_minutes", "time_to_storage_minutes"})


@dataclass(frozen=True, slots=True)
class BayReading:
    """What is to be published of one place: ``number`` 0 is the charger, from 1 its bays.

    ``whole`` says that keys which are missing become unknown.
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
            return [BayReading(bay, {"occupied": False, "charge_state": "empty"}, self._module_of(bay), whole=True)]
        if before is False:
            return [self._reading(bay, self._view(bay).keys(), whole=True)]
        touched = set(values).union(*(_FOLLOWING.get(key, ()) for key in values))
        return [self._reading(bay, touched)]

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
