"""The catalogue: bases of Executive Elite, what each reports, and what its microphones can be set to.

A base names neither its model nor a serial number, so the model is told by the channels that answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.drivers.port import Abilities, Description, Identity, Key, Kind, Product
from services.model import KEYS, SettableRange

NAME: Final = "yamaha"
MANUFACTURER: Final = "yamaha"
FAMILY: Final = "executive_elite"
SIZES: Final = (2, 4, 8)
MOST_CHANNELS: Final = SIZES[-1]
NOTE: Final = (
    "One client at a time: whoever is logged in locks a control system out. Mute says what the microphone does; with "
    "External Mute on, the base passes audio whatever it says."
)

_CHANNEL: Final = frozenset({Kind.CHANNEL})
MORE: Final[tuple[Key, ...]] = (
    Key("antenna_linked", bool, "The antenna is linked to the base.", kinds=frozenset({Kind.RECEIVER})),
    Key(
        "microphone_status",
        Literal["off", "on", "standby", "charging", "out_of_range", "not_paired", "pairing", "unpairing", "updating"],
        "What the channel's microphone does.",
        kinds=_CHANNEL,
    ),
    Key(
        "microphone_type",
        Literal[
            "wearable",
            "omnidirectional",
            "directional",
            "xlr_adapter",
            "mini_xlr_adapter",
            "gooseneck",
            "handheld",
        ],
        "Kind of the channel's microphone.",
        kinds=_CHANNEL,
    ),
    Key("charging_percent", int, "Charge of the microphone while it lies in its charger.", "%", 0, 100, kinds=_CHANNEL),
    Key(
        "mute_mode",
        Literal["individual", "tabletop", "push_to_talk"],
        "How the mute button works.",
        kinds=_CHANNEL,
        role="setting",
    ),
    Key("mute_locked", bool, "The mute button of the microphone is locked.", kinds=_CHANNEL),
    Key("microphone_gain_db", int, "Input gain of the microphone.", "dB", -20, 0, kinds=_CHANNEL, role="setting"),
)


class Options(BaseModel):
    """A unit's own settings in the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str = Field("revolabs", min_length=1, max_length=60, pattern=r"^[!-~]+$")
    password: SecretStr | None = None
    """Without it nothing is logged in: for a serial port behind a converter."""
    channels: Literal[2, 4, 8] | None = None
    """How many the base has, where the channels that answer do not show it."""
    stay_away: bool = False
    """Never connect: the place at the unit stays free for a control system."""


_UNIT: Final = Abilities(KEYS.with_derived(Kind.RECEIVER, ()))
CHANNEL: Final = Abilities(
    keys=KEYS.with_derived(
        Kind.CHANNEL, {"transmitter_present", "transmitter_docked", "battery_percent", "transmitter_muted", "gain_db"}
    ),
    settable={"transmitter_muted": SettableRange(choices=["true", "false"])},
    features=("battery_percent", "transmitter_mute"),
)

MODELS: Final[Mapping[int, str]] = {size: f"Executive Elite {size}" for size in SIZES}
PRODUCTS: Final[tuple[Product, ...]] = tuple(
    Product(
        name=f"elite_{size}",
        model=MODELS[size],
        family=FAMILY,
        title="Executive Elite",
        kind=Kind.RECEIVER,
        parts=size,
        abilities=_UNIT,
        part_abilities=CHANNEL,
        note=NOTE,
    )
    for size in SIZES
)


def size_of(highest: int, chosen: int | None = None) -> int:
    """How many channels a base has of which ``highest`` is the last that answered; ``chosen`` is the configured one."""
    return chosen or next(size for size in SIZES if highest <= size)


def identify(size: int, firmware: str | None) -> Identity:
    """Who answered: no serial number and no MAC address, so nothing of it is a strong identity."""
    return Identity(MANUFACTURER, FAMILY, model=MODELS[size], firmware=firmware, part_count=size)


def describe(size: int, firmware: str | None) -> Description:
    """A base as it was read."""
    return Description(identify(size, firmware), _UNIT, dict.fromkeys(range(1, size + 1), CHANNEL))
