"""Digital 6000: EM 6000 and EM 6000 Dante, two channels each. PURE.

Source: docs/protocols/sennheiser-ssc.md#digital-6000. Without a transmitter its addresses answer with nothing: ``""``
or ``[]``, and never with 424.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.drivers.sennheiser.ssc.codec import controls
from services.drivers.sennheiser.ssc.codec.meters import Gauge
from services.drivers.sennheiser.ssc.codec.values import (
    Values,
    binary,
    labelled,
    mac,
    megahertz,
    number,
    text,
    told,
    warnings,
    whole,
)
from services.drivers.sennheiser.ssc.families.family import Family, Leaf, Meter, Model
from services.drivers.sennheiser.ssc.keys import MORE_NAMES
from services.model import Kind, clean_text

OTHER_PORT = 6970
"""Default of a widely used controller; the maker's own document says 45."""
NAME_MOST = 8
FORBIDDEN = "{}[]()~`!@$%^&_\\:'\".?"
OUTPUT_LEAST_DB, OUTPUT_MOST_DB = -10, 18
LOWEST_KHZ, HIGHEST_KHZ, STEP_KHZ = 470_100, 713_900, 25
LIFETIME_S = 20.0

RF_FULL, LQI_BEST = 255, 255
AUDIO_FULL_DB = 128
METER_LEAST = 8
"""RF, its peak and the same of the second antenna, two antennas, quality, audio; the audio's peak may follow."""

_APPENDED = re.compile(r"[-_ ][0-9A-Fa-f]{12}\Z")
"""The MAC address that these units append to their name."""
_PERCENT = re.compile(r"(\d{1,3}) ?%")
_TIME = re.compile(r"(\d{1,3}):([0-5]\d)")
LOW = "low"


def name(value: object) -> Values | None:
    """The unit's label, without the MAC address behind it."""
    if not isinstance(value, str):
        return None
    return {"name": clean_text(_APPENDED.sub("", value.strip()), 60) or None}


def _battery(value: object) -> Values | None:
    """State and time as texts: ``["70%","5:12"]``, ``["low","-:--"]``; an empty list without a transmitter."""
    keys = ("battery_percent", "battery_runtime_minutes", "battery_warning")
    if value in ([], ""):
        return dict.fromkeys(keys)
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(each, str) for each in value):  # noqa: PLR2004
        return None
    state, time = (each.strip().lower() for each in value)
    percent, minutes = _PERCENT.fullmatch(state), _TIME.fullmatch(time)
    if percent is None and state != LOW:
        return None
    found = int(percent[1]) if percent is not None else None
    return {
        "battery_percent": found if found is None or found <= 100 else None,  # noqa: PLR2004 - percent
        "battery_runtime_minutes": int(minutes[1]) * 60 + int(minutes[2]) if minutes is not None else None,
        "battery_warning": state == LOW,
    }


def _there(value: object, _part: int) -> bool | None:
    """The battery tells most plainly whether there is a transmitter."""
    return bool(value) if isinstance(value, list) else None


def _type(value: object) -> Values | None:
    """Model, lowest and highest frequency; empty without a transmitter."""
    model = value[0] if isinstance(value, list) and value else value
    if value in ([], "", None) or model == "":
        return {"transmitter_model": None}
    return {"transmitter_model": clean_text(model, 60)} if isinstance(model, str) else None


def _gain(value: object) -> Values | None:
    if value == "":
        return {"transmitter_gain_db": None}
    found = number(value)
    return {"transmitter_gain_db": int(found)} if found is not None and -6 <= found <= 60 else None  # noqa: PLR2004


def _bank(value: object) -> Values | None:
    """Bank and channel; a bank of the user's own, or none, is no group of the maker's."""
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - bank, channel
        return None
    numbers = [each for each in value if isinstance(each, int) and not isinstance(each, bool) and each > 0]
    bank, channel = numbers if len(numbers) == len(value) else (None, None)
    return {"group": bank, "group_channel": channel}


_CLOCKS = {1: "internal_48_khz", 2: "internal_96_khz", 3: "external", 4: "manual"}


def _clock(value: object) -> Values | None:
    found = number(value)
    return {"clock_source": _CLOCKS[int(found)]} if found in _CLOCKS and found is not None else None


def _away(values: Mapping[str, object]) -> bool:
    found = values.get("warnings")
    return isinstance(found, list) and any(str(each).lower() == "nolink" for each in found)


def _levels(gauge: Gauge, value: object) -> bool:
    """One channel of ``mm``: nine bytes."""
    if not isinstance(value, list) or len(value) < METER_LEAST:
        return False
    found = [number(each) for each in value[:METER_LEAST]]
    if any(each is None or not 0 <= each <= RF_FULL for each in found):
        return False
    first, _, second, _, a, b, quality, audio = (each or 0.0 for each in found)
    gauge.antennas(a=a > 0, b=b > 0)
    gauge.quality(quality / LQI_BEST * 100)
    gauge.audio((audio + 1) / 2 - AUDIO_FULL_DB)
    return gauge.rf_each((first - RF_FULL) / 2, (second - RF_FULL) / 2)


_UNIT = (
    Leaf("device/identity/version", ("firmware",), told("firmware"), live=False),
    Leaf("device/network/ether/macs", ("mac",), mac, live=False),
    Leaf("device/name", ("name",), name),
    Leaf("sys/brightness", ("brightness",), whole("brightness", 0, 255)),
    Leaf("sys/booster", ("antenna_booster",), binary("antenna_booster")),
    Leaf("sys/clock", ("clock_source",), _clock),
    Leaf("sys/clock_frequency_measured", ("clock_measured",), text("clock_measured")),
)

_SKX = "rx{n}/skx"

_CHANNEL = (
    Leaf("rx{n}/name", ("name",), text("name"), control=controls.name(NAME_MOST, without=FORBIDDEN)),
    Leaf(
        "rx{n}/carrier",
        ("frequency_mhz",),
        megahertz("frequency_mhz"),
        control=controls.megahertz(STEP_KHZ, LOWEST_KHZ, HIGHEST_KHZ),
    ),
    Leaf("rx{n}/audio_mute", ("receiver_muted",), binary("receiver_muted"), control=controls.switch()),
    Leaf("rx{n}/encryption", ("encrypted",), binary("encrypted")),
    Leaf("rx{n}/active_bank_channel", ("group", "group_channel"), _bank),
    Leaf(
        "rx{n}/active_warnings",
        ("warnings", "encryption_fault", "low_rf_signal", "rf_overload"),
        warnings({"Aes256Error": "encryption_fault", "LowSignal": "low_rf_signal", "RFPeak": "rf_overload"}),
    ),
    Leaf(
        "audio/out{n}/level_db",
        ("output_level_db",),
        whole("output_level_db", OUTPUT_LEAST_DB, OUTPUT_MOST_DB),
        control=controls.numbers(OUTPUT_LEAST_DB, OUTPUT_MOST_DB, 1, "dB"),
    ),
    Leaf(
        f"{_SKX}/battery",
        ("battery_percent", "battery_runtime_minutes", "battery_warning"),
        _battery,
        sender=True,
        sign=_there,
    ),
    Leaf(f"{_SKX}/name", ("transmitter_id",), text("transmitter_id"), sender=True),
    Leaf(f"{_SKX}/type", ("transmitter_model",), _type, sender=True),
    Leaf(f"{_SKX}/gain", ("transmitter_gain_db",), _gain, sender=True),
    Leaf(f"{_SKX}/lowcut", ("low_cut",), labelled("low_cut"), sender=True),
    Leaf(f"{_SKX}/cable_emulation", ("cable_emulation",), labelled("cable_emulation"), sender=True),
    Leaf(f"{_SKX}/capsule", ("capsule",), text("capsule"), sender=True),
)

DIGITAL_6000 = Family(
    name="digital_6000",
    title="Digital 6000",
    kind=Kind.RECEIVER,
    models=(
        Model("em6000", "EM6000", 2, r"EM[ _-]?6000"),
        Model("em6000_dante", "EM6000-Dante", 2, r"EM[ _-]?6000[ _-]?DANTE"),
    ),
    unit=_UNIT,
    parts=_CHANNEL,
    unit_meters=(Meter("mm", _levels, each=True),),
    telemetry=frozenset(
        {
            "rf_a_dbm",
            "rf_b_dbm",
            "rf_dbm",
            "rf_min_dbm",
            "antenna_a",
            "antenna_b",
            "quality_percent",
            "audio_peak_dbfs",
            "audio_overload",
            "dropouts",
            "samples",
        }
    ),
    presence=True,
    away=_away,
    features=("battery_percent", "receiver_mute"),
    part_identifies="rx{n}/identify",
    lifetime_s=LIFETIME_S,
    ports=(OTHER_PORT,),
    more=MORE_NAMES,
)
