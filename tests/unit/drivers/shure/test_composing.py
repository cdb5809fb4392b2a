"""Keys that take more than one message."""

from __future__ import annotations

import pytest

from services.drivers.port import UNIT, Part, Reading
from services.drivers.shure.codec.composing import Composer


def last(composer: Composer, *readings: Reading) -> dict[str, object]:
    merged: dict[str, object] = {}
    for reading in readings:
        for composed in composer.compose(reading):
            merged |= composed.values
    return merged


@pytest.mark.parametrize(
    ("menu", "power", "lock"),
    [(True, True, "all"), (True, False, "menu"), (False, True, "power"), (False, False, "none"), (None, True, None)],
)
def test_two_halves_of_a_lock_are_one_key(*, menu: bool | None, power: bool, lock: str | None) -> None:
    told = last(Composer(), Reading(Part(1), {"menu_locked": menu}), Reading(Part(1), {"power_locked": power}))
    assert told == {"tx_lock": lock}


def test_half_a_lock_is_unknown() -> None:
    assert last(Composer(), Reading(Part(1), {"menu_locked": True})) == {"tx_lock": None}


def test_the_diversity_of_a_channel_follows_its_antennas_and_modes() -> None:
    composer = Composer()
    assert last(composer, Reading(Part(1), {"antenna_count": 2}))["diversity"] == "antenna"
    assert last(composer, Reading(Part(1), {"fd_mode": "fd_c"}))["diversity"] == "frequency"
    assert last(composer, Reading(Part(1), {"antenna_count": 4}))["diversity"] == "quadversity_frequency"
    assert last(composer, Reading(Part(1), {"fd_mode": "off"}))["diversity"] == "quadversity"


def test_a_mode_of_the_receiver_tells_of_all_its_channels() -> None:
    composer = Composer()
    for channel in (1, 2, 3):
        composer.compose(Reading(Part(channel), {"antenna_count": 2}))
    told = composer.compose(Reading(UNIT, {"frequency_diversity_mode": "1+2"}))
    assert {reading.part.number: reading.values.get("diversity") for reading in told[1:]} == {
        1: "frequency",
        2: "frequency",
        3: "antenna",
    }


def test_an_offline_place_has_no_minutes_though_the_device_repeats_those_of_the_other() -> None:
    composer, minutes = Composer(), {"battery_runtime_minutes": 494}
    assert last(composer, Reading(Part(1, 1), {"status": "online"}), Reading(Part(1, 1), minutes)) == {
        "status": "online",
        "battery_runtime_minutes": 494,
    }
    told = last(composer, Reading(Part(1, 2), minutes), Reading(Part(1, 2), {"status": "offline"}))
    assert told == {"status": "offline", "battery_runtime_minutes": None}
    assert last(composer, Reading(Part(1, 2), {"status": "online"}))["battery_runtime_minutes"] == 494
