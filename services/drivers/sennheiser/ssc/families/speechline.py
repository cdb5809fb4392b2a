"""SpeechLine Digital Wireless: SL Rack Receiver DW (one channel), SL MCR 2 DW and SL MCR 4 DW. PURE.

Source: docs/protocols/sennheiser-speechline.md#receivers. These are DECT radios: there is no frequency and no RF level.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.sennheiser.ssc.codec import controls, meters
from services.drivers.sennheiser.ssc.codec.values import (
    Read,
    Values,
    choice,
    flag,
    mac,
    number,
    numbered,
    text,
    told,
    warnings,
    whole,
    words,
)
from services.drivers.sennheiser.ssc.families.family import Family, Leaf, Meter, Model
from services.drivers.sennheiser.ssc.keys import MORE_NAMES
from services.model import Kind, clean_text

GAIN_LEAST_DB, GAIN_MOST_DB, GAIN_STEP_DB = -24, 12, 6
SECONDS_MOST = 10_000_000
CYCLES_MOST = 60_000
NAME_MOST = 8
NO_LINK = "no link"

TYPES = ("handheld", "bodypack", "tablestand", "boundary")
SOURCES = ("primary", "rechargeable")
MUTE_MODES = ("off", "on", "push_to_talk", "push_to_mute", "room_mute")
SENSITIVITIES = ("auto", "0_db", "-6_db", "-12_db", "-18_db", "-24_db", "-30_db")
UNIT_STATES = (
    "normal",
    "pairing",
    "receiver_update",
    "transmitter_update",
    "transmitter_update_confirmation",
    "transmitter_update_failed",
)


def _mates(value: object, part: int) -> bool | None:
    """``mates/active``: ``["tx1"]``, or nothing."""
    found = words(value)
    return None if found is None else f"tx{part}" in {each.rpartition("/")[2].lower() for each in found}


def _named(value: object, _part: int) -> bool | None:
    """``rxN/mates``: ``["mates/txN"]``, or nothing."""
    found = words(value)
    return None if found is None else bool(found)


def _linked(value: object, _part: int) -> bool | None:
    """``mates/txN/active``."""
    return value if isinstance(value, bool) else None


def _lower(key: str) -> Read:
    """A word, in lower case."""

    def read(value: object) -> Values | None:
        return {key: clean_text(value.strip().lower(), 60) or None} if isinstance(value, str) else None

    return read


def _nothing(_value: object) -> Values:
    return {}


def _runtime(value: object) -> Values | None:
    """Seconds. 0 is not believed: packs need a while until they predict anything."""
    seconds = number(value)
    if seconds is None or not 0 <= seconds <= SECONDS_MOST:
        return None
    return {"battery_runtime_minutes": int(seconds // 60) if seconds else None}


def away(values: Mapping[str, object]) -> bool:
    """The receiver warns that it has no link."""
    found = values.get("warnings")
    return isinstance(found, list) and any(str(each).lower() == NO_LINK for each in found)


def derive(values: dict[str, object]) -> None:
    """Only rechargeable packs tell of their life: what stands there for a battery has no meaning."""
    if values.get("battery_source") == "primary":
        values |= dict.fromkeys(("battery_runtime_minutes", "battery_health_percent", "battery_cycles"))


def transmitter(kind: Read, source: Read, sensitivity: Read) -> tuple[Leaf, ...]:
    """Addresses of a transmitter. They are written the same way by all receivers, but for three that are given."""
    tx = "mates/tx{n}"
    return (
        Leaf(f"{tx}/device_type", ("transmitter_type",), kind, sender=True),
        Leaf(f"{tx}/bat_type", ("battery_source",), source, sender=True),
        Leaf(f"{tx}/bat_gauge", ("battery_percent",), whole("battery_percent", 0, 100), sender=True),
        Leaf(f"{tx}/bat_lifetime", ("battery_runtime_minutes",), _runtime, sender=True),
        Leaf(
            f"{tx}/bat_health",
            ("battery_health_percent",),
            whole("battery_health_percent", 1, 100, unknown=frozenset({0})),
            sender=True,
        ),
        Leaf(f"{tx}/bat_cycles", ("battery_cycles",), whole("battery_cycles", 0, CYCLES_MOST), sender=True),
        Leaf(f"{tx}/bat_charging", ("transmitter_charging",), flag("transmitter_charging"), sender=True),
        Leaf(
            f"{tx}/warnings",
            ("transmitter_warnings", "battery_warning"),
            warnings({"Low Bat": "battery_warning"}, listed="transmitter_warnings"),
            sender=True,
        ),
        Leaf(f"{tx}/acoustic", ("capsule",), text("capsule"), sender=True),
        Leaf(f"{tx}/agc", ("transmitter_sensitivity",), sensitivity, sender=True),
        Leaf(f"{tx}/led_active", ("transmitter_led",), flag("transmitter_led"), sender=True),
        Leaf(
            "rx{n}/mute_state",
            ("transmitter_muted",),
            flag("transmitter_muted"),
            sender=True,
            control=controls.switch(),
        ),
    )


RX_WARNINGS = Leaf("rx{n}/warnings", ("warnings", "low_rf_signal"), warnings({"Bad Link": "low_rf_signal"}))

FACTS = (
    Leaf("device/identity/version", ("firmware",), told("firmware"), live=False),
    Leaf("device/identity/serial", ("serial",), told("serial"), live=False),
    Leaf("device/network/ether/macs", ("mac",), mac, live=False),
    Leaf("device/name", ("name",), text("name")),
    Leaf("device/location", ("location",), text("location")),
)

TELEMETRY = frozenset({"quality_percent", "audio_peak_dbfs", "audio_overload", "dropouts", "samples"})
FEATURES = ("battery_percent", "transmitter_mute")

SL_RACK = Family(
    name="speechline",
    title="SpeechLine DW",
    kind=Kind.RECEIVER,
    models=(
        Model(
            "sl_rack_receiver_dw", "SLDW", 1, r"SL[ _-]?DW|SL[ _-]RACK[ _-]RECEIVER[ _-]DW.*", "SL Rack Receiver DW."
        ),
    ),
    unit=(
        *FACTS,
        Leaf("brightness", ("brightness",), whole("brightness", 0, 100)),
        Leaf("device/state", ("unit_state",), numbered("unit_state", UNIT_STATES)),
        Leaf("mates/active", (), _nothing, sign=_mates),
    ),
    parts=(
        RX_WARNINGS,
        Leaf(
            "audio/out{n}/gain_db",
            ("gain_db",),
            numbered("gain_db", tuple(range(GAIN_LEAST_DB, GAIN_MOST_DB + 1, GAIN_STEP_DB))),
            control=controls.indexed(GAIN_LEAST_DB, GAIN_MOST_DB, GAIN_STEP_DB, "dB"),
        ),
        Leaf(
            "rx{n}/mute_mode",
            ("mute_mode",),
            numbered("mute_mode", MUTE_MODES),
            control=controls.words({word: place for place, word in enumerate(MUTE_MODES)}),
        ),
        *transmitter(
            numbered("transmitter_type", TYPES),
            numbered("battery_source", SOURCES),
            numbered("transmitter_sensitivity", SENSITIVITIES),
        ),
    ),
    meters=(Meter("rx{n}/rf_quality", meters.quality), Meter("audio/out{n}/level_db", meters.audio)),
    meters_asked=True,
    telemetry=TELEMETRY,
    presence=True,
    values_prove=False,
    away=away,
    derive=derive,
    features=FEATURES,
    part_identifies="rx{n}/identify",
    more=MORE_NAMES,
)

SL_MCR = Family(
    name="speechline_mcr",
    title="SpeechLine MCR DW",
    kind=Kind.RECEIVER,
    models=(
        Model("sl_mcr4_dw", "SLDW4CH", 4, r"SL[ _-]?DW[ _-]?4CH.*|SL[ _-]?MCR[ _-]?4.*", "SL MCR 4 DW."),
        Model(
            "sl_mcr2_dw",
            "SLDW2CH",
            2,
            r"SL[ _-]?DW[ _-]?2CH.*|SL[ _-]?MCR[ _-]?2.*",
            "SL MCR 2 DW. Its name is inferred from that of the four-channel model, which is documented.",
        ),
    ),
    unit=(
        *FACTS,
        Leaf("device/led/brightness", ("brightness",), whole("brightness", 0, 5)),
        Leaf("device/state", ("unit_state",), _lower("unit_state")),
        Leaf("device/warnings", ("warnings",), warnings({}, none="NONE")),
    ),
    parts=(
        Leaf("rx{n}/name", ("name",), text("name"), control=controls.label(NAME_MOST)),
        Leaf("rx{n}/state", ("link_state",), _lower("link_state")),
        Leaf("rx{n}/mates", (), _nothing, sign=_named),
        Leaf("mates/tx{n}/active", (), _nothing, sign=_linked),
        RX_WARNINGS,
        Leaf(
            "audio/rx{n}/gain",
            ("gain_db",),
            whole("gain_db", GAIN_LEAST_DB, GAIN_MOST_DB),
            control=controls.numbers(GAIN_LEAST_DB, GAIN_MOST_DB, GAIN_STEP_DB, "dB"),
        ),
        Leaf(
            "rx{n}/mute_mode",
            ("mute_mode",),
            choice("mute_mode", {word.upper(): word for word in MUTE_MODES}),
            control=controls.words({word: word.upper() for word in MUTE_MODES}),
        ),
        *transmitter(
            choice("transmitter_type", {"TABLE-STAND": "tablestand"} | {word.upper(): word for word in TYPES}),
            choice("battery_source", {"BATTERY": "primary", "RECHARGEABLE": "rechargeable"}),
            choice(
                "transmitter_sensitivity",
                {"AUTOMATIC": "auto"}
                | {f"LEVEL{place}_{6 * (place - 1)}DB": SENSITIVITIES[place] for place in range(1, len(SENSITIVITIES))},
            ),
        ),
    ),
    meters=(Meter("rx{n}/rf_quality", meters.quality), Meter("m/rx{n}/level", meters.audio)),
    meters_asked=True,
    telemetry=TELEMETRY,
    presence=True,
    values_prove=False,
    away=away,
    derive=derive,
    features=FEATURES,
    unit_identifies="device/identification/visual",
    part_identifies="rx{n}/identification/visual",
    refused_words=(
        "these receivers stop accepting subscriptions after several reconnects, until they are started anew: switch it "
        "off and on, or restart it in Sennheiser Control Cockpit; if that changes nothing, close another controller, "
        "since it serves eight at most"
    ),
    more=MORE_NAMES,
)
