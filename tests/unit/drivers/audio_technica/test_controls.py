"""What can be set is written as the notes have it, and nothing is clamped or repaired."""

from __future__ import annotations

import pytest

from services.drivers.audio_technica.families.catalogue import PRODUCTS
from services.drivers.audio_technica.families.esw import DOCK, ESW
from services.drivers.audio_technica.families.family import Family
from services.drivers.audio_technica.families.system20 import SYSTEM_20

KEPT_OUT = {"rreboot", "rfactoryreset", "sipnet", "shdmode", "srfpower", "rpresetcall", "snoticemode", "snoticelevel"}


def write(family: Family, key: str, value: object) -> tuple[str, str]:
    control = next(each for each in family.controls if each.key == key)
    return control.word, control.write(value)


@pytest.mark.parametrize(
    ("family", "key", "value", "written"),
    [
        (ESW, "gain_db", -30, ("schvolume", "0")),
        (ESW, "gain_db", 10.0, ("schvolume", "40")),
        (ESW, "name", "Vox, 1", ("schname", '"Vox, 1"')),
        (SYSTEM_20, "gain_db", 20, ("schvolume", "40")),
        (SYSTEM_20, "receiver_muted", True, ("schmute", "1")),
        (SYSTEM_20, "receiver_muted", False, ("schmute", "0")),
    ],
)
def test_a_value_is_written(family: Family, key: str, value: object, written: tuple[str, str]) -> None:
    assert write(family, key, value) == written


@pytest.mark.parametrize(
    ("family", "key", "value"),
    [
        (ESW, "gain_db", 11),
        (ESW, "gain_db", 0.5),
        (ESW, "gain_db", True),
        (ESW, "gain_db", "0"),
        (ESW, "name", 'a"b'),
        (ESW, "name", "Ä"),
        (ESW, "name", ""),
        (ESW, "name", "a "),
        (ESW, "name", "123456789"),
        (SYSTEM_20, "gain_db", -21),
        (SYSTEM_20, "receiver_muted", 1),
    ],
)
def test_what_cannot_be_written_as_it_is_is_refused(family: Family, key: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        write(family, key, value)


def test_nothing_is_offered_that_could_take_a_unit_off_the_air() -> None:
    families = (ESW, DOCK, SYSTEM_20)
    words = {each.word for family in families for each in family.controls}
    words |= {each.word for family in families for each in family.flashes.values()}
    assert not words & KEPT_OUT
    assert words == {"schname", "schvolume", "schmute", "rledflash", "rdflp", "rtxledflash"}


def test_what_nobody_knows_cannot_be_set() -> None:
    settable = {each.name: {*each.part_abilities.settable} for each in PRODUCTS}
    assert settable["esw_r4180dan"] == {"name", "gain_db"}
    assert settable["atw_r1440"] == {"receiver_muted", "gain_db"}
    assert settable["atw_r5220"] == settable["esw_chg4"] == set()
