"""A simulated EW-DX receiver with its transmitters (EW-DX guides for firmware 1.1.3 and 3.0.x, notes on a real rig).

Values out of range are clamped in silence, and what was adopted is echoed. Without a transmitter everything that it
would tell is refused with 424, but for its warnings, which are ``[]``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from services.drivers.sennheiser.simulation.ssc.tree import Node, Refused
from services.model import Part

DRAIN_PER_HOUR = 8.0
"""Percent of a BA 70 an hour: twelve hours, what the maker's brochures promise."""
LOWEST_KHZ, HIGHEST_KHZ, STEP_KHZ = 520_000, 607_800, 25
NOISE_DBM, SILENCE_DBFS = -107.0, -138.5
LOW_PERCENT = 15
WEAK_DBM = -90


@dataclass
class Bodypack:
    """One transmitter, seen by its receiver."""

    random: Random
    still: bool
    drain_per_hour: float
    on: bool = True
    muted: bool = False
    primary: bool = False
    charge: float = 82.0
    strength: float = -52.0
    name: str = "PACK"
    trim: int = 0

    def step(self, seconds: float) -> None:
        """The battery drains, and a flat one ends the transmission."""
        if self.on:
            self.charge = max(0.0, self.charge - self.drain_per_hour * seconds / 3600)
            self.on = self.charge > 0.0
        if not self.still:
            self.strength = min(-35.0, max(-85.0, self.strength + self.random.uniform(-3.0, 3.0)))

    def wander(self, span: float) -> float:
        """A little to either side, unless nothing happens by itself."""
        return 0.0 if self.still else self.random.uniform(-span, span)


@dataclass
class Channel:
    """One receiver with its settings."""

    pack: Bodypack
    name: str
    khz: int
    gain: int = 27
    mute: bool = False
    output: int = 0
    flashes: bool = False
    extra: list[str] = field(default_factory=list)

    def warnings(self) -> list[str]:
        """What the receiver warns of at this moment."""
        pack = self.pack
        found = [] if pack.on else ["NoLink"]
        if pack.on and pack.strength < WEAK_DBM:
            found.append("LowSignal")
        return found + self.extra


def clamped(value: object, low: int, high: int, step: int = 1) -> int:
    """A number, clamped and put on its step. Raises `Refused` for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(400)
    return low + round((min(high, max(low, value)) - low) / step) * step


def flag(value: object) -> bool:
    """A switch. Raises `Refused` for what is none."""
    if not isinstance(value, bool):
        raise Refused(400)
    return value


def text(value: object, most: int) -> str:
    """A text, cut. Raises `Refused` for what is none."""
    if not isinstance(value, str) or not all(" " <= each <= "~" for each in value):
        raise Refused(400)
    return value[:most]


class Receiver:
    """The inside of an EM 2 or EM 4."""

    def __init__(self, product: str, channels: int, number: int, random: Random, *, still: bool, drain: float) -> None:
        self._product = product
        self.name = f"EWDX-{number}"
        self.location = ""
        self.serial = f"{4_200_000_000 + random.randrange(10_000_000)}"
        self.firmware = "3.0.3"
        self.lock, self.encryption, self.density, self.booster, self.flashes = False, False, False, False, False
        self.brightness = 3
        self._blank = False
        self._mac = f"00:1b:66:{random.randrange(256):02x}:{random.randrange(256):02x}:{number % 256:02x}"
        self.channels = [
            Channel(
                Bodypack(random, still, drain, name=f"TX{each + 1}", charge=82.0 - 7 * each),
                f"Vox {each + 1}",
                LOWEST_KHZ + 600 * (number * channels + each) % 87_000,
            )
            for each in range(channels)
        ]
        self.nodes: dict[str, Node] = self._unit_nodes()
        for place, channel in enumerate(self.channels, 1):
            self.nodes |= self._channel_nodes(place, channel)
            self.nodes |= self._pack_nodes(place, channel.pack)

    # -- what its users do -----------------------------------------------------------------------------------

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would. Raises `KeyError` for what it has not."""
        if not part.number:
            setattr(
                self, {"name": "name", "location": "location", "serial": "serial", "firmware": "firmware"}[key], value
            )
            return
        channel = self.channels[part.number - 1]
        setters: Mapping[str, Callable[[], None]] = {
            "name": lambda: setattr(channel, "name", value),
            "frequency_mhz": lambda: setattr(channel, "khz", round(float(str(value)) * 1000)),
            "gain_db": lambda: setattr(channel, "gain", value),
            "receiver_muted": lambda: setattr(channel, "mute", value),
            "transmitter_present": lambda: setattr(channel.pack, "on", value),
            "transmitter_muted": lambda: setattr(channel.pack, "muted", value),
            "battery_percent": lambda: setattr(channel.pack, "charge", value),
            "battery_source": lambda: setattr(channel.pack, "primary", value == "primary"),
            "warnings": lambda: setattr(channel, "extra", value),
            "rf_dbm": lambda: setattr(channel.pack, "strength", value),
        }
        setters[key]()

    def step(self, seconds: float) -> None:
        """Let time pass for the transmitters."""
        for channel in self.channels:
            channel.pack.step(seconds)

    def blank(self, *, blank: bool) -> None:
        """Every name is empty, or as it was."""
        self._blank = blank

    def away(self, *, away: bool) -> None:
        """Every transmitter is switched off, or the ones that this switched off are on again."""
        for channel in self.channels:
            if away or self._were_away:
                channel.pack.on = not away
        self._were_away = away

    _were_away = False

    # -- addresses -------------------------------------------------------------------------------------------

    def _unit_nodes(self) -> dict[str, Node]:
        def put(attribute: str, convert: Callable[[object], object]) -> Callable[[object], None]:
            return lambda value: setattr(self, attribute, convert(value))

        def plain(attribute: str, convert: Callable[[object], object] = flag) -> Node:
            return Node(lambda: getattr(self, attribute), put(attribute, convert))

        nodes = {
            "device/identity/product": Node(lambda: self._product),
            "device/identity/version": Node(lambda: self.firmware),
            "device/identity/vendor": Node(lambda: "Sennheiser electronic GmbH & Co. KG"),
            "device/identity/serial": Node(lambda: self.serial),
            "device/network/ether/macs": Node(lambda: [self._mac]),
            "device/frequency_code": Node(lambda: "R1-9"),
            "device/frequency_ranges": Node(lambda: [f"{LOWEST_KHZ}:{STEP_KHZ}:{HIGHEST_KHZ}"]),
            "device/name": Node(lambda: "" if self._blank else self.name, put("name", lambda value: text(value, 18))),
            "device/location": plain("location", lambda value: text(value, 400)),
            "device/lock": plain("lock"),
            "device/encryption": plain("encryption"),
            "device/link_density_mode": plain("density"),
            "device/brightness": plain("brightness", lambda value: clamped(value, 1, 5)),
            "device/identification/visual": plain("flashes"),
            "osc/version": Node(lambda: "1.0"),
            "osc/ping": Node(lambda: None),
            "mates/active": Node(
                lambda: [f"mates/tx{place}" for place, each in enumerate(self.channels, 1) if each.pack.on]
            ),
        }
        return nodes | ({"device/booster": plain("booster")} if len(self.channels) > 2 else {})  # noqa: PLR2004 - EM 4

    def _channel_nodes(self, place: int, channel: Channel) -> dict[str, Node]:
        pack = channel.pack

        def plain(attribute: str, convert: Callable[[object], object]) -> Node:
            return Node(lambda: getattr(channel, attribute), lambda value: setattr(channel, attribute, convert(value)))

        def level(value: Callable[[], float], otherwise: float) -> Node:
            return Node(lambda: round(value(), 1) if pack.on else otherwise)

        rx, meter = f"rx{place}", f"m/rx{place}"
        return {
            f"{rx}/name": Node(
                lambda: "" if self._blank else channel.name,
                lambda value: setattr(channel, "name", text(value, 8)),
            ),
            f"{rx}/frequency": plain("khz", lambda value: clamped(value, LOWEST_KHZ, HIGHEST_KHZ, STEP_KHZ)),
            f"{rx}/gain": plain("gain", lambda value: clamped(value, -3, 42, 3)),
            f"{rx}/mute": plain("mute", flag),
            f"{rx}/identification/visual": plain("flashes", flag),
            f"{rx}/warnings": Node(channel.warnings),
            f"{rx}/mates": Node(lambda: [f"mates/tx{place}"] if pack.on else []),
            f"audio1/out{place}/level": plain("output", lambda value: clamped(value, -24, 18, 6)),
            f"{meter}/rssi": level(lambda: pack.strength + pack.wander(2), NOISE_DBM),
            f"{meter}/rsqi": Node(lambda: 0 if not pack.on else 96 + round(pack.wander(4))),
            f"{meter}/divi": Node(lambda: 0 if not pack.on else 1 + (not pack.still and pack.random.random() < 0.3)),  # noqa: PLR2004
            f"{meter}/af": level(lambda: SILENCE_DBFS if pack.muted else -20 + pack.wander(15), SILENCE_DBFS),
        }

    def _pack_nodes(self, place: int, pack: Bodypack) -> dict[str, Node]:
        def sent(read: Callable[[], object]) -> Node:
            def read_if_on() -> object:
                if not pack.on:
                    raise Refused(424)
                return read()

            return Node(read_if_on)

        def lifetime() -> object:
            if pack.primary:  # it sends none, while the rest is there
                raise Refused(424)
            return round(pack.charge * 7.2)

        tx = f"mates/tx{place}"
        return {
            f"{tx}/battery/gauge": sent(lambda: round(pack.charge)),
            f"{tx}/battery/lifetime": sent(lifetime),
            f"{tx}/battery/type": sent(lambda: "Primary Cell" if pack.primary else "Battery"),
            f"{tx}/name": sent(lambda: pack.name),
            f"{tx}/type": sent(lambda: "SKM-S"),
            f"{tx}/version": sent(lambda: "3.0.0"),
            f"{tx}/mute": sent(lambda: pack.muted),
            f"{tx}/warnings": Node(lambda: ["LowBattery"] if pack.on and pack.charge < LOW_PERCENT else []),
            f"{tx}/trim": sent(lambda: pack.trim),
            f"{tx}/lowcut": sent(lambda: "60 Hz"),
            f"{tx}/lock": sent(lambda: True),
            f"{tx}/led": sent(lambda: True),
            f"{tx}/capsule": sent(lambda: "MMD 835"),
            f"{tx}/identification": sent(lambda: False),
        }
