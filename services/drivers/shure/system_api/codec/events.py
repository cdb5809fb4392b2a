"""PURE. What comes by WebSocket: the transport's id first, then events. Source: docs/protocols/system-api.md#events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

STATE_CHANGE: Final = "DEVICE_STATE_CHANGE"


@dataclass(frozen=True, slots=True)
class Transport:
    """The id under which subscriptions are made."""

    id: str


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    name: str
    cid: str
    """The device's id in lower case."""
    channel_id: str
    """As the server writes it; empty where the event is about the device."""
    body: Any


def parse_message(message: str | bytes) -> Transport | Event | None:
    """A message; ``None`` for anything that is none."""
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, Mapping):
        return None
    if isinstance(transport := found.get("transportId"), str) and transport:
        return Transport(transport)
    envelope = found.get("envelope")
    if not isinstance(envelope, Mapping):
        return None
    name, device, channel = (envelope.get(key) for key in ("eventName", "deviceId", "audioChannelId"))
    if not isinstance(name, str) or not isinstance(device, str):
        return None
    return Event(name, device.lower(), channel if isinstance(channel, str) else "", found.get("body"))
