"""What several lines share: rows, and how values are written. PURE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from services.drivers.audio_technica.codec import values
from services.drivers.audio_technica.codec.meters import Level, percent
from services.drivers.audio_technica.families.family import Cell, Control, Question, Turn, Values
from services.model import SettableRange

of_unit: Final = partial(Question, of_part=False)

STEPS: Final = 7
"""The highest step of RF and audio levels on port 17200."""
_STEP: Final = values.whole(0, STEPS)

MODE: Final = values.word({"1": "standard", "2": "high_density"})
"""RF mode."""

UNIT_QUESTIONS: Final = (
    of_unit("gmymodel", (Cell(0, "model", values.text),)),
    of_unit("gmyname", (Cell(0, "name", values.text), Cell(0, "device_id", values.text))),
    of_unit("gipnet", (Cell(-1, "mac", values.mac),)),
    of_unit("gnoticemode", (Cell(0, "notices", values.flag),)),
)
"""What every unit on port 17200 answers."""


def bars(found: Values) -> Values:
    """Five steps, 0 to 4, are one to five bars."""
    level = found["battery_level"]
    return {**found, "battery_bars": level + 1 if isinstance(level, int) else None}


def _rf(texts: Sequence[str]) -> Level:
    return Level(rf_percent=_percent(texts))


def _audio(texts: Sequence[str]) -> Level:
    return Level(audio_percent=_percent(texts))


def _percent(texts: Sequence[str]) -> int | None:
    """The last field is the level; what may stand before it is disputed. Raises `ValueError`."""
    step = _STEP(texts[-1])
    return percent(step, STEPS) if isinstance(step, int) else None


LEVELS: Final = (
    Question("glevelrf", turn=Turn.METER, level=_rf),
    Question("glevelafrx", turn=Turn.METER, level=_audio),
)
STEP_TELEMETRY: Final = frozenset({"rf_percent", "rf_min_percent", "audio_peak_percent", "dropouts", "samples"})

LINK: Final = Cell(0, "transmitter_present", values.flag)

VOLUME_MOST: Final = 40


def volume(lowest_db: int) -> tuple[Question, Control]:
    """Output level of a channel, 41 steps of 1 dB from ``lowest_db`` on."""
    can = SettableRange(minimum=lowest_db, maximum=lowest_db + VOLUME_MOST, step=1, unit="dB")

    def write(value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float) or value % 1:
            raise ValueError(f"{value!r} is no whole number of dB")
        if not 0 <= value - lowest_db <= VOLUME_MOST:
            raise ValueError(f"{value!r} dB is not between {can['minimum']} and {can['maximum']} dB")
        return str(int(value) - lowest_db)

    gain = values.whole(0, VOLUME_MOST, plus=lowest_db)
    question = Question("gchvolume", (Cell(0, "gain_db", gain),))
    return question, Control("gain_db", "schvolume", question.word, can, write)


def switch(key: str, word: str, asks: str) -> Control:
    """Something that is on (1) or off (0)."""

    def write(value: object) -> str:
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is neither true nor false")  # noqa: TRY004 - one kind of error for all
        return str(int(value))

    return Control(key, word, asks, SettableRange(choices=["true", "false"]), write)


def quoted(most: int, characters: str) -> Callable[[object], str]:
    """Writes a name between double quotes."""

    def write(value: object) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= most or not {*value} <= {*characters}:
            raise ValueError(f"{value!r} is no name of 1 to {most} characters that the unit can have")
        if value != value.strip():
            raise ValueError("a name neither begins nor ends with a blank: units pad names with them")
        return f'"{value}"'

    return write
