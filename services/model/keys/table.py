"""The table of all keys, and what follows from it. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from services.model.keys.channels import CHANNEL_EVIDENCE, CHANNEL_KEYS, CHANNEL_SLOT_KEYS
from services.model.keys.key import Key, Role
from services.model.keys.meters import CHANNEL_METERS, IEM_CHANNEL_METERS
from services.model.keys.other_parts import BAY_KEYS, BELTPACK_KEYS, IEM_CHANNEL_KEYS
from services.model.keys.units import (
    CHARGER_KEYS,
    IEM_KEYS,
    INTERCOM_KEYS,
    MORE_KEYS,
    PART_INFO_KEYS,
    RECEIVER_KEYS,
    UNIT_INFO_KEYS,
    UNIT_LINK_KEYS,
)
from services.model.kinds import Facet, Kind

State: TypeAlias = Mapping[str, object]
"""A state: every key of its kind. Never changed in place: a change makes a new mapping, so a reader needs no lock."""

Telemetry: TypeAlias = Mapping[str, Any]
"""Meters over one interval: only the keys that a part can report."""


class KeyTable:
    """Rows of keys. What is asked often is worked out once: a table does not change."""

    def __init__(self, rows: Iterable[Key]) -> None:
        self.rows = tuple(rows)
        self._of: dict[tuple[Kind, Facet | None], tuple[Key, ...]] = {}
        for row in self.rows:
            for kind in row.kinds:
                place = kind, row.published_in
                known = self._of.get(place, ())
                if any(other.name == row.name for other in known):
                    raise ValueError(f"{kind}.{row.published_in} has {row.name} twice")
                self._of[place] = (*known, row)

    def of(self, kind: Kind, facet: Facet | None = Facet.STATE) -> tuple[Key, ...]:
        """The rows of one facet of a kind, in order; with ``None`` the evidence that a driver reports beside them."""
        return self._of.get((kind, facet), ())

    def names(self, kind: Kind, facet: Facet | None = Facet.STATE) -> tuple[str, ...]:
        """Their names."""
        return tuple(row.name for row in self.of(kind, facet))

    def empty_state(self, kind: Kind) -> dict[str, object]:
        """A state of which nothing is known."""
        return {row.name: row.unknown() for row in self.of(kind)}

    def with_role(self, kind: Kind, role: Role) -> tuple[str, ...]:
        """Keys of a kind's state that have this role."""
        return tuple(row.name for row in self.of(kind) if row.role == role)

    def audited(self, kind: Kind) -> tuple[str, ...]:
        """Keys of a kind's state whose changes are audited."""
        return tuple(row.name for row in self.of(kind) if row.audited)

    def gone_with(self, kind: Kind, presence: str) -> tuple[str, ...]:
        """Keys of a kind's state that become null as soon as ``presence`` is false."""
        return tuple(row.name for row in self.of(kind) if row.gone_with == presence)

    def recorded(self, kind: Kind) -> tuple[str, ...]:
        """Meters of a kind whose extremes and means stand in ``levels``."""
        return tuple(row.name for row in self.of(kind, Facet.TELEMETRY) if row.recorded)

    def reportable(self, kind: Kind) -> frozenset[str]:
        """What a driver may report of a unit or part of this kind: its state, its evidence, and who it is."""
        rows = (*self.of(kind), *self.of(kind, None), *self.of(kind, Facet.INFO))
        return frozenset(row.name for row in rows)

    def with_derived(self, kind: Kind, reported: Iterable[str]) -> frozenset[str]:
        """Keys of a kind's state that are filled where these are reported: they, and what the rules make of them."""
        direct = frozenset(reported)
        return frozenset(
            row.name
            for row in self.of(kind)
            if row.name in direct
            or (row.role == "derived" and (not row.derived_from or not direct.isdisjoint(row.derived_from)))
            or (row.role == "kept")
        )


KEYS = KeyTable(
    (
        *UNIT_INFO_KEYS,
        *UNIT_LINK_KEYS,
        *PART_INFO_KEYS,
        *RECEIVER_KEYS,
        *IEM_KEYS,
        *CHARGER_KEYS,
        *INTERCOM_KEYS,
        *CHANNEL_KEYS,
        *CHANNEL_EVIDENCE,
        *IEM_CHANNEL_KEYS,
        *BAY_KEYS,
        *BELTPACK_KEYS,
        *MORE_KEYS,
        *CHANNEL_SLOT_KEYS,
        *CHANNEL_METERS,
        *IEM_CHANNEL_METERS,
    )
)
"""Every key of the contract."""


def state_keys(kind: Kind) -> tuple[str, ...]:
    """The keys of the state of a unit or part, in order."""
    return KEYS.names(kind)


def empty_state(kind: Kind) -> dict[str, object]:
    """The state of a unit or part of which nothing is known."""
    return KEYS.empty_state(kind)
