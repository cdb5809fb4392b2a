"""A simulated EM 6000 with two transmitters (TI 1109, pages 22 to 37).

Without a transmitter its addresses answer with ``""`` or ``[]``, not with 424. Levels are raw bytes of both channels at
one address. What it makes of a value out of range is in no page that was read: here it clamps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from services.drivers.sennheiser.simulation.ssc.ewdx import Bodypack, clamped, flag, text
from services.drivers.sennheiser.simulation.ssc.tree import Node
from services.model import Part

LOWEST_KHZ, HIGHEST_KHZ, STEP_KHZ = 470_100, 713_900, 25
STATES = ((85, "100%"), (50, "70%"), (12, "30%"))
"""From which charge on which state is shown; where they change is ours."""
CHANNELS = 2


class DigitalReceiver:
    """The inside of an EM 6000."""

    def __init__(self, product: str, number: int, random: Random, *, still: bool, drain: float) -> None:
        self._product = product
        self._random = random
        self._blank = False
        self._mac = f"001b66{random.randrange(1 << 24):06x}"
        self._were_away = False
        self.name = f"EM6000-{number}"
        self.packs = [Bodypack(random, still, drain, name=f"SK {each + 1}", charge=70.0) for each in range(CHANNELS)]
        self.channels: list[dict[str, object]] = [
            {
                "name": f"Vox {each + 1}",
                "carrier": LOWEST_KHZ + 400 * (number * CHANNELS + each) % 200_000,
                "audio_mute": False,
                "encryption": True,
                "identify": False,
                "testtone": False,
                "active_bank_channel": [1, each + 1],
                "level_db": 0,
            }
            for each in range(CHANNELS)
        ]
        self.extra: list[list[str]] = [[] for _ in range(CHANNELS)]
        self.nodes = self._unit_nodes()
        for place in range(CHANNELS):
            self.nodes |= self._channel_nodes(place)

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would. Raises `KeyError` for what it has not."""
        if not part.number:
            setattr(self, {"name": "name"}[key], value)
            return
        place = part.number - 1
        channel, pack = self.channels[place], self.packs[place]
        setters: Mapping[str, Callable[[], None]] = {
            "name": lambda: channel.__setitem__("name", value),
            "frequency_mhz": lambda: channel.__setitem__("carrier", round(float(str(value)) * 1000)),
            "receiver_muted": lambda: channel.__setitem__("audio_mute", value),
            "transmitter_present": lambda: setattr(pack, "on", value),
            "battery_percent": lambda: setattr(pack, "charge", value),
            "warnings": lambda: self.extra.__setitem__(place, list(value) if isinstance(value, list) else []),
            "rf_dbm": lambda: setattr(pack, "strength", value),
        }
        setters[key]()

    def step(self, seconds: float) -> None:
        """Let time pass for the transmitters."""
        for pack in self.packs:
            pack.step(seconds)

    def blank(self, *, blank: bool) -> None:
        """Every name is empty, or as it was."""
        self._blank = blank

    def away(self, *, away: bool) -> None:
        """Every transmitter is switched off, or the ones that this switched off are on again."""
        for pack in self.packs:
            if away or self._were_away:
                pack.on = not away
        self._were_away = away

    # -- addresses -------------------------------------------------------------------------------------------

    def _unit_nodes(self) -> dict[str, Node]:
        return {
            "device/identity/product": Node(lambda: self._product),
            "device/identity/version": Node(lambda: "1.1.4.74"),
            "device/identity/vendor": Node(lambda: "Sennheiser"),
            "device/network/ether/macs": Node(lambda: [self._mac]),
            "device/name": Node(lambda: f"{'' if self._blank else self.name}-{self._mac}"),
            "sys/brightness": Node(lambda: 75),
            "sys/booster": Node(lambda: False),
            "sys/clock": Node(lambda: 1),
            "sys/clock_frequency_measured": Node(lambda: "48000 Hz"),
            "sys/wsm_master_cnt": Node(lambda: 1),
            "osc/ping": Node(lambda: None),
            "mm": Node(lambda: [self._levels(pack) for pack in self.packs]),
        }

    def _channel_nodes(self, place: int) -> dict[str, Node]:
        channel, pack = self.channels[place], self.packs[place]
        rx = f"rx{place + 1}"

        def plain(key: str, convert: Callable[[object], object]) -> Node:
            return Node(lambda: channel[key], lambda value: channel.__setitem__(key, convert(value)))

        def sent(read: Callable[[], object], nothing: object = "") -> Node:
            return Node(lambda: read() if pack.on else nothing)

        return {
            f"{rx}/name": Node(
                lambda: "" if self._blank else channel["name"],
                lambda value: channel.__setitem__("name", text(value, 8)),
            ),
            f"{rx}/carrier": plain("carrier", lambda value: clamped(value, LOWEST_KHZ, HIGHEST_KHZ, STEP_KHZ)),
            f"{rx}/audio_mute": plain("audio_mute", flag),
            f"{rx}/encryption": plain("encryption", flag),
            f"{rx}/identify": plain("identify", flag),
            f"{rx}/active_bank_channel": Node(lambda: channel["active_bank_channel"]),
            f"{rx}/active_status": Node(list),
            f"{rx}/active_warnings": Node(lambda: ([] if pack.on else ["NoLink"]) + self.extra[place]),
            f"audio/out{place + 1}/level_db": plain("level_db", lambda value: clamped(value, -10, 18)),
            f"{rx}/skx/battery": sent(lambda: self._battery(pack), []),
            f"{rx}/skx/name": sent(lambda: pack.name),
            f"{rx}/skx/type": sent(lambda: ["SK 6000", 470_200, 558_000], []),
            f"{rx}/skx/gain": sent(lambda: 12),
            f"{rx}/skx/lowcut": sent(lambda: 1),
            f"{rx}/skx/capsule": sent(lambda: "MMD 935"),
            f"{rx}/skx/cable_emulation": sent(lambda: 0),
        }

    def _battery(self, pack: Bodypack) -> list[str]:
        state = next((word for lowest, word in STATES if pack.charge >= lowest), "low")
        minutes = round(pack.charge * 3.9)
        return [state, "-:--" if state == "low" else f"{minutes // 60}:{minutes % 60:02d}"]

    def _levels(self, pack: Bodypack) -> list[int]:
        """RF, peak, RF, peak, antenna, antenna, quality, audio, peak; zeros without a signal."""
        if not pack.on:
            return [0] * 9
        rf = round(255 + 2 * (pack.strength + pack.wander(2)))
        audio = round(2 * (128 - 20 + pack.wander(15)) - 1)
        return [rf, 0, max(0, rf - 20), 0, 1, 0, 255, audio, 0]
