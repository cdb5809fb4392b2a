"""EW-DX: EM 2, EM 2 Dante and EM 4 Dante with firmware before 4.0, or later with the legacy access switched on. PURE.

Source: docs/protocols/sennheiser-ssc.md#ew-dx.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.sennheiser.ssc.codec import controls, meters
from services.drivers.sennheiser.ssc.codec.values import (
    Values,
    choice,
    flag,
    mac,
    megahertz,
    number,
    text,
    told,
    tuning,
    warnings,
    whole,
    words,
)
from services.drivers.sennheiser.ssc.families.family import Family, Leaf, Meter, Model
from services.drivers.sennheiser.ssc.keys import MORE_NAMES
from services.model import Kind

GAIN_LEAST_DB, GAIN_MOST_DB, GAIN_STEP_DB = -3, 42, 3
OUTPUT_LEAST_DB, OUTPUT_MOST_DB, OUTPUT_STEP_DB = -24, 18, 6
TRIM_LEAST_DB, TRIM_MOST_DB = -12, 6
TUNING_STEP_KHZ = 25
NAME_MOST, UNIT_NAME_MOST = 8, 18
MINUTES_MOST = 100_000

_NOTE = (
    "From firmware 4.0 on this way in is off until Legacy is chosen in Control Cockpit > Access. Only the name EWDX2CH "
    "was seen on a unit; other models are known by the number of channels in theirs."
)


def _mates(value: object, _part: int) -> bool | None:
    """``rxN/mates``: the transmitters that are linked, or none."""
    found = words(value)
    return None if found is None else bool(found)


def _active(value: object, part: int) -> bool | None:
    """``mates/active``: ``["mates/tx1"]``."""
    found = words(value)
    return None if found is None else f"tx{part}" in {each.strip("/").rpartition("/")[2].lower() for each in found}


def _nothing(_value: object) -> Values:
    return {}


def _away(values: Mapping[str, object]) -> bool:
    found = values.get("warnings")
    return isinstance(found, list) and any(str(each).lower() == "nolink" for each in found)


def _trim(value: object) -> Values | None:
    """Decibels of the transmitter's own gain."""
    found = number(value)
    if found is None or found % 1 or not TRIM_LEAST_DB <= found <= TRIM_MOST_DB:
        return None
    return {"tx_offset_db": int(found)}


_UNIT = (
    Leaf("device/identity/version", ("firmware",), told("firmware"), live=False),
    Leaf("device/identity/serial", ("serial",), told("serial"), live=False),
    Leaf("device/network/ether/macs", ("mac",), mac, live=False),
    Leaf("device/frequency_code", ("band",), told("band"), live=False),
    Leaf("device/name", ("name",), text("name"), control=controls.name(UNIT_NAME_MOST)),
    Leaf("device/location", ("location",), text("location"), control=controls.name(400)),
    Leaf(
        "device/lock",
        ("lock",),
        flag("lock", yes="all", no="none"),
        control=controls.switch(yes="all", no="none"),
    ),
    Leaf(
        "device/encryption",
        ("encryption_mode",),
        flag("encryption_mode", yes="on", no="off"),
    ),
    Leaf(
        "device/link_density_mode",
        ("transmission_mode",),
        flag("transmission_mode", yes="high_density", no="standard"),
    ),
    Leaf("device/brightness", ("brightness",), whole("brightness", 0, 5), control=controls.numbers(1, 5)),
    Leaf("device/booster", ("antenna_booster",), flag("antenna_booster")),
    Leaf("mates/active", (), _nothing, sign=_active),
)

_TX = "mates/tx{n}"

_CHANNEL = (
    Leaf("rx{n}/name", ("name",), text("name"), control=controls.name(NAME_MOST)),
    Leaf(
        "rx{n}/frequency",
        ("frequency_mhz",),
        megahertz("frequency_mhz"),
        control=controls.megahertz(TUNING_STEP_KHZ),
    ),
    Leaf(
        "rx{n}/gain",
        ("gain_db",),
        whole("gain_db", GAIN_LEAST_DB, GAIN_MOST_DB),
        control=controls.numbers(GAIN_LEAST_DB, GAIN_MOST_DB, GAIN_STEP_DB, "dB"),
    ),
    Leaf("rx{n}/mute", ("receiver_muted",), flag("receiver_muted"), control=controls.switch()),
    Leaf(
        "rx{n}/warnings",
        ("warnings", "encryption_fault", "low_rf_signal", "rf_overload"),
        warnings({"Aes256Error": "encryption_fault", "LowSignal": "low_rf_signal", "RfPeak": "rf_overload"}),
    ),
    Leaf("rx{n}/mates", (), _nothing, sign=_mates),
    Leaf(
        "audio1/out{n}/level",
        ("output_level_db",),
        whole("output_level_db", OUTPUT_LEAST_DB, OUTPUT_MOST_DB),
        control=controls.numbers(OUTPUT_LEAST_DB, OUTPUT_MOST_DB, OUTPUT_STEP_DB, "dB"),
    ),
    Leaf(f"{_TX}/battery/gauge", ("battery_percent",), whole("battery_percent", 0, 100), sender=True),
    Leaf(
        f"{_TX}/battery/lifetime",
        ("battery_runtime_minutes",),
        whole("battery_runtime_minutes", 0, MINUTES_MOST, unknown=frozenset({65_535})),
        sender=True,
    ),
    Leaf(
        f"{_TX}/battery/type",
        ("battery_source",),
        choice(
            "battery_source",
            {
                "Battery": "rechargeable",
                "Primary Cell": "primary",
                "PrimaryCell": "primary",
                "No Battery": "none",
                "NoBattery": "none",
            },
        ),
        sender=True,
    ),
    Leaf(f"{_TX}/name", ("transmitter_id",), text("transmitter_id"), sender=True),
    Leaf(f"{_TX}/type", ("transmitter_model",), told("transmitter_model"), sender=True),
    Leaf(f"{_TX}/version", ("transmitter_firmware",), told("transmitter_firmware"), sender=True),
    Leaf(f"{_TX}/mute", ("transmitter_muted",), flag("transmitter_muted"), sender=True),
    Leaf(
        f"{_TX}/warnings",
        ("transmitter_warnings", "battery_warning"),
        warnings({"LowBattery": "battery_warning"}, listed="transmitter_warnings"),
    ),
    Leaf(f"{_TX}/trim", ("tx_offset_db",), _trim, sender=True),
    Leaf(f"{_TX}/lowcut", ("low_cut",), text("low_cut"), sender=True),
    Leaf(f"{_TX}/cable_emulation", ("cable_emulation",), text("cable_emulation"), sender=True),
    Leaf(f"{_TX}/capsule", ("capsule",), told("capsule"), sender=True),
    Leaf(f"{_TX}/led", ("transmitter_led",), flag("transmitter_led"), sender=True),
    Leaf(f"{_TX}/lock", ("transmitter_autolock",), flag("transmitter_autolock"), sender=True),
)

_RANGES = Leaf("device/frequency_ranges", ("tuning_ranges_mhz", "tuning_step_khz"), tuning, live=False, sender=False)

_METERS = (
    Meter("m/rx{n}/rssi", meters.rf),
    Meter("m/rx{n}/rsqi", meters.quality),
    Meter("m/rx{n}/divi", meters.diversity),
    Meter("m/rx{n}/af", meters.audio),
)

EWDX = Family(
    name="ew_dx",
    title="EW-DX",
    kind=Kind.RECEIVER,
    models=(
        Model("ewdx_em2", "EWDX2CH", 2, r"EW-?DX[ _-]?(EM[ _-]?)?2.*", _NOTE),
        Model("ewdx_em4", "EWDX4CH", 4, r"EW-?DX[ _-]?(EM[ _-]?)?4.*", _NOTE),
    ),
    unit=_UNIT,
    parts=(*_CHANNEL, _RANGES),
    meters=_METERS,
    telemetry=frozenset(
        {
            "rf_dbm",
            "rf_min_dbm",
            "quality_percent",
            "antenna_a",
            "antenna_b",
            "audio_peak_dbfs",
            "audio_overload",
            "dropouts",
            "samples",
        }
    ),
    presence=True,
    away=_away,
    features=("battery_percent", "receiver_mute", "transmitter_mute"),
    unit_identifies="device/identification/visual",
    part_identifies="rx{n}/identification/visual",
    more=MORE_NAMES,
)
