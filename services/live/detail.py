"""Everything that is known of one unit: the reply to the command ``detail``."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from services.live.unit import Unit, UnitPart
from services.model import KEYS, RESOURCE_KINDS, UNIT_KINDS, Facet, Kind, facets_of

_INFO_KEYS = {kind: frozenset(KEYS.names(kind, Facet.INFO)) for kind in RESOURCE_KINDS}


def describe(unit: Unit) -> dict[str, object]:
    """Identity, state, availability, connection and parts of a unit, and what it reported in its session.

    The parts stand under the word of their kind: ``channels``, ``bays`` and so on.
    """
    record = unit.record
    received = unit.link_state.last_received_s
    there = unit.availability
    kind = unit.address.kind
    count, counted = UNIT_KINDS[kind].count, "part_count" in unit.reported
    return {
        "id": unit.address.id,
        "info": {
            **{
                key: value
                for key, value in asdict(record).items()
                if key not in {"address", "state", "changed_at", "last_seen"}
            },
            # a receiver's is what people call it or null, as version 1 has always answered
            "name": record.name if kind is Kind.RECEIVER else unit.shown_name,
            "driver": unit.read_by,
            count: record.part_count,
            "capabilities": unit.ability_words,
        },
        "state": dict(unit.state),
        "stale": unit.stale,
        "availability": {"state": there.state, "reason": there.reason, "since": there.since},
        "link": {
            "session": unit.link_state.session,
            "last_seen": record.last_seen,
            "data_age_s": None if received is None else round(asyncio.get_running_loop().time() - received, 1),
            "reconnects": unit.link_state.reconnects_total,
            "nonsense": dict(unit.link_state.nonsense),
            "last_error": unit.trouble,
        },
        f"{UNIT_KINDS[kind].part}s": [_part(part) for part in unit.parts.values()],
        "reported": {**unit.reported, **({count: unit.reported["part_count"]} if counted else {})},
    }


def _part(part: UnitPart) -> dict[str, object]:
    known: dict[str, object] = {
        "id": part.address.id,
        "number": part.number,
        "antenna_count": part.antenna_count,
        "diversity": part.diversity,
        "state": dict(part.state),
        "slots": [dict(slot) for _, slot in sorted(part.slots.items())],
        "telemetry": dict(part.meters.newest) if part.meters.newest else None,
        "stale": part.stale,
        "reported": dict(part.reported),
    }
    missing = _missing(part.address.kind)
    return {key: value for key, value in known.items() if key not in missing}


def _missing(kind: Kind) -> frozenset[str]:
    """What parts of this kind do not have: facts of ``info``, and sides that are not published of them."""
    facts = {"antenna_count", "diversity"} - _INFO_KEYS[kind]
    return frozenset(facts | ({Facet.SLOTS.value, Facet.TELEMETRY.value} - set(facets_of(kind))))
