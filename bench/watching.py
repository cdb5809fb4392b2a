"""What a subscriber sees of a bridge: everything below the base topic, noted with the time of its arrival."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from bench.children import ChildError
from bench.mqtt import Client

BASE = "mic2mqtt/v1"
TENANT = f"{BASE}/default/default"

_NAME = re.compile(rb'"name":"(n\d{7})"')
_SAMPLES = re.compile(rb'"samples":(\d+)')
_SEQ = re.compile(rb'"seq":(\d+)')
_REQUEST = re.compile(rb'"request_id":"([^"]+)","schema"')
_STATUS = re.compile(rb'"status":"([a-z]+)","verb"')
_FINAL = frozenset({b"succeeded", b"partial", b"failed", b"rejected"})
_TOPIC_OF_PROCESS = 4
"""The level that names the facet of mic2mqtt/v1/bridge/main/state."""


class Watcher:
    """A subscriber to everything."""

    def __init__(self) -> None:
        self.client: Client
        self.telemetry = 0
        self.samples = 0
        """Lines that the telemetry seen so far sums up."""
        self.names: dict[str, int] = {}
        """When each name came in a channel's state, nanoseconds."""
        self.audited: list[tuple[int, str]] = []
        """Sequence numbers, each with the name that was audited, if any."""
        self.audited_at: dict[str, int] = {}
        """When the first event of each of those names came, nanoseconds."""
        self.audit_at = 0
        """When the newest audit event came."""
        self.online: set[bytes] = set()
        """Resources whose availability says so."""
        self.fresh: set[bytes] = set()
        """Topics of channel states that are not stale."""
        self.retained: set[bytes] = set()
        """Topics that hold something."""
        self.last_retained_at = 0
        """When the newest of them was first seen, nanoseconds."""
        self.process = b""
        """What the process last said of itself."""
        self.candidates = 0
        """Messages that list candidates."""
        self.replies: dict[str, tuple[int, bytes]] = {}
        """When each final reply came, by request id, and its status."""

    async def connect(self, port: int, name: str = "bench-watcher") -> None:
        """Connect and subscribe to everything."""
        self.client = await Client.connect(port, name, self._on_message)
        await self.client.subscribe(f"{BASE}/#")

    async def until(self, what: Callable[[], bool], within_s: float, words: str) -> None:
        """Wait for something to be so. Raises `ChildError` with ``words``."""
        try:
            async with asyncio.timeout(within_s):
                while not what():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)  # many conditions, looked at seldom
        except TimeoutError:
            raise ChildError(f"within {within_s:g} s it did not happen: {words}") from None

    async def all_online(self, receivers: int, within_s: float, *, channels_each: int = 4) -> None:
        """Wait until so many receivers are online, with all their channels' states fresh, and the process too."""
        channels = channels_each * receivers
        await self.until(
            lambda: len(self.online) >= receivers + channels and len(self.fresh) >= channels,
            within_s,
            f"{receivers} receivers online (resources online: {len(self.online)}, fresh: {len(self.fresh)})",
        )

    def _on_message(self, topic: bytes, payload: bytes, retained: bool, at: int) -> None:  # noqa: FBT001
        facet = topic.rpartition(b"/")[2]
        if facet == b"telemetry":
            self.telemetry += 1
            if found := _SAMPLES.search(payload):
                self.samples += int(found[1])
            return
        if handle := self._handlers.get(facet):
            handle(self, topic, payload, at)
        elif b"/reply/" in topic:
            self._on_reply(payload, at)

    def _note_retained(self, topic: bytes, payload: bytes, at: int) -> None:
        if not payload:
            self.retained.discard(topic)
        elif topic not in self.retained:
            self.retained.add(topic)
            self.last_retained_at = at

    def _on_state(self, topic: bytes, payload: bytes, at: int) -> None:
        self._note_retained(topic, payload, at)
        if b"channel/" in topic:  # those of receivers and of in-ear monitors
            if found := _NAME.search(payload):
                self.names.setdefault(found[1].decode(), at)
            (self.fresh.add if b'"stale":false' in payload else self.fresh.discard)(topic)
        elif topic.count(b"/") == _TOPIC_OF_PROCESS:
            self.process = payload

    def _on_availability(self, topic: bytes, payload: bytes, at: int) -> None:
        self._note_retained(topic, payload, at)
        (self.online.add if b'"state":"online"' in payload else self.online.discard)(topic)

    def _on_audit(self, topic: bytes, payload: bytes, at: int) -> None:
        found, name = _SEQ.search(payload), _NAME.search(payload)
        if found:
            told = name[1].decode() if name else ""
            self.audited.append((int(found[1]), told))
            self.audited_at.setdefault(told, at)
            self.audit_at = at

    def _on_candidates(self, _topic: bytes, _payload: bytes, _at: int) -> None:
        self.candidates += 1

    def _on_reply(self, payload: bytes, at: int) -> None:
        request, status = _REQUEST.search(payload), _STATUS.search(payload)
        if request and status and status[1] in _FINAL:
            self.replies[request[1].decode()] = at, status[1]

    _handlers = {  # noqa: RUF012 - a table of methods
        b"state": _on_state,
        b"availability": _on_availability,
        b"info": _note_retained,
        b"audit": _on_audit,
        b"candidates": _on_candidates,
    }
