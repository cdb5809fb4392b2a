"""Levels over an interval."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.drivers.sennheiser.media_control.codec.meters import METERS, ReceiverMeters, TransmitterMeters
from services.model import Kind


def feed(meters: ReceiverMeters | TransmitterMeters, lines: str) -> None:
    for line in lines.split("\r"):
        word, _, text = line.partition(" ")
        meters.add(word.lower(), text)


def em(lines: str) -> dict[str, Any]:
    meters = ReceiverMeters()
    feed(meters, lines)
    return dict(meters.take() or {})


def sr(lines: str) -> dict[str, Any]:
    meters = TransmitterMeters()
    feed(meters, lines)
    return dict(meters.take() or {})


ONE = "RF1 25 65 1\rRF2 28 78 0\rStates 3 2\rRF 50 1 1\rAF 40 65 3\rBat 70\rMsg Low_RF_Signal Low_Battery\rConfig 234"
NOTHING = "RF1 0 0 1\rRF2 0 0 0\rStates 5 0\rRF 0 1 0\rAF 3 3 5\rBat ?\rMsg RF_Mute\rConfig 234"


def test_nothing_metered_is_none_and_what_was_taken_is_gone() -> None:
    meters = ReceiverMeters()
    assert meters.take() is None
    feed(meters, ONE)
    assert meters.take() is not None
    assert meters.take() is None


def test_the_vendors_own_cycle_in_percent_and_decibels() -> None:
    assert em(ONE) == {
        "rf_percent": 50,
        "rf_min_percent": 28,
        "rf_a_percent": 65,
        "rf_b_percent": 78,
        "rf_dbuv": 20.0,
        "rf_min_dbuv": 11.2,
        "antenna_a": "active",
        "antenna_b": "inactive",
        "audio_peak_percent": 65,
        "audio_peak_dbfs": -17.5,
        "audio_overload": False,
        "dropouts": 0,
        "samples": 1,
    }


def test_there_is_no_level_in_dbm_for_the_unit_gives_none() -> None:
    for kind in METERS:
        assert not [key for key in METERS[kind].keys if "dbm" in key]


def test_an_interval_keeps_its_lowest_rf_and_its_highest_peak() -> None:
    found = em(f"{ONE}\r{ONE.replace('AF 40 65', 'AF 90 95').replace('RF 50', 'RF 117')}\r{NOTHING}")
    assert (found["rf_percent"], found["rf_min_percent"]) == (0, 0)
    assert (found["audio_peak_percent"], found["samples"]) == (95, 3)


def test_rf_above_100_percent_is_shown_as_it_is() -> None:
    found = em(ONE.replace("RF 50", "RF 119"))
    assert (found["rf_percent"], found["rf_dbuv"]) == (119, 47.6)


def test_audio_above_the_peak_lamp_is_an_overload_and_never_above_0_dbfs() -> None:
    found = em(ONE.replace("AF 40 65", "AF 104 110"))
    assert (found["audio_peak_percent"], found["audio_peak_dbfs"], found["audio_overload"]) == (110, 0.0, True)
    assert em(ONE.replace("Msg Low_RF_Signal", "Msg AF_Peak"))["audio_overload"] is True


def test_a_loss_of_rf_that_lasts_counts_once() -> None:
    found = em("\r".join([ONE.replace("States 3", "States 0"), NOTHING, NOTHING, ONE.replace("States 3", "States 4")]))
    assert found["dropouts"] == 1


def test_a_microphone_that_was_off_from_the_beginning_has_no_dropouts() -> None:
    assert em("\r".join([NOTHING] * 10))["dropouts"] == 0


def test_each_short_loss_between_good_cycles_counts() -> None:
    good = ONE.replace("States 3", "States 0")
    assert em("\r".join([good, ONE.replace("States 3", "States 4"), good, ONE.replace("States 3", "States 4")]))[
        "dropouts"
    ] == 2  # fmt: skip


def test_levels_that_make_no_sense_are_unknown_and_the_cycle_counts() -> None:
    found = em("RF1 x 1 1\rRF2 -5 3 0\rStates ?\rRF ? ? ?\rAF 40\rMsg")
    assert found["samples"] == 1
    assert {found[key] for key in ("rf_percent", "rf_min_percent", "rf_a_percent", "antenna_a", "audio_peak_dbfs")} == {
        None
    }


def test_a_transmitters_inputs_keep_their_highest_level_and_a_fifth_number_does_not_matter() -> None:
    found = sr("Af 15 25 40 38 5\rStates 0 2\rMsg OK\rConfig 555\rAF 20 30 10 39\rMsg AF_Peak\rConfig 555")
    assert found == {"audio_left_raw": 40, "audio_right_raw": 39, "audio_overload": True, "samples": 2}


@given(st.lists(st.tuples(st.sampled_from(["rf1", "rf2", "rf", "af", "states", "msg", "bat"]), st.text(max_size=20))))
def test_no_line_breaks_the_meters(lines: list[tuple[str, str]]) -> None:
    for kind in (Kind.RECEIVER, Kind.IEM):
        meters = METERS[kind]()
        for word, text in lines:
            meters.add(word, text)
        found = meters.take()
        assert found is None or set(found) == METERS[kind].keys
