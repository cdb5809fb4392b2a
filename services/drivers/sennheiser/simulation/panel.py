"""What both kinds of units have: name, frequency, mute, firmware, and the counter of changes (TI 1254 p. 14 to 22)."""

from __future__ import annotations

from collections.abc import Callable

from services.drivers.sennheiser.simulation.requests import Command, Refused, within

COUNTER_MOST = 999
NAME_MOST = 8
"""Characters on the display; what a unit does with more is in no document, here it refuses."""
BLOCKS = ((566_000, 608_000, 25),)
"""kHz: range G of the document's example (p. 17)."""
BANKS_MOST, PRESET_BANKS, PRESETS_A_BANK = 26, 20, 12
PRESET_STEPS = 17
"""Steps between two presets of a bank: ours, real banks are free of intermodulation."""


class Panel:
    """The settings of one unit. ``changed`` is called with the word of each configuration attribute that changed."""

    def __init__(self, name: str, firmware: str, frequency_khz: int) -> None:
        self.name = name
        self.firmware = firmware
        self.frequency = frequency_khz
        self.preset = (0, 0)
        self.mute = 0
        self.counter = 0
        self.changed: Callable[[str], None] = lambda _word: None
        self.commands: dict[str, Command] = {
            "FirmwareRevision": Command(lambda: self.firmware),
            "RfConfig": Command(lambda: " ".join(f"{low} {high} {step}" for low, high, step in BLOCKS)),
            "BankList": Command(None, listed=self._bank),
            "Name": Command(lambda: self.name, text=self._rename),
            "Frequency": Command(self._tuned, (1, 2, 3), self._tune, self._nudge),
            "Mute": Command(
                lambda: str(self.mute), (1,), lambda found: self.put("Mute", "mute", within(found[0], 0, 1))
            ),
        }
        self.configuration: tuple[str, ...] = ("Name", "Frequency")
        """Words of what is sent when it changes, in the order of p. 8."""

    def put(self, word: str, attribute: str, value: object) -> None:
        """Change one setting; a value that is there already changes nothing."""
        if getattr(self, attribute) != value:
            setattr(self, attribute, value)
            self.count(word)

    def count(self, word: str) -> None:
        """A configuration attribute changed (p. 8)."""
        self.counter = 0 if self.counter >= COUNTER_MOST else self.counter + 1
        self.changed(word)

    def line(self, word: str) -> str:
        """An attribute as it is sent unasked."""
        read = self.commands[word].read
        return f"{word} {read() if read is not None else ''}"

    def _rename(self, text: str) -> None:
        if any(not " " <= each <= "~" for each in text):
            raise Refused(1010)
        if len(text) > NAME_MOST:
            raise Refused(1020)
        self.put("Name", "name", text)

    def _tuned(self) -> str:
        return f"{self.frequency} {self.preset[0]} {self.preset[1]}"

    def _tune(self, found: list[int]) -> None:
        frequency = found[0]
        if not any(low <= frequency <= high and not (frequency - low) % step for low, high, step in BLOCKS):
            raise Refused(1020)
        bank, channel = (*found[1:], 0, 0)[:2]
        fits = 1 <= bank <= PRESET_BANKS and channel in self._channels(bank, frequency)
        self.retune(frequency, (bank, channel) if fits else (0, 0))

    def retune(self, frequency: int, preset: tuple[int, int] = (0, 0)) -> None:
        """Another frequency, with the place that it has in the banks."""
        if (frequency, preset) != (self.frequency, self.preset):
            self.frequency, self.preset = frequency, preset
            self.count("Frequency")

    def _nudge(self, steps: int) -> None:
        low, high, step = BLOCKS[0]
        self.retune(min(high, max(low, self.frequency + steps * step)))

    def _channels(self, bank: int, frequency: int) -> list[int]:
        return [number for number, each in enumerate(_presets(bank), 1) if each == frequency]

    def _bank(self, number: int) -> str:
        bank = within(number, 1, BANKS_MOST)
        return " ".join(map(str, _presets(bank))) if bank <= PRESET_BANKS else "0"


def _presets(bank: int) -> list[int]:
    low, _, step = BLOCKS[0]
    return [low + (bank - 1 + PRESET_STEPS * each) * step for each in range(PRESETS_A_BANK)]
