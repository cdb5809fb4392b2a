"""No I/O. Simulated access points of both generations.

The quirk that both pages warn of is there: what has changed while a microphone was away is not reported when it comes
back, only that it is available again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from services.drivers.shure.simulation.mxw.answering import Place, RefusedError, Request, braced, name_in, number_in
from services.drivers.shure.simulation.mxw.machine import Machine
from services.drivers.shure.simulation.mxw.microphones import Microphone

OLD_GAIN, NEXT_GAIN = range(61), range(1401)
DEFAULT_RF, DEFAULT_AUDIO = 70, 80
_RETURNED = frozenset({"TX_AVAILABLE"})
"""What a unit reports of a microphone that comes back."""


@dataclass(slots=True)
class Channel:
    """One channel. ``gain`` is that of the wire: of its own generation."""

    name: str
    microphone: Microphone
    gain: int
    muted: bool = False
    meter_ms: int = 0
    levels: dict[str, int] = field(default_factory=dict)
    """Meters that are pinned, on the wire's scale, by ``rf`` and ``audio``."""
    returning: bool = False
    second: Microphone | None = None


@dataclass(slots=True)
class AccessPoint(Machine):
    """One access point."""

    channels: dict[int, Channel] = field(default_factory=dict)
    next: bool = True
    """Of the second generation."""
    bays: dict[int, Microphone | None] = field(default_factory=dict)
    """Of an MXWAPXD2."""
    names_blank: bool = False
    all_off: bool = False
    """A fault: no microphone is received."""

    @property
    def answers_all(self) -> bool:
        """The first generation has no ALL."""
        return self.next

    @property
    def meter_range(self) -> range:
        """Intervals that METER_RATE takes beside 0, ms."""
        return range(100, 100_000 if self.next else 65_536)

    def texts(self) -> dict[Place, str]:
        """Every property of the channels, the inputs and the bays."""
        texts: dict[Place, str] = {}
        if self.next:
            texts |= {
                Place("", 0, "DECT_CHANNEL_COUNT"): str(len(self.channels)),
                Place("", 0, "SYSTEM_OPERATION_MODE"): "CONFERENCE",
                Place("", 0, "AUTOMIX_OUT_MUTE"): "ACTIVE",
            }
            for number in (1, 2, 51, *((41,) if self.bays else ())):
                texts |= {Place("", number, "INPUT_CH_GAIN"): "1100", Place("", number, "INPUT_CH_MUTE"): "ACTIVE"}
            for number in (1, 2, 42, 51, 61):
                texts |= {Place("", number, "OUTPUT_CH_GAIN"): "1100", Place("", number, "OUTPUT_CH_MUTE"): "ACTIVE"}
        for number, channel in self.channels.items():
            texts |= self._of_channel(number, channel)
        for number, docked in self.bays.items():
            known = docked is not None and docked.place == "docked"
            texts |= {
                Place("BAY", number, "TX_STATUS"): "ON_CHARGER" if known else "UNKNOWN",
                Place("BAY", number, "TX_MODEL"): docked.model if docked and known else "UNKNOWN",
                Place("BAY", number, "TX_DEVICE_ID"): braced(docked.label, 12) if docked and known else "UNKNOWN",
                Place("BAY", number, "TX_AVAILABLE"): "NO",
            }
        return texts

    def _of_channel(self, number: int, channel: Channel) -> dict[Place, str]:
        microphone = channel.microphone
        if self.all_off:
            microphone = Microphone(microphone.model, microphone.label, place="off")
        word = "CH" if self.next else ""
        texts = {
            Place("", number, "CHAN_NAME"): braced("" if self.names_blank else channel.name, 31),
            Place("", number, "METER_RATE"): f"{channel.meter_ms:05}",
            **_of_microphone(number, microphone, word, "MUTED" if self.next else "MUTE"),
            Place("CH" if self.bays else "", number, "TX_AVAILABLE"): "YES" if microphone.is_on else "NO",
        }
        if not self.next:
            texts[Place("", number, "AUDIO_GAIN")] = f"{channel.gain:03}"
            texts[Place("", number, "BATT_TIME_TO_FULL")] = microphone.time_to_full()
            if channel.second is not None:
                texts |= _of_second(number, channel.second)
            return texts
        old = channel.gain - 850  # -25 dB is 0 there
        texts |= {
            Place("", 20 + number, "INPUT_CH_GAIN"): str(channel.gain),
            Place("", 20 + number, "INPUT_CH_MUTE"): "MUTED" if channel.muted else "ACTIVE",
            Place("", number, "AUDIO_GAIN"): f"{old // 10:03}" if 0 <= old <= 400 else "253",  # noqa: PLR2004 - 40 dB
        }
        if self.bays:
            texts[Place("", number, "BATT_TIME_TO_FULL")] = microphone.time_to_full()
        return texts

    def is_reported(self, place: Place) -> bool:
        """Of a microphone that comes back nothing is reported but that it is there."""
        channel = self.channels.get(place.number)
        if channel is None or not channel.returning or place.name in ("CHAN_NAME", "METER_RATE", "FLASH"):
            return True
        return place.name in _RETURNED

    def set_part(self, number: int, key: str, value: object) -> None:
        """Change a channel as its user would; the keys of a bay of an MXWAPXD2 have its number in them."""
        channel = self.channels[number]
        microphone = channel.microphone
        if key == "name":
            channel.name = str(value or "")
        elif key == "gain_db":
            db = float(str(value))
            channel.gain = round((db + 110) * 10) if self.next else round(db) + 25
        elif key == "receiver_muted" and self.next:
            channel.muted = bool(value)
        elif key == "transmitter_present":
            self._bring(channel, back=bool(value))
        elif key == "microphone_status":
            channel.returning = False
            microphone.place = {"on_charger": "docked", "standby": "standby"}.get(
                str(value), "on" if value in ("active", "muted") else "off"
            )
            microphone.muted = value == "muted"
        elif key in ("rf_dbm", "rf_raw", "audio_peak_dbfs", "audio_peak_raw"):
            offset = {"rf_dbm": 110, "audio_peak_dbfs": 120}.get(key, 0)
            channel.levels[key.split("_", 1)[0]] = int(str(value)) + offset
        else:
            _change(microphone, key, value)

    def _bring(self, channel: Channel, *, back: bool) -> None:
        """Switch its microphone on or off."""
        channel.returning = back and not channel.microphone.is_on
        channel.microphone.place = "on" if back else "off"

    def settle(self) -> None:
        """What has happened was reported, or was not."""
        for channel in self.channels.values():
            channel.returning = False

    def change(self, request: Request) -> Callable[[], None]:
        """What a SET does."""
        if request.word or request.index is None:
            raise RefusedError
        if self.next and request.name in ("INPUT_CH_GAIN", "INPUT_CH_MUTE"):
            return self._change_input(request)
        if request.name == "METER_RATE":
            rate = 0 if request.value.strip("0") == "" else number_in(request.value, self.meter_range)
            chosen = list(self.channels.values()) if request.index == 0 else [self._channel(request.index)]
            return lambda: _meter(chosen, rate)
        channel = self._channel(request.index)
        if request.name == "CHAN_NAME":
            return partial(setattr, channel, "name", name_in(request.value, 31 if self.next else 8))
        if request.name == "AUDIO_GAIN" and not self.next:
            return partial(setattr, channel, "gain", number_in(request.value, OLD_GAIN))
        raise RefusedError  # TX_STATUS, LED_STATUS and the like are real, and the product must never set them

    def _channel(self, number: int) -> Channel:
        if number not in self.channels:
            raise RefusedError
        return self.channels[number]

    def _change_input(self, request: Request) -> Callable[[], None]:
        channel = self._channel((request.index or 0) - 20)
        if request.name == "INPUT_CH_GAIN":
            return partial(setattr, channel, "gain", number_in(request.value, NEXT_GAIN))
        if request.value not in ("ACTIVE", "MUTED"):
            raise RefusedError
        return partial(setattr, channel, "muted", request.value == "MUTED")

    def age(self, seconds: float) -> None:
        """Let time pass."""
        for channel in self.channels.values():
            channel.microphone.pass_time(seconds)
        for docked in self.bays.values():
            if docked is not None:
                docked.pass_time(seconds)

    def sample(self, number: int, rng: random.Random, *, still: bool) -> bytes:
        """The meters of a channel now."""
        channel = self.channels[number]
        heard = channel.microphone.is_on and not self.all_off
        swing = 0 if still else rng.randint(-12, 12)
        rf = channel.levels.get("rf", DEFAULT_RF + swing // 3 if heard else 0)
        talks = heard and not channel.microphone.muted
        audio = channel.levels.get("audio", DEFAULT_AUDIO + swing if talks else 0)
        return f"< SAMPLE {number} {rf:03} {audio:03} >".encode()


def _of_microphone(number: int, microphone: Microphone, word: str, muted_word: str) -> dict[Place, str]:
    known = microphone.is_known
    pack = microphone.bodypack and known
    return {
        Place(word, number, "TX_STATUS"): microphone.status(muted_word),
        Place(word, number, "TX_DEVICE_ID"): braced(microphone.label, 12) if known else "UNKNOWN",
        Place(word, number, "TX_MODEL" if word else "TX_TYPE"): microphone.model if known else "UNKNOWN",
        Place("", number, "BUTTON_STS"): "ON" if microphone.pressed and known else "OFF",
        Place("", number, "LED_STATUS"): " ".join(microphone.lights) if known else "OF OF",
        Place("", number, "BATT_CHARGE"): microphone.percent(),
        Place("", number, "BATT_HEALTH"): microphone.wear(),
        Place("", number, "BATT_RUN_TIME"): microphone.run_time(),
        Place("", number, "BP_MIC_SELECT"): "INT" if pack else "ERR" if known else "UNKNOWN",
        Place("", number, "INT_AUDIO_GAIN"): f"{microphone.bodypack_gain_db + 25:03}" if pack else "255",
    }


def _meter(channels: Iterable[Channel], rate: int) -> None:
    for channel in channels:
        channel.meter_ms = rate


def _of_second(number: int, microphone: Microphone) -> dict[Place, str]:
    known = microphone.is_known
    return {
        Place("SEC", number, "TX_STATUS"): microphone.status("MUTE"),
        Place("SEC", number, "TX_TYPE"): microphone.model if known else "UNKNOWN",
        Place("SEC", number, "TX_DEVICE_ID"): braced(microphone.label, 12) if known else "UNKNOWN",
        Place("SEC", number, "BATT_CHARGE"): microphone.percent(),
    }


def _change(microphone: Microphone, key: str, value: object) -> None:
    """Change a microphone as its user would. Raises `KeyError` for what it does not have."""
    if key == "transmitter_muted":
        microphone.muted = bool(value)
    elif key == "talk_switch":
        microphone.pressed = value == "pressed"
    elif key == "battery_percent":
        microphone.charge = float(str(value))
    elif key == "battery_health_percent":
        microphone.health = int(str(value))
    elif key == "power_source":
        microphone.on_mains = value == "external"
    elif key in ("transmitter_id", "device_id"):
        microphone.label = str(value)
    else:
        raise KeyError(f"a microphone has no {key!r}")
