"""PURE, data. Rows of the keys that this protocol alone has: they are published under ``more``."""

from __future__ import annotations

from typing import Literal

from services.model import Key, Kind

_PARTS = frozenset({Kind.CHANNEL, Kind.IEM_CHANNEL})

MORE: tuple[Key, ...] = (
    Key(
        "audio_activity",
        Literal["low", "good", "clipping"],
        "What the unit says of the audio level, about every 5 s; it gives no numbers.",
        kinds=_PARTS,
    ),
    Key("audio_gain_db", int, "Audio gain of the channel.", "dB", kinds=frozenset({Kind.IEM_CHANNEL}), role="setting"),
    Key(
        "audio_muted",
        bool,
        "The audio is muted: of the whole unit, or of the channel.",
        kinds=frozenset({Kind.RECEIVER, Kind.IEM, Kind.IEM_CHANNEL}),
        role="setting",
    ),
    Key(
        "identifying",
        bool,
        "The unit shows itself to people, by a flashing light.",
        kinds=frozenset({Kind.RECEIVER, Kind.IEM, Kind.CHARGER}),
    ),
)
"""`services.drivers.port.Driver.more`."""
