"""No I/O. Which units there are to simulate, and what tells one from another: labels, names, addresses, frequencies.

In quadversity a unit keeps all its channels: how many remain then is not documented. Frequencies keep to 470-534 MHz
and are distinct for the first 2,551 channels of a fleet; after that the band is full.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from services.drivers.shure.simulation.receivers.device import Device, Place
from services.drivers.shure.simulation.receivers.panel import text

GRID_KHZ, PLACES, STRIDE = 25, 2551, 31
"""2,551 places of 25 kHz; it is prime, so steps of 31 (775 kHz) visit every one."""
_ROLES = ("Vox", "Host", "Gtr", "Spk")
_LINKED = "LINKED.ACTIVE"


@dataclass(frozen=True, slots=True)
class Hardware:
    """A model that can be simulated. ``wire`` is what MODEL answers."""

    name: str
    channels: int
    wire: str = ""


MODELS: Mapping[str, tuple[Hardware, ...]] = {
    "ulxd": (Hardware("ULXD4Q", 4), Hardware("ULXD4D", 2), Hardware("ULXD4", 1)),
    "qlxd": (Hardware("QLXD4", 1),),
    "slxd": (Hardware("SLXD4D", 2), Hardware("SLXD4", 1), Hardware("SLXD4Q", 4)),
    "slxd_plus": (Hardware("SLXD4QDAN+", 4), Hardware("SLXD4D+", 2), Hardware("SLXD4+", 1)),
    "axient": (Hardware("AD4Q", 4, "AD4Q-A"), Hardware("AD4D", 2, "AD4D-A")),
}
"""The first of a family is the one that is simulated unless another is asked for."""


@dataclass(frozen=True, slots=True)
class Identities:
    """Who a unit is, and who answers in its place during the fault ``swap``: texts as they stand on the wire."""

    number: int
    mac: str
    own: Mapping[Place, str]
    other: Mapping[Place, str]
    other_mac: str


_TRANSMITTERS: Mapping[str, tuple[str, ...]] = {
    "ulxd": ("ULXD2", "ULXD1", "ULXD8", "ULXD2"),
    "qlxd": ("QLXD2", "QLXD1"),
    "slxd": ("SLXD2", "SLXD1"),
    "slxd_plus": ("SLXD2+", "SLXD1+"),
    "axient": ("ADX2", "AD2", "ADX1", "AD1"),
}
"""Transmitters of the channels in turn."""


def hardware(family: str, name: str | None) -> Hardware:
    """The model to simulate. Raises `ValueError` where there is no such family or model."""
    if family not in MODELS:
        raise ValueError(f"no simulator for family {family!r}: there are {', '.join(MODELS)}")
    models = {model.name.lower(): model for model in MODELS[family]}
    if name is None:
        return MODELS[family][0]
    if name.lower() not in models:
        known = ", ".join(model.name for model in MODELS[family])
        raise ValueError(f"no model {name!r} in family {family}: there are {known}")
    return models[name.lower()]


def mac_address(family: str, number: int, seed: int) -> str:
    """An address of Shure's (00:0e:dd) that depends on nothing but the arguments."""
    tail = zlib.crc32(f"{family} {number} {seed}".encode()) & 0xFFFFFF
    return f"00:0e:dd:{tail >> 16:02x}:{tail >> 8 & 0xFF:02x}:{tail & 0xFF:02x}"


def identity(device: Device, number: int, mac: str) -> dict[Place, str]:
    """The texts that tell unit ``number`` from the others, as they stand on the wire."""
    label = f"{device.panel.label}{number:04d}"
    short = mac.replace(":", "")[-6:]
    network = device.device_fields.get("NET_SETTINGS SC")
    texts: dict[Place, str] = {
        (0, "DEVICE_ID", 0): label,
        (0, "NA_DEVICE_NAME", 0): f"{device.model.name.removesuffix('+').removesuffix('DAN')}-{short}",
    }
    for channel in device.channels:
        index = (number - 1) * len(device.channels) + channel - 1
        texts[channel, "CHAN_NAME", 0] = f"{_ROLES[index % len(_ROLES)]} {index + 1}"[:8]
        texts[channel, "NA_CHAN_NAME", 0] = f"{channel:02d}"
        texts[channel, "TX_DEVICE_ID", 0] = f"TX{index + 1:04d}"
        texts |= _slots(device, channel, index)
    places = {}
    for place, value in texts.items():
        item = device.field_of(place)
        if item is not None:
            places[place] = text(value, item.width) if item.width else value
    if network is not None:
        places[0, network.name, 0] = f"{network.text.rpartition(' ')[0]} {mac.upper()}"
    return places


def furnish(device: Device, number: int, hardware_name: str) -> None:
    """Give a fresh unit its model, frequencies and transmitters."""
    models = _TRANSMITTERS[device.model.family]
    for channel in device.channels:
        index = (number - 1) * len(device.channels) + channel - 1
        model = models[(channel - 1) % len(models)]
        for name in ("TX_TYPE", "TX_MODEL"):
            _put(device, (channel, name, 0), model)
        if model in device.panel.talk_models:
            _put(device, (channel, "TX_MUTE_STATUS", 0), "OFF")
            _put(device, (channel, "TX_MUTE_BUTTON_STATUS", 0), "RELEASED")
        for name, shift in (("FREQUENCY", 0), ("FREQUENCY2", PLACES // 2)):
            khz = device.panel.first_khz + GRID_KHZ * ((index * STRIDE + shift) % PLACES)
            item = device.field_of((channel, name, 0))
            if item is not None:
                _put(device, (channel, name, 0), f"{khz:0{len(item.text)}d}")
        if device.model.fd_c:
            _put(device, (channel, "FD_MODE", 0), "FD-C")
    _put(device, (0, "MODEL", 0), hardware_name)
    _put(device, (0, "QUADVERSITY_MODE", 0), "ON" if device.model.quadversity else "OFF")
    for channel in device.channels:
        device.retune(channel)


def _slots(device: Device, channel: int, index: int) -> dict[Place, str]:
    """Slot 1 is the transmitter on the air, slot 2 a linked spare that is off, the others are empty."""
    if not device.panel.slots:
        return {}
    model = device.values[channel, "TX_MODEL", 0]
    texts: dict[Place, str] = {}
    for slot in range(1, device.panel.slots + 1):
        status = {1: _LINKED if model.startswith("ADX") else "STANDARD", 2: "LINKED.INACTIVE"}.get(slot, "EMPTY")
        texts[channel, "SLOT_STATUS", slot] = status
        texts[channel, "SLOT_TX_MODEL", slot] = model if slot == 1 else "ADX2"
        texts[channel, "SLOT_TX_DEVICE_ID", slot] = f"TX{index + 1:04d}" if slot == 1 else f"SP{index + 1:04d}"
    return texts


def _put(device: Device, place: Place, value: str) -> None:
    item = device.field_of(place)
    if item is not None:
        device.write(place, text(value, item.width) if item.width else value)
