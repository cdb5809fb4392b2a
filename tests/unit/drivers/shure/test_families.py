"""Which model is which family, and what a family can do."""

from __future__ import annotations

import pytest

from services.drivers.shure.codec.properties import Scope
from services.drivers.shure.families import FAMILIES, Family, model_of, part_abilities


@pytest.mark.parametrize(
    ("text", "family", "channels"),
    [
        ("ULXD4", "ulxd", 1),
        ("ULXD4D", "ulxd", 2),
        ("ULXD4Q", "ulxd", 4),
        ("QLXD4", "qlxd", 1),
        ("SLXD4", "slxd", 1),
        ("SLXD4D", "slxd", 2),
        ("SLXD4DE_RX", "slxd", 2),
        ("SLXD4Q", "slxd", 4),
        ("SLXD4+", "slxd_plus", 1),
        ("SLXD4D+", "slxd_plus", 2),
        ("SLXD4Q+", "slxd_plus", 4),
        ("SLXD4QDAN+", "slxd_plus", 4),
        ("AD4D-A", "axient", 2),
        ("AD4Q-A", "axient", 4),
        ("ANX4", "axient", None),
        ("P10T", "psm1000", 2),
        ("PSM1KTx", "psm1000", 2),
        ("MXWAPT2", "mxw", 2),
        ("MXWAPT8", "mxw", 8),
        ("MXWAPX4", "mxw_next", 4),
        ("MXWAPXD2", "mxw_next", 2),
        ("MXWNDX4", "mxw_next_dock", 4),
        ("MXWNDX8G", "mxw_next_dock", 8),
        ("MXWNCS2", "mxw_dock", 2),
    ],
)
def test_the_model_string_decides(text: str, family: str, channels: int | None) -> None:
    found = model_of(text)
    assert found is not None
    assert (found[0].name, found[1].parts) == (family, channels)


@pytest.mark.parametrize("text", ["SLXD4", "SLXD4D+", "SLXD4QDAN+", "SLXD4DE_RX", "ULXD4Q", "QLXD4", "AD4Q-A", "ANX4"])
def test_no_model_string_fits_two_families(text: str) -> None:
    assert len([family for family in FAMILIES.values() if family.model_of(text)]) == 1


@pytest.mark.parametrize("text", ["", "AD600", "ADTQ", "P10R", "UR4D", "SBC250", "WWB6", "Yamaha Console"])
def test_other_gear_is_not_taken_for_a_receiver(text: str) -> None:
    assert model_of(text) is None


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_every_family_is_complete(family: Family) -> None:
    assert FAMILIES[family.name] is family
    assert family.models
    assert max(model.parts or 0 for model in family.models) <= family.most_parts
    assert family.meters is None or family.meters.fastest_ms < family.meters.slowest_ms


def test_only_those_can_be_muted_remotely_that_tell_so() -> None:
    assert {family for family, can in FAMILIES.items() if "receiver_muted" in can.settable(Scope.PART)} == {
        "ulxd",
        "axient",
        "mxw_next",
    }
    reporting = {name for name, family in FAMILIES.items() if "receiver_muted" in part_abilities(family).keys}
    assert reporting == {"ulxd", "axient", "mxw_next"}


def test_slots_are_eight_on_axient_and_two_on_slxd_plus() -> None:
    assert {family: can.slots for family, can in FAMILIES.items() if can.slots} == {"axient": 8, "slxd_plus": 2}
