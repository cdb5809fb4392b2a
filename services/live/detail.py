"""Everything that is known of one unit: the reply to the command ``detail``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict

from services.live.unit import Unit, UnitPart


def describe(unit: Unit) -> dict[str, object]:
    """Identity, state, availability, connection and parts of a unit, and what it reported in its session."""
    record = unit.record
    received = unit.link_state.last_received_s
    there = unit.availability
    return {
        "id": unit.address.id,
        "info": {
            **{
                key: value
                for key, value in asdict(record).items()
                if key not in {"address", "state", "changed_at", "last_seen"}
            },
            "driver": unit.driver or record.driver,
            "channel_count": record.part_count,
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
            "last_error": there.detail,
        },
        "channels": [_part(part) for part in unit.parts.values()],
        "reported": _with_count(unit.reported),
    }


def _with_count(reported: Mapping[str, object]) -> dict[str, object]:
    """What a unit reported, the number of its parts also under the name that it had when all units were receivers."""
    known = {"channel_count": reported["part_count"]} if "part_count" in reported else {}
    return {**reported, **known}


def _part(part: UnitPart) -> dict[str, object]:
    return {
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
