"""No I/O. Which units there are to simulate, and what distinguishes them: labels, names, addresses, frequencies.

In quadversity a unit keeps all its channels: how many remain then is not documented. Frequencies keep to 470-534 MHz
and are distinct for the first 2,551 channels of a fleet; after that the band is full.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from services.drivers.shure.simulation.receivers.device import Device, FieldAddress
from services.drivers.shure.simulation.receivers.settings import text

GRID_KHZ, PLACES, STRIDE = 25, 2551, 31
"""2,551 places of 25 kHz; it is prime, so steps of 31 (775 kHz) visit every one."""
_ROLES = ("Vox", "Host", "Gtr", "Spk")
_LINKED = "LINKED.ACTIVE"


@dataclass(frozen=True, slots=True)
class Identities:
    """Who a unit is, and who answers in its place during the fault ``swap``: texts as they stand on the wire."""

    number: int
    mac: str
    own: Mapping[FieldAddress, str]
    other: Mapping[FieldAddress, str]
    other_mac: str


def mac_address(family: str, number: int, seed: int) -> str:
    """An address of Shure's (00:0e:dd) that depends on nothing but the arguments."""
    tail = zlib.crc32(f"{family} {number} {seed}".encode()) & 0xFFFFFF
    return f"00:0e:dd:{tail >> 16:02x}:{tail >> 8 & 0xFF:02x}:{tail & 0xFF:02x}"


def identity(device: Device, number: int, mac: str) -> dict[FieldAddress, str]:
    """The texts that distinguish unit ``number`` from the others, as they stand on the wire."""
    label = f"{device.family.label}{number:04d}"
    short = mac.replace(":", "")[-6:]
    network = device.device_fields.get("NET_SETTINGS SC")
    texts: dict[FieldAddress, str] = {
        (0, "DEVICE_ID", 0): label,
        (0, "NA_DEVICE_NAME", 0): f"{device.setup.name.removesuffix('+').removesuffix('DAN')}-{short}",
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
    models = device.family.transmitters
    for channel in device.channels:
        index = (number - 1) * len(device.channels) + channel - 1
        model = models[(channel - 1) % len(models)]
        for name in ("TX_TYPE", "TX_MODEL"):
            _put(device, (channel, name, 0), model)
        if model in device.family.talk_models:
            _put(device, (channel, "TX_MUTE_STATUS", 0), "OFF")
            _put(device, (channel, "TX_MUTE_BUTTON_STATUS", 0), "RELEASED")
        for name, shift in (("FREQUENCY", 0), ("FREQUENCY2", PLACES // 2)):
            khz = device.family.first_khz + GRID_KHZ * ((index * STRIDE + shift) % PLACES)
            item = device.field_of((channel, name, 0))
            if item is not None:
                _put(device, (channel, name, 0), f"{khz:0{len(item.text)}d}")
        if device.setup.fd_c:
            _put(device, (channel, "FD_MODE", 0), "FD-C")
    _put(device, (0, "MODEL", 0), hardware_name)
    _put(device, (0, "QUADVERSITY_MODE", 0), "ON" if device.setup.quadversity else "OFF")
    for channel in device.channels if device.setup.quadversity else ():
        _put(device, (channel, "ANTENNA_CONFIGURATION", 0), "QUADVERSITY")
    for channel in device.channels:
        device.retune(channel)


def _slots(device: Device, channel: int, index: int) -> dict[FieldAddress, str]:
    """Slot 1 is the transmitter on the air, slot 2 a linked spare that is off, the others are empty."""
    if not device.family.slots:
        return {}
    model = device.values[channel, "TX_MODEL", 0]
    texts: dict[FieldAddress, str] = {}
    for slot in range(1, device.family.slots + 1):
        status = {1: _LINKED if model.startswith("ADX") else "STANDARD", 2: "LINKED.INACTIVE"}.get(slot, "EMPTY")
        texts[channel, "SLOT_STATUS", slot] = status
        texts[channel, "SLOT_TX_MODEL", slot] = model if slot == 1 else "ADX2"
        texts[channel, "SLOT_TX_DEVICE_ID", slot] = f"TX{index + 1:04d}" if slot == 1 else f"SP{index + 1:04d}"
    return texts


def _put(device: Device, place: FieldAddress, value: str) -> None:
    item = device.field_of(place)
    if item is not None:
        device.write(place, text(value, item.width) if item.width else value)
