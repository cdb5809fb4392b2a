"""What there is: an antenna of Bolero, which answers for all antennas of its net and their beltpacks."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.drivers.port import Abilities, Description, Identity, Key, Kind, Product
from services.drivers.riedel.codec.answers import Net
from services.model import KEYS

NAME: Final = "riedel"
MANUFACTURER: Final = "riedel"
FAMILY: Final = "bolero"
MODEL: Final = "Bolero"
PORT: Final = 80

_BELTPACK: Final = frozenset({Kind.BELTPACK})
MORE: Final[tuple[Key, ...]] = (
    Key("beltpack_number", int, "Number that people gave the beltpack.", kinds=_BELTPACK, role="setting"),
    Key(
        "signal_level",
        int,
        "As the antenna writes it; its scale is unknown, and 0 was seen on a connected beltpack.",
        kinds=_BELTPACK,
        gone_with="connected",
    ),
)


class Options(BaseModel):
    """A unit's own settings in the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str = Field("admin", min_length=1, max_length=60)
    password: SecretStr | None = None
    """Of the web interface; left out where none is set there."""
    insecure_http: bool = False
    """The password may go over the network in clear text: the antenna has plain HTTP alone."""


_UNIT: Final = Abilities(KEYS.with_derived(Kind.INTERCOM, {"name", "antennas"}))
BELTPACK: Final = Abilities(
    KEYS.with_derived(Kind.BELTPACK, {"name", "connected", "antenna", "battery_percent", "power_source"}),
    features=("battery_percent",),
)
PRODUCTS: Final = (
    Product(
        name="bolero",
        model=MODEL,
        family=FAMILY,
        title="Bolero",
        kind=Kind.INTERCOM,
        parts=None,
        abilities=_UNIT,
        part_abilities=BELTPACK,
        note="Experimental, off until asked for: its interface is unpublished, firmware 3.4.1 was seen. The password "
        "goes over the network in clear text.",
    ),
)


def identify(net: Net) -> Identity:
    """Who answered: no serial number and no MAC address, so nothing of it is a strong identity."""
    return Identity(
        MANUFACTURER,
        FAMILY,
        Kind.INTERCOM,
        MODEL,
        device_id=net.name,
        firmware=net.firmware,
        part_count=len(net.numbers),
    )


def describe(net: Net) -> Description:
    """A net as it was read."""
    return Description(identify(net), _UNIT, dict.fromkeys(net.numbers, BELTPACK))
