"""PSM1000 on the wire: what its reports mean, what its meters add up to, and what the simulated one takes."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers import Reading
from services.drivers.shure.adverts import sighting_of
from services.drivers.shure.codec import messages as codec
from services.drivers.shure.codec import slp
from services.drivers.shure.codec.framing import Framer
from services.drivers.shure.codec.reported_levels import ReportedLevels
from services.drivers.shure.codec.samples import merge
from services.drivers.shure.families import FAMILIES, model_of, part_abilities
from services.drivers.shure.replaying import replay
from services.drivers.shure.simulation.transmitters.rack import LOUDEST, Rack
from services.model import UNIT, Part

FAMILY = FAMILIES["psm1000"]
LEVELS = ReportedLevels({"AUDIO_IN_LVL_L": "audio_left_raw", "AUDIO_IN_LVL_R": "audio_right_raw"})


def read(*lines: str) -> list[Reading]:
    found = model_of("P10T")
    assert found is not None
    return replay(*found, [line.encode() + b"\r\n" for line in lines])


def level(side: str, raw: int, channel: int = 1) -> str:
    return f"< REPORT {channel} AUDIO_IN_LVL_{side} {raw} >"


def rack(number: int = 1, *, still: bool = True) -> Rack:
    return Rack(number, "G10", Random(1), still=still)


def said(simulated: Rack, command: str) -> list[str]:
    result = simulated.answer(command.encode())
    return [line.decode() for line in result.replies + result.reports]


@pytest.mark.parametrize(
    ("line", "values", "more"),
    [
        ("< REPORT 1 CHAN_NAME IEM 2/3 >", {"name": "IEM 2/3"}, {}),
        ("< REPORT 1 CHAN_NAME {IEM1    } >", {"name": "IEM1"}, {}),
        ("< REPORT 1 CHAN_NAME >", {"name": None}, {}),
        ("< REPORT 1 FREQUENCY 683800 >", {"frequency_mhz": 683.8}, {}),
        ("< REPORT 1 GROUP_CHAN 01,12 >", {"group": 1, "group_channel": 12}, {}),
        ("< REPORT 1 GROUP_CHAN --,-- >", {"group": None, "group_channel": None}, {}),
        ("< REPORT 1 RF_MUTE 1 >", {"rf_muted": True}, {}),
        ("< REPORT 1 RF_MUTE 0000 >", {"rf_muted": False}, {}),
        ("< REPORT 1 RF_TX_LVL 100 >", {"rf_power_mw": 100}, {}),
        ("< REPORT 1 AUDIO_TX_MODE 2 >", {"audio_mode": "point_to_point"}, {}),
        ("< REPORT 1 AUDIO_IN_LVL -67 >", {"input_level_db": -67}, {}),
        ("< REPORT 1 AUDIO_IN_LVL 0 >", {"input_level_db": 0}, {}),
        ("< REPORT 1 AUDIO_IN_LINE_LVL 0 >", {}, {"input_line_level": "aux"}),
    ],
)
def test_a_report_means_what_the_page_says(line: str, values: dict[str, object], more: dict[str, object]) -> None:
    assert read(line) == [Reading(Part(1), values, more)]


def test_the_name_of_the_unit_is_its_label_too() -> None:
    assert read("< REPORT DEVICE_NAME RACK1 >") == [Reading(UNIT, {"device_id": "RACK1", "name": "RACK1"})]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("< REPORT 1 RF_MUTE 2 >", "rf_muted"),
        ("< REPORT 1 RF_MUTE ON >", "rf_muted"),
        ("< REPORT 1 AUDIO_IN_LVL 5 >", "input_level_db"),
        ("< REPORT 1 AUDIO_IN_LVL --5 >", "input_level_db"),
        ("< REPORT 1 AUDIO_TX_MODE 9 >", "audio_mode"),
        ("< REPORT 1 RF_TX_LVL 99999 >", "rf_power_mw"),
        ("< REPORT 1 FREQUENCY x >", "frequency_mhz"),
    ],
)
def test_a_value_that_nobody_can_read_is_unknown_and_no_longer_what_it_was(line: str, key: str) -> None:
    assert read(line) == [Reading(Part(1), {key: None})]


@pytest.mark.parametrize(
    "line",
    ["< REP 1 CHAN_NAME {IEM1} >", "< REPORT ERR >", "< REPORT 1 METER_RATE 1000 >", "< REPORT 1 BATT_BARS 5 >"],
)
def test_what_says_nothing_of_a_transmitter_changes_nothing(line: str) -> None:
    assert not [one for one in read(line) if one.values or one.more]


def test_meters_are_the_highest_raw_numbers_of_each_side_and_never_decibels() -> None:
    (reading,) = read(level("L", 300), level("R", 450), level("L", 3_548_184), level("R", 17))
    assert reading == Reading(Part(1), {"audio_left_raw": 3_548_184, "audio_right_raw": 450, "samples": 2})
    assert part_abilities(FAMILY).telemetry == {"audio_left_raw", "audio_right_raw", "samples"}


def test_two_summaries_keep_the_highest_of_both() -> None:
    earlier = {"audio_left_raw": 900, "audio_right_raw": 5, "samples": 3}
    assert merge(earlier, {"audio_left_raw": 7, "samples": 1}) == {
        "audio_left_raw": 900,
        "audio_right_raw": 5,
        "samples": 4,
    }


def test_a_setting_is_no_meter_in_spite_of_its_name() -> None:
    assert not LEVELS.has(b"REPORT 1 AUDIO_IN_LVL -16")
    assert LEVELS.has(b"REPORT 2 AUDIO_IN_LVL_R 1")


@given(st.binary(max_size=200))
def test_no_bytes_make_the_meters_raise(data: bytes) -> None:
    summaries, count = LEVELS.summarise(data)
    assert (count > 0) == bool(summaries)
    LEVELS.has(data)


@given(st.lists(st.tuples(st.integers(1, 2), st.sampled_from("LR"), st.integers(0, 99_999_999_999)), max_size=20))
def test_every_well_formed_meter_counts_once(meters: list[tuple[int, str, int]]) -> None:
    stream = "".join(level(side, raw, channel) for channel, side, raw in meters).encode()
    summaries, count = LEVELS.summarise(stream)
    assert count == len(meters)
    for channel, summary in summaries.items():
        sides = [[raw for at, side, raw in meters if (at, side) == (channel, name)] for name in "LR"]
        assert summary["samples"] == max(map(len, sides))
        assert summary.get("audio_left_raw") == max(sides[0], default=None)


def test_an_advert_of_one_is_an_in_ear_transmitter_of_the_model_that_a_look_finds() -> None:
    seen = sighting_of(slp.build(slp.attributes_of("PSM1KTx", "RACK1", "00:0e:dd:01:02:03", "10.0.0.9")), "10.0.0.9")
    assert seen is not None
    assert (seen.identity.kind, seen.identity.family, seen.identity.model) == ("iem", "psm1000", "P10T")
    assert seen.identity.mac == "00:0e:dd:01:02:03"


def test_the_simulated_one_takes_the_first_command_of_a_line_and_loses_the_second() -> None:
    assert said(rack(), "< GET DEVICE_NAME >< GET 1 RF_MUTE >") == ["< REPORT DEVICE_NAME RACK1 >\r\n"]


@pytest.mark.parametrize(
    "command",
    [
        "",
        "GET DEVICE_NAME",
        "< GET MODEL >",
        "< GET 0 ALL >",
        "< GET 3 CHAN_NAME >",
        "< GET 0 CHAN_NAME >",
        "< SET 1 RF_MUTE ON >",
        "< SET 1 RF_TX_LVL 20 >",
        "< SET 1 AUDIO_IN_LVL 1 >",
        "< SET 1 FREQUENCY 900000 >",
        "< SET 1 FREQUENCY 500010 >",
        "< SET 1 CHAN_NAME {Vox} >",
        "< SET 1 CHAN_NAME ninechars >",
        "< SET 1 METER_RATE 50 >",
        "< SET 1 GROUP_CHAN --,-- >",
    ],
)
def test_what_the_simulated_one_does_not_take_gets_no_word(command: str) -> None:
    assert said(rack(), command) == []


def test_frequency_and_group_bring_each_other() -> None:
    simulated = rack()
    assert said(simulated, "< SET 1 FREQUENCY 500025 >") == [
        "< REPORT 1 FREQUENCY 500025 >\r\n",
        "< REPORT 1 GROUP_CHAN --,-- >\r\n",
    ]
    group, frequency = said(simulated, "< SET 1 GROUP_CHAN 01,02 >")
    assert group == "< REPORT 1 GROUP_CHAN 01,02 >\r\n"
    assert frequency.startswith("< REPORT 1 FREQUENCY ")


def test_the_two_spellings_of_the_name_are_one() -> None:
    simulated = rack()
    assert said(simulated, "< SET 2 CHAN NAME Bass 2 >") == ["< REPORT 2 CHAN_NAME Bass 2 >\r\n"]
    assert said(simulated, "< GET 2 CHAN_NAME >") == ["< REPORT 2 CHAN_NAME Bass 2 >\r\n"]


def test_a_living_one_has_programme_and_silence_within_what_was_seen() -> None:
    simulated = rack(still=False)
    lines = [line for _ in range(500) for line in simulated.meters(1)]
    raw = [int(line.split()[4]) for line in lines]
    assert min(raw) >= 300
    assert max(raw) <= LOUDEST
    assert len({*raw}) > 100


def test_every_line_of_the_simulated_one_is_a_message_for_the_framer() -> None:
    simulated = rack()
    names = ("DEVICE_NAME", *(f"{channel} {name}" for channel, name in simulated.values if channel))
    for name in names:
        (line,) = said(simulated, f"< GET {name} >")
        (body,) = Framer().feed(line.encode())
        message = codec.parse(body)
        assert message is not None
        assert message.verb == "REPORT"
