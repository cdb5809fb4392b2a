"""What comes back by HTTPS: a whole answer, or a stream of events."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

from services.drivers.port import DriverError
from services.drivers.transport.failures import failure
from services.drivers.transport.https.server_sent_events import Event, EventParser


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    source: str = ""
    """For people: which unit and request this answers."""

    def json(self) -> Any:
        """The body as JSON. Raises `DriverError` (``wrong_model``) where it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise failure(
                "wrong_model",
                f"{self.source}: the answer is no JSON ({error.msg}); check model and firmware",
                cause=error,
            ) from error


class EventStream:
    """Events of one response: ``async for event in stream``.

    It ends only by raising `DriverError`: ``silent`` when no byte came for longer than the idle time,
    ``closed_by_device`` when the unit ended the stream, ``bridge_stopped`` when the pool was closed, and whatever
    broke the connection.
    """

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        headers: Mapping[str, str],
        peer: str,
        parser: EventParser,
        explain: Callable[[BaseException], DriverError],
    ) -> None:
        self.headers = headers
        """Names are in lower case: ``content-location``, for instance."""
        self._chunks = chunks
        self._peer = peer
        self._parser = parser
        self._explain = explain
        self._ready: deque[Event] = deque()

    @property
    def oversize(self) -> int:
        """Events dropped because they were too long."""
        return self._parser.oversize

    @property
    def retry_ms(self) -> int | None:
        """The pause before a new stream that the unit asks for, in ms; ``None`` for none."""
        return self._parser.retry_ms

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._ready:
            self._ready.extend(self._parser.feed(await self._read()))
        return self._ready.popleft()

    async def _read(self) -> bytes:
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            problem = failure("closed_by_device", f"{self._peer} ended its event stream")
        except Exception as error:  # noqa: BLE001 - of a library that this file does not know
            problem = self._explain(error)
        try:
            raise problem
        finally:
            del problem  # an error and its frame would hold each other
