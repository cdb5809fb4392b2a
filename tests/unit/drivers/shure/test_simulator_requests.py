"""How a simulated unit answers, without a socket: held against published lines and against the driver's own tables."""

from __future__ import annotations

import re

import pytest

from services.drivers.shure import families
from services.drivers.shure.codec import messages as codec
from services.drivers.shure.simulation.families import DEFAULTS, hardware
from services.drivers.shure.simulation.receivers.device import Device, Setup
from services.drivers.shure.simulation.receivers.identity import furnish, identity
from services.drivers.shure.simulation.receivers.meters import sample
from services.drivers.shure.simulation.receivers.requests import Answer, answer

FAMILIES = tuple(DEFAULTS)
PREFIX = {"unit": "", "part": "1 ", "slot": "1 ", "antenna": "1 "}


def a_device(family: str, **options: bool) -> Device:
    machine = hardware(family, None)
    device = Device(
        Setup(machine, DEFAULTS[family], machine.channels, **options), 1, still=True, paired=None, answers_model=True
    )
    furnish(device, 1, machine.wire or machine.name)
    for place, value in identity(device, 1, "00:0e:dd:45:60:eb").items():
        device.write(place, value)
    return device


def a_device_of(family: str, model: str, *, paired: int | None = None, answers_model: bool = True) -> Device:
    machine = hardware(family, model)
    setup = Setup(machine, DEFAULTS[family], machine.channels)
    return Device(setup, 1, still=True, paired=paired, answers_model=answers_model)


def ask(device: Device, request: str) -> Answer:
    return answer(device, request.encode())


def said(device: Device, request: str) -> list[str]:
    result = ask(device, request)
    return [line.decode() for line in result.replies + result.reports]


def dump(device: Device) -> list[str]:
    return [
        line
        for request in ("GET 0 ALL", *(f"GET {channel} ALL" for channel in device.channels))
        for line in said(device, request)
    ]


def shape(line: str) -> str:
    """Digits as 0, words of values as w, texts by their length: what is left is the form."""
    body = line.removeprefix("< ").removesuffix(" >")
    body = re.sub(r"\{([^}]*)\}", lambda match: f"{{{len(match[1])}}}", body)
    head = re.match(r"(REP|SAMPLE) (\d+ )?(NET_SETTINGS SC|[A-Z_]+)", body)
    assert head, line
    rest = re.sub(r"[A-Za-z.]+", "w", re.sub(r"\d", "0", body[head.end() :]))
    return re.sub(r"\d", "0", head[1] + " " + (head[2] or "")) + head[3] + rest


@pytest.mark.parametrize(
    ("family", "published"),
    [
        ("slxd", "< REP MODEL {SLXD4                           } >"),
        ("slxd", "< REP RF_BAND {G55     } >"),
        ("slxd", "< REP LOCK_STATUS ALL >"),
        ("slxd", "< REP FW_VER {2.0.15.2                } >"),
        ("slxd", "< REP 1 CHAN_NAME {Lead Vox                       } >"),
        ("slxd", "< REP 1 AUDIO_GAIN 030 >"),
        ("slxd", "< REP 1 AUDIO_OUT_LVL_SWITCH MIC >"),
        ("slxd", "< REP 1 FREQUENCY 0578350 >"),
        ("slxd", "< REP 1 GROUP_CHANNEL {6,100} >"),
        ("slxd", "< REP 1 RSSI 1 083 >"),
        ("slxd", "< REP 1 RSSI 2 064 >"),
        ("slxd", "< REP 1 TX_MODEL SLXD2 >"),
        ("slxd", "< REP 1 TX_BATT_BARS 004 >"),
        ("slxd", "< REP 1 TX_BATT_MINS 00125 >"),
        ("slxd_plus", "< REP 1 RSSI 096 >"),
        ("slxd_plus", "< REP 1 LINK_TX_BATT_MINS 1 00494 >"),
        ("slxd_plus", "< REP 1 SLOT_TX_MODEL 1 {SLXD1+    } >"),
        ("slxd_plus", "< REP 1 FREQUENCY 0602125 >"),
        ("qlxd", "< REP 1 BATT_BARS 004 >"),
        ("ulxd", "< REP 1 AUDIO_MUTE ON >"),
        ("ulxd", "< REP 1 BATT_CHARGE 087 >"),
        ("ulxd", "< REP 1 BATT_RUN_TIME 00125 >"),
        ("ulxd", "< REP 1 FREQUENCY 578350 >"),
        ("axient", "< REP MODEL {AD4D-A                          } >"),
        ("axient", "< REP 1 RSSI 1 083 >"),
        ("axient", "< REP 1 SLOT_STATUS 1 LINKED.ACTIVE >"),
    ],
)
def test_a_dump_has_lines_of_the_published_form(family: str, published: str) -> None:
    assert shape(published) in {shape(line) for line in dump(a_device(family)) if "ERR" not in line}


@pytest.mark.parametrize(
    ("family", "published", "options"),
    [
        ("ulxd", "< SAMPLE 1 ALL AX 087 023 >", {}),
        ("qlxd", "< SAMPLE 1 ALL XB 035 098 >", {}),
        ("slxd", "< SAMPLE 1 ALL 102 102 086 >", {}),
        ("slxd_plus", "< SAMPLE 1 ALL 102 102 086 >", {}),
        ("axient", "< SAMPLE 1 ALL 005 031 102 102 BB 31 086 31 065 >", {}),
        ("axient", "< SAMPLE 1 ALL 005 031 102 102 BBBB 31 083 31 068 31 069 31 072 >", {"quadversity": True}),
        ("axient", "< SAMPLE 1 ALL 005 031 102 102 BB 31 082 31 060 BB 31 082 31 060 >", {"fd_c": True}),
    ],
)
def test_a_sample_has_the_published_form(family: str, published: str, options: dict[str, bool]) -> None:
    device = a_device(family, **options)
    assert shape(device.meter_loops[0].lines[0].decode()) == shape(published)


def test_axient_lights_are_those_of_the_published_samples() -> None:
    device = a_device("axient")
    pins = {"rf_a_dbm": 86 - 120, "rf_b_dbm": 65 - 120, "audio_peak_dbfs": -18, "audio_rms_dbfs": -18, "quality": 5}
    for key, value in pins.items():
        device.set_key(1, key, value)
    assert device.meter_loops[0].lines == (b"< SAMPLE 1 ALL 005 031 102 102 BB 31 086 31 065 >",)


def test_axient_without_a_transmitter_shows_unknown_quality_and_a_peak_below_the_rms() -> None:
    device = a_device("axient")
    device.set_key(2, "transmitter_present", value=False)
    line = sample(device.layout, 2, device.levels(2)).decode()
    assert line == "< SAMPLE 2 ALL 255 000 005 033 XX 00 012 00 011 >"


def of_channel(channel: int, lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith(f"< REP {channel} ")]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_dump_of_a_channel_has_every_property_of_the_receiver_once(family: str) -> None:
    device = a_device(family)
    lines = said(device, "GET 1 ALL")
    assert len(lines) == len(set(lines))
    assert len([line for line in lines if line.startswith("< REP DEVICE_ID ")]) == 1
    assert of_channel(1, lines)
    assert not of_channel(2, lines)


@pytest.mark.parametrize("family", FAMILIES)
def test_everything_that_is_said_is_in_the_drivers_table_and_makes_sense_there(family: str) -> None:
    device = a_device(family, **({"fd_c": True, "quadversity": True} if family == "axient" else {}))
    for heard in (True, False):
        for channel in device.channels:
            device.set_key(channel, "transmitter_present", value=heard)
        for line in dump(device):
            message = codec.parse(line[2:-2].encode())
            assert message is not None
            table = families.FAMILIES[family].properties
            prop = table.find(message.name, indexed=message.index is not None)
            assert prop is not None, line
            if not prop.metered and prop.keys:
                meaning = codec.decode(message, table)
                assert meaning is not None, line
                assert meaning.legible, line


@pytest.mark.parametrize("family", FAMILIES)
def test_every_property_that_the_driver_asks_for_is_answered(family: str) -> None:
    device = a_device(family, **({"fd_c": True} if family == "axient" else {}))
    suffix = " 0" if families.FAMILIES[family].slots_at_once else " 1"
    unanswered = [
        prop.name
        for prop in families.FAMILIES[family].properties
        if prop.askable
        and prop.keys
        and not any(
            re.match(rf"< REP (1 )?{prop.name} ", line)
            for line in said(device, f"GET {PREFIX[prop.scope]}{prop.name}{suffix if prop.scope == 'slot' else ''}")
        )
    ]
    assert unanswered in ([], ["MAC_ADDR"], ["NET_SETTINGS SC"])  # an old table's name; Axient has no such page


def test_metering_faster_than_the_hardware_allows_is_refused() -> None:
    device = a_device("ulxd")
    assert said(device, "SET 1 METER_RATE 00050") == ["< REP ERR >"]
    assert said(device, "SET 1 METER_RATE 100000") == ["< REP ERR >"]
    assert device.meter_ms == [0, 0, 0, 0]
    assert said(device, "SET 1 METER_RATE 00100") == ["< REP 1 METER_RATE 00100 >"]
    assert said(device, "SET 1 METER_RATE 0") == ["< REP 1 METER_RATE 00000 >"]
    assert said(a_device("slxd"), "SET 1 METER_RATE 65536") == ["< REP ERR >"]


def test_index_zero_means_every_channel() -> None:
    device = a_device("ulxd")
    assert said(device, "SET 0 METER_RATE 01000") == [f"< REP {n} METER_RATE 01000 >" for n in (1, 2, 3, 4)]
    assert said(device, "GET 0 AUDIO_GAIN") == [f"< REP {n} AUDIO_GAIN 018 >" for n in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("family", "request_"),
    [
        ("ulxd", "GET NO_SUCH_THING"),
        ("ulxd", "GET 5 CHAN_NAME"),
        ("ulxd", "GET CHAN_NAME"),
        ("ulxd", "GET ALL"),
        ("ulxd", "HELLO"),
        ("ulxd", ""),
        ("ulxd", "SET 1 AUDIO_GAIN 061"),
        ("ulxd", "SET 1 AUDIO_GAIN loud"),
        ("ulxd", "SET 1 AUDIO_MUTE MAYBE"),
        ("ulxd", "SET 1 GROUP_CHAN --,--"),
        ("ulxd", "SET 1 BATT_BARS 005"),
        ("qlxd", "GET 1 AUDIO_MUTE"),
        ("qlxd", "SET 1 AUDIO_MUTE ON"),
        ("qlxd", "SET FLASH ON"),
        ("qlxd", "GET HIGH_DENSITY"),
        ("slxd", "GET 1 GROUP_CHAN"),
        ("slxd", "GET 1 TX_TYPE"),
        ("slxd", "GET 1 AUDIO_MUTE"),
        ("axient", "GET 1 SLOT_STATUS 9"),
        ("axient", "GET 1 SLOT_STATUS"),
    ],
)
def test_what_the_hardware_does_not_know_is_refused(family: str, request_: str) -> None:
    assert said(a_device(family), request_) == ["< REP ERR >"]


def test_unknown_keys_can_be_met_with_silence_and_malformed_ones_never() -> None:
    device = a_device("slxd")
    assert answer(device, b"GET 1 AUDIO_MUTE", unknown_is_silent=True).replies == []
    assert answer(device, b"SET 1 AUDIO_GAIN 999", unknown_is_silent=True).replies == [codec.ERROR]


@pytest.mark.parametrize(
    ("family", "told"),
    [
        ("ulxd", "{A long n}"),
        ("slxd", "{A long n                       }"),
        ("axient", "{A long n                       }"),
    ],
)
def test_a_name_is_cut_and_padded_to_what_the_family_holds(family: str, told: str) -> None:
    device = a_device(family)
    assert said(device, "SET 1 CHAN_NAME {A long name that has no end}") == [f"< REP 1 CHAN_NAME {told} >"]
    assert said(device, "GET 1 CHAN_NAME") == [f"< REP 1 CHAN_NAME {told} >"]


def test_names_may_hold_angle_brackets() -> None:
    assert said(a_device("ulxd"), "SET 1 CHAN_NAME {<A> > B}") == ["< REP 1 CHAN_NAME {<A> > B } >"]


def test_gain_steps_stop_at_the_ends_of_the_range() -> None:
    device = a_device("axient")
    assert said(device, "SET 1 AUDIO_GAIN INC 3") == ["< REP 1 AUDIO_GAIN 021 >"]
    assert said(device, "SET 1 AUDIO_GAIN DEC 99") == ["< REP 1 AUDIO_GAIN 000 >"]
    assert said(device, "SET 1 AUDIO_GAIN 60") == ["< REP 1 AUDIO_GAIN 060 >"]


def test_a_mute_toggles() -> None:
    device = a_device("ulxd")
    assert said(device, "SET 2 AUDIO_MUTE TOGGLE") == ["< REP 2 AUDIO_MUTE ON >"]
    assert said(device, "SET 2 AUDIO_MUTE TOGGLE") == ["< REP 2 AUDIO_MUTE OFF >"]


def test_a_new_frequency_leaves_its_group_and_both_are_reported_to_everyone() -> None:
    device = a_device("slxd")
    assert said(device, "SET 1 GROUP_CHANNEL {6,100}")[0] == "< REP 1 GROUP_CHANNEL {6,100} >"
    result = ask(device, "SET 1 FREQUENCY 578350")
    assert result.reports == [b"< REP 1 FREQUENCY 0578350 >", b"< REP 1 GROUP_CHANNEL {--,--} >"]
    assert result.replies == []


def test_setting_what_is_already_so_is_answered_to_the_asker_alone() -> None:
    result = ask(a_device("ulxd"), "SET 1 AUDIO_GAIN 018")
    assert result.replies == [b"< REP 1 AUDIO_GAIN 018 >"]
    assert result.reports == []


def test_slxd_plus_refuses_the_dump_of_everything_and_begins_to_meter() -> None:
    device = a_device("slxd_plus")
    assert said(device, "GET 0 ALL") == ["< REP ERR >"]
    assert all(device.meter_ms)
    assert of_channel(1, said(device, "GET 1 ALL"))[0].startswith("< REP 1 CHAN_NAME")


def test_an_unpaired_slxd_plus_channel_reports_seven_fields_and_no_name() -> None:
    device = Device(
        Setup(hardware("slxd_plus", "SLXD4QDAN+"), DEFAULTS["slxd_plus"], 4),
        1,
        still=True,
        paired=2,
        answers_model=True,
    )
    lines = said(device, "GET 4 ALL")
    assert sorted(line.split()[3] for line in lines) == [
        *("LINK_STATUS", "LINK_STATUS", "SLOT_TX_MODEL", "SLOT_TX_MODEL"),
        *("TX_BATT_BARS", "TX_BATT_MINS", "TX_MODEL"),
    ]
    assert said(device, "GET 4 FREQUENCY") == ["< REP ERR >"]
    assert any("CHAN_NAME" in line for line in said(device, "GET 2 ALL"))


def test_slots_of_slxd_plus_are_asked_by_their_number() -> None:
    device = a_device("slxd_plus")
    assert said(device, "GET 1 LINK_STATUS 0") == ["< REP ERR >"]
    assert said(device, "GET 1 LINK_STATUS 2") == ["< REP 1 LINK_STATUS 2 offline >"]


def test_rssi_has_the_form_of_its_family() -> None:
    assert len(said(a_device("slxd"), "GET 1 RSSI 0")) == 2
    assert re.fullmatch(r"< REP 1 RSSI \d{3} >", said(a_device("slxd_plus"), "GET 1 RSSI")[0])


def test_older_firmware_does_not_answer_model() -> None:
    device = Device(
        Setup(hardware("ulxd", "ULXD4"), DEFAULTS["ulxd"], 1), 1, still=True, paired=None, answers_model=False
    )
    assert said(device, "GET MODEL") == ["< REP ERR >"]
    assert not any("MODEL" in line for line in said(device, "GET 0 ALL"))


def test_a_single_receiver_has_no_modes_of_several_channels() -> None:
    device = Device(
        Setup(hardware("ulxd", "ULXD4"), DEFAULTS["ulxd"], 1), 1, still=True, paired=None, answers_model=True
    )
    assert said(device, "GET AUDIO_SUMMING_MODE") == ["< REP ERR >"]
    assert said(a_device("ulxd"), "GET AUDIO_SUMMING_MODE") == ["< REP AUDIO_SUMMING_MODE OFF >"]


@pytest.mark.parametrize(
    ("family", "lines"),
    [
        ("ulxd", ["TX_TYPE UNKN", "BATT_BARS 255", "BATT_CHARGE 255", "BATT_RUN_TIME 65535", "BATT_CYCLE 65535"]),
        ("slxd", ["TX_MODEL UNKNOWN", "TX_BATT_BARS 255", "TX_BATT_MINS 65535"]),
        ("axient", ["TX_MODEL UNKNOWN", "TX_BATT_BARS 255", "TX_BATT_TYPE UNKN", "SLOT_STATUS 1 LINKED.INACTIVE"]),
    ],
)
def test_a_transmitter_that_goes_turns_its_fields_unknown_and_brings_them_back(family: str, lines: list[str]) -> None:
    device = a_device(family)
    before = said(device, "GET 1 ALL")
    device.set_key(1, "transmitter_present", value=False)
    gone = said(device, "GET 1 ALL")
    assert [line for line in lines if f"< REP 1 {line} >" not in gone] == []
    device.set_key(1, "transmitter_present", value=True)
    assert said(device, "GET 1 ALL") == before


def test_a_slot_follows_the_linked_transmitter_and_a_standard_one_keeps_unknown_values() -> None:
    device = a_device("axient")
    device.set_key(1, "battery_percent", 25)
    assert "< REP 1 SLOT_BATT_CHARGE_PERCENT 1 025 >" in said(device, "GET 1 SLOT_BATT_CHARGE_PERCENT 0")
    assert said(device, "GET 2 SLOT_STATUS 1") == ["< REP 2 SLOT_STATUS 1 STANDARD >"]
    assert said(device, "GET 2 SLOT_BATT_CHARGE_PERCENT 1") == ["< REP 2 SLOT_BATT_CHARGE_PERCENT 1 255 >"]
    assert said(device, "GET 1 SLOT_STATUS 8") == ["< REP 1 SLOT_STATUS 8 EMPTY >"]


def test_values_are_set_by_their_keys() -> None:
    device = a_device("ulxd")
    for key, value, line in (
        ("battery_percent", 25, "BATT_CHARGE 025"),
        ("battery_percent", None, "BATT_CHARGE 255"),
        ("battery_runtime_status", "calculating", "BATT_RUN_TIME 65534"),
        ("name", "Vox", "CHAN_NAME {Vox     }"),
        ("receiver_muted", True, "AUDIO_MUTE ON"),
        ("frequency_mhz", 526.225, "FREQUENCY 526225"),
        ("gain_db", 12, "AUDIO_GAIN 030"),
        ("interference", "detected", "RF_INT_DET CRITICAL"),
        ("battery_temperature_c", 24, "BATT_TEMP_C 064"),
        ("tx_lock", "menu", "TX_MENU_LOCK ON"),
    ):
        device.set_key(1, key, value)
        assert f"< REP 1 {line} >" in said(device, "GET 1 ALL")
    device.set_key(0, "device_id", "RACK 7")
    assert said(device, "GET DEVICE_ID") == ["< REP DEVICE_ID {RACK 7  } >"]


def test_a_key_that_the_family_does_not_have_is_an_error() -> None:
    with pytest.raises(KeyError, match="receiver_muted"):
        a_device("qlxd").set_key(1, "receiver_muted", value=True)
