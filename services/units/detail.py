"""Everything that is known of one receiver, for a person or a program that asks about this one."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from services.live import Channel, Receiver


def describe(receiver: Receiver) -> dict[str, object]:
    """Who it is, how it stands, how its connection is, its channels, and what it said in its own session."""
    record = receiver.record
    heard = receiver.heard_s
    return {
        "id": receiver.address.id,
        "info": {
            **{
                key: value
                for key, value in asdict(record).items()
                if key not in {"address", "state", "changed_at", "last_seen"}
            },
            "capabilities": receiver.capabilities.words if receiver.capabilities else [],
        },
        "state": dict(receiver.state),
        "stale": receiver.stale,
        "availability": {"state": receiver.available, "reason": receiver.reason, "since": receiver.since},
        "link": {
            "session": receiver.session,
            "last_seen": record.last_seen,
            "data_age_s": None if heard is None else round(asyncio.get_running_loop().time() - heard, 1),
            "reconnects": receiver.reconnects_total,
            "last_error": receiver.last_error,
        },
        "channels": [_channel(channel) for channel in receiver.channels.values()],
        "reported": dict(receiver.reported),
    }


def _channel(channel: Channel) -> dict[str, object]:
    return {
        "id": channel.address.id,
        "number": channel.number,
        "antenna_count": channel.antenna_count,
        "diversity": channel.diversity,
        "state": dict(channel.state),
        "slots": [dict(slot) for _, slot in sorted(channel.slots.items())],
        "telemetry": dict(channel.telemetry) if channel.telemetry else None,
        "stale": channel.stale,
        "reported": dict(channel.reported),
    }
