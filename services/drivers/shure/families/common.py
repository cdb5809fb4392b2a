"""PURE, data. Ways to write a value, properties and ranges that several families share. docs/protocols.md#values."""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.shure.codec import controls
from services.drivers.shure.codec import special_types as special
from services.drivers.shure.codec import wire_types as wire
from services.drivers.shure.codec.properties import Scope, ignored, one, two
from services.drivers.shure.codec.wire_types import MARK_8, MARK_16, NO_NUMBER_8, NO_NUMBER_16

ON_OFF: Mapping[str, bool] = {"ON": True, "OFF": False}
OK_ERROR: Mapping[str, bool] = {"OK": False, "ERROR": True}
PERCENT = wire.number(3, 0, 100, unknown=MARK_8)
BARS = wire.number(3, 0, 5, unknown=MARK_8)
CYCLES = wire.number(5, 0, NO_NUMBER_16 - 1, unknown=MARK_16)
TEMPERATURE = wire.number(3, 0, NO_NUMBER_8 - 1, offset=-40, unknown=MARK_8)
MILLIWATTS = wire.number(3, 0, NO_NUMBER_8 - 1, unknown=MARK_8)
PAD = wire.coded(3, {12: 0, 0: -12}, unknown=MARK_8)
"""Input pad, dB: the wire has 12 for none, and 0 for 12 dB less."""
LOCKS: Mapping[str, str] = {"NONE": "none", "OFF": "none", "MENU": "menu", "POWER": "power", "ALL": "all"}
ENCRYPTION = wire.same_words(("OFF", "ON", "AUTO", "MANUAL"))
INTERFERENCE = wire.choice({"NONE": "none", "DETECTED": "detected", "CRITICAL": "detected"})
POWER_LEVELS: Mapping[str, str] = {"LOW": "low", "NORMAL": "normal", "HIGH": "high"}
POLARITY: Mapping[str, str] = {"POSITIVE": "positive", "NEGATIVE": "negative"}
SUMMING = wire.same_words(("OFF", "ON", "1+2", "3+4", "1+2/3+4", "1+2+3+4"))

MAC = one("NET_SETTINGS SC", Scope.UNIT, "mac", special.mac())
SHORT_DEVICE_ID = two("DEVICE_ID", Scope.UNIT, ("device_id", "name"), wire.text_twice(8))

RECEIVER = (
    one("MODEL", Scope.UNIT, "model", wire.text(32)),
    two("FW_VER", Scope.UNIT, ("firmware", "firmware_update_failed"), special.firmware(24)),
    *ignored(Scope.UNIT, "FLASH", "METER_RATE", "ERR", "NA_DEVICE_NAME", "APP_CONNECTION_ENABLED", "NET_SETTINGS D1"),
    *ignored(Scope.UNIT, "NET_SETTINGS D2", "NET_SETTINGS NA", "ENCRYPTION_REGENERATE_KEY"),
)
"""Properties of every receiver."""

CHANNEL = (
    one("AUDIO_GAIN", Scope.PART, "gain_db", wire.number(3, 0, 60, offset=-18)),
    *ignored(Scope.PART, "FLASH", "METER_RATE", "ERR"),
)
"""Properties of every channel."""

ANTENNA_STATUS = one("ANTENNA_STATUS", Scope.PART, "antenna_count", special.ANTENNAS, metered=True)

NAME_AND_GAIN = (controls.channel_name(), controls.gain())
MUTE = controls.switch("AUDIO_MUTE", Scope.PART, "receiver_muted")
