"""No I/O, data. Every family that can be simulated."""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.shure.simulation.families import axient, qlxd, slxd, slxd_plus, ulxd
from services.drivers.shure.simulation.receivers.defaults import FamilyDefaults, Hardware

DEFAULTS: Mapping[str, FamilyDefaults] = {
    family.name: family for family in (ulxd.DEFAULTS, qlxd.DEFAULTS, slxd.DEFAULTS, slxd_plus.DEFAULTS, axient.DEFAULTS)
}
"""By name."""


def hardware(family: str, name: str | None) -> Hardware:
    """The model to simulate. Raises `ValueError` where there is no such family or model."""
    if family not in DEFAULTS:
        raise ValueError(f"no simulator for family {family!r}: there are {', '.join(DEFAULTS)}")
    models = {model.name.lower(): model for model in DEFAULTS[family].hardware}
    if name is None:
        return DEFAULTS[family].hardware[0]
    if name.lower() not in models:
        known = ", ".join(model.name for model in DEFAULTS[family].hardware)
        raise ValueError(f"no model {name!r} in family {family}: there are {known}")
    return models[name.lower()]
