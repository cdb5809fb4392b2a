"""Which line a unit belongs to, and the products. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.drivers.audio_technica.families.atw import ATW
from services.drivers.audio_technica.families.esw import DOCK, ESW
from services.drivers.audio_technica.families.family import Family
from services.drivers.audio_technica.families.system20 import SYSTEM_20
from services.drivers.port import Product

FAMILIES: Final[tuple[Family, ...]] = (ESW, DOCK, SYSTEM_20, ATW)

_ONE_SOURCE: Final = "Everything that is known of its protocol stands in one program, which had no unit to try it on."
_ALONE: Final = "One client at a time."
_CHAIN: Final = "Up to five linked receivers answer as one, with channels 1 to 20."
_DOCK: Final = "Linked docks may answer for ports up to 8."

_ROWS: Final[Mapping[str, tuple[str, Family, int | None, str]]] = {
    "esw_r4180dan": ("ESW-R4180DAN", ESW, 8, _ALONE),
    "esw_r4180lk": ("ESW-R4180LK", ESW, 8, _ALONE),
    "esw_chg4": ("ESW-CHG4", DOCK, None, f"{_ALONE} {_DOCK}"),
    "esw_chg5": ("ESW-CHG5", DOCK, None, f"{_ALONE} {_DOCK}"),
    "atw_r1440": ("ATW-R1440", SYSTEM_20, None, f"{_ALONE} {_CHAIN}"),
    "atw_r5220": ("ATW-R5220", ATW, None, f"{_ALONE} {_ONE_SOURCE}"),
    "atw_dr3120": ("ATW-DR3120", ATW, None, f"{_ALONE} {_ONE_SOURCE}"),
    "atw_r3210n": ("ATW-R3210N", ATW, None, f"{_ALONE} {_ONE_SOURCE}"),
}

FAMILY_OF: Final[Mapping[str, Family]] = {name: row[1] for name, row in _ROWS.items()}
"""Product -> line."""

PRODUCTS: Final[tuple[Product, ...]] = tuple(
    Product(
        name=name,
        model=model,
        family=family.name,
        title=family.title,
        kind=family.kind,
        parts=parts,
        abilities=family.abilities(),
        part_abilities=family.part_abilities(),
        note=note,
    )
    for name, (model, family, parts, note) in _ROWS.items()
)


def family_of(model: str) -> Family | None:
    """The line of a model, by how its name begins."""
    return next((each for each in FAMILIES if model.upper().startswith(each.models)), None)
