"""What answers mean, line by line, and what is unknown."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.audio_technica.codec.lines import EMPTY_PORT, Message, parse
from services.drivers.audio_technica.families.atw import ATW, HOLD_S
from services.drivers.audio_technica.families.catalogue import FAMILIES, family_of
from services.drivers.audio_technica.families.esw import DOCK, ESW
from services.drivers.audio_technica.families.family import Family
from services.drivers.audio_technica.families.reading import Reader
from services.drivers.audio_technica.families.system20 import SYSTEM_20
from services.drivers.port import UNIT, Part, Reading

GARLV = (
    "garlv 0000 00 NC {number},11,10,7,-83,9,-77,{antenna},0,0,0,,0,0,0,0,,0,1,1,{lock},0,1,7,0,{battery},{hertz},0,0"
)


def line(text: str) -> Message:
    message = parse(text.encode())
    assert message is not None
    return message


def read(family: Family, text: str, now: float = 0.0, reader: Reader | None = None) -> Reading:
    reading = (reader or Reader(family)).read(line(text), now)
    assert reading is not None
    return reading


def known(reading: Reading) -> Mapping[str, object]:
    return {key: value for key, value in {**reading.values, **reading.more}.items() if value is not None}


def garlv(number: int = 1, antenna: int = 2, lock: int = 0, battery: int = 3, hertz: str = "512250000") -> str:
    return GARLV.format(number=number, antenna=antenna, lock=lock, battery=battery, hertz=hertz)


@pytest.mark.parametrize(
    ("family", "text", "part", "values"),
    [
        (ESW, "ghdmode 0000 00 NC 2", UNIT, {"transmission_mode": "high_density"}),
        (ESW, 'gchname 0000 00 NC 8,"Desk, left "', Part(8), {"name": "Desk, left"}),
        (ESW, "gchvolume 0000 00 NC 1,0", Part(1), {"gain_db": -30}),
        (ESW, "gchvolume 0000 00 NC 1,40", Part(1), {"gain_db": 10}),
        (ESW, "gchmute 0000 00 NC 1,1", Part(1), {"mute_raw": 1}),
        (ESW, "gchhpf 0000 00 NC 1,3", Part(1), {"high_pass_hz": 160}),
        (ESW, "gtxmicgain 0000 00 NC 1,1", Part(1), {"tx_offset_db": -9}),
        (ESW, "gtxmicgain 0000 00 NC 1,11", Part(1), {"tx_offset_db": 21}),
        (
            ESW,
            "glevelbatttx 0000 00 NC 3,1,87,0935,1",
            Part(3),
            {"transmitter_present": True, "battery_percent": 87, "battery_runtime_minutes": 575, "usb_power": True},
        ),
        (SYSTEM_20, "gchvolume 0001 00 NC 1,0", Part(1), {"gain_db": -20, "rx_link": 1}),
        (SYSTEM_20, "gchmute 0002 00 NC 4,1", Part(8), {"receiver_muted": True, "rx_link": 2}),
        (SYSTEM_20, "gtxmicgain 0001 00 NC 1,15", Part(1), {"tx_offset_db": 20, "rx_link": 1}),
        (
            SYSTEM_20,
            "glevelbatttx 0005 00 NC 4,1,0,0042,1",
            Part(20),
            {
                "transmitter_present": True,
                "battery_level": 0,
                "battery_bars": 1,
                "battery_runtime_minutes": 42,
                "usb_power": True,
                "rx_link": 5,
            },
        ),
        (
            SYSTEM_20,
            "glevelbatttx 0001 00 NC 1,1,4,0",
            Part(1),
            {"transmitter_present": True, "battery_level": 4, "battery_bars": 5, "usb_power": False, "rx_link": 1},
        ),
        (
            DOCK,
            "glevelbatt 0000 00 NC 1,1,62,37,97,0131,24,1",
            Part(1),
            {
                "occupied": True,
                "charge_state": "charging",
                "battery_percent": 62,
                "battery_cycles": 37,
                "battery_health_percent": 97,
                "time_to_full_minutes": 91,
                "battery_temperature_c": 24,
                "charge_code": 1,
            },
        ),
        (
            ATW,
            'gprch 0000 00 NC 2,"VOX 2   ",,1,,,0,498125000,0,0,0',
            Part(2),
            {"name": "VOX 2", "frequency_mhz": 498.125},
        ),
        (
            ATW,
            garlv(lock=1),
            Part(1),
            {
                "transmitter_present": True,
                "battery_level": 3,
                "battery_bars": 4,
                "tx_lock": "all",
                "frequency_mhz": 512.25,
            },
        ),
    ],
)
def test_an_answer_means_what_the_notes_say(
    family: Family, text: str, part: Part, values: Mapping[str, object]
) -> None:
    reading = read(family, text)
    assert (reading.part, known(reading)) == (part, values)


def test_a_notice_is_read_like_the_answer_of_the_same_name() -> None:
    assert known(read(ESW, "MD nchvolume 0000 00 NC 2,30")) == {"gain_db": 0}


def test_mute_of_an_esw_is_never_claimed() -> None:
    assert "receiver_muted" not in ESW.part_abilities().keys
    assert "receiver_muted" not in read(ESW, "gchmute 0000 00 NC 1,1").values


def test_a_transmitter_without_a_link_leaves_nothing_behind() -> None:
    reading = read(ESW, "glevelbatttx 0000 00 NC 1,0,55,0400,0")
    assert known(reading) == {"transmitter_present": False}
    assert {"battery_percent", "battery_runtime_minutes", "transmitter_id"} <= reading.values.keys()
    assert {"usb_power", "transmitter_kind"} <= reading.more.keys()


@pytest.mark.parametrize(
    "text", ["glevelbatt 0000 00 NC 3,0,55,1,90,0100,20,0", "MD nlevelbatt 0000 00 NC 3,0,0,0,0,0000,0,0"]
)
def test_an_empty_port_keeps_nothing_of_what_lay_in_it(text: str) -> None:
    reading = read(DOCK, text)
    assert reading.whole
    assert reading.values == {"occupied": False, "charge_state": "empty"}


def test_a_port_is_empty_by_refusal_11_alone() -> None:
    reader = Reader(DOCK)
    question = DOCK.question("glevelbatt")
    assert question is not None
    empty, refused = reader.unanswered(question, Part(2), EMPTY_PORT), reader.unanswered(question, Part(2), 4)
    assert empty == Reading(Part(2), {"occupied": False, "charge_state": "empty"}, whole=True)
    assert refused is not None
    assert set(refused.values.values()) == {None}


@pytest.mark.parametrize(
    ("text", "state"),
    [("100,1,90,0000", "full"), ("99,1,90,0002", "charging"), ("62,1,90,0000", None), ("62,1,90,", None)],
)
def test_what_a_dock_does_follows_from_percent_and_time(text: str, state: str | None) -> None:
    assert read(DOCK, f"glevelbatt 0000 00 NC 1,1,{text},24,7").values["charge_state"] == state


@pytest.mark.parametrize(
    ("field", "key", "text"),
    [
        ("glevelbatttx 0000 00 NC 1,1,101,0935,0", "battery_percent", "101"),
        ("glevelbatttx 0000 00 NC 1,1,87,0960,0", "battery_runtime_minutes", "0960"),
        ("glevelbatttx 0000 00 NC 1,1,87,soon,0", "battery_runtime_minutes", "soon"),
        ("gchvolume 0000 00 NC 1,41", "gain_db", "41"),
        ("gchhpf 0000 00 NC 1,9", "high_pass_hz", "9"),
    ],
)
def test_a_value_that_nobody_can_read_is_unknown_and_named(field: str, key: str, text: str) -> None:
    reader = Reader(ESW)
    reading = read(ESW, field, reader=reader)
    assert {**reading.values, **reading.more}[key] is None
    assert reader.unread == [(key, text)]


@pytest.mark.parametrize(
    "text", ["gchname 0000 00 NC 9,x", "gchname 0000 00 NC 0,x", "gchname 0000 00 NC ,x", "gweather 0000 00 NC 1,1"]
)
def test_an_answer_about_nothing_that_the_unit_has_is_counted(text: str) -> None:
    reader = Reader(ESW)
    assert reader.read(line(text), 0.0) is None
    assert reader.meaningless == 1


@pytest.mark.parametrize("text", ["garlv 0000 00 NC 1,11,10", "gprch 0000 00 NC 1", "gprch 0000 00 NC 1,x,,1"])
def test_an_answer_with_too_few_fields_is_ill_formed(text: str) -> None:
    reader = Reader(ATW)
    assert reader.read(line(text), 0.0) is None
    assert reader.ill_formed == 1


# -- levels ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "percent"), list(enumerate([0, 14, 29, 43, 57, 71, 86, 100])))
@pytest.mark.parametrize("form", ["1,{}", "1,1,{}"])
def test_a_step_of_seven_is_a_share_of_the_scale_and_no_dbm(form: str, step: int, percent: int) -> None:
    reader = Reader(ESW)
    reader.read(line("glevelrf 0000 00 NC " + form.format(step)), 0.0)
    reader.read(line("glevelafrx 0000 00 NC " + form.format(step)), 0.0)
    assert reader.meters[1].take() == {
        "rf_percent": percent,
        "rf_min_percent": percent,
        "audio_peak_percent": percent,
        "dropouts": int(step == 0),
        "samples": 1,
    }


def test_levels_are_summed_up_by_the_newest_the_lowest_and_the_highest() -> None:
    reader = Reader(ESW)
    for rf, audio in ((7, 2), (0, 6), (3, 1)):
        reader.read(line(f"glevelrf 0000 00 NC 1,{rf}"), 0.0)
        reader.read(line(f"glevelafrx 0000 00 NC 1,{audio}"), 0.0)
    assert reader.meters[1].take() == {
        "rf_percent": 43,
        "rf_min_percent": 0,
        "audio_peak_percent": 86,
        "dropouts": 1,
        "samples": 3,
    }
    assert reader.meters[1].take() is None


@pytest.mark.parametrize(
    ("antenna", "a", "b"), [(0, "inactive", "inactive"), (1, "active", "inactive"), (2, "inactive", "active")]
)
def test_a_5000_tells_dbm_of_both_antennas_and_which_one_is_heard(antenna: int, a: str, b: str) -> None:
    reader = Reader(ATW)
    reader.read(line(garlv(antenna=antenna)), 0.0)
    assert reader.meters[1].take() == {
        "rf_a_dbm": -83,
        "rf_b_dbm": -77,
        "rf_dbm": -77,
        "rf_min_dbm": -77,
        "antenna_a": a,
        "antenna_b": b,
        "audio_peak_percent": 69,
        "dropouts": int(antenna == 0),
        "samples": 1,
    }


def test_a_fade_of_a_5000_is_no_transmitter_that_went() -> None:
    reader = Reader(ATW)
    read(ATW, garlv(), 0.0, reader)
    fading = read(ATW, garlv(antenna=0, battery=0), 1.0, reader)
    assert not {"transmitter_present", "battery_bars", "tx_lock"} & fading.values.keys()
    gone = read(ATW, garlv(antenna=0, battery=0), HOLD_S, reader)
    assert known(gone) == {"transmitter_present": False, "frequency_mhz": 512.25}
    assert gone.values["battery_bars"] is None


def test_levels_that_repeat_what_is_known_report_nothing() -> None:
    reader = Reader(ATW)
    read(ATW, garlv(), 0.0, reader)
    assert reader.read(line(garlv()), 1.0) is None
    assert reader.read(line(garlv(battery=2)), 2.0) is not None
    reader.afresh()
    assert reader.read(line(garlv(battery=2)), 3.0) is not None


# -- who it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mac", ["00:0A:9C:01:02:03", "000a9c010203", "00-0a-9c-01-02-03"])
def test_a_mac_address_is_one_however_it_is_written(mac: str) -> None:
    reader = Reader(ESW)
    reader.read(line(f"gipnet 0000 00 NC 0,192.0.2.10,255.255.255.0,192.0.2.1,0,{mac}"), 0.0)
    assert reader.facts == {"mac": "00:0a:9c:01:02:03"}


@pytest.mark.parametrize(
    ("family", "text"),
    [
        (ESW, "gipnet 0000 00 NC 0,192.0.2.10,255.255.255.0,192.0.2.1,0,00:00:00:00:00:00"),
        (ESW, "gipnet 0000 00 NC 0,192.0.2.10"),
        (SYSTEM_20, "gmyid 0001 00 NC 00000000"),
        (SYSTEM_20, "gmyid 0001 00 NC FFFFFFFF"),
        (SYSTEM_20, "gmyid 0002 00 NC 5A3F0C91"),
    ],
)
def test_what_two_units_could_have_is_no_identity(family: Family, text: str) -> None:
    reader = Reader(family)
    reader.read(line(text), 0.0)
    assert reader.facts == {}


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("ESW-R4180DAN", ESW),
        ("esw-r4180lk", ESW),
        ("ESW-CHG5", DOCK),
        ("ATW-R1440", SYSTEM_20),
        ("ATW-R5220DAN", ATW),
        ("ATW-DR3120", ATW),
        ("ATW-R3210N", ATW),
        ("ATDM-0604a", None),
        ("ATUC-50CU", None),
        ("", None),
    ],
)
def test_a_model_belongs_to_a_line(model: str, family: Family | None) -> None:
    assert family_of(model) is family


@given(st.sampled_from(FAMILIES), st.data())
def test_no_answer_raises(family: Family, data: st.DataObject) -> None:
    question = data.draw(st.sampled_from(family.questions))
    texts = data.draw(
        st.lists(st.sampled_from(["", "1", "0", "-7", "0935", "²", "٣", '"', "x" * 300, "4294967296"]), max_size=30)
    )
    reader = Reader(family)
    reader.read(Message(question.word, data.draw(st.sampled_from(["0000", "0001", "zzzz"])), ",".join(texts)), 0.0)
    reader.meters[1].take()
