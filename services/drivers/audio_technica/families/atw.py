"""5000 (ATW-R5220), 3000 Digital (ATW-DR3120) and 3000 networked (ATW-R3210N). PURE.

Everything of these stands in one program alone; the maker's document was not read. Source:
docs/protocols/audio-technica.md#5000-and-3000
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.drivers.audio_technica.codec import values
from services.drivers.audio_technica.codec.meters import Level, percent
from services.drivers.audio_technica.families.common import bars, of_unit
from services.drivers.audio_technica.families.family import Cell, Family, Question, Turn
from services.model import Kind

PORT: Final = 17300
CHANNELS: Final = 2
AUDIO_STEPS: Final = 16
RF_STEPS: Final = 12
HOLD_S: Final = 3.0
"""A carrier that is missing for so long is a transmitter that is gone."""
LEAST: Final = 26
"""Fields of ``garlv`` behind the channel, up to the frequency; the line has 28 of them."""

_DBM: Final = values.whole(-150, 30)
_ANTENNA: Final = values.whole(0, 2)
_AUDIO: Final = values.whole(0, AUDIO_STEPS)
_TX_AUDIO, _RX_AUDIO, _DBM_A, _DBM_B, _HEARD, _LOCK, _BATTERY, _HERTZ = 0, 1, 3, 5, 6, 19, 24, 25


def _read(convert: values.Convert, text: str) -> int | None:
    """A number, or nothing where it cannot be read: one bad field spoils no sample."""
    try:
        value = convert(text)
    except ValueError:
        return None
    return value if isinstance(value, int) else None


def _level(texts: Sequence[str]) -> Level:
    sent = _read(_AUDIO, texts[_TX_AUDIO])
    audio = _read(_AUDIO, texts[_RX_AUDIO]) if sent is None else sent
    return Level(
        rf_dbm=(_read(_DBM, texts[_DBM_A]), _read(_DBM, texts[_DBM_B])),
        antenna=_read(_ANTENNA, texts[_HEARD]),
        audio_percent=None if audio is None else percent(audio, AUDIO_STEPS),
    )


ATW: Final = Family(
    name="atw_5000",
    title="5000, 3000 Digital, 3000 networked",
    kind=Kind.RECEIVER,
    port=PORT,
    models=("ATW-R5", "ATW-DR3", "ATW-R3"),
    parts=CHANNELS,
    questions=(
        of_unit("gmymodel", (Cell(0, "model", values.text),)),
        Question("gprch", (Cell(0, "name", values.text), Cell(6, "frequency_mhz", values.mhz)), least=7),
        Question(
            "garlv",
            (
                Cell(_HEARD, "transmitter_present", values.word({"0": False, "1": True, "2": True})),
                Cell(_LOCK, "tx_lock", values.word({"0": "none", "1": "all"})),
                Cell(_BATTERY, "battery_level", values.whole(0, 4)),
                Cell(_HERTZ, "frequency_mhz", values.mhz),
            ),
            Turn.METER,
            least=LEAST,
            after=bars,
            level=_level,
            filled=("battery_bars",),
        ),
    ),
    counts="garlv",
    telemetry=frozenset(
        {"rf_a_dbm", "rf_b_dbm", "rf_dbm", "rf_min_dbm", "antenna_a", "antenna_b", "audio_peak_percent"}
        | {"dropouts", "samples"}
    ),
    features=("battery",),
    hold_s=HOLD_S,
)
