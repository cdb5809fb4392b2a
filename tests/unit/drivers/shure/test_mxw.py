"""Microflex Wireless without a socket: places, codes, what is put together, and what the simulated units refuse."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.port import UNIT, Part, Reading
from services.drivers.shure.codec import messages as codec
from services.drivers.shure.codec.messages import get, set_
from services.drivers.shure.families import FAMILIES, Family, model_of
from services.drivers.shure.families.mxw.composing import Bays, Microphones
from services.drivers.shure.simulation.mxw.access_points import AccessPoint, Channel
from services.drivers.shure.simulation.mxw.docks import Dock
from services.drivers.shure.simulation.mxw.microphones import Microphone

OLD, NEXT, DOCK = FAMILIES["mxw"], FAMILIES["mxw_next"], FAMILIES["mxw_next_dock"]


def values(family: Family, body: str, model: str = "") -> Mapping[str, object]:
    """What a report means; of the model of which synonyms are to be used."""
    message = codec.parse(f"REP {body}".encode())
    assert message is not None
    found = model_of(model) if model else None
    meaning = codec.decode(codec.renamed(message, found[1].synonyms if found else {}), family.properties)
    assert meaning is not None, body
    return meaning.reading.values


@pytest.mark.parametrize(
    ("written", "name", "index", "value"),
    [
        ("REP CH 3 TX_STATUS ACTIVE", "CH TX_STATUS", 3, "ACTIVE"),
        ("REP BAY 2 TX_DEVICE_ID {BND}", "BAY TX_DEVICE_ID", 2, "{BND}"),
        ("rep sec 1 BATT_CHARGE 071", "SEC BATT_CHARGE", 1, "071"),
        ("REP SEC FLASH ON", "SEC FLASH", None, "ON"),
        ("REP 28 INPUT_CH_GAIN 1100", "MIC INPUT_CH_GAIN", 8, "1100"),
        ("REP 20 INPUT_CH_GAIN 1100", "INPUT_CH_GAIN", 20, "1100"),
        ("REP 41 INPUT_CH_MUTE MUTED", "INPUT_CH_MUTE", 41, "MUTED"),
        ("REP 21 OUTPUT_CH_GAIN 0", "OUTPUT_CH_GAIN", 21, "0"),
        ("REP CH", "CH", None, ""),
    ],
)
def test_a_word_for_the_place_belongs_to_the_name(written: str, name: str, index: int | None, value: str) -> None:
    message = codec.parse(written.encode())
    assert message is not None
    assert (message.name, message.index, message.value) == (name, index, value)


@pytest.mark.parametrize(
    ("wire", "written"),
    [
        (get("CH TX_STATUS", 3), b"< GET CH 3 TX_STATUS >"),
        (get("BAY TX_STATUS", 0), b"< GET BAY 0 TX_STATUS >"),
        (get("MIC INPUT_CH_GAIN", 1), b"< GET 21 INPUT_CH_GAIN >"),
        (get("INPUT_CH_GAIN", 0), b"< GET 0 INPUT_CH_GAIN >"),
        (get("ALL", None), b"< GET ALL >"),
        (set_("MIC INPUT_CH_MUTE", 8, "MUTED"), b"< SET 28 INPUT_CH_MUTE MUTED >"),
    ],
)
def test_it_is_written_before_the_index(wire: bytes, written: bytes) -> None:
    assert wire == written


@pytest.mark.parametrize(
    ("body", "model"),
    [
        ("CH 1 TX_STATUS MUTED", "MXWAPX4"),
        ("1 TX_STATUS MUTED", "MXWAPX4"),
        ("1 TX_STATUS MUTED", "MXWAPXD2"),
    ],
)
def test_a_channel_is_understood_with_the_word_and_without(body: str, model: str) -> None:
    assert values(NEXT, body, model)["microphone_status"] == "muted"


@pytest.mark.parametrize(("model", "reported"), [("MXWAPX8", True), ("MXWAPXD2", None)])
def test_without_a_word_available_is_said_of_a_bay_where_there_are_bays(model: str, reported: object) -> None:
    assert values(NEXT, "1 TX_AVAILABLE YES", model).get("microphone_available") is reported
    assert values(NEXT, "CH 1 TX_AVAILABLE YES", model)["microphone_available"] is True


@pytest.mark.parametrize(
    ("word", "present", "muted"),
    [
        ("ACTIVE", True, False),
        ("MUTE", True, True),
        ("MUTED", True, True),
        ("STANDBY", True, None),
        ("ON_CHARGER", False, None),
        ("OFF", False, None),
        ("UNKNOWN", False, None),
        ("ERR", None, None),
    ],
)
def test_what_a_microphone_does_is_presence_and_mute(word: str, present: object, muted: object) -> None:
    told = values(OLD, f"1 TX_STATUS {word}")
    assert (told["transmitter_present"], told["transmitter_muted"]) == (present, muted)
    assert told["transmitter_docked"] is (None if present is None else word == "ON_CHARGER")


@pytest.mark.parametrize(
    ("code", "minutes", "status", "source"),
    [
        ("00000", 0, "ok", "battery"),
        ("65531", 65531, "ok", "battery"),
        ("65532", None, "not_reported", "external"),
        ("65533", None, "not_reported", None),
        ("65534", None, "calculating", "battery"),
        ("65535", None, "not_reported", None),
        ("ERROR", None, "not_reported", None),
    ],
)
def test_the_run_time_has_codes_of_its_own(code: str, minutes: object, status: str, source: object) -> None:
    told = values(NEXT, f"1 BATT_RUN_TIME {code}")
    assert tuple(told.values()) == (minutes, status, source)


@pytest.mark.parametrize(
    ("code", "minutes", "status"),
    [
        ("00038", 38, "ok"),
        ("65532", None, "not_reported"),
        ("65533", None, "in_use"),
        ("65534", 0, "reached"),
        ("65535", None, "off"),
        ("ERR", None, None),
    ],
)
def test_the_time_to_full_has_others(code: str, minutes: object, status: object) -> None:
    assert tuple(values(DOCK, f"1 BATT_TIME_TO_FULL {code}").values()) == (minutes, status)


@pytest.mark.parametrize("code", ["252", "253", "254", "255", "ERR", "ERROR"])
@pytest.mark.parametrize("name", ["BATT_CHARGE", "BATT_HEALTH", "INT_AUDIO_GAIN"])
def test_no_code_is_a_number(name: str, code: str) -> None:
    assert set(values(NEXT, f"1 {name} {code}").values()) == {None}


@pytest.mark.parametrize(("raw", "db"), [("0", -110), ("1100", 0), ("1135", 3.5), ("0995", -10.5), ("1400", 30)])
def test_the_gain_of_an_input_has_tenths(raw: str, db: float) -> None:
    assert values(NEXT, f"21 INPUT_CH_GAIN {raw}") == {"gain_db": db}
    (control,) = [each for each in NEXT.controls if "gain_db" in each.can]
    assert control.write({"gain_db": db}) == raw.lstrip("0") or raw == "0"


@pytest.mark.parametrize("db", [-110.1, 30.1, 0.05, "0", None, True])
def test_no_other_gain_is_written(db: object) -> None:
    (control,) = [each for each in NEXT.controls if "gain_db" in each.can]
    with pytest.raises(ValueError, match=r"gain_db|within|multiple"):
        control.write({"gain_db": db})


def test_an_unknown_serial_number_is_none() -> None:
    assert values(NEXT, "SERIAL_NUM {UNKNOWN    }") == {"serial": None}
    assert values(NEXT, "SERIAL_NUM {3QD00000001}") == {"serial": "3QD00000001"}


def test_meters_come_without_all() -> None:
    assert OLD.meters is not None
    assert NEXT.meters is not None
    lines = b"< SAMPLE 1 062 088 >< SAMPLE 2 127 121 >< SAMPLE 1 050 255 >"
    assert NEXT.meters.summarise(lines)[0] == {
        1: {"audio_peak_dbfs": -32, "rf_dbm": -60, "rf_min_dbm": -60, "samples": 2},
        2: {"audio_peak_dbfs": 0, "rf_dbm": 17, "rf_min_dbm": 17, "samples": 1},
    }
    assert OLD.meters.summarise(b"< SAMPLE 1 096 098 >< SAMPLE 1 097 099 >")[0] == {
        1: {"audio_peak_raw": 98, "rf_raw": None, "samples": 2}
    }
    assert OLD.meters.summarise(b"< SAMPLE 1 ALL 054 037 >")[0] == {}


@given(st.lists(st.binary(max_size=12), max_size=6))
def test_no_meters_make_it_raise(pieces: list[bytes]) -> None:
    for family in (OLD, NEXT):
        assert family.meters is not None
        family.meters.summarise(b"".join(b"< SAMPLE %b >" % piece for piece in pieces))


def test_the_battery_of_a_docked_microphone_stands_by_itself_and_ends_with_the_dock() -> None:
    composer = Microphones(charges=True)
    told: dict[str, object] = {}
    for report in ({"battery_percent": 64}, {"microphone_status": "on_charger"}, {"docked_time_to_full_minutes": 38}):
        for reading in composer.compose(Reading(Part(1), report)):
            told |= reading.more
    assert told == {
        "microphone_status": "on_charger",
        "docked_battery_percent": 64,
        "docked_time_to_full_minutes": 38,
    }
    (left,) = composer.compose(Reading(Part(1), {"microphone_status": "active"}))
    assert left.more["docked_battery_percent"] is left.more["docked_time_to_full_minutes"] is None


def test_a_microphone_that_is_not_available_is_not_on_the_air() -> None:
    composer = Microphones(charges=False)
    told = []
    for key, value in (
        ("transmitter_present", True),
        ("microphone_available", False),
        ("transmitter_present", True),
        ("microphone_available", True),
    ):
        told += [reading.values["transmitter_present"] for reading in composer.compose(Reading(Part(1), {key: value}))]
    assert told == [True, False, False, True]


def test_of_a_second_microphone_that_went_nothing_stays() -> None:
    (gone,) = Microphones(charges=True).compose(Reading(Part(1), {"second_microphone_status": "unknown"}))
    assert gone.more["second_battery_percent"] is None


def test_the_bays_of_an_access_point_are_the_units() -> None:
    (reading,) = Microphones(charges=True).compose(Reading(Part(2), {"bay_microphone_status": "on_charger"}))
    assert reading == Reading(UNIT, {}, {"bay_2_microphone_status": "on_charger"})


def test_a_dock_tells_nothing_of_a_battery_that_is_not_in_it() -> None:
    composer = Bays()
    (docked,) = composer.compose(Reading(Part(1), {"microphone_status": "on_charger"}))
    assert docked.values == {"occupied": True}
    composer.compose(Reading(Part(1), {"battery_percent": 64}))
    (taken,) = composer.compose(Reading(Part(1), {"microphone_status": "active"}))
    assert taken.whole
    assert taken.values == {"occupied": False, "charge_state": "empty"}
    assert composer.compose(Reading(Part(1), {"battery_percent": 63})) == []
    (back,) = composer.compose(Reading(Part(1), {"microphone_status": "on_charger"}))
    assert back.values == {"occupied": True, "battery_percent": 63}


def test_a_bay_of_which_nothing_is_known_is_not_said_to_be_empty() -> None:
    (reading,) = Bays().compose(Reading(Part(1), {"microphone_status": "unknown"}))
    assert reading.values == {"occupied": None}


# -- what the simulated units refuse ---------------------------------------------------------------------------------


def access_point(*, newer: bool, bays: int = 0) -> AccessPoint:
    unit = AccessPoint("M", "AP", "3QD", "127.0.0.1", "d8:34:ee:00:00:01", next=newer, names_itself=newer)
    unit.channels = {
        number: Channel(f"Mic {number}", Microphone("MXW2", "M"), 1100 if newer else 25) for number in (1, 2)
    }
    unit.flashing_parts = 0 if newer else 2
    unit.bays = dict.fromkeys(range(1, bays + 1))
    return unit


@pytest.mark.parametrize(
    "question",
    [
        "GET MODEL",
        "GET 1 TX_STATUS",
        "GET BAY 1 TX_STATUS",
        "GET 3 BATT_CHARGE",
        "GET 0 CHAN_NAME",
        "GET 1 ALL",
        "SET 1 FLASH ON",
        "SET REBOOT",
        "SET 1 UNLINK",
        "SET DEVICE_ID {X}",
        "SET 1 METER_RATE 00050",
        "nonsense",
    ],
)
def test_a_newer_access_point_refuses(question: str) -> None:
    assert access_point(newer=True).answer(question.encode()).replies == [b"< REP ERR >"]


@pytest.mark.parametrize(
    "question",
    [
        "GET DEVICE_MODEL",
        "GET SERIAL_NUM",
        "GET FW_VER",
        "GET ALL",
        "GET 0 ALL",
        "GET CH 1 TX_STATUS",
        "GET 1 INPUT_CH_GAIN",
        "SET 1 AUDIO_GAIN 061",
        "SET 1 CHAN_NAME {123456789}",
        "SET 1 METER_RATE 65536",
    ],
)
def test_an_older_access_point_refuses(question: str) -> None:
    assert access_point(newer=False).answer(question.encode()).replies == [b"< REP ERR >"]


@pytest.mark.parametrize(
    "question", ["GET DECT_CHANNEL_COUNT", "GET 1 CHAN_NAME", "SET 1 FLASH ON", "GET 0 BATT_TIME_TO_FULL"]
)
def test_a_dock_refuses(question: str) -> None:
    dock = Dock("MXWNDX2", "D", "3QD", "127.0.0.1", "d8:34:ee:00:00:01", bays={1: None, 2: None})
    assert dock.answer(question.encode()).replies == [b"< REP ERR >"]


def test_what_changed_while_a_microphone_was_away_is_not_reported() -> None:
    unit = access_point(newer=False)
    unit.set_value(1, "transmitter_present", False)
    unit.set_value(1, "battery_percent", 33)
    assert unit.set_value(1, "transmitter_present", True) == [b"< REP 1 TX_AVAILABLE YES >"]
    assert unit.answer(b"GET 1 BATT_CHARGE").replies == [b"< REP 1 BATT_CHARGE 033 >"]
