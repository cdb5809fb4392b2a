"""Every kind of value in both directions, the marks for unknown, and what no device ever said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.port import Part, Reading
from services.drivers.shure.codec import messages as codec
from services.drivers.shure.codec.composing import PRIVATE_KEYS
from services.drivers.shure.codec.messages import Message
from services.drivers.shure.codec.properties import Property, PropertyTable, Scope
from services.drivers.shure.families import FAMILIES
from services.model import KEYS, UNIT_KINDS, Facet, Kind

CHANNEL, DEVICE, SLOT = Scope.PART, Scope.UNIT, Scope.SLOT


def table(family: str) -> PropertyTable:
    return FAMILIES[family].properties


def property_of(message: Message, family: str) -> Property:
    prop = table(family).find(message.name, indexed=message.index is not None)
    assert prop is not None
    return prop


BOTH_WAYS = [
    # family, scope, wire name, wire text, values
    ("ulxd", DEVICE, "MODEL", f"{{{'ULXD4Q':32}}}", {"model": "ULXD4Q"}),
    ("ulxd", DEVICE, "DEVICE_ID", "{RACK1   }", {"device_id": "RACK1", "name": "RACK1"}),
    ("ulxd", DEVICE, "FW_VER", f"{{{'2.4.20.0':24}}}", {"firmware": "2.4.20.0", "firmware_update_failed": False}),
    ("slxd", DEVICE, "FW_VER", f"{{{'2.0.15.2*':24}}}", {"firmware": "2.0.15.2", "firmware_update_failed": True}),
    ("ulxd", DEVICE, "ENCRYPTION", "MANUAL", {"encryption_mode": "manual"}),
    ("ulxd", DEVICE, "HIGH_DENSITY", "ON", {"transmission_mode": "high_density"}),
    ("ulxd", DEVICE, "AUDIO_SUMMING_MODE", "1+2/3+4", {"audio_summing_mode": "1+2/3+4"}),
    ("ulxd", DEVICE, "FREQUENCY_DIVERSITY_MODE", "1+2", {"frequency_diversity_mode": "1+2"}),
    ("axient", DEVICE, "ENCRYPTION_MODE", "ON", {"encryption_mode": "on"}),
    ("axient", DEVICE, "QUADVERSITY_MODE", "OFF", {"quadversity_mode": False}),
    ("axient", DEVICE, "TRANSMISSION_MODE", "STANDARD", {"transmission_mode": "standard"}),
    ("slxd", DEVICE, "RF_BAND", "{G55     }", {"band": "G55"}),
    ("slxd", DEVICE, "LOCK_STATUS", "ALL", {"lock": "all"}),
    ("ulxd", CHANNEL, "CHAN_NAME", "{Vox 1   }", {"name": "Vox 1"}),
    ("slxd", CHANNEL, "CHAN_NAME", f"{{{'Lead Vox':31}}}", {"name": "Lead Vox"}),
    ("ulxd", CHANNEL, "CHAN_NAME", "{        }", {"name": None}),
    ("ulxd", CHANNEL, "AUDIO_GAIN", "000", {"gain_db": -18}),
    ("axient", CHANNEL, "AUDIO_GAIN", "060", {"gain_db": 42}),
    ("ulxd", CHANNEL, "AUDIO_MUTE", "ON", {"receiver_muted": True}),
    ("ulxd", CHANNEL, "GROUP_CHAN", "01,02", {"group": 1, "group_channel": 2}),
    ("ulxd", CHANNEL, "GROUP_CHAN", "--,--", {"group": None, "group_channel": None}),
    ("slxd", CHANNEL, "GROUP_CHANNEL", "{6,100}", {"group": 6, "group_channel": 100}),
    ("slxd", CHANNEL, "GROUP_CHANNEL", "{1,1  }", {"group": 1, "group_channel": 1}),
    ("axient", CHANNEL, "GROUP_CHANNEL2", "{--,--}", {"group_2": None, "group_channel_2": None}),
    ("ulxd", CHANNEL, "FREQUENCY", "578350", {"frequency_mhz": 578.35}),
    ("axient", CHANNEL, "FREQUENCY", "0594075", {"frequency_mhz": 594.075}),
    ("axient", CHANNEL, "FREQUENCY2", "0602125", {"frequency_2_mhz": 602.125}),
    ("ulxd", CHANNEL, "RF_INT_DET", "NONE", {"interference": "none"}),
    ("axient", CHANNEL, "INTERFERENCE_STATUS2", "DETECTED", {"interference_2": "detected"}),
    ("ulxd", CHANNEL, "ENCRYPTION_WARNING", "ON", {"encryption_fault": True}),
    ("axient", CHANNEL, "ENCRYPTION_STATUS", "OK", {"encryption_fault": False}),
    ("axient", CHANNEL, "UNREGISTERED_TX_STATUS", "ERROR", {"unregistered_transmitter": True}),
    ("axient", CHANNEL, "FD_MODE", "FD-S", {"fd_mode": "fd_s"}),
    ("slxd", CHANNEL, "AUDIO_OUT_LVL_SWITCH", "MIC", {"audio_output_level": "mic"}),
    ("ulxd", CHANNEL, "TX_TYPE", "ULXD2", {"transmitter_model": "ULXD2"}),
    ("ulxd", CHANNEL, "TX_TYPE", "UNKN", {"transmitter_model": None}),
    ("axient", CHANNEL, "TX_MODEL", "UNKNOWN", {"transmitter_model": None}),
    ("ulxd", CHANNEL, "TX_DEVICE_ID", "{TX0001  }", {"transmitter_id": "TX0001"}),
    ("ulxd", CHANNEL, "TX_DEVICE_ID", "{        }", {"transmitter_id": None}),
    ("ulxd", CHANNEL, "TX_FW_VER", f"{{{'2.4.20.0':24}}}", {"transmitter_firmware": "2.4.20.0"}),
    ("ulxd", CHANNEL, "TX_OFFSET", "012", {"tx_offset_raw": 12}),
    ("qlxd", CHANNEL, "TX_OFFSET", "000", {"tx_offset_db": 0, "tx_offset_raw": 0}),
    ("axient", CHANNEL, "TX_OFFSET", "000", {"tx_offset_db": -12, "tx_offset_raw": 0}),
    ("axient", CHANNEL, "TX_OFFSET", "255", {"tx_offset_db": None, "tx_offset_raw": None}),
    ("axient", CHANNEL, "TX_INPUT_PAD", "000", {"tx_input_pad_db": -12}),
    ("axient", CHANNEL, "TX_INPUT_PAD", "012", {"tx_input_pad_db": 0}),
    ("axient", CHANNEL, "TX_INPUT_PAD", "255", {"tx_input_pad_db": None}),
    ("axient", CHANNEL, "TX_POWER_LEVEL", "035", {"tx_power_mw": 35}),
    ("axient", CHANNEL, "TX_POWER_LEVEL", "255", {"tx_power_mw": None}),
    ("ulxd", CHANNEL, "TX_RF_PWR", "NORMAL", {"tx_power_level": "normal"}),
    ("ulxd", CHANNEL, "TX_MUTE_STATUS", "ON", {"transmitter_muted": True}),
    ("ulxd", CHANNEL, "TX_MUTE_STATUS", "UNKN", {"transmitter_muted": None}),
    ("axient", CHANNEL, "TX_MUTE_MODE_STATUS", "ON", {"transmitter_muted": False}),  # ON means not muted
    ("axient", CHANNEL, "TX_MUTE_MODE_STATUS", "MUTE", {"transmitter_muted": True}),
    ("ulxd", CHANNEL, "TX_MUTE_BUTTON_STATUS", "PRESSED", {"talk_switch": "pressed"}),
    ("axient", CHANNEL, "TX_TALK_SWITCH", "OFF", {"talk_switch": "released"}),
    ("axient", CHANNEL, "TX_POLARITY", "NEGATIVE", {"tx_polarity": "negative"}),
    ("axient", CHANNEL, "TX_LOCK", "NONE", {"tx_lock": "none"}),
    ("ulxd", CHANNEL, "TX_POWER_SOURCE", "EXTERNAL", {"power_source": "external"}),
    ("ulxd", CHANNEL, "BATT_BARS", "000", {"battery_bars": 0}),
    ("ulxd", CHANNEL, "BATT_BARS", "255", {"battery_bars": None}),
    ("ulxd", CHANNEL, "BATT_CHARGE", "100", {"battery_percent": 100}),
    ("ulxd", CHANNEL, "BATT_CHARGE", "000", {"battery_percent": 0}),
    ("ulxd", CHANNEL, "BATT_CHARGE", "255", {"battery_percent": None}),
    *(
        (family, CHANNEL, name, wire, {"battery_runtime_minutes": minutes, "battery_runtime_status": status})
        for family, name in (("ulxd", "BATT_RUN_TIME"), ("axient", "TX_BATT_MINS"), ("slxd", "TX_BATT_MINS"))
        for wire, minutes, status in (
            ("00607", 607, "ok"),
            ("00000", 0, "ok"),
            ("65531", 65531, "ok"),
            ("65533", None, "communication_error"),
            ("65534", None, "calculating"),
            ("65535", None, "not_reported"),
        )
    ),
    ("ulxd", CHANNEL, "BATT_HEALTH", "098", {"battery_health_percent": 98}),
    ("ulxd", CHANNEL, "BATT_CYCLE", "00004", {"battery_cycles": 4}),
    ("ulxd", CHANNEL, "BATT_CYCLE", "65535", {"battery_cycles": None}),
    ("ulxd", CHANNEL, "BATT_TEMP_C", "064", {"battery_temperature_c": 24}),
    ("ulxd", CHANNEL, "BATT_TEMP_C", "255", {"battery_temperature_c": None}),
    ("ulxd", CHANNEL, "BATT_TYPE", "LION", {"battery_type": "lithium_ion", "battery_warning": False}),
    ("ulxd", CHANNEL, "BATT_TYPE", "WARN", {"battery_type": None, "battery_warning": True}),
    ("axient", CHANNEL, "TX_BATT_TYPE", "UNKN", {"battery_type": None, "battery_warning": False}),
    ("axient", SLOT, "SLOT_STATUS", "LINKED.ACTIVE", {"status": "linked_active"}),
    ("axient", SLOT, "SLOT_STATUS", "EMPTY", {"status": "empty"}),
    ("axient", SLOT, "SLOT_RF_OUTPUT", "RF_MUTE", {"transmitter_rf_muted": True}),
    ("axient", SLOT, "SLOT_RF_POWER_MODE", "HIGH", {"tx_power_level": "high"}),
    ("axient", SLOT, "SLOT_OFFSET", "033", {"tx_offset_db": 21}),
    ("axient", SLOT, "SLOT_SHOWLINK_STATUS", "005", {"showlink_quality": 5}),
    ("axient", SLOT, "SLOT_BATT_MINS", "65535", {"battery_runtime_minutes": None}),
    ("axient", SLOT, "SLOT_BATT_TYPE", "ALKA", {"battery_type": "alkaline"}),
    ("slxd_plus", SLOT, "LINK_STATUS", "online", {"status": "online"}),
    ("slxd_plus", SLOT, "SLOT_TX_MODEL", "{SLXD1+    }", {"transmitter_model": "SLXD1+"}),
]


@pytest.mark.parametrize(("family", "scope", "name", "wire", "values"), BOTH_WAYS)
def test_a_value_is_read_and_written_the_same_way(
    family: str, scope: Scope, name: str, wire: str, values: dict[str, object]
) -> None:
    index = None if scope is DEVICE else 1
    sub = 3 if scope is SLOT else None
    message = codec.parse(codec.report(name, index, sub, wire).strip(b"<> "))
    assert message is not None
    assert codec.decode(message, table(family)) == (Reading(Part(index or 0, sub or 0), values), True)
    prop = property_of(message, family)
    assert prop.encode([values[key] for key in prop.keys]) == wire


READ_ONLY = [
    ("ulxd", "REP 2 ENCRYPTION AUTO", {"encryption_mode": "auto"}),
    ("qlxd", "REP TX_MUTE_STATUS ON", {"transmitter_muted": True}),
    ("ulxd", "REP 1 GROUP_CHAN 01 02", {"group": 1, "group_channel": 2}),
    ("ulxd", "REP 1 GROUP_CHAN -- --", {"group": None, "group_channel": None}),
    ("ulxd", "REP 1 NA_CHAN_NAME {Vox}", {}),
    ("ulxd", "REP 1 AUDIO_GAIN 30", {"gain_db": 12}),
    ("ulxd", "REP 1 BATT_CHARGE 254", {"battery_percent": None}),
    ("ulxd", "REP 1 BATT_BARS 254", {"battery_bars": None}),
    ("ulxd", "REP 1 BATT_TEMP_C 64", {"battery_temperature_c": 24}),
    ("ulxd", "REP 1 BATT_TEMP_F 116", {}),
    ("ulxd", "REP 1 TX_POWER_SOURCE UNKNOWN", {"power_source": None}),
    ("ulxd", "REP 1 RF_INT_DET CRITICAL", {"interference": "detected"}),
    ("ulxd", "REP 1 CHAN_NAME {}", {"name": None}),
    ("ulxd", "REP 1 CHAN_NAME", {"name": None}),
    ("ulxd", "rep 1 AUDIO_MUTE OFF", {"receiver_muted": False}),
    ("ulxd", "REP  1  AUDIO_MUTE  OFF", {"receiver_muted": False}),
    ("ulxd", "REP 1 TX_TYPE ULXD99", {"transmitter_model": "ULXD99"}),
    ("ulxd", "REP NET_SETTINGS SC AUTO 10.0.0.2 255.0.0.0 0.0.0.0 00:0E:DD:45:60:EB", {"mac": "00:0e:dd:45:60:eb"}),
    ("qlxd", "REP MAC_ADDR 00:0E:DD:45:60:EB", {"mac": "00:0e:dd:45:60:eb"}),
    ("axient", "REP 1 TX_LOCK LOCKED", {"tx_lock": "all"}),
    ("axient", "REP 1 FREQUENCY2 0000000", {"frequency_2_mhz": None}),
    ("axient", "REP 1 FREQUENCY 594075", {"frequency_mhz": 594.075}),
    ("axient", "REP 1 ANTENNA_STATUS BBXX", {"antenna_count": 4}),
    ("slxd_plus", "REP 1 RSSI 096", {}),
    ("slxd", "REP 1 RSSI 2 064", {}),
    ("slxd", "REP 1 TX_TYPE SLXD2", {"transmitter_model": "SLXD2"}),
    ("slxd", "REP 1 GROUP_CHAN {6,100}", {"group": 6, "group_channel": 100}),
    ("ulxd", "REP 1 AUDIO_LVL 098", {}),
    ("ulxd", "REP 1 RX_RF_LVL 012", {}),
    ("ulxd", "REP FLASH ON", {}),
    # written otherwise than documented, and plain all the same
    ("ulxd", "rep 1 audio_mute Off", {"receiver_muted": False}),
    ("ulxd", "REP 1 BATT_TYPE {Lion}", {"battery_type": "lithium_ion", "battery_warning": False}),
    ("ulxd", "REP 1 BATT_TYPE warn", {"battery_type": None, "battery_warning": True}),
    ("ulxd", "REP 1 AUDIO_GAIN {030}", {"gain_db": 12}),
    ("ulxd", "REP 1 BATT_RUN_TIME unkn", {"battery_runtime_minutes": None, "battery_runtime_status": "not_reported"}),
    ("ulxd", "REP 1 TX_TYPE Unkn", {"transmitter_model": None}),
    ("slxd_plus", "REP 1 LINK_STATUS 1 ONLINE", {"status": "online"}),
    ("axient", "REP 1 ANTENNA_STATUS xx", {"antenna_count": 2}),
    ("axient", "REP 1 GROUP_CHANNEL {     }", {"group": None, "group_channel": None}),
    ("ulxd", "REP 1 CHAN_NAME {Vo\x07x\xa01\0\0\0}", {"name": "Vo\N{REPLACEMENT CHARACTER}x 1"}),
    ("ulxd", "REP MODEL {ULXD4 \0}", {"model": "ULXD4"}),
    ("ulxd", "REP ERR", {}),
]


@pytest.mark.parametrize(("family", "body", "values"), READ_ONLY)
def test_what_devices_say_besides_is_understood(family: str, body: str, values: dict[str, object]) -> None:
    message = codec.parse(body.encode("latin-1"))
    assert message is not None
    meaning = codec.decode(message, table(family))
    assert meaning is not None
    assert (meaning.reading.values, meaning.legible) == (values, True)


@pytest.mark.parametrize(
    ("family", "body"),
    [
        ("ulxd", "REP 1 AUDIO_GAIN 061"),
        ("ulxd", "REP 1 AUDIO_GAIN -12"),
        ("ulxd", "REP 1 AUDIO_GAIN"),
        ("ulxd", "REP 1 AUDIO_GAIN 03O"),
        ("ulxd", "REP 1 AUDIO_MUTE MAYBE"),
        ("ulxd", "REP 1 FREQUENCY 52622A"),
        ("ulxd", "REP 1 FREQUENCY UNKN"),
        ("ulxd", "REP 1 GROUP_CHAN 0102"),
        ("ulxd", "REP 1 GROUP_CHAN U1,03"),
        ("axient", "REP 1 GROUP_CHANNEL {A,12 }"),
        ("ulxd", "REP 1 BATT_TYPE LIPO"),
        ("ulxd", "REP 1 RF_INT_DET WARNING"),
        ("ulxd", "REP 1 BATT_RUN_TIME 65536"),
        ("ulxd", "REP 1 BATT_BARS 006"),
        ("ulxd", "REP 1 BATT_BARS 256"),
        ("slxd", "REP 1 TX_BATT_BARS 248"),
        ("axient", "REP 1 SLOT_BATT_BARS 2 006"),
        ("ulxd", "REP 1 BATT_CHARGE 101"),
        ("ulxd", "REP 1 BATT_CYCLE 65536"),
        ("axient", "REP 1 TX_OFFSET 034"),
        ("axient", "REP 1 TX_OFFSET 040"),
        ("ulxd", "REP 1 TX_OFFSET 034"),
        ("qlxd", "REP 1 TX_OFFSET 022"),
        ("qlxd", "REP 1 TX_OFFSET 248"),
        ("axient", "REP 1 TX_MUTE_MODE_STATUS OFF"),
        ("axient", "REP 1 TX_MUTE_MODE_STATUS UNMUTE"),
        # no document calls these marks here, and no battery and no transmitter has them
        ("axient", "REP 1 TX_BATT_TEMP_C 253"),
        ("axient", "REP 1 TX_BATT_CYCLE_COUNT 65534"),
        ("axient", "REP 1 TX_POWER_LEVEL 252"),
        ("axient", "REP 1 SLOT_BATT_CHARGE_PERCENT 1 253"),
    ],
)
def test_a_value_that_nobody_can_read_makes_its_keys_unknown(family: str, body: str) -> None:
    message = codec.parse(body.encode())
    assert message is not None
    meaning = codec.decode(message, table(family))
    assert meaning is not None
    assert not meaning.legible
    assert meaning.reading.values == dict.fromkeys(property_of(message, family).keys)


def test_who_a_unit_is_does_not_change_by_a_text_that_nobody_can_read() -> None:
    message = codec.parse(b"REP NET_SETTINGS SC AUTO 0.0.0.0 0.0.0.0 0.0.0.0 00:00:00:00:00:00")
    assert message is not None
    assert codec.decode(message, table("ulxd")) == (Reading(Part(), {}), False)


@pytest.mark.parametrize("code", range(252, 256))
def test_qlxd_and_ulxd_have_four_codes_for_no_value(code: int) -> None:
    for family in ("ulxd", "qlxd"):
        for name in ("BATT_BARS", "BATT_CHARGE", "BATT_HEALTH", "BATT_TEMP_C", "TX_OFFSET"):
            meaning = codec.decode(Message("REP", 1, name, f"{code:03}"), table(family))
            assert meaning is not None
            assert meaning.legible
            assert set(meaning.reading.values.values()) == {None}, name
        meaning = codec.decode(Message("REP", 1, "BATT_CYCLE", f"{code + 65_280:05}"), table(family))
        assert meaning == (Reading(Part(1), {"battery_cycles": None}), True)


def test_a_run_time_has_a_word_for_each_of_its_codes() -> None:
    def minutes(family: str, name: str, wire: str) -> list[object]:
        meaning = codec.decode(Message("REP", 1, name, wire), table(family))
        assert meaning is not None
        return [*meaning.reading.values.values()]

    assert minutes("qlxd", "BATT_RUN_TIME", "65532") == [None, "not_reported"]
    assert minutes("ulxd", "BATT_RUN_TIME", "65531") == [65531, "ok"]
    assert minutes("axient", "TX_BATT_MINS", "65532") == [65532, "ok"], "documented as a number there"


@pytest.mark.parametrize(
    ("family", "body"),
    [
        ("ulxd", "REP 1 AUDIO_MUTE_STATE ON"),
        ("ulxd", "REP AUDIO_MUTE ON"),
        ("ulxd", "REP 1 DEVICE_ID {X}"),
        ("ulxd", "REP 0 AUDIO_MUTE ON"),
        ("ulxd", "REP TX_MUTE_STATUS ON"),
        ("qlxd", "REP 1 AUDIO_MUTE ON"),
        ("slxd", "REP 1 SLOT_STATUS 1 EMPTY"),
        ("axient", "REP 1 SLOT_STATUS EMPTY"),
        ("axient", "REP 1 SLOT_STATUS 0 EMPTY"),
        ("ulxd", "GET 1 AUDIO_MUTE"),
        ("ulxd", "SAMPLE 1 ALL AX 050 040"),
        ("ulxd", "REPORT 1 CHAN_NAME IEM1"),
    ],
)
def test_what_is_about_nothing_that_a_unit_has_is_no_reading(family: str, body: str) -> None:
    message = codec.parse(body.encode())
    assert message is None or codec.decode(message, table(family)) is None


@pytest.mark.parametrize(
    "body", [b"", b"REP", b"HELLO 1 CHAN_NAME {x}", b"REP 1", b"REP 123 CHAN_NAME {x}", b"\xff\xfe x"]
)
def test_what_is_no_message_is_none(body: bytes) -> None:
    assert codec.parse(body) is None


@pytest.mark.parametrize(
    ("name", "written"),
    [("Zoë", b"{Zo\xc3\xab     }"), ("Zoë", b"{Zo\xeb     }"), ("<live>", b"{<live>  }"), ("  x", b"{  x     }")],
)
def test_names_keep_their_characters_and_lose_their_padding(name: str, written: bytes) -> None:
    message = codec.parse(b"REP 1 CHAN_NAME " + written)
    assert message is not None
    assert codec.decode(message, table("ulxd")) == (Reading(Part(1), {"name": name}), True)


def test_a_second_index_is_a_slot_or_an_antenna() -> None:
    assert codec.parse(b"REP 2 SLOT_BATT_MINS 8 00335") == Message("REP", 2, "SLOT_BATT_MINS", "8 00335")
    assert codec.split_sub("8 00335") == (8, "00335")
    assert codec.split_sub("096") == (None, "096")
    assert codec.split_sub("0", alone=True) == (0, "")
    meaning = codec.decode(Message("REP", 2, "SLOT_BATT_MINS", "8 00335"), table("axient"))
    assert meaning == (Reading(Part(2, 8), {"battery_runtime_minutes": 335}), True)
    assert codec.parse(b"SET 1 METER_RATE 00100") == Message("SET", 1, "METER_RATE", "00100")


def test_messages_are_written_with_one_space_between_words() -> None:
    assert codec.get("MODEL") == b"< GET MODEL >"
    assert codec.get("SLOT_STATUS", 1, 0) == b"< GET 1 SLOT_STATUS 0 >"
    assert codec.set_("METER_RATE", 2, "01000") == b"< SET 2 METER_RATE 01000 >"
    assert codec.report("FLASH", value="ON") == b"< REP FLASH ON >"


def test_a_key_is_written_by_every_property_that_carries_it() -> None:
    assert codec.encode(table("ulxd"), CHANNEL, "battery_percent", 87) == [("BATT_CHARGE", "087")]
    assert codec.encode(table("axient"), SLOT, "battery_percent", None) == [("SLOT_BATT_CHARGE_PERCENT", "255")]
    assert codec.encode(table("slxd"), CHANNEL, "group", 6, {"group_channel": 100}) == [("GROUP_CHANNEL", "{6,100}")]
    assert codec.encode(table("slxd"), CHANNEL, "receiver_muted", value=True) == []


BAYS_OF_A_RECEIVER = {"bay_microphone_status", "bay_microphone_model", "bay_microphone_id"}
"""Published with the number of the bay in it, under ``more`` of the unit."""


@pytest.mark.parametrize("family", FAMILIES)
def test_every_key_of_a_table_is_a_word_of_the_product(family: str) -> None:
    kind = FAMILIES[family].kind
    info = {"model", "device_id", "firmware", "band", "mac", "serial"}
    more = {key.name for key in FAMILIES[family].more}
    allowed = {
        Scope.UNIT: {*KEYS.names(kind), *info},
        Scope.PART: KEYS.reportable(UNIT_KINDS[kind].part) | more | BAYS_OF_A_RECEIVER,
        Scope.SLOT: {*KEYS.names(Kind.CHANNEL, Facet.SLOTS)},
        Scope.ANTENNA: set[str](),
    }
    strays = [
        (prop.name, key) for prop in table(family) for key in prop.keys if key not in allowed[prop.scope] | PRIVATE_KEYS
    ]
    assert not strays


@given(st.sampled_from(sorted(FAMILIES)), st.binary(max_size=80))
def test_no_bytes_make_it_raise(family: str, body: bytes) -> None:
    message = codec.parse(body)
    if message is not None:
        codec.decode(message, table(family))


@given(st.data())
def test_no_value_of_a_known_property_makes_it_raise_or_lets_a_mark_through(data: st.DataObject) -> None:
    family = data.draw(st.sampled_from(sorted(FAMILIES)))
    prop = data.draw(st.sampled_from(list(table(family))))
    wire = data.draw(st.one_of(st.text(max_size=40), st.integers(0, 99999).map(str), st.just("UNKN")))
    text = f"1 {wire}" if prop.scope is SLOT else wire
    message = Message("REP", None if prop.scope is DEVICE else 1, prop.name, text)
    meaning = codec.decode(message, table(family))
    for key, value in (meaning.reading.values if meaning else {}).items():
        if key == "battery_percent":
            assert value is None or (isinstance(value, int) and 0 <= value <= 100)
        if key == "battery_bars":
            assert value is None or (isinstance(value, int) and 0 <= value <= 5)
        assert value not in ("UNKN", "UNKNOWN") or key in ("name", "device_id", "model", "band")
