"""What a conversation needs of the units of one family: which resources there are, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from services.drivers.port import Part, Reading
from services.drivers.sennheiser.sscv2.codec.controls import Control
from services.drivers.sennheiser.sscv2.codec.meters import ChannelMeters


class UnitState(Protocol):
    """The newest of every key of one unit, and what to ask it for.

    ``strange`` has what could not be read, by resource and property, until somebody takes it. ``wanted`` has resources
    that are to be asked for, because another one says that they changed.
    """

    strange: list[tuple[str, str]]
    wanted: list[str]

    @property
    def parts(self) -> Sequence[Part]:
        """The parts that it has now."""

    @property
    def meters(self) -> Mapping[Part, ChannelMeters]:
        """Levels of the parts that have some."""

    @property
    def controls(self) -> Mapping[str, Control]:
        """What can be set of a part, by key."""

    @property
    def required(self) -> frozenset[str]:
        """Resources without which it is no unit of this family, or none of a firmware that we know."""

    @property
    def asked(self) -> Sequence[str]:
        """Resources of a complete read."""

    @property
    def followed(self) -> Sequence[Sequence[str]]:
        """Resources whose changes are wanted, in groups."""

    def instead_of(self, path: str) -> Sequence[Sequence[str]]:
        """What is followed where one resource cannot be."""

    def fast(self, part: Part) -> Sequence[str]:
        """Resources of the meters of a part."""

    def shows(self, part: Part) -> tuple[str, str] | None:
        """Resource and property that make the unit or a part show itself; ``None`` where nothing does."""

    def meter(self, path: str, value: object) -> bool | None:
        """Take a level. ``None``: the resource is no meter; ``False``: its value is none."""

    def take(self, path: str, value: object) -> list[Reading] | None:
        """Merge the value of a resource; ``None`` where there is no such one."""

    def lacking(self, path: str, status: int) -> list[Reading]:
        """A resource was asked for in vain: what it gave before is no longer known."""

    def value(self, part: Part, key: str) -> object:
        """What is known of one key."""

    def everything(self) -> list[Reading]:
        """All that is known of all parts."""
