"""Messages to and from a broker, as plain data. PURE."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """Something to publish."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something that arrived. Response topic and correlation exist with MQTT 5 only."""

    topic: str
    payload: bytes
    retain: bool
    response_topic: str | None = None
    correlation: bytes | None = None
    dropped_bytes: int = 0
    """Size of a payload that was not kept, because it is too large or too much waits: then ``payload`` is empty."""
