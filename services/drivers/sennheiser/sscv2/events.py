"""The session of server-sent events of one unit: opened once, filled with resources, ended politely.

Theory of operation. A stream is a session that the unit names; resources are added to it in small groups, because one
that a unit refuses refuses its whole list. Sessions are few, so ours is deleted at the end, whatever happened. A unit
that answers 422 has forgotten the session (it started anew): another one is opened, and gets the same resources.
Source: docs/protocols/sennheiser-sscv2.md#events
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from services.drivers.port import DriverError
from services.drivers.sennheiser.sscv2.codec.notifications import SESSIONS, is_session, session_path
from services.drivers.sennheiser.sscv2.questions import BAD_REQUEST, NOT_FOUND, UNPROCESSABLE, Questions, is_ok, patient
from services.drivers.transport.https import EventStream, HttpUnit

RENEW_PAUSE_S = 10.0
"""A unit that forgets sessions faster than this is left, and connected to anew."""
GOODBYE_S = 0.5
"""How long a close waits for the unit to confirm that the session is over."""

_UNKNOWN_SESSION = frozenset({NOT_FOUND, UNPROCESSABLE})
_FORGOTTEN = "the unit has forgotten the session of events; it has started anew, or has too many of them"


class Events:
    """One session. ``notify`` gets the data of each notification; ``ended`` why the stream is over."""

    def __init__(
        self,
        unit: HttpUnit,
        questions: Questions,
        notify: Callable[[str], None],
        ended: Callable[[DriverError], None],
        timeout_s: float,
    ) -> None:
        self._unit = unit
        self._questions = questions
        self._notify = notify
        self._ended = ended
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._listening: asyncio.Task[None] | None = None
        self._named: asyncio.Future[str] | None = None
        self._path = ""
        self._opened_at = 0.0
        self._renewed = False
        self._wanted: list[list[str]] = []
        self.followed: set[str] = set()
        """Resources that the unit tells of by itself."""
        self.refused: set[str] = set()
        """Resources that it does not take into a session."""

    @property
    def open(self) -> bool:
        """Whether there is a session."""
        return bool(self._path)

    async def follow(self, groups: Iterable[Sequence[str]]) -> None:
        """Have the unit tell of these resources, too. Raises `DriverError`."""
        async with self._turn:
            if not self.open:
                await self._open()
            for group in groups:
                new = [path for path in group if path not in self.followed]
                self._wanted.append(new)
                if new and not await self._add(new):
                    await self._renew()

    async def leave(self, paths: Sequence[str]) -> None:
        """Have the unit tell no more of these resources. Raises `DriverError`."""
        async with self._turn:
            gone = [path for path in paths if path in self.followed]
            self._wanted = [[path for path in group if path not in gone] for group in self._wanted]
            self.followed.difference_update(gone)
            if gone and self.open:
                status, _ = await self._questions.put(f"{self._path}/remove", gone)
                if status in _UNKNOWN_SESSION:
                    await self._renew()

    async def check(self) -> None:
        """Ask whether the unit still has the session; open another one where it has not. Raises `DriverError`."""
        async with self._turn:
            if self.open:
                status, _ = await self._questions.get(self._path)
                if status in _UNKNOWN_SESSION:
                    await self._renew()

    async def close(self, *, silent: bool) -> None:
        """End the session; where nobody was heard for long, without waiting for an answer."""
        path, self._path = self._path, ""
        if path:
            with suppress(DriverError):
                await self._questions.ask("DELETE", path, timeout=0.05 if silent else GOODBYE_S)
        await self._stop()

    # -- inside ------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        """Open a stream, and wait until the unit has named the session."""
        self._named = self._loop.create_future()
        self._listening = asyncio.create_task(self._listen(self._named), name="sscv2 events")
        try:
            async with asyncio.timeout(self._timeout_s + self._unit.settings.connect_timeout_s):
                waiting: list[asyncio.Future[Any]] = [self._named, self._listening]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            await self._stop()
            detail = f"{self._unit.settings.peer} opened a stream of events and did not name its session"
            raise DriverError("timeout", f"{detail}: restart the unit if that lasts") from None
        if not self._named.done():
            raise DriverError("closed_by_device", f"{self._unit.settings.peer} ended the stream of events at once")
        self._path = self._named.result()
        self._opened_at = self._loop.time()

    async def _listen(self, named: asyncio.Future[str]) -> None:
        try:
            async with self._unit.events(SESSIONS, idle_s=None) as stream:
                await self._receive(stream, named)
        except DriverError as error:
            if not named.done():
                named.set_exception(patient(error))
            else:
                self._path = ""
                self._ended(error)

    async def _receive(self, stream: EventStream, named: asyncio.Future[str]) -> None:
        async for event in stream:
            if event.name == "close":
                self._path = ""
                raise DriverError("closed_by_device", f"{self._unit.settings.peer} ended the session of events")
            if event.name == "open" or not named.done():
                path = session_path(event.data) or stream.headers.get("content-location", "")
                if not is_session(path):
                    detail = f"{self._unit.settings.peer} named no session of events: check model and firmware"
                    raise DriverError("wrong_model", detail)
                if not named.done():
                    named.set_result(path)
                if event.name == "open":
                    continue
            self._notify(event.data)

    async def _add(self, paths: Sequence[str]) -> bool:
        """Add resources; one that is refused is left out. ``False``: the session is unknown."""
        left = [path for path in paths if path not in self.followed]
        while left:
            status, body = await self._questions.put(f"{self._path}/add", left)
            if is_ok(status):
                self.followed.update(left)
                self.refused.difference_update(left)
                return True
            if status in _UNKNOWN_SESSION:
                return False
            bad = body.get("path") if status == BAD_REQUEST and isinstance(body, dict) else None
            if bad in left:
                left.remove(bad)
                self.refused.add(bad)
            elif len(left) == 1:
                self.refused.update(left)
                return True
            else:  # it does not say which one: each by itself
                return all([await self._add([path]) for path in left])
        return True

    async def _renew(self) -> None:
        """The unit does not know the session: open another one with the same resources."""
        soon = self._loop.time() - self._opened_at < RENEW_PAUSE_S and self._renewed
        await self._stop()
        if soon:
            self._path = ""
            raise DriverError("closed_by_device", _FORGOTTEN)
        self._renewed = True
        self.followed.clear()
        await self._open()
        for group in [group for group in self._wanted if group]:
            if not await self._add(group):
                self._path = ""
                raise DriverError("closed_by_device", _FORGOTTEN)

    async def _stop(self) -> None:
        """Close the stream; a task that is cancelled says nothing about the conversation."""
        task, self._listening = self._listening, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        if self._named is not None and self._named.done() and not self._named.cancelled():
            self._named.exception()  # nobody waits for it any more
