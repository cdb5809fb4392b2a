"""Bytes of UHF-R to values and back, for whatever may arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.shure.uhfr.codec.controls import CONTROLS, NAME_CHARACTERS
from services.drivers.shure.uhfr.codec.lines import (
    Other,
    Report,
    Sample,
    get,
    meter,
    metered_s,
    noted,
    parse,
    set_,
    update,
)
from services.drivers.shure.uhfr.codec.meters import Meters
from services.drivers.shure.uhfr.codec.replay import replay
from services.drivers.shure.uhfr.codec.state import UnitState
from services.drivers.shure.uhfr.codec.words import CHANNEL_WORDS, UNIT_WORDS, WORDS, name_of
from services.model import Part

WRITE = {control.word: control.write for control in CONTROLS}
SAMPLE = "* SAMPLE 1 ALL {} *"
WORD_NAMES = st.sampled_from([word.name for word in (*CHANNEL_WORDS, *UNIT_WORDS)])
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


def sample(text: str) -> Sample:
    (found,) = parse(SAMPLE.format(text).encode())
    assert isinstance(found, Sample)
    return found


def read(channel: int, word: str, text: str) -> dict[str, object]:
    found = WORDS[channel > 0][word]
    return dict(zip(found.keys, found.read(text), strict=True))


def test_requests_are_framed_by_stars() -> None:
    assert [get(1, "CHAN_NAME"), get(0, "MODEL_NAME"), set_(2, "MUTE", "ON"), set_(0, "FLASH")] == [
        b"* GET 1 CHAN_NAME *",
        b"* GET MODEL_NAME *",
        b"* SET 2 MUTE ON *",
        b"* SET FLASH *",
    ]
    assert [update(2), noted(12)] == [b"* UPDATE 2 ADD *", b"* NOTED 12 *"]


@pytest.mark.parametrize(
    ("seconds", "request_"),
    [
        (0.1, b"* METER 1 ALL 003 *"),
        (1.0, b"* METER 1 ALL 033 *"),
        (0.001, b"* METER 1 ALL 001 *"),
        (60.0, b"* METER 1 ALL 399 *"),
        (0.0, b"* METER 1 ALL STOP *"),
    ],
)
def test_meters_are_asked_for_in_steps_of_30_ms_and_never_of_12_s(seconds: float, request_: bytes) -> None:
    assert meter(1, seconds) == request_
    assert metered_s(seconds) < 12


def test_what_a_receiver_says_is_told_apart() -> None:
    assert parse(b"* REPORT 1 CHAN_NAME Vocal_1      *") == [Report(1, "CHAN_NAME", "Vocal_1")]
    assert parse(b"* REPORT MAC_ADDR 00:0E:DD:01:02:03 *") == [Report(0, "MAC_ADDR", "00:0E:DD:01:02:03")]
    assert parse(b"* NOTE 12 1 MUTE ON *") == [Report(1, "MUTE", "ON", 12)]
    assert parse(b"* UPDATE 1 ADD *") == [Other("UPDATE", 1)]
    assert parse(b"* SAMPLE 1 ALL AX 070 100 5 031 *") == [Sample(1, "AX", "070", "100", "5", "031")]


def test_an_empty_name_is_a_report_and_no_broken_line() -> None:
    assert parse(b"* REPORT 1 CHAN_NAME  *") == [Report(1, "CHAN_NAME", "")]
    assert name_of("____________") is None


def test_several_messages_of_one_datagram_are_read_and_a_star_in_a_name_ends_nothing() -> None:
    both = [Report(1, "MUTE", "ON"), Report(2, "CHAN_NAME", "A * B*")]
    assert parse(b"* REPORT 1 MUTE ON ** REPORT 2 CHAN_NAME A * B* *") == both
    assert parse(b"* REPORT 1 MUTE ON *\r\n* REPORT 2 CHAN_NAME A * B* *\r\n\0") == both


@pytest.mark.parametrize(
    "datagram",
    [
        b"REPORT 1 MUTE ON",
        b"< REP 1 CHAN_NAME {Lost} >",
        b"* GET 1 CHAN_NAME *",
        b"* REPORT 3 MUTE ON *",
        b"* REPORT 1 *",
        b"* NOTE x 1 MUTE ON *",
        b"* SAMPLE 1 RSSI 70 100 AUDIO_INDICATOR 31 ANTENNA A *",
        b"* REPORT 1 CHAN_NAME " + b"x" * 300 + b" *",
        "* REPORT ² MUTE ON *".encode(),
        b"**",
        b"*",
    ],
)
def test_what_is_none_of_the_protocol_is_counted(datagram: bytes) -> None:
    assert parse(datagram) == [None]


@given(st.binary(max_size=600))
def test_no_datagram_raises(datagram: bytes) -> None:
    parse(datagram)
    replay(2, datagram)


@given(st.lists(st.tuples(st.sampled_from(["", "1 ", "2 ", "9 "]), WORD_NAMES, TEXTS), max_size=12))
def test_no_report_raises_whatever_stands_behind_its_word(reports: list[tuple[str, str, str]]) -> None:
    replay(2, b"\n".join(f"* REPORT {channel}{word} {text} *".encode() for channel, word, text in reports))


@given(st.lists(TEXTS, max_size=6))
def test_no_sample_raises_whatever_stands_in_it(texts: list[str]) -> None:
    replay(2, b"\n".join(SAMPLE.format(text).encode() for text in texts))


@pytest.mark.parametrize(
    ("channel", "word", "text", "values"),
    [
        (1, "CHAN_NAME", "Lead_Vox", {"name": "Lead Vox"}),
        (1, "TX_BAT", "5", {"battery_bars": 5}),
        (1, "TX_BAT", "U", {"battery_bars": None}),
        (1, "GROUP_CHAN", "01 02", {"group": 1, "group_channel": 2}),
        (1, "GROUP_CHAN", "-- --", {"group": None, "group_channel": None}),
        (1, "FREQUENCY", "601200", {"frequency_mhz": 601.2}),
        (1, "AUDIO_GAIN", "12", {"gain_db": -12}),
        (1, "AUDIO_GAIN", "0", {"gain_db": 0}),
        (1, "TX_TYPE", "UR1", {"transmitter_model": "UR1"}),
        (1, "TX_TYPE", "UNKNOWN", {"transmitter_model": None}),
        (1, "TX_GAIN", "30", {"tx_gain_db": 20}),
        (1, "TX_TRIM", "-10", {"tx_offset_raw": -10}),
        (1, "TX_LOCK", "NOCHANGE", {"transmitter_lock": None}),
        (0, "MAC_ADDR", "00:0E:DD:0A:0B:0C", {"mac": "00:0e:dd:0a:0b:0c"}),
        (0, "BANDLIMITS", "578000 638000 0 0", {"tuning_ranges_mhz": "578.000-638.000"}),
    ],
)
def test_values_mean_what_the_notes_say(channel: int, word: str, text: str, values: dict[str, object]) -> None:
    assert read(channel, word, text) == values


@pytest.mark.parametrize(
    ("channel", "word", "text"),
    [
        (1, "TX_BAT", "6"),
        (1, "TX_BAT", "0"),
        (1, "MUTE", "TOGGLE"),
        (1, "AUDIO_GAIN", "33"),
        (1, "AUDIO_GAIN", "-1"),
        (1, "FREQUENCY", "٣"),
        (1, "GROUP_CHAN", "01"),
        (1, "TX_GAIN", "31"),
        (0, "MAC_ADDR", "none"),
        (0, "BANDLIMITS", "638000 578000 0 0"),
        (0, "BANDLIMITS", "578000 638000"),
    ],
)
def test_what_has_no_meaning_is_unknown_and_takes_the_old_value_away(channel: int, word: str, text: str) -> None:
    state = UnitState()
    assert state.take(Report(channel, word, text)) is False
    key = WORDS[channel > 0][word].keys[0]
    assert state.value(channel, key) is None


@pytest.mark.parametrize(
    ("word", "values", "text"),
    [
        ("CHAN_NAME", {"name": "Lead Vox 2"}, "Lead_Vox_2"),
        ("MUTE", {"receiver_muted": False}, "OFF"),
        ("AUDIO_GAIN", {"gain_db": -32}, "32"),
        ("AUDIO_GAIN", {"gain_db": 0}, "00"),
        ("FREQUENCY", {"frequency_mhz": 601.225}, "601225"),
        ("GROUP_CHAN", {"group": 1, "group_channel": 12}, "01 12"),
    ],
)
def test_what_is_set_is_written_as_the_notes_say(word: str, values: dict[str, object], text: str) -> None:
    assert WRITE[word](values) == text


@given(st.text(NAME_CHARACTERS, min_size=1, max_size=12).filter(lambda text: text == text.strip()))
def test_a_name_comes_back_as_it_was_set(name: str) -> None:
    text = WRITE["CHAN_NAME"]({"name": name})
    assert " " not in text
    (report,) = parse(f"* REPORT 1 CHAN_NAME {text} *".encode())
    assert isinstance(report, Report)
    assert read(1, "CHAN_NAME", report.text) == {"name": name}


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("CHAN_NAME", {"name": "A_B"}),
        ("CHAN_NAME", {"name": "Star*"}),
        ("CHAN_NAME", {"name": "Thirteen char"}),
        ("FREQUENCY", {"frequency_mhz": 601.2001}),
        ("FREQUENCY", {"frequency_mhz": 1801.0}),
        ("AUDIO_GAIN", {"gain_db": 1}),
        ("GROUP_CHAN", {"group": 100, "group_channel": 1}),
    ],
)
def test_what_cannot_be_written_is_refused(word: str, values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        WRITE[word](values)


@pytest.mark.parametrize(
    ("audio", "percent"), [("000", 0), ("1", 12), ("031", 62), ("025", 62), ("127", 87), ("255", 100)]
)
def test_audio_is_the_highest_lamp_in_eighths(audio: str, percent: int) -> None:
    meters = Meters()
    meters.add(sample(f"AX 070 100 5 {audio}"), 0.0)
    taken = meters.take()
    assert taken is not None
    assert taken["audio_peak_percent"] == percent
    assert taken["audio_overload"] is (percent == 100)


def test_samples_are_summed_up_by_their_worst_and_newest() -> None:
    meters = Meters()
    for text in ("AX 020 100 5 031", "XX 100 100 5 000", "XB 085 070 5 003"):
        assert meters.add(sample(text), 0.0)
    assert meters.take() == {
        "antenna_a": "inactive",
        "antenna_b": "active",
        "audio_overload": False,
        "audio_peak_percent": 62,
        "dropouts": 1,
        "rf_overload_a": True,
        "rf_overload_b": False,
        "samples": 3,
    }
    assert (meters.rf_a, meters.rf_b) == (85, 70)
    assert meters.take() is None


def test_nonsense_in_a_sample_is_no_level() -> None:
    meters = Meters()
    assert not meters.add(sample("?? 0x7 -- 9 999"), 0.0)
    taken = meters.take()
    assert taken is not None
    assert (taken["antenna_a"], taken["audio_peak_percent"], taken["dropouts"]) == (None, None, 0)
    assert (meters.rf_a, meters.rf_b) == (None, None)


def present(samples: list[tuple[float, str]]) -> object:
    state, meters = UnitState(), Meters()
    for now, text in samples:
        found = sample(text)
        meters.add(found, now)
        state.take_sampled(1, found.battery, carrier=meters.carrier, gone=meters.gone)
    return state.value(1, "transmitter_present")


@pytest.mark.parametrize(
    ("samples", "is_present"),
    [
        ([(0, "AX 070 100 5 031")], True),
        ([(0, "XX 100 100 U 000")], False),
        ([(0, "AX 070 100 U 031")], None),
        ([(0, "AX 070 100 5 031"), (1, "XX 100 100 5 000")], True),  # a fade
        ([(0, "AX 070 100 5 031"), (1, "XX 100 100 5 000"), (11, "XX 100 100 5 000")], False),  # bars that stayed
        ([(0, "XX 100 100 U 000"), (1, "AX 085 100 U 000")], False),  # a click of somebody else's carrier
        ([(0, "XX 100 100 U 000"), (1, "AX 085 100 U 000"), (5, "AX 085 100 U 000")], None),
    ],
)
def test_whether_a_transmitter_is_there_follows_from_bars_and_antennas(
    samples: list[tuple[float, str]], is_present: object
) -> None:
    assert present(samples) is is_present


def test_what_was_sampled_is_forgotten_when_samples_end() -> None:
    state = UnitState()
    state.take_sampled(1, "U", carrier=False, gone=False)
    state.take_levels(1, 100, 100)
    state.unmetered(1)
    assert state.value(1, "transmitter_present") is None
    assert state.value(1, "rf_a_raw") is None


def test_a_word_that_was_never_reported_is_no_key_of_the_channel() -> None:
    state = UnitState()
    state.take(Report(1, "MUTE", "ON"))
    (_, channel) = state.everything([1])
    assert channel.part == Part(1)
    assert channel.values == {"receiver_muted": True, "transmitter_present": None}
