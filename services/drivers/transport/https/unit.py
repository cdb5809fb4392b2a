"""One unit behind HTTPS: requests, complete answers and streams of events. `https.HttpPool` makes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Container, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from services.drivers.port import DriverError, Trace
from services.drivers.transport.failures import failure
from services.drivers.transport.https.answers import Answer, EventStream
from services.drivers.transport.https.pinning import unreachable
from services.drivers.transport.https.server_sent_events import MOST_BYTES as MOST_EVENT_BYTES
from services.drivers.transport.https.server_sent_events import EventParser
from services.drivers.transport.https.settings import HttpsSettings
from services.drivers.transport.https.words import broken, status_failure

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 1 << 20
"""A longer answer is an error, unless the caller allows for it."""
MOST_PATH = 2000
"""Characters of a path; no unit needs more."""
SUCCESS = range(200, 300)
EVENTS_TYPE = "text/event-stream"


@dataclass(slots=True)
class Room:
    """What all units of a pool share."""

    connections: int
    places: asyncio.Semaphore
    closed: bool = True


@dataclass(slots=True)
class Trial:
    """What is known of one password at one unit."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    accepted: bool = False
    refusal: str = ""
    """Why the unit refused it; empty if it did not."""


class HttpUnit:
    """One unit behind HTTPS. Made by `HttpPool.unit` alone."""

    def __init__(
        self,
        room: Room,
        client: httpx.AsyncClient,
        settings: HttpsSettings,
        trial: Trial | None,
        trace: Trace | None,
    ) -> None:
        self.settings = settings
        self._room = room
        self._client = client
        self._trial = trial
        self._trace = trace
        self._over = False

    def end(self) -> None:
        """Called by the pool when the block ends: callers that still wait get ``bridge_stopped``."""
        self._over = True

    def forget_refusal(self) -> None:
        """Allow a password that was refused to be sent once more: somebody has corrected it at the unit."""
        if self._trial is not None:
            self._trial.refusal = ""
            self._trial.accepted = False

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        expected: Container[int] = SUCCESS,
        authenticate: bool = True,
        timeout: float | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> Answer:
        """Ask and return the complete answer.

        ``json`` is sent as JSON, ``body`` as it is, neither means no body. ``expected``: statuses that are returned;
        all others raise. ``authenticate=False`` leaves the password out, for what a unit answers to everybody.
        ``timeout``: seconds for the answer, after those for connecting; by default those of the settings.

        Raises `DriverError`.
        """
        content = orjson.dumps(json) if json is not None else body
        kind = {"Content-Type": "application/json"} if json is not None else {}
        wait = self.settings.answer_timeout_s if timeout is None else timeout
        what = f"{method} {path}"
        async with self._exchange(
            method,
            path,
            content=content,
            headers={"Accept": "application/json", **kind, **(headers or {})},
            expected=expected,
            authenticate=authenticate,
            timeout=wait,
        ) as response:
            data = await self._read(response, what, most_bytes)
            return Answer(response.status_code, dict(response.headers), data, f"{self.settings.peer}, {what}")

    async def _read(self, response: httpx.Response, what: str, most_bytes: int) -> bytes:
        data = bytearray()
        async for chunk in response.aiter_raw():
            data += chunk
            if len(data) > most_bytes:
                words = f"{self.settings.peer} answered {what} with more than {most_bytes} bytes"
                raise failure("wrong_model", f"{words}: check model and firmware")
        self._show("<", bytes(data))
        return bytes(data)

    @asynccontextmanager
    async def events(
        self,
        path: str,
        *,
        idle_s: float | None,
        headers: Mapping[str, str] | None = None,
        authenticate: bool = True,
        most_bytes: int = MOST_EVENT_BYTES,
    ) -> AsyncIterator[EventStream]:
        """Open a stream of server-sent events for the time of the block.

        ``idle_s``: longest time without a byte, comments included; ``None`` waits for ever. Leaving the block closes
        the connection; where a unit wants its session deleted, the caller does that before. Raises `DriverError`.
        """
        async with self._exchange(
            "GET",
            path,
            content=None,
            headers={"Accept": EVENTS_TYPE, "Cache-Control": "no-store", **(headers or {})},
            expected=SUCCESS,
            authenticate=authenticate,
            timeout=self.settings.answer_timeout_s,
            endless=True,
            idle_s=idle_s,
        ) as response:
            kind = response.headers.get("content-type", "")
            if kind.partition(";")[0].strip().lower() != EVENTS_TYPE:
                words = f"{self.settings.peer} answered GET {path} with {kind[:100]!r} instead of events"
                raise failure("wrong_model", f"{words}: check model and firmware")

            def explain(error: BaseException) -> DriverError:
                return self._explain(error, f"the event stream {path}", idle_s)

            chunks = self._shown(response.aiter_raw())
            yield EventStream(chunks, dict(response.headers), self.settings.peer, EventParser(most_bytes), explain)

    @asynccontextmanager
    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None,
        headers: Mapping[str, str],
        expected: Container[int],
        authenticate: bool,
        timeout: float,
        endless: bool = False,
        idle_s: float | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """Send a request; the block gets the response when its status has come, and reads the rest."""
        import httpx

        what = f"{method} {path}"
        self._check(path)
        read_s = idle_s if endless else timeout
        wait = httpx.Timeout(timeout, connect=self.settings.connect_timeout_s, read=read_s)
        limit = asyncio.timeout(self.settings.connect_timeout_s + timeout)
        try:
            async with limit, self._room.places:
                request = self._client.build_request(method, path, content=content, headers=headers, timeout=wait)
                response = await self._send(request, authenticate=authenticate)
                try:
                    if response.status_code not in expected:
                        raise status_failure(self.settings, what, response.status_code, response.headers)
                    if endless:
                        limit.reschedule(None)
                    yield response
                finally:
                    await response.aclose()
            return
        except TimeoutError:
            if not limit.expired():
                raise
            problem = self._overdue(what, timeout)
        except httpx.HTTPError as error:
            problem = self._explain(error, what, idle_s)
        try:
            raise problem
        finally:
            del problem  # an error and its frame would hold each other, and the request with its password

    def _check(self, path: str) -> None:
        """A path may come from a unit, and the password goes with it: it must stay at this unit."""
        if not path.startswith("/") or path.startswith("//") or not path.isprintable() or len(path) > MOST_PATH:
            words = f"{self.settings.peer} uses an address that is no path of its own: {path[:100]!r}"
            raise failure("wrong_model", f"{words}; check model and firmware")

    async def _send(self, request: httpx.Request, *, authenticate: bool) -> httpx.Response:
        """Send a request, with the password if that was not refused before."""
        async with self._turn(authenticate=authenticate) as secrets:
            if self._over or self._room.closed:
                raise self._stopped()
            body = b"\n" + request.content if request.content else b""
            self._show(">", f"{request.method} {request.url.raw_path.decode('ascii')}".encode() + body)
            request.headers.update(secrets)
            try:
                response = await self._client.send(request, stream=True)
            except ValueError as error:  # a name that the resolver's encoding does not take (UnicodeError, IDNAError)
                raise unreachable(UnicodeError(), self.settings.peer, self.settings.connect_timeout_s) from error
            self._show("<", str(response.status_code).encode())
            if secrets:
                self._learn(response, f"{request.method} {request.url.path}")
            return response

    @asynccontextmanager
    async def _turn(self, *, authenticate: bool) -> AsyncIterator[Mapping[str, str]]:
        """The headers that carry the password: by one request at a time, for it may be changed at the unit.

        A key may be carried by several as soon as it was accepted.
        """
        trial, credentials = self._trial, self.settings.credentials
        if trial is None or credentials is None or not authenticate:
            yield {}
            return
        if trial.accepted and not credentials.one_at_a_time:
            yield credentials.headers()
            return
        async with trial.lock:
            if trial.refusal:
                words = f"{trial.refusal}. The refused password is not sent again before the settings change"
                raise failure("auth_failed", words, again_s=None)
            yield credentials.headers()

    def _learn(self, response: httpx.Response, what: str) -> None:
        """Remember whether the unit accepted the password."""
        if self._trial is None:
            return
        if response.status_code in SUCCESS:
            self._trial.accepted = True
            return
        error = status_failure(self.settings, what, response.status_code, response.headers)
        if error.reason == "auth_failed":
            self._trial.accepted = False
            self._trial.refusal = error.detail

    def _overdue(self, what: str, timeout: float) -> DriverError:
        peer = self.settings.peer
        if self._room.places.locked():
            words = f"all {self._room.connections} connections to units of this maker are at work: ask fewer at once"
            return failure("timeout", f"cannot ask {peer}: {words}")
        return failure("timeout", f"{peer} did not answer {what} completely within {timeout:g} s: check the network")

    def _stopped(self) -> DriverError:
        return failure("bridge_stopped", f"we closed the connections to {self.settings.peer}")

    def _explain(self, error: BaseException, what: str, idle_s: float | None) -> DriverError:
        import httpx

        if self._over or self._room.closed:
            return self._stopped()
        if idle_s is not None and isinstance(error, httpx.ReadTimeout):
            return failure("silent", f"{self.settings.peer} sent nothing for {idle_s:g} s on {what}")
        return broken(error, self.settings, what)

    def _show(self, direction: str, data: bytes) -> None:
        if self._trace is not None and data:
            credentials = self.settings.credentials
            self._trace(direction, credentials.hide(data) if credentials is not None else data)

    async def _shown(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self._show("<", chunk)
            yield chunk
