"""What can be set at an EW-DX receiver: keys of the product become what is written into a resource.

Nothing is clamped or repaired: a value that cannot be written as it is raises `ValueError`, and a unit refuses values
between its steps with 422. Source: docs/protocols/sennheiser-sscv2.md#what-can-be-set
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.drivers.sennheiser.sscv2.codec import resources
from services.drivers.sennheiser.sscv2.codec.values import KHZ_A_MHZ, KHZ_MOST
from services.model import SettableRange

NAME_MOST: Final = 8
NAME_CHARACTERS: Final = " #*+,-;/<=>|0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
KHZ_STEP: Final = 25


@dataclass(frozen=True, slots=True)
class Control:
    """One key that can be set. ``path`` is written, with the channel's number for ``{}``; ``asked`` tells of it."""

    path: str
    asked: str
    name: str
    write: Callable[[object], object]
    """The value for the wire. Raises `ValueError`."""


def _name(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= NAME_MOST or not {*value} <= {*NAME_CHARACTERS}:
        raise ValueError(f"{value!r} is no name of 1 to {NAME_MOST} of the characters {NAME_CHARACTERS!r}")
    if value != value.strip():
        raise ValueError("a name neither begins nor ends with a blank")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")  # noqa: TRY004 - one kind of error
    return value


def _stepped(low: int, high: int, step: int) -> Callable[[object], int]:
    def write(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{value!r} is no number")  # noqa: TRY004 - one kind of error
        if not low <= value <= high or (value - low) % step:
            raise ValueError(f"{value} is not one of {low} to {high} in steps of {step}")
        return int(value)

    return write


def _kilohertz(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < KHZ_MOST:
        raise ValueError(f"{value!r} is no frequency in MHz")
    khz = round(value * KHZ_A_MHZ, 6)
    if khz % KHZ_STEP:
        raise ValueError(f"{value} MHz is not on the grid of {KHZ_STEP} kHz")
    return int(khz)


CONTROLS: Mapping[str, Control] = {
    "name": Control(resources.CHANNEL, resources.CHANNEL, "name", _name),
    "receiver_muted": Control(resources.CHANNEL, resources.CHANNEL, "mute", _flag),
    "gain_db": Control(
        resources.CHANNEL,
        resources.CHANNEL,
        "gain",
        _stepped(resources.GAIN_LOW, resources.GAIN_HIGH, resources.GAIN_STEP),
    ),
    "output_level_db": Control(
        resources.CHANNEL,
        resources.CHANNEL,
        "outputLevel",
        _stepped(resources.OUTPUT_LOW, resources.OUTPUT_HIGH, resources.OUTPUT_STEP),
    ),
    "frequency_mhz": Control(f"{resources.RF_CHANNEL}/frequency", resources.RF_CHANNEL, "frequency", _kilohertz),
}
"""Of a channel; nothing of the unit itself is offered, for what could be set there interrupts every microphone."""

SETTABLE: Mapping[str, SettableRange] = {
    "name": SettableRange(min_length=1, max_length=NAME_MOST, characters=NAME_CHARACTERS),
    "receiver_muted": SettableRange(choices=["true", "false"]),
    "gain_db": SettableRange(
        minimum=resources.GAIN_LOW, maximum=resources.GAIN_HIGH, step=resources.GAIN_STEP, unit="dB"
    ),
    "output_level_db": SettableRange(
        minimum=resources.OUTPUT_LOW, maximum=resources.OUTPUT_HIGH, step=resources.OUTPUT_STEP, unit="dB"
    ),
    "frequency_mhz": SettableRange(unit="MHz"),
}
"""What a unit takes; the frequency lies within the unit's own tuning range."""


def tunable(blocks: object, step_khz: object) -> SettableRange:
    """Lowest and highest frequency of a unit, from its own words. A gap between stands in ``tuning_ranges_mhz``."""
    if not isinstance(blocks, str) or not isinstance(step_khz, int):
        return SettableRange(unit="MHz")
    edges = [float(edge) for block in blocks.split() for edge in block.split("-")]
    return SettableRange(minimum=min(edges), maximum=max(edges), step=step_khz / KHZ_A_MHZ, unit="MHz")


def inside(blocks: object, value: object) -> bool:
    """Whether a frequency lies in one of the blocks that a unit tunes; true where it did not say."""
    if not isinstance(blocks, str) or not isinstance(value, int | float):
        return True
    spans = [block.split("-") for block in blocks.split()]
    return any(float(low) <= value <= float(high) for low, high in spans)
