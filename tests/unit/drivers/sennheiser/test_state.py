"""What a unit's lines mean for those who look at its state."""

from __future__ import annotations

from typing import Any

import pytest

from services.drivers.sennheiser.keys import MORE_NAMES
from services.drivers.sennheiser.media_control.codec.lines import Report, parse
from services.drivers.sennheiser.media_control.codec.state import CHANNEL, UNIT, UnitState
from services.model import Kind

ON_AIR = "RF1 60 80 1\rRF2 50 70 0\rStates 0 1\rRF 78 1 1\rAF 40 65 0\rBat 70\rMsg OK\rConfig 1\r"
OFF_AIR = "RF1 0 0 1\rRF2 0 0 0\rStates 5 0\rRF 0 1 0\rAF 3 3 5\rBat ?\rMsg RF_Mute\rConfig 1\r"


def receive(state: UnitState, lines: str) -> list[bool | None]:
    outcomes = [state.take(message) for message in parse(lines.encode()) if isinstance(message, Report)]
    state.settle()
    return outcomes


def known(kind: Kind, lines: str) -> dict[str, Any]:
    state = UnitState(kind)
    receive(state, lines)
    return {key: value for reading in state.everything() for key, value in {**reading.values, **reading.more}.items()}


def em(lines: str) -> dict[str, Any]:
    return known(Kind.RECEIVER, lines)


def sr(lines: str) -> dict[str, Any]:
    return known(Kind.IEM, lines)


def test_a_receiver_with_a_microphone_on_the_air_shows_it() -> None:
    found = em(ON_AIR)
    assert found["transmitter_present"] is True
    assert (found["battery_percent"], found["battery_warning"], found["transmitter_muted"]) == (70, False, False)
    assert (found["pilot"], found["low_rf_signal"]) == (True, False)


def test_a_microphone_that_is_switched_off_is_not_there_and_has_no_battery() -> None:
    found = em(OFF_AIR)
    assert found["transmitter_present"] is False
    assert found["battery_percent"] is None
    assert found["pilot"] is False


@pytest.mark.parametrize(
    ("mutes", "transmitter_muted", "present"), [(0, False, True), (3, True, True), (9, False, True), (13, False, False)]
)
def test_the_mutes_of_this_moment_are_read_bit_by_bit(mutes: int, transmitter_muted: bool, present: bool) -> None:
    found = em(f"RF 50 1 1\rAF 37 42 {mutes}\rBat 100\rMsg OK\r")
    assert (found["transmitter_muted"], found["transmitter_present"]) == (transmitter_muted, present)


def test_warnings_tell_of_mutes_where_the_audio_line_does_not() -> None:
    found = em("RF 50 1 1\rAF 37 42\rBat 30\rMsg Low_Battery TX_Mute\r")
    assert found["transmitter_muted"] is True
    assert found["battery_warning"] is True
    assert found["transmitter_present"] is True


def test_latched_mutes_of_the_past_cycle_are_no_mute_of_this_moment() -> None:
    assert em("States 7 2\rRF 50 1 1\rAF 37 42 0\rBat 100\rMsg OK\r")["transmitter_muted"] is False


def test_with_the_squelch_off_noise_is_no_microphone() -> None:
    assert em("Squelch 0\rRF 4 1 0\rAF 90 95 0\rBat ?\rMsg OK\r")["transmitter_present"] is None


def test_with_the_squelch_off_pilot_or_battery_show_a_microphone() -> None:
    assert em("Squelch 0\rRF 4 1 1\rAF 90 95 0\rBat ?\rMsg OK\r")["transmitter_present"] is True
    assert em("Squelch 0\rRF 4 1 0\rAF 90 95 0\rBat 0\rMsg OK\r")["transmitter_present"] is True


@pytest.mark.parametrize("step", [0, 30, 70, 100])
def test_battery_steps_are_percent(step: int) -> None:
    assert em(f"Bat {step}\r")["battery_percent"] == step


@pytest.mark.parametrize("text", ["banana", "101", "-1", "", "1_0"])
def test_a_battery_that_makes_no_sense_is_unknown_and_counted(text: str) -> None:
    state = UnitState(Kind.RECEIVER)
    receive(state, "Bat 70\r")
    assert receive(state, f"Bat {text}\r") == [False]
    assert state.value("battery_percent") is None


def test_no_battery_telegram_is_unknown_and_no_nonsense() -> None:
    assert receive(UnitState(Kind.RECEIVER), "Bat ?\r") == [True]


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("Name Vocal 1", "name", "Vocal 1"),
        ("Name ", "name", None),
        ("Name Zo\xeb", "name", "Zo\xeb"),
        ("Frequency 822000 2 10", "frequency_mhz", 822.0),
        ("Frequency 641700 21 1", "group", 21),
        ("Frequency 822000 2 10", "group_channel", 10),
        ("Frequency 822000 0 0", "group", None),
        ("Frequency 566025", "frequency_mhz", 566.025),
        ("Frequency 0 0 0", "frequency_mhz", None),
        ("RfConfig 566000 608000 25", "tuning_ranges_mhz", "566.000-608.000"),
        ("RfConfig 779125 787875 125 797125 805875 125", "tuning_ranges_mhz", "779.125-787.875 797.125-805.875"),
        ("RfConfig 566000 608000", "tuning_ranges_mhz", None),
        ("Mute 1", "receiver_muted", True),
        ("Mute 0", "receiver_muted", False),
        ("Mute 2", "receiver_muted", None),
        ("Squelch 9", "squelch_db", 9),
        ("Squelch 0", "squelch_db", 0),
        ("Squelch 2", "squelch_db", None),
        ("AfOut -18", "gain_db", -18),
        ("AfOut 24", "gain_db", 24),
        ("AfOut 25", "gain_db", None),
        ("Equalizer 2", "equalizer", "low_cut_high_boost"),
        ("Equalizer 4", "equalizer", None),
        ("AF 10 10 0 7 7", "transmitter_muted", False),
        ("RF 10 1 2", "pilot", None),
    ],
)
def test_each_word_of_a_receiver_gives_its_key(line: str, key: str, value: object) -> None:
    state = UnitState(Kind.RECEIVER)
    for message in parse(f"{line}\r".encode("latin-1")):
        assert isinstance(message, Report)
        state.take(message)
    state.settle()
    assert state.value(key) == value


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("Mute 1", "rf_muted", True),
        ("Sensitivity -21", "sensitivity_db", -21),
        ("Sensitivity 3", "sensitivity_db", None),
        ("Mode 0", "audio_mode", "mono"),
        ("Mode 1", "audio_mode", "stereo"),
        ("Equalizer 1 -5 3 0 -3 5", "equalizer_low", -5),
        ("Equalizer 1 -5 3 0 -3 5", "equalizer_on", True),
        ("Equalizer 1 -5 3 6 -3 5", "equalizer_low", None),
        ("Equalizer 2", "equalizer_on", None),
    ],
)
def test_each_word_of_a_transmitter_gives_its_key(line: str, key: str, value: object) -> None:
    assert sr(f"{line}\r")[key] == value


def test_words_of_the_other_kind_mean_nothing() -> None:
    assert receive(UnitState(Kind.IEM), "Squelch 9\rBat 70\rRF1 1 2 1\r") == [None, None, None]
    assert receive(UnitState(Kind.RECEIVER), "Sensitivity -21\rMode 1\r") == [None, None]


def test_an_unknown_warning_is_counted_and_the_known_ones_hold() -> None:
    state = UnitState(Kind.RECEIVER)
    assert receive(state, "Msg Low_Battery Hot_Potato\r") == [False]
    assert state.value("battery_warning") is True


def test_a_message_of_unknown_warnings_alone_leaves_them_unknown() -> None:
    state = UnitState(Kind.RECEIVER)
    receive(state, "Msg Low_Battery\rMsg Hot_Potato\r")
    assert state.value("battery_warning") is None


def test_what_is_said_again_is_no_change() -> None:
    state = UnitState(Kind.RECEIVER)
    receive(state, "Name Vox\r" + ON_AIR)
    state.everything()
    receive(state, "Name Vox\r" + ON_AIR)
    assert state.changes() == []
    receive(state, ON_AIR.replace("Bat 70", "Bat 30"))
    (change,) = state.changes()
    assert (change.part, change.values, change.more, change.whole) == (CHANNEL, {"battery_percent": 30}, {}, False)
    assert state.changes() == []


def test_a_name_is_the_units_and_its_channels() -> None:
    state = UnitState(Kind.IEM)
    receive(state, "Name Ears\r")
    assert [(each.part, each.values) for each in state.changes()] == [
        (UNIT, {"name": "Ears"}),
        (CHANNEL, {"name": "Ears"}),
    ]


def test_everything_has_each_key_and_says_that_it_is_all() -> None:
    for kind in (Kind.RECEIVER, Kind.IEM):
        unit, channel = UnitState(kind).everything()
        assert unit.whole
        assert channel.whole
        assert set(channel.more) <= MORE_NAMES
        assert not set(channel.values) & MORE_NAMES


def test_a_question_without_answer_makes_its_keys_unknown() -> None:
    state = UnitState(Kind.RECEIVER)
    receive(state, "Frequency 566025 2 3\r")
    state.forget("Frequency")
    assert state.value("frequency_mhz") is None
    assert state.value("group") is None


def test_a_mute_that_cyclic_data_contradicts_twice_is_doubtful() -> None:
    state = UnitState(Kind.RECEIVER)
    muted = ON_AIR.replace("65 0", "65 9")
    doubts = []
    for lines in (f"Mute 0\r{muted}", muted, f"Mute 1\r{muted}"):
        receive(state, lines)
        doubts.append(state.doubtful)
    assert doubts == [False, True, False]
    assert state.value("receiver_muted") is True


def test_the_counter_of_changes_wraps_at_999_and_nothing_else_is_one() -> None:
    state = UnitState(Kind.IEM)
    assert receive(state, "Config 999\r") == [True]
    assert receive(state, "Config 0\r") == [True]
    assert receive(state, "Config 1000\r") == [False]
    assert state.config_index == 0


def test_a_spelling_of_the_vendors_own_example_is_understood() -> None:
    assert receive(UnitState(Kind.IEM), "Af 15 25 40 38 5\rStates 0 2\rMsg OK\rConfig 555\r") == [True] * 4
