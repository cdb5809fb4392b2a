"""One address that a maker speaks to through a shared datagram socket: sends, asks with repeats, receives.

A question has no task: a timer repeats it, and what the peer sends resolves its future.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from services.drivers.port import DriverError, Trace
from services.drivers.transport.failures import failure
from services.drivers.transport.udp.endpoint import FULL, Counters, SocketAddress, address_of
from services.model import AvailabilityReason
from services.pace import Pace

log = logging.getLogger(__name__)

Receive = Callable[[bytes], None]
Matches = Callable[[bytes], bool]
Failed = Callable[[DriverError], None]

FULL_S = 0.02
"""When the socket's buffer was full: the pause before the same datagram is sent again, without using up a repeat."""
ANSWERS_KEPT = 8
"""Answers, and questions given up, that a peer remembers, to recognise duplicates and late answers."""
LATE_S = 30.0
"""An answer is not expected any more, even late, after so many seconds."""


class Sender(Protocol):
    """What a peer needs of the socket that it belongs to."""

    counters: Counters

    def transmit(self, data: bytes, to: SocketAddress) -> int:
        """Send; return 0 or an error's number."""


class Peer:
    """A registered address. Made by `DatagramSocket.peer` alone."""

    def __init__(
        self,
        sender: Sender,
        name: str,
        to: SocketAddress,
        receive: Receive | None,
        *,
        failed: Failed | None = None,
        trace: Trace | None = None,
        hint: str = "",
    ) -> None:
        self.name = name
        """For people: ``192.0.2.7 UDP port 45``."""
        self.address = address_of(to)
        self._sender = sender
        self._to = to
        self._receive = receive
        self._on_failure = failed
        self._trace = trace
        self._hint = hint
        self._loop = asyncio.get_running_loop()
        self.last_received: float | None = None
        """Loop time at which the last datagram came; ``None`` before the first."""
        self._waiting: list[_Question] = []
        self._answers: deque[bytes] = deque(maxlen=ANSWERS_KEPT)
        self._given_up: deque[tuple[Matches, float]] = deque(maxlen=ANSWERS_KEPT)
        self._trouble, self._logged = 0, False
        self._ended: str | None = None

    def send(self, data: bytes) -> bool:
        """Send once, without waiting; whether the system took the datagram, which may be lost all the same."""
        if self._ended is not None:
            return False
        return self.transmit(data) == 0

    async def ask(
        self,
        data: bytes,
        matches: Matches,
        *,
        timeout: float,
        repeats: int = 2,
        pause: float | None = None,
        unique: bool = False,
        pace: Pace | None = None,
    ) -> bytes:
        """Send ``data`` and return the first datagram for which ``matches`` is true; it goes to no ``receive``.

        Without an answer the question is repeated after each ``pause`` seconds (by default ``timeout`` in equal
        parts), ``repeats`` times at most, and given up ``timeout`` seconds after it was first sent. ``unique``: only
        answers to this very question match (it carries a transaction number), so duplicates and late answers are
        counted and dropped; otherwise they go to ``receive`` like everything else. ``pace`` delays each sending until
        its turn, and ``timeout`` begins after the first turn.

        Raises `DriverError`: ``timeout``, ``refused`` (ICMP port unreachable) or ``bridge_stopped``.
        """
        if self._ended is not None:
            raise failure("bridge_stopped", self._ended)
        question = _Question(
            self, data, matches, timeout=timeout, repeats=repeats, pause=pause, unique=unique, pace=pace
        )
        self._waiting.append(question)
        try:
            question.start()
            outcome = await question.outcome
        finally:
            question.stop()
            self.forget(question)
        if isinstance(outcome, DriverError):
            try:
                raise outcome
            finally:
                del question, outcome  # an error and its frame would hold each other: a scan makes thousands of them
        return outcome

    def take(self, data: bytes) -> None:
        """Called by the socket with each datagram from this address."""
        self.last_received = self._loop.time()
        self._trouble = 0
        if self._trace is not None:
            self._trace("<", data)
        if data in self._answers:
            self._sender.counters.duplicate += 1
            return
        for question in self._waiting:
            if not question.outcome.done() and self._holds(question.matches, data):
                self._waiting.remove(question)
                if question.unique:
                    self._answers.append(data)
                question.outcome.set_result(data)
                return
        if self._is_late(data):
            self._sender.counters.late += 1
        elif self._receive is not None:
            self._call(self._receive, data)

    def fail(self, number: int) -> None:
        """Called by the socket with the number of each ICMP error about this address."""
        if number != errno.ECONNREFUSED:
            self._trouble = number
            return
        self._sender.counters.refused += 1
        hint = self._hint or "it may be restarting, or remote control is switched off in the unit's menu"
        self._fail_all("refused", f"nothing listens at {self.name}: {hint}")

    def leave(self) -> None:
        """Called by the socket when the registration ends: callers that wait get ``bridge_stopped``."""
        self._on_failure = None
        self.end(f"we ended the conversation with {self.name}")

    def end(self, why: str) -> None:
        """Called by the socket when it closes; harmless after the first time."""
        if self._ended is None:
            self._ended = why
            self._fail_all("bridge_stopped", why)
            self._answers.clear()
            self._given_up.clear()

    def forget(self, question: _Question) -> None:
        """Called by a question that is over; one without an answer was given up."""
        if question in self._waiting:
            self._waiting.remove(question)
            if question.unique:
                self._given_up.append((question.matches, self._loop.time() + LATE_S))

    def transmit(self, data: bytes) -> int:
        """Called by a question; the error's number or 0."""
        number = self._sender.transmit(data, self._to)
        if number == 0 and self._trace is not None:
            self._trace(">", data)
        if number and number not in FULL:
            self._trouble = number
        return number

    def count_repeat(self) -> None:
        """Called by a question before it is sent again."""
        self._sender.counters.repeated += 1

    def give_up(self, sent: int, timeout: float) -> DriverError:
        """Called by a question whose time is over: why, in words."""
        self._sender.counters.unanswered += 1
        trouble = f" ({os.strerror(self._trouble)})" if self._trouble else ""
        times = "once" if sent == 1 else f"{sent} times"
        hint = self._hint or "check address, power and network, and that a firewall lets UDP through"
        if not sent:
            return failure(
                "timeout", f"cannot send to {self.name}{trouble}: check the route and this machine's firewall"
            )
        return failure("timeout", f"no answer from {self.name} within {timeout:g} s, asked {times}{trouble}: {hint}")

    def _is_late(self, data: bytes) -> bool:
        while self._given_up and self._given_up[0][1] < self._loop.time():
            self._given_up.popleft()
        return any(self._holds(matches, data) for matches, _ in self._given_up)

    def _fail_all(self, reason: AvailabilityReason, detail: str) -> None:
        questions, self._waiting = self._waiting, []
        for question in questions:
            if not question.outcome.done():
                question.outcome.set_result(failure(reason, detail))
        if self._on_failure is not None:
            self._call(self._on_failure, failure(reason, detail))

    def _holds(self, matches: Matches, data: bytes) -> bool:
        return bool(self._call(matches, data))

    def _call(self, function: Callable[[Any], object], value: object) -> object:
        """Call what the driver gave. An error is logged once a peer: a unit could cause a thousand a second."""
        try:
            return function(value)
        except Exception:
            if not self._logged:
                log.exception("cannot process what came from a peer", extra={"host": self.address[0]})
            self._logged = True
            return None


class _Question:
    """One question and its timer."""

    def __init__(
        self,
        peer: Peer,
        data: bytes,
        matches: Matches,
        *,
        timeout: float,
        repeats: int,
        pause: float | None,
        unique: bool,
        pace: Pace | None,
    ) -> None:
        self.matches = matches
        self.unique = unique
        self._loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[bytes | DriverError] = self._loop.create_future()
        self._peer, self._data = peer, data
        self._timeout, self._pace = timeout, pace
        self._pause = timeout / (repeats + 1) if pause is None else pause
        self._left = repeats
        self._sent = 0
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Send, or wait for the turn to send."""
        delay = self._pace.reserve(self._loop.time()) if self._pace is not None else 0.0
        if delay > 0:
            self._timer = self._loop.call_later(delay, self._send)
        else:
            self._send()

    def stop(self) -> None:
        """Send no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send(self) -> None:
        self._timer = None
        if self.outcome.done():
            return
        now = self._loop.time()
        if self._deadline is None:
            self._deadline = now + self._timeout
        elif now >= self._deadline:
            self._finish()
            return
        number = self._peer.transmit(self._data)
        if number in FULL:
            self._timer = self._loop.call_at(min(now + FULL_S, self._deadline), self._send)
            return
        self._sent += number == 0
        if self._left > 0 and now + self._pause < self._deadline:
            self._timer = self._loop.call_at(now + self._pause, self._repeat)
        else:
            self._timer = self._loop.call_at(self._deadline, self._finish)

    def _repeat(self) -> None:
        self._timer = None
        if self.outcome.done():
            return
        self._left -= 1
        self._peer.count_repeat()
        self.start()

    def _finish(self) -> None:
        self._timer = None
        if not self.outcome.done():
            self._peer.forget(self)
            self.outcome.set_result(self._peer.give_up(self._sent, self._timeout))
