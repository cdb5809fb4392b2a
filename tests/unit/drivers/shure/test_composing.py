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


SLOT = Part(1, 3)
PACK: dict[str, object] = {"transmitter_model": "ADX1", "battery_percent": 90, "transmitter_rf_muted": False}


def test_an_emptied_slot_keeps_nothing_of_the_transmitter_that_was_there() -> None:
    composer = Composer()
    last(composer, Reading(SLOT, {"status": "linked_active"}), *(Reading(SLOT, {key: PACK[key]}) for key in PACK))
    gone = last(composer, Reading(SLOT, {"status": "empty"}))
    assert gone["status"] == "empty"
    assert {value for key, value in gone.items() if key != "status"} == {None}
    assert gone.keys() >= PACK.keys()
    assert last(composer, Reading(SLOT, {"battery_percent": 80}))["battery_percent"] is None, "nothing is there"
    there = last(composer, Reading(SLOT, {"status": "standard"}))
    assert (there["battery_percent"], there.get("transmitter_model")) == (80, None)


def test_a_place_without_a_model_is_empty_and_not_offline() -> None:
    composer = Composer()
    assert last(composer, Reading(SLOT, {"status": "offline"}))["status"] == "offline"
    assert last(composer, Reading(SLOT, {"transmitter_model": None}))["status"] == "empty"
    there = last(composer, Reading(SLOT, {"transmitter_model": "SLXD2+"}))
    assert (there["status"], there["transmitter_model"]) == ("offline", "SLXD2+")
    assert last(composer, Reading(Part(2, 1), {"transmitter_model": None}))["transmitter_model"] is None
    assert last(composer, Reading(Part(2, 1), {"status": "offline"}))["status"] == "empty"


def of_channel(composer: Composer, **values: object) -> list[object]:
    composed = composer.compose(Reading(SLOT, values))
    return [each.values["transmitter_rf_muted"] for each in composed if not each.part.slot]


def test_a_transmitter_whose_carrier_is_switched_off_over_showlink_is_known_at_its_channel() -> None:
    composer = Composer()
    assert of_channel(composer, transmitter_rf_muted=True) == []
    assert of_channel(composer, status="linked_active") == [True]
    assert of_channel(composer, battery_percent=80) == []
    assert of_channel(composer, transmitter_rf_muted=False) == [False]
    assert of_channel(composer, transmitter_rf_muted=True) == [True]
    assert of_channel(composer, status="linked_inactive") == [None]


def test_a_channel_that_gives_up_its_second_carrier_has_no_second_frequency() -> None:
    composer, second = Composer(), {"frequency_2_mhz": 602.125}
    told = last(composer, Reading(Part(1), {"fd_mode": "fd_c"}), Reading(Part(1), second))
    assert told["frequency_2_mhz"] == 602.125
    gone = last(composer, Reading(Part(1), {"fd_mode": "off"}))
    assert {gone[key] for key in ("frequency_2_mhz", "group_2", "group_channel_2", "interference_2")} == {None}
    assert last(composer, Reading(Part(1), second))["frequency_2_mhz"] is None, "a dump may repeat what was"
    assert last(composer, Reading(Part(1), {"fd_mode": "fd_c"}))["frequency_2_mhz"] == 602.125
    assert last(Composer(), Reading(Part(1), second))["frequency_2_mhz"] == 602.125, "before the mode is known"
