"""A simulated SL MCR 2 DW or SL MCR 4 DW (TI 1094, pages 49 to 75).

What is out of range is refused with 406, and nothing is clamped. After some clients came and went it accepts no further
subscription until it is started anew: a fault of its firmware, seen by Specialelektronik. After how many, and that it
is silent then, is decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from string import ascii_letters, digits

from services.drivers.sennheiser.simulation.ssc.speechline import Microphone
from services.drivers.sennheiser.simulation.ssc.tree import Node, Refused
from services.model import Part

MCR_CLIENTS = 12
TYPES = ("HANDHELD", "BODYPACK", "TABLE-STAND", "BOUNDARY")
MODES = frozenset({"OFF", "ON", "PUSH_TO_TALK", "PUSH_TO_MUTE", "ROOM_MUTE"})
GAINS = range(-24, 13, 6)
NAME_MOST = 8


class Channel:
    """One of the receivers."""

    def __init__(self, number: int, pack: Microphone) -> None:
        self.pack = pack
        self.name = f"rx{number}"
        self.gain, self.mode, self.flashes, self.pairing = 0, "ON", False, False
        self.extra: list[str] = []

    def state(self) -> str:
        """What it is doing."""
        return "PAIRING" if self.pairing else "CONNECTED" if self.pack.on else "NOT_CONNECTED"


def _one_of(allowed: range | frozenset[str]) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, bool) or value not in allowed:
            raise Refused(406)
        return value

    return check


def _flag(value: object) -> object:
    if not isinstance(value, bool):
        raise Refused(406)
    return value


def _name(value: object) -> object:
    if (
        not isinstance(value, str)
        or not 1 <= len(value) <= NAME_MOST
        or not {*value} <= {*ascii_letters, *digits, *"-_"}
    ):
        raise Refused(406)
    return value


class MultiReceiver:
    """The inside of an SL MCR."""

    def __init__(self, product: str, channels: int, number: int, random: Random, *, still: bool, drain: float) -> None:
        self.name, self.location = f"MCR-{number}", "Hall"
        self._blank = False
        self._were_away = False
        self._mac = f"00:1b:66:{random.randrange(256):02x}:{random.randrange(256):02x}:{number % 256:02x}"
        self.serial = f"{1_050_000_000 + random.randrange(1_000_000)}"
        self.light, self.flashes, self.state = 3, False, "NORMAL"
        self.warnings: list[str] = []
        self.channels = [
            Channel(each + 1, Microphone(random, still, drain, charge=83.0 - 9 * each)) for each in range(channels)
        ]

        def plain(attribute: str, check: Callable[[object], object]) -> Node:
            return Node(lambda: getattr(self, attribute), lambda value: setattr(self, attribute, check(value)))

        self.nodes: dict[str, Node] = {
            "device/identity/product": Node(lambda: product),
            "device/identity/version": Node(lambda: "3.0.0"),
            "device/identity/serial": Node(lambda: self.serial),
            "device/network/ether/macs": Node(lambda: [self._mac]),
            "device/name": Node(lambda: "" if self._blank else self.name),
            "device/location": Node(lambda: self.location),
            "device/state": Node(lambda: self.state),
            "device/warnings": Node(lambda: self.warnings or ["NONE"]),
            "device/led/brightness": plain("light", _one_of(range(6))),
            "device/identification/visual": plain("flashes", _flag),
            "osc/version": Node(lambda: "1.0"),
            "osc/ping": Node(lambda: None),
        }
        for place, channel in enumerate(self.channels, 1):
            self.nodes |= self._channel_nodes(place, channel)

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would. Raises `KeyError` for what it has not."""
        if not part.number:
            setattr(self, {"name": "name", "location": "location", "warnings": "warnings"}[key], value)
            return
        channel = self.channels[part.number - 1]
        own = {"name": "name", "gain_db": "gain", "warnings": "extra", "mute_mode": "mode", "pairing": "pairing"}
        if key in own:
            setattr(channel, own[key], value)
        elif key == "battery_source":
            channel.pack.primary = value == "primary"
        else:
            channel.pack.change(key, value)

    def step(self, seconds: float) -> None:
        """Let time pass for the transmitters."""
        for channel in self.channels:
            channel.pack.step(seconds)

    def blank(self, *, blank: bool) -> None:
        """Every name is empty, or as it was."""
        self._blank = blank

    def away(self, *, away: bool) -> None:
        """Every transmitter is switched off, or those that this switched off are on again."""
        for channel in self.channels:
            if away or self._were_away:
                channel.pack.on = not away
        self._were_away = away

    def _channel_nodes(self, place: int, channel: Channel) -> dict[str, Node]:
        rx, tx, pack = f"rx{place}", f"mates/tx{place}", channel.pack

        def plain(attribute: str, check: Callable[[object], object]) -> Node:
            return Node(lambda: getattr(channel, attribute), lambda value: setattr(channel, attribute, check(value)))

        return {
            f"{rx}/name": Node(
                lambda: "" if self._blank else channel.name,
                lambda value: setattr(channel, "name", _name(value)),
            ),
            f"{rx}/state": Node(channel.state),
            f"{rx}/warnings": Node(lambda: pack.link_warnings(channel.extra)),
            f"{rx}/mates": Node(lambda: [tx] if pack.on else []),
            f"{rx}/mute_mode": plain("mode", _one_of(MODES)),
            f"{rx}/mute_state": Node(
                lambda: pack.on and pack.muted, lambda value: setattr(pack, "muted", _flag(value))
            ),
            f"{rx}/identification/visual": plain("flashes", _flag),
            f"{rx}/rf_quality": Node(pack.link_quality),
            f"audio/{rx}/gain": plain("gain", _one_of(GAINS)),
            f"m/{rx}/level": Node(pack.level),
            f"{tx}/active": Node(lambda: pack.on),
        } | pack.told(
            tx,
            {
                "device_type": lambda: TYPES[(place - 1) % len(TYPES)],
                "bat_type": lambda: "BATTERY" if pack.primary else "RECHARGEABLE",
                "bat_gauge": lambda: round(pack.charge),
                "bat_lifetime": pack.seconds,
                "bat_health": lambda: 0 if pack.primary else 97,
                "bat_cycles": lambda: 0 if pack.primary else 21,
                "bat_charging": lambda: pack.charging,
                "warnings": pack.warnings,
                "acoustic": lambda: ("MMD935", "MME865", "GOOSENECK", "BOUNDARY")[(place - 1) % len(TYPES)],
                "agc": lambda: "AUTOMATIC",
                "led_active": lambda: pack.light,
            },
        )
