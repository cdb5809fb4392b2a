"""What one unit reported, merged into states, and what of it is new.

Theory: the configuration comes on request and when it changes; cyclic data comes all the time and mostly says the
same. So this keeps the newest value of every key and hands out what differs from what was handed out before.
``Mute`` is authoritative for the mute of the unit itself. Cyclic data carries that mute too, and may be older; where
the two disagree for `DISAGREE_BLOCKS` blocks the configuration was lost on its way, and `doubtful` asks for it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from services.drivers.port import Reading
from services.drivers.sennheiser.keys import split
from services.drivers.sennheiser.media_control.codec.lines import Report
from services.drivers.sennheiser.media_control.codec.words import CONFIGURATION, numbers
from services.model import Kind, Part

UNIT = Part()
CHANNEL = Part(1)
"""A unit of this protocol has one channel."""

DISAGREE_BLOCKS = 2
"""One block may have been under way while the mute changed."""

TX_MUTE, RF_MUTE, RX_MUTE = 2, 4, 8
"""Bits of the third number of ``AF`` and of the first of an EM's ``States`` (TI 1254 p. 28, 30)."""

WARNINGS = frozenset({"ok", "af_peak", "low_battery", "tx_mute", "low_rf_signal", "rf_mute", "rx_mute"})
"""All words of ``Msg`` (p. 21)."""

CONFIG_MOST = 999
"""The counter of changes runs from 0 to this and begins anew (p. 22)."""

CYCLIC_KEYS: Mapping[Kind, tuple[str, ...]] = {
    Kind.RECEIVER: (
        "transmitter_present",
        "transmitter_muted",
        "battery_percent",
        "battery_warning",
        "pilot",
        "low_rf_signal",
    ),
    Kind.IEM: (),
}
"""Keys that cyclic data gives, by kind of unit."""


class UnitState:
    """The states of one unit, of a known kind."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.firmware: str | None = None
        self.config_index: int | None = None
        """The unit's counter of configuration changes, 0 to 999."""
        self.blocks = 0
        """Blocks of cyclic data so far."""
        self._attributes = {attribute.word.lower(): attribute for attribute in CONFIGURATION[kind]}
        self._cyclic = self.cyclic[kind]
        configured = [key for attribute in self._attributes.values() for key in attribute.keys if key != "firmware"]
        self._values: dict[str, object] = dict.fromkeys((*configured, *CYCLIC_KEYS[kind]))
        self._handed_out: dict[str, object] = dict(self._values)
        self._mutes: int | None = None
        self._warnings: frozenset[str] | None = None
        self._muted_now: bool | None = None
        """The mute of the unit itself as cyclic data has it."""
        self._disagreements = 0

    def take(self, report: Report) -> bool | None:
        """Merge one report. ``False``: its values have no meaning; ``None``: its word has none here."""
        word, text = report.word, report.text or ""
        if (attribute := self._attributes.get(word)) is not None:
            values = attribute.read(text)
            self._merge(dict.fromkeys(attribute.keys) if values is None else values)
            return values is not None
        reader = self._cyclic.get(word)
        return None if reader is None else reader(self, text)

    def settle(self) -> None:
        """Draw what follows from several lines of one datagram; call it after the last of them."""
        if self.kind is Kind.RECEIVER:
            self._values["transmitter_muted"] = self._bit(TX_MUTE, "tx_mute")
            self._values["battery_warning"] = self._warns("low_battery")
            self._values["low_rf_signal"] = self._warns("low_rf_signal")
            self._values["transmitter_present"] = self._present()

    @property
    def doubtful(self) -> bool:
        """Whether cyclic data contradicts the configuration that is known."""
        return self._disagreements >= DISAGREE_BLOCKS

    def trust_again(self) -> None:
        """Begin to count contradictions anew."""
        self._disagreements = 0

    def forget(self, word: str) -> None:
        """An attribute was asked for in vain: what it gave before is no longer known."""
        if (attribute := self._attributes.get(word.lower())) is not None:
            self._merge(dict.fromkeys(attribute.keys))

    def forget_cyclic(self) -> None:
        """Cyclic data does not come any more: what it gave is no longer known."""
        self._mutes = self._warnings = self._muted_now = None
        self._disagreements = 0
        self._values |= dict.fromkeys(CYCLIC_KEYS[self.kind])
        self.settle()

    def changes(self) -> list[Reading]:
        """What differs from what was handed out before."""
        new = {key: value for key, value in self._values.items() if value != self._handed_out[key]}
        return self._readings(new, whole=False) if new else []

    def everything(self) -> list[Reading]:
        """All that is known of all parts."""
        return self._readings(self._values, whole=True)

    def value(self, key: str) -> object:
        """What is known of one key."""
        return self._values.get(key)

    # -- inside ----------------------------------------------------------------------------------------------

    def _merge(self, values: Mapping[str, object]) -> None:
        for key, value in values.items():
            if key == "firmware":
                self.firmware = None if value is None else str(value)
            else:
                self._values[key] = value

    def _readings(self, values: Mapping[str, object], *, whole: bool) -> list[Reading]:
        self._handed_out = dict(self._values)
        common, own = split(values.items())
        readings = [Reading(CHANNEL, common, own, whole)]
        if "name" in values:  # the unit has one label: it names the unit and its only channel
            readings.insert(0, Reading(UNIT, {"name": values["name"]}, whole=whole))
        return readings

    def _bit(self, bit: int, warning: str) -> bool | None:
        return self._warns(warning) if self._mutes is None else bool(self._mutes & bit)

    def _warns(self, warning: str) -> bool | None:
        return None if self._warnings is None else warning in self._warnings

    def _present(self) -> bool | None:
        """On the air: the receiver is not muted for want of RF. With the squelch off it never is; then pilot or
        battery telegram have to witness. A real rack shows RF 0 %, no pilot, ``Bat ?`` and RF mute where the
        transmitter is off.
        """
        rf_muted = self._bit(RF_MUTE, "rf_mute")
        if rf_muted is None or rf_muted:
            return None if rf_muted is None else False
        if self._values["pilot"] or self._values["battery_percent"] is not None:
            return True
        return True if self._values["squelch_db"] else None

    def _audio(self, text: str) -> bool:
        """An EM's ``AF peak hold mutes`` (p. 30)."""
        found = numbers(text)
        self._mutes = found[2] if found and len(found) > 2 else None  # noqa: PLR2004 - peak, hold, mutes
        self._muted_now = None if self._mutes is None else bool(self._mutes & RX_MUTE)
        return found is not None

    def _radio(self, text: str) -> bool:
        """``RF level antenna pilot`` (p. 29)."""
        found = numbers(text)
        pilot = found[2] if found and len(found) > 2 else None  # noqa: PLR2004 - level, antenna, pilot
        self._values["pilot"] = bool(pilot) if pilot in (0, 1) else None
        return found is not None and pilot in (0, 1)

    def _battery(self, text: str) -> bool:
        """Percent in steps (0, 30, 70, 100), or ``?`` where no telegram of a transmitter comes (p. 31)."""
        found = numbers(text)
        percent = found[0] if found and 0 <= found[0] <= 100 else None  # noqa: PLR2004 - percent
        self._values["battery_percent"] = percent
        return percent is not None or text.strip() == "?"

    def _carrier(self, text: str) -> bool:
        """An SR's ``States now flags``: 1 means that the carrier is off (p. 36)."""
        found = numbers(text)
        self._muted_now = bool(found[0]) if found and found[0] in (0, 1) else None
        return self._muted_now is not None

    def _warned(self, text: str) -> bool:
        words = frozenset(text.lower().split())
        self._warnings = words & WARNINGS or None
        return bool(words) and words <= WARNINGS

    def _counted(self, text: str) -> bool:
        """``Config n`` is the last line of a block of cyclic data."""
        self.blocks += 1
        own = self._values["receiver_muted" if self.kind is Kind.RECEIVER else "rf_muted"]
        disagree = None not in (own, self._muted_now) and own != self._muted_now
        self._disagreements = self._disagreements + 1 if disagree else 0
        found = numbers(text)
        if not found or not 0 <= found[0] <= CONFIG_MOST:
            return False
        self.config_index = found[0]
        return True

    def _meters_only(self, text: str) -> bool:
        return numbers(text) is not None

    cyclic: ClassVar[Mapping[Kind, Mapping[str, Callable[[UnitState, str], bool]]]] = {
        Kind.RECEIVER: {
            "rf1": _meters_only,
            "rf2": _meters_only,
            "states": _meters_only,
            "rf": _radio,
            "af": _audio,
            "bat": _battery,
            "msg": _warned,
            "config": _counted,
        },
        Kind.IEM: {"af": _meters_only, "states": _carrier, "msg": _warned, "config": _counted},
    }
    """Words of cyclic data, by kind of unit (p. 9), and what reads each."""
