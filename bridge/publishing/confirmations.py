"""Whether the broker took a message: its acknowledgement tells with MQTT 5, with MQTT 3.1.1 only the message's echo.

A broker that speaks MQTT 3.1.1 acknowledges what its access rules throw away (3.1.1, 3.3.5). So the bridge reads its
own audit topics, and what does not come back counts as refused: with it the campus, whose rights are one rule mostly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from bridge.contract import Published, Topics
from bridge.mqtt import FAILED, NO_ECHO, SUCCESS, Acked, Connection
from services.model import Address, Facet

ECHO_S: Final = 5.0
"""How long after its acknowledgement a message has to be back, in seconds."""

Key = tuple[Facet, str]
"""Facet and event id of an audit event."""


@dataclass(slots=True)
class _Expected:
    topic: str
    acked: Acked
    connection: Connection
    timer: asyncio.TimerHandle | None = None


class Confirmations:
    """The audit events of which nobody knows yet whether the broker took them."""

    def __init__(self, topics: Topics, is_read: Callable[[str], bool]) -> None:
        """``is_read`` tells whether the bridge reads a topic over the newest connection."""
        self._topics = topics
        self._is_read = is_read
        self._expected: dict[Key, _Expected] = {}

    def begin(self) -> None:
        """A new connection: nothing that went over an earlier one comes back."""
        for one in self._expected.values():
            if one.timer is not None:
                one.timer.cancel()
        self._expected.clear()

    def expect(self, connection: Connection, address: Address, facet: Facet, event_id: str, acked: Acked) -> Acked:
        """What to publish an event with, so that ``acked`` is called once the broker took it, or did not."""
        topic = self._topics.of(address, facet)
        if connection.version == "5" or not self._is_read(topic):
            return acked
        key = facet, event_id
        self._expected[key] = _Expected(topic, acked, connection)

        def acknowledged(reason: int) -> None:
            if reason >= FAILED:
                self._expected.pop(key, None)
                acked(reason)
            elif (expected := self._expected.get(key)) is not None:
                expected.timer = asyncio.get_running_loop().call_later(ECHO_S, self._give_up, key)

        return acknowledged

    async def read(self, _connection: Connection, published: Published, payload: bytes) -> None:
        """A message came back."""
        expected = self._expected.pop((published.facet, event_id_of(payload)), None)
        if expected is None:
            return
        if expected.timer is not None:
            expected.timer.cancel()
        expected.connection.refusals.taken(expected.topic)
        expected.acked(SUCCESS)

    def _give_up(self, key: Key) -> None:
        expected = self._expected.pop(key, None)
        if expected is not None:
            expected.connection.refusals.note(expected.topic, NO_ECHO)
            expected.acked(NO_ECHO)


def event_id_of(payload: bytes) -> str:
    """The id of an audit event; empty where the payload is none."""
    try:
        body = orjson.loads(payload) if payload else None
    except orjson.JSONDecodeError:
        return ""
    return str(body.get("event_id", "")) if isinstance(body, dict) else ""
