"""Closed words and small objects that are values of keys. PURE."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

AntennaState = Literal["active", "inactive", "interference"]
AudioMode = Literal["mono", "stereo", "point_to_point"]
AudioPath = Literal["live", "muted", "no_signal", "unknown"]
BatteryStatus = Literal["ok", "calculating", "communication_error", "external_power", "warning", "not_reported"]
BatteryType = Literal["lithium_ion", "alkaline", "nimh", "lithium_primary"]
EncryptionMode = Literal["off", "on", "auto", "manual"]
Interference = Literal["none", "detected"]
Lock = Literal["none", "menu", "power", "all"]
Polarity = Literal["positive", "negative"]
PowerLevel = Literal["low", "normal", "high"]
SlotStatus = Literal["empty", "standard", "linked_inactive", "linked_active", "online", "offline"]

ChargeState = Literal[
    "charging",
    "full",
    "calculating",
    "precharging",
    "warm",
    "hot",
    "cold",
    "storing",
    "stored",
    "discharging",
    "fault",
    "empty",
]

BayFault = Literal[
    "unknown_module",
    "unknown_battery",
    "deep_discharge_recovery_failed",
    "charge_failed",
    "check_battery",
    "check_charger",
    "communication_failure",
    "unspecified",
]
"""``unspecified``: the unit reports a fault, and not which."""

DockedType = Literal["battery", "bodypack", "handheld", "tabletop", "boundary"]


class Alert(TypedDict):
    """Something that someone should look at."""

    id: str
    code: str
    severity: Literal["info", "warning", "critical"]
    since: str
    message: str
    acked_by: str | None


class Labels(TypedDict):
    """Where a unit stands and what it is for: people's words, edited here, not on the unit."""

    location: Annotated[str | None, Field(description="Free text: the site or venue.")]
    building: Annotated[str | None, Field(description="Free text.")]
    room: Annotated[str | None, Field(description="Free text.")]
    rack: Annotated[str | None, Field(description="Free text.")]
    position: Annotated[str | None, Field(description="Place in the rack, free text.")]
    tags: Annotated[list[str], Field(description="Words to select receivers by, in commands and rules.")]


class SettableRange(TypedDict, total=False):
    """What a key can be set to.

    Numbers lie between ``minimum`` and ``maximum``, in steps of ``step`` from ``minimum`` (from 0 where there is none);
    ``choices`` are words, of a switch ``true`` and ``false``; a text has ``min_length`` to ``max_length`` characters of
    ``characters``. What is missing is not limited here: the unit itself may refuse it.
    """

    minimum: float
    maximum: float
    step: float
    choices: list[str]
    min_length: int
    max_length: int
    characters: str
    unit: str
