"""All families, and which one a unit is of by what it names itself. PURE."""

from __future__ import annotations

from services.drivers.port import Product
from services.drivers.sennheiser.ssc.families.chg4n import CHG4N
from services.drivers.sennheiser.ssc.families.chg70n import CHG70N
from services.drivers.sennheiser.ssc.families.digital6000 import DIGITAL_6000
from services.drivers.sennheiser.ssc.families.ewdx import EWDX
from services.drivers.sennheiser.ssc.families.family import Family, Model
from services.drivers.sennheiser.ssc.families.l6000 import L6000
from services.drivers.sennheiser.ssc.families.speechline import SL_MCR, SL_RACK

FAMILIES: tuple[Family, ...] = (EWDX, DIGITAL_6000, L6000, CHG70N, SL_RACK, SL_MCR, CHG4N)

PRODUCTS: tuple[Product, ...] = tuple(family.product_of(model) for family in FAMILIES for model in family.models)

PORT = 45
"""The protocol's own port."""

PORTS: tuple[int, ...] = (PORT, *sorted({port for family in FAMILIES for port in family.ports}))
"""Where units may answer, the likely one first."""


def find(product: str) -> tuple[Family, Model] | None:
    """Family and model of a unit that names itself so; ``None`` for one that is no microphone's."""
    return next(
        ((family, model) for family in FAMILIES for model in family.models if model.matches(product)),
        None,
    )


def by_name(product: str) -> tuple[Family, Model]:
    """Family and model of a product of the catalogue. Raises `KeyError`."""
    for family in FAMILIES:
        for model in family.models:
            if model.name == product:
                return family, model
    raise KeyError(product)
