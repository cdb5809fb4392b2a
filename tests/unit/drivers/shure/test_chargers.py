"""What a Shure charger reports, and what is understood of it: every word, every code, every bay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.shure.codec import messages as codec
from services.drivers.shure.codec.framing import Framer
from services.drivers.shure.codec.properties import Scope
from services.drivers.shure.families import sbc
from services.drivers.shure.families.bays import MORE_KEYS, BayReading, Bays, Charger, bays_of

BOTH_WAYS = [
    ("MODEL", f"{{{'SBC220':32}}}", {"model": "SBC220"}),
    ("FW_VER", f"{{{'1.4.53.0':24}}}", {"firmware": "1.4.53.0", "firmware_update_failed": False}),
    ("FW_VER", f"{{{'1.4.7.0*':24}}}", {"firmware": "1.4.7.0", "firmware_update_failed": True}),
    ("DEVICE_ID", f"{{{'Dock 1':31}}}", {"device_id": "Dock 1", "name": "Dock 1"}),
    ("DEVICE_ID", f"{{{'<a>':31}}}", {"device_id": "<a>", "name": "<a>"}),
    ("STORAGE_MODE", "ON", {"storage_mode": True}),
    ("STORAGE_MODE", "OFF", {"storage_mode": False}),
    ("BATT_DETECTED", "YES", {"occupied": True}),
    ("BATT_DETECTED", "NO", {"occupied": False}),
    ("BATT_STATE", "FULL", {"charge_state": "full"}),
    ("BATT_STATE", "CALCULATING", {"charge_state": "calculating"}),
    ("BATT_STATE", "NORMAL", {"charge_state": "charging"}),
    ("BATT_STATE", "WARM", {"charge_state": "warm"}),
    ("BATT_STATE", "HOT", {"charge_state": "hot"}),
    ("BATT_STATE", "COLD", {"charge_state": "cold"}),
    ("BATT_STATE", "PRECHARGE", {"charge_state": "precharging"}),
    ("BATT_STATE", "READY_TO_STORE", {"charge_state": "stored"}),
    ("BATT_STATE", "DISCHARGING", {"charge_state": "discharging"}),
    ("BATT_STATE", "ERROR", {"charge_state": "fault"}),
    ("BATT_STATE", "NO_BATT", {"charge_state": "empty"}),
    ("BATT_ERROR", "000", {"fault": None}),
    ("BATT_ERROR", "001", {"fault": "unknown_module"}),
    ("BATT_ERROR", "002", {"fault": "unknown_battery"}),
    ("BATT_ERROR", "003", {"fault": "deep_discharge_recovery_failed"}),
    ("BATT_ERROR", "004", {"fault": "charge_failed"}),
    ("BATT_ERROR", "005", {"fault": "check_battery"}),
    ("BATT_ERROR", "006", {"fault": "check_charger"}),
    ("BATT_ERROR", "007", {"fault": "communication_failure"}),
    ("BATT_CHARGE", "000", {"battery_percent": 0}),
    ("BATT_CHARGE", "100", {"battery_percent": 100}),
    ("BATT_CHARGE", "255", {"battery_percent": None}),
    ("BATT_BARS", "005", {"battery_bars": 5}),
    ("BATT_BARS", "255", {"battery_bars": None}),
    ("BATT_HEALTH", "084", {"battery_health_percent": 84}),
    ("BATT_HEALTH", "255", {"battery_health_percent": None}),
    ("BATT_CYCLE", "00362", {"battery_cycles": 362}),
    ("BATT_CYCLE", "65527", {"battery_cycles": 65527}),
    ("BATT_CYCLE", "65535", {"battery_cycles": None}),
    ("BATT_TEMP_C", "064", {"battery_temperature_c": 24}),
    ("BATT_TEMP_C", "000", {"battery_temperature_c": -40}),
    ("BATT_TEMP_C", "255", {"battery_temperature_c": None}),
    ("BATT_CURRENT_CAPACITY_MAX", "01092", {"capacity_mah": 1092}),
    ("BATT_CURRENT_CAPACITY", "00546", {"charged_mah": 546}),
    ("BATT_CAPACITY_MAX", "01300", {"new_capacity_mah": 1300}),
    ("BATT_CAPACITY_MAX", "65535", {"new_capacity_mah": None}),
    *(
        ("BATT_TIME_TO_FULL", wire, {"time_to_full_minutes": minutes, "time_to_full_status": status})
        for wire, minutes, status in (
            ("00000", 0, "ok"),
            ("00107", 107, "ok"),
            ("65527", 65527, "ok"),
            ("65529", 0, "reached"),
            ("65533", None, "calculating"),
            ("65534", None, "error"),
            ("65535", None, "not_reported"),
        )
    ),
    *(("BATT_MODULE_TYPE", f"{code:03}", {"module_type": word}) for code, word in sbc.MODULE_TYPES.items()),
]
UNIT_NAMES = {each.name for each in sbc.PROPERTIES if each.scope is Scope.UNIT}


def decode(name: str, text: str, *, indexed: bool) -> Mapping[str, object] | None:
    prop = sbc.PROPERTIES.find(name, indexed=indexed)
    if prop is None:
        return None
    try:
        return dict(zip(prop.keys, prop.decode(text.strip()), strict=True))
    except ValueError:
        return None


def read(name: str, wire: str) -> Mapping[str, object] | None:
    return decode(name, wire, indexed=name not in UNIT_NAMES)


@pytest.mark.parametrize(("name", "wire", "values"), BOTH_WAYS)
def test_a_value_is_read_and_written_the_same_way(name: str, wire: str, values: dict[str, object]) -> None:
    prop = next(each for each in sbc.PROPERTIES if each.name == name)
    assert read(name, wire) == values
    assert prop.encode(list(values.values())) == wire


@pytest.mark.parametrize(
    ("name", "wire", "word"),
    [
        ("BATT_STATE", "WARM_FULL", "warm"),
        ("BATT_STATE", "DISCHARGE_CALC", "calculating"),
        ("BATT_STATE", "DISCHARGING_WARM", "discharging"),
        ("BATT_STATE", "DISCHARGING_COLD", "discharging"),
        ("BATT_STATE", "full", "full"),
        ("BATT_ERROR", "008", "unspecified"),
        ("BATT_ERROR", "247", "unspecified"),
        ("BATT_ERROR", "255", None),
        ("BATT_ERROR", "254", None),
    ],
)
def test_several_words_of_a_charger_mean_the_same(name: str, wire: str, word: str | None) -> None:
    assert list((read(name, wire) or {}).values()) == [word]


@pytest.mark.parametrize(
    "name",
    ["BATT_CHARGE", "BATT_BARS", "BATT_HEALTH", "BATT_TEMP_C", "BATT_ERROR"],
)
@pytest.mark.parametrize("code", sorted(sbc.MARKS_8))
def test_no_code_of_three_digits_becomes_a_number(name: str, code: int) -> None:
    assert list((read(name, f"{code:03}") or {}).values()) == [None]


@pytest.mark.parametrize(
    "name", ["BATT_CYCLE", "BATT_CURRENT_CAPACITY", "BATT_CURRENT_CAPACITY_MAX", "BATT_CAPACITY_MAX"]
)
@pytest.mark.parametrize("code", sorted(sbc.MARKS_16))
def test_no_code_of_five_digits_becomes_a_number(name: str, code: int) -> None:
    assert list((read(name, f"{code:05}") or {}).values()) == [None]


@pytest.mark.parametrize("code", sorted(sbc.MARKS_16 - {sbc.TARGET_REACHED}))
def test_a_code_in_place_of_minutes_says_why_there_are_none(code: int) -> None:
    values = read("BATT_TIME_TO_FULL", str(code))
    assert values is not None
    assert values["time_to_full_minutes"] is None
    assert values["time_to_full_status"] in {"calculating", "error", "not_reported"}


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("BATT_CHARGE", "101"),
        ("BATT_CHARGE", "247"),
        ("BATT_CHARGE", "-5"),
        ("BATT_BARS", "006"),
        ("BATT_STATE", "4 of 5"),
        ("BATT_DETECTED", "MAYBE"),
        ("BATT_CYCLE", "99999"),
        ("BATT_TIME_TO_FULL", "00h30"),
        ("BATT_ERROR", "999"),
        ("BATT_MODULE_TYPE", "077"),
        ("STORAGE_MODE", "TOGGLE"),
        ("METER_RATE", "01000"),
        ("CHAN_NAME", "{Vox     }"),
    ],
)
def test_what_no_charger_says_is_not_understood(name: str, wire: str) -> None:
    assert read(name, wire) is None


@pytest.mark.parametrize("wire", ["UNKN", "UNKNOWN", "{UNKNOWN }"])
@pytest.mark.parametrize("name", sorted(each.name for each in sbc.PROPERTIES if each.name.startswith("BATT_")))
def test_the_word_for_unknown_is_unknown(name: str, wire: str) -> None:
    values = read(name, wire)
    assert values is not None
    assert set(values.values()) <= {None, "not_reported"}


@given(st.sampled_from(list(sbc.PROPERTIES)), st.text(max_size=40))
def test_whatever_stands_there_nothing_raises_and_no_number_is_impossible(prop: Any, wire: str) -> None:
    values = decode(prop.name, wire, indexed=prop.scope is not Scope.UNIT) or {}
    most = {"battery_percent": 100, "battery_health_percent": 100, "battery_bars": 5, "battery_temperature_c": 207}
    for key, value in values.items():
        if isinstance(value, int) and not isinstance(value, bool):
            assert -40 <= value <= most.get(key, 65_527)


@given(st.sampled_from([each for each in sbc.PROPERTIES if each.keys]), st.integers(0, 99_999))
def test_what_is_understood_can_be_written_and_is_understood_again(prop: Any, number: int) -> None:
    try:
        values = prop.decode(f"{number:03}")
    except ValueError:
        return
    if prop.name != "NET_SETTINGS SC":
        assert prop.decode(prop.encode(values)) == values


def test_every_word_of_a_fault_and_of_a_charge_state_is_in_its_list() -> None:
    contract = {"charging", "full", "calculating", "precharging", "warm", "hot", "cold", "storing", "stored"}
    assert {*sbc.CHARGE_STATES.values(), "storing"} == contract | {"discharging", "fault", "empty"}
    assert {sbc.FAULTS[code] for code in range(1, 8)} | {"unspecified"} == set(sbc.FAULT_WORDS)


def test_every_key_is_published_somewhere() -> None:
    for prop in sbc.PROPERTIES:
        known = sbc.UNIT_KEYS | sbc.IDENTITY_KEYS if prop.scope is Scope.UNIT else sbc.BAY_KEYS | {*MORE_KEYS}
        assert {*prop.keys} <= known


def test_a_charger_is_never_asked_for_meters() -> None:
    assert not [each.name for each in sbc.PROPERTIES if each.metered or "METER" in each.name]
    assert sbc.FAMILY.meters is None


# -- models ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "bays"),
    [
        ("SBC220", "SBC220", None),
        ("SBC240-US", "SBC240", None),
        ("SBC441", "SBC441", 4),
        ("SBC840", "SBC840", 8),
        ("SBC840M-E", "SBC840M", 8),
        ("sbrc", "SBRC", None),
    ],
)
def test_a_charger_is_known_by_its_model(text: str, name: str, bays: int | None) -> None:
    model = sbc.FAMILY.model_of(text)
    assert model is not None
    assert (model.name, model.parts) == (name, bays)


@pytest.mark.parametrize("text", ["ULXD4Q", "AD4Q-A", "MXWNDX4", "SBC250", "", "XSBC220"])
def test_other_units_are_no_chargers(text: str) -> None:
    assert sbc.FAMILY.model_of(text) is None


def charger(text: str) -> Charger:
    model = sbc.FAMILY.model_of(text)
    assert isinstance(model, Charger)
    return model


@pytest.mark.parametrize(
    ("model", "answered", "modules", "occupied", "bays"),
    [
        ("SBC220", [1, 2], {1: "primary"}, [], (1, 2)),
        ("SBC220", range(1, 9), dict.fromkeys(range(1, 5), "primary"), [], tuple(range(1, 9))),
        ("SBC220", range(1, 9), {1: "primary", 2: "none", 3: "none", 4: "none"}, [], (1, 2)),
        ("SBC220", range(1, 9), {}, [], tuple(range(1, 9))),
        ("SBC220", [], {}, [], ()),
        ("SBRC", range(1, 9), {1: "sbm920", 2: "none", 3: "sbm910", 4: "none"}, [], (1, 2, 5, 6)),
        ("SBRC", [1, 2, 5, 6], {1: "sbm920", 3: "sbm910"}, [], (1, 2, 5, 6)),
        ("SBRC", range(1, 9), {1: "sbm920", 2: "none"}, [4], (1, 2, 4, 5, 6, 7, 8)),
        ("SBRC", range(1, 9), dict.fromkeys(range(1, 5), "none"), [], tuple(range(1, 9))),
        ("SBC441", [], {}, [], (1, 2, 3, 4)),
        ("SBC840M", [1], {}, [], tuple(range(1, 9))),
    ],
)
def test_the_bays_of_a_unit_are_those_that_answer_and_have_a_module(
    model: str, answered: list[int], modules: dict[int, object], occupied: list[int], bays: tuple[int, ...]
) -> None:
    assert bays_of(charger(model), answered, modules, frozenset(occupied)) == bays


def test_the_modules_of_a_charger_are_never_asked_for_by_name() -> None:
    (modules,) = [each for each in sbc.PROPERTIES if each.name == "BATT_MODULE_TYPE"]
    assert not modules.askable


# -- several reports of one bay ----------------------------------------------------------------------------------


class MergedBays:
    """The bays as the bridge knows them: all readings merged."""

    def __init__(self, model: str = "SBC840") -> None:
        self.bays = Bays(charger(model))
        self.seen: dict[int, dict[str, object]] = {}
        self.more: dict[int, dict[str, object]] = {}
        self.changes: list[tuple[int, str, object]] = []

    def receive(self, lines: str) -> None:
        framer = Framer()
        for body in framer.feed(lines.encode()):
            for reading in readings(self.bays, body):
                self._merge(reading)

    def of(self, bay: int, key: str) -> object:
        return {**self.seen[bay], **self.more[bay]}[key]

    def _merge(self, reading: BayReading) -> None:
        for table, reported in ((self.seen, reading.values), (self.more, reading.more)):
            known = table.setdefault(reading.number, {})
            gone = dict.fromkeys(known.keys() - reported.keys()) if reading.whole else {}
            for key, value in {**gone, **reported}.items():
                if key not in known or known[key] != value:
                    self.changes.append((reading.number, key, value))
                known[key] = value


def readings(bays: Bays, body: bytes) -> list[BayReading]:
    message = codec.parse(body)
    if message is None or message.verb != "REP":
        return []
    values = decode(message.name, message.value, indexed=message.index is not None)
    return [] if values is None else bays.compose(message.index, values)


def bay_lines(bay: int, **values: str) -> str:
    return "".join(f"< REP {bay} BATT_{name.upper()} {value} >" for name, value in values.items())


HEALTHY = {
    "detected": "YES",
    "time_to_full": "00030",
    "state": "NORMAL",
    "charge": "080",
    "current_capacity": "00800",
    "current_capacity_max": "01000",
    "cycle": "00012",
    "temp_f": "115",
    "temp_c": "064",
    "capacity_max": "01200",
    "health": "083",
    "bars": "004",
    "error": "000",
}
FAILED = {
    "detected": "YES",
    "time_to_full": "65534",
    "state": "ERROR",
    "charge": "254",
    "cycle": "65534",
    "temp_f": "254",
    "health": "254",
    "bars": "254",
    "error": "007",
}
EMPTY = {
    "detected": "NO",
    "time_to_full": "65535",
    "state": "NO_BATT",
    "charge": "255",
    "cycle": "65535",
    "temp_c": "255",
    "health": "255",
    "bars": "255",
    "error": "255",
}


def test_a_charging_battery_is_shown_with_all_that_is_known_of_it() -> None:
    merged = MergedBays()
    merged.receive(bay_lines(1, **HEALTHY))
    assert merged.seen[1] == {
        "occupied": True,
        "charge_state": "charging",
        "fault": None,
        "battery_percent": 80,
        "battery_bars": 4,
        "battery_health_percent": 83,
        "battery_cycles": 12,
        "battery_temperature_c": 24,
        "time_to_full_minutes": 30,
        "capacity_mah": 1000,
    }
    assert merged.of(1, "charged_mah") == 800
    assert merged.of(1, "new_capacity_mah") == 1200


def test_a_failed_battery_is_there_and_says_what_is_wrong_and_no_number() -> None:
    merged = MergedBays()
    merged.receive(bay_lines(7, **FAILED))
    numbers = {key: value for key, value in merged.seen[7].items() if key not in ("occupied", "charge_state", "fault")}
    assert merged.of(7, "occupied") is True
    assert merged.of(7, "charge_state") == "fault"
    assert merged.of(7, "fault") == "communication_failure"
    assert set(numbers.values()) == {None}


def test_a_fault_without_a_code_is_a_fault() -> None:
    merged = MergedBays()
    merged.receive(bay_lines(1, detected="YES", state="ERROR", error="255"))
    assert merged.of(1, "fault") == "unspecified"
    merged.receive(bay_lines(1, state="FULL"))
    assert merged.of(1, "fault") is None


def test_a_code_counts_while_the_battery_reads_full() -> None:
    merged = MergedBays()
    merged.receive(bay_lines(1, detected="YES", error="003", state="FULL"))
    assert merged.of(1, "charge_state") == "full"
    assert merged.of(1, "fault") == "deep_discharge_recovery_failed"


@pytest.mark.parametrize("first", [{"detected": "NO"}, {"state": "NO_BATT"}])
def test_of_a_battery_that_was_taken_out_nothing_stays(first: dict[str, str]) -> None:
    merged = MergedBays()
    merged.receive(bay_lines(2, **HEALTHY) + bay_lines(2, error="004"))
    merged.receive(bay_lines(2, **first))
    left = {key: value for key, value in {**merged.seen[2], **merged.more[2]}.items() if value is not None}
    assert left == {"occupied": False, "charge_state": "empty"}
    merged.receive(bay_lines(2, charge="079", temp_c="064"))  # of the removed battery, late
    assert merged.of(2, "battery_percent") is None


@pytest.mark.parametrize("order", [list(HEALTHY), list(reversed(HEALTHY)), sorted(HEALTHY)])
def test_the_next_battery_is_shown_whole_in_whatever_order_it_is_reported(order: list[str]) -> None:
    merged, fresh = MergedBays(), MergedBays()
    merged.receive(bay_lines(2, **FAILED) + bay_lines(2, **EMPTY))
    merged.receive(bay_lines(2, **{name: HEALTHY[name] for name in order}))
    fresh.receive(bay_lines(2, **HEALTHY))
    assert merged.seen[2] == fresh.seen[2]
    assert merged.more[2] == fresh.more[2]


def test_a_bay_that_contradicts_itself_is_empty_and_does_not_flap() -> None:
    merged = MergedBays()
    merged.receive(bay_lines(1, detected="YES", state="NO_BATT", charge="255"))
    merged.changes.clear()
    merged.receive(bay_lines(1, detected="YES", state="NO_BATT", charge="255") * 3)
    assert merged.of(1, "occupied") is False
    assert merged.changes == []


@pytest.mark.parametrize("bay", [HEALTHY, FAILED, EMPTY])
@pytest.mark.parametrize("storage", ["ON", "OFF"])
def test_reading_the_same_bay_again_changes_nothing(bay: dict[str, str], storage: str) -> None:
    merged = MergedBays()
    dump = f"< REP STORAGE_MODE {storage} >" + bay_lines(1, **bay)
    merged.receive(dump)
    merged.changes.clear()
    merged.receive(dump + dump)
    assert merged.changes == []


def test_in_storage_mode_the_minutes_are_not_those_to_a_full_battery() -> None:
    merged = MergedBays()
    merged.receive("< REP STORAGE_MODE OFF >" + bay_lines(1, **HEALTHY))
    merged.receive("< REP STORAGE_MODE ON >")
    assert merged.of(1, "charge_state") == "storing"
    assert merged.of(1, "time_to_full_minutes") is None
    assert merged.of(1, "time_to_storage_minutes") == 30
    merged.receive(bay_lines(1, time_to_full="65529", state="READY_TO_STORE"))
    assert merged.of(1, "charge_state") == "stored"
    assert merged.of(1, "time_to_storage_minutes") == 0
    merged.receive("< REP STORAGE_MODE OFF >" + bay_lines(1, state="NORMAL", time_to_full="00090"))
    assert merged.of(1, "charge_state") == "charging"
    assert merged.of(1, "time_to_full_minutes") == 90
    assert merged.of(1, "time_to_storage_minutes") is None


def test_storage_mode_leaves_empty_bays_alone() -> None:
    merged = MergedBays()
    merged.receive(bay_lines(1, **EMPTY))
    merged.changes.clear()
    merged.receive("< REP STORAGE_MODE ON >")
    assert merged.changes == [(0, "storage_mode", True)]


def test_a_full_battery_has_no_minutes_to_wait() -> None:
    merged = MergedBays()
    merged.receive(bay_lines(1, detected="YES", state="FULL", time_to_full="65529"))
    assert merged.of(1, "time_to_full_minutes") == 0
    assert merged.of(1, "time_to_full_status") == "reached"


def test_a_module_belongs_to_its_two_bays_and_stays_when_a_battery_goes() -> None:
    merged = MergedBays("SBRC")
    merged.receive("< REP 2 BATT_MODULE_TYPE 005 >" + bay_lines(3, **HEALTHY) + bay_lines(3, **EMPTY))
    assert merged.more[3] == dict.fromkeys(merged.more[3]) | {"module_type": "sbm910"}
    assert merged.more[4] == {"module_type": "sbm910"}
    assert 2 not in merged.more


def test_noise_adds_no_bay() -> None:
    merged = MergedBays("SBC220")
    merged.receive(
        bay_lines(1, **HEALTHY) + bay_lines(99, **HEALTHY) + bay_lines(0, **HEALTHY) + bay_lines(9, **HEALTHY)
    )
    assert merged.bays.numbers == (1,)
    four = MergedBays("SBC441")
    four.receive(bay_lines(5, **HEALTHY))
    assert four.seen == {}


def test_a_word_that_nobody_knows_takes_the_old_one_away_when_it_is_passed_on_as_unknown() -> None:
    merged = MergedBays()
    merged.receive(bay_lines(1, **HEALTHY))
    for reading in merged.bays.compose(1, {"charge_state": None}):
        merged._merge(reading)
    assert merged.of(1, "charge_state") is None
    assert merged.of(1, "occupied") is True


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["HEALTHY", "FAILED", "EMPTY"]), st.permutations(sorted(HEALTHY)), st.integers(0, 13)
        ),
        max_size=6,
    )
)
def test_whatever_is_reported_in_whatever_order_an_empty_bay_shows_nothing_of_a_battery(
    visits: list[tuple[str, list[str], int]],
) -> None:
    merged = MergedBays()
    tables = {"HEALTHY": HEALTHY, "FAILED": FAILED, "EMPTY": EMPTY}
    for which, order, many in visits:
        lines = {name: tables[which][name] for name in order[:many] if name in tables[which]}
        merged.receive(bay_lines(1, **lines))
        seen = merged.seen.get(1, {})
        if seen.get("occupied") is False:
            shown = {
                key for table in (merged.seen, merged.more) for key, value in table[1].items() if value is not None
            }
            assert shown == {"occupied", "charge_state"}
