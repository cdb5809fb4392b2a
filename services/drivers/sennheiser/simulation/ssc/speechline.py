"""A simulated SL Rack Receiver DW (TI 1094, pages 24 to 42).

Values out of range are clamped, and what was adopted is echoed. Without a link what a transmitter would tell is refused
with 424; that is decided here, since the document only names the link as the condition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from services.drivers.sennheiser.simulation.ssc.ewdx import Bodypack, clamped, flag
from services.drivers.sennheiser.simulation.ssc.tree import Node, Refused
from services.model import Part

LOW_PERCENT = 10
BAD_LINK_PERCENT = 40
SILENCE_DB = -60
SECONDS_A_PERCENT = 540
"""Of run time: fifteen hours of a full pack, what the maker's brochures promise."""


class Microphone(Bodypack):
    """A transmitter with what all receivers of the line tell of it."""

    kind = 0
    quality = 92
    sensitivity = 0
    light = True
    charging = False
    predicts = True
    """The pack has worked long enough to predict how long it lasts."""

    def warnings(self) -> list[str]:
        """What it warns of: none is one empty word."""
        return ["Low Bat"] if self.charge < LOW_PERCENT else [""]

    def told(self, prefix: str, read: Mapping[str, Callable[[], object]]) -> dict[str, Node]:
        """Its addresses, refused without a link."""

        def sent(value: Callable[[], object]) -> Node:
            def read_if_on() -> object:
                if not self.on:
                    raise Refused(424)
                return value()

            return Node(read_if_on)

        return {f"{prefix}/{name}": sent(value) for name, value in read.items()}

    def seconds(self) -> int:
        """Of run time; nothing while it does not predict it, and for batteries."""
        if self.primary or not self.predicts:
            raise Refused(424)
        return round(self.charge) * SECONDS_A_PERCENT

    def change(self, key: str, value: object) -> None:
        """What its user does. Raises `KeyError` for what it has not."""
        setattr(
            self,
            {
                "transmitter_present": "on",
                "transmitter_muted": "muted",
                "battery_percent": "charge",
                "quality_percent": "quality",
                "predicts": "predicts",
            }[key],
            value,
        )

    def link_quality(self) -> int:
        """Percent; 0 without a link."""
        return 0 if not self.on else min(100, max(1, self.quality + round(self.wander(3))))

    def level(self) -> int:
        """Audio, -60 to 0."""
        return SILENCE_DB if self.muted or not self.on else round(-18 + self.wander(8))

    def link_warnings(self, extra: list[str]) -> list[str]:
        """What a receiver warns of: none is one empty word."""
        found = [] if self.on else ["No Link"]
        if self.on and self.quality < BAD_LINK_PERCENT:
            found.append("Bad Link")
        return [*found, *extra] or [""]


class Rack:
    """The inside of an SL Rack Receiver DW."""

    def __init__(self, number: int, random: Random, *, still: bool, drain: float) -> None:
        self.name, self.location = f"SLDW-{number}", "Room A"
        self._blank = False
        self._were_away = False
        self._mac = f"00:1b:66:{random.randrange(256):02x}:{random.randrange(256):02x}:{number % 256:02x}"
        self.serial = f"{1_454_000_000 + random.randrange(1_000_000)}"
        self.pack = pack = Microphone(random, still, drain, charge=71.0)
        self.gain, self.mute_mode, self.brightness, self.state = 4, 1, 80, 0
        self.flashes = False
        self.extra: list[str] = []

        def number_of(attribute: str, low: int, high: int) -> Node:
            return Node(
                lambda: getattr(self, attribute), lambda value: setattr(self, attribute, clamped(value, low, high))
            )

        self.nodes: dict[str, Node] = {
            "device/identity/product": Node(lambda: "SLDW"),
            "device/identity/version": Node(lambda: "2.1.0"),
            "device/identity/serial": Node(lambda: self.serial),
            "device/network/ether/macs": Node(lambda: [self._mac]),
            "device/name": Node(lambda: "" if self._blank else self.name),
            "device/location": Node(lambda: self.location),
            "device/state": Node(lambda: self.state),
            "brightness": number_of("brightness", 0, 100),
            "osc/version": Node(lambda: "1.0"),
            "mates/active": Node(lambda: ["tx1"] if pack.on else []),
            "rx1/warnings": Node(lambda: pack.link_warnings(self.extra)),
            "rx1/mute_mode": number_of("mute_mode", 0, 4),
            "rx1/mute_state": Node(lambda: pack.on and pack.muted, lambda value: setattr(pack, "muted", flag(value))),
            "rx1/identify": Node(lambda: self.flashes, lambda value: setattr(self, "flashes", flag(value))),
            "rx1/rf_quality": Node(pack.link_quality),
            "audio/out1/gain_db": number_of("gain", 0, 6),
            "audio/out1/level_db": Node(pack.level),
        } | pack.told(
            "mates/tx1",
            {
                "device_type": lambda: pack.kind,
                "bat_type": lambda: 0 if pack.primary else 1,
                "bat_gauge": lambda: round(pack.charge),
                "bat_lifetime": pack.seconds,
                "bat_health": lambda: 0 if pack.primary else 97,
                "bat_cycles": lambda: 0 if pack.primary else 21,
                "bat_charging": lambda: pack.charging,
                "warnings": pack.warnings,
                "acoustic": lambda: "MMD935",
                "agc": lambda: pack.sensitivity,
                "led_active": lambda: pack.light,
            },
        )

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would. Raises `KeyError` for what it has not."""
        if not part.number:
            setattr(self, {"name": "name", "location": "location", "serial": "serial"}[key], value)
        elif key == "gain_db":
            self.gain = (int(str(value)) + 24) // 6
        elif key == "warnings":
            self.extra = list(value) if isinstance(value, list) else []
        elif key == "battery_source":
            self.pack.primary = value == "primary"
        else:
            self.pack.change(key, value)

    def step(self, seconds: float) -> None:
        """Let time pass for the transmitter."""
        self.pack.step(seconds)

    def blank(self, *, blank: bool) -> None:
        """The name is empty, or as it was."""
        self._blank = blank

    def away(self, *, away: bool) -> None:
        """The transmitter is switched off, or on again if this switched it off."""
        if away or self._were_away:
            self.pack.on = not away
        self._were_away = away
