"""Failures of a command as lines for people, and the exit code that goes with them."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TextIO

FAILED: Final = 1
WRONG: Final = 2
"""Wrong usage or configuration."""
READER_LEFT: Final = 141
"""What shells give for a program that SIGPIPE ended: 128 and its number, 13."""


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors of a group, and of groups within it."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def reader_left(error: BaseException) -> bool:
    """Whether this failure is that nobody reads the output any more, as after ``| head``; then it goes nowhere."""
    broken = any(isinstance(one, BrokenPipeError) for leaf in leaves(error) for one in _history(leaf))
    if not broken:
        return False
    # the libraries of the commands and of the tables end so; a broken connection to a unit or broker does not
    return silence() or isinstance(error, SystemExit)


def silence() -> bool:
    """Let what nobody reads any more of standard output and errors go nowhere; whether there was any."""
    gone = [stream for stream in _streams() if _is_gone(stream)]
    _to_nowhere(gone)  # else what is left in it would be written, and fail, once more at the very end
    return bool(gone)


@dataclass(slots=True)
class Reader:
    """Who reads what the commands write."""

    left: bool = False

    def leaves(self) -> None:
        """End the program as Ctrl-C does, and in silence: an exception would end in a driver or in the loop's log."""
        if not self.left:
            self.left = True
            _to_nowhere(_streams())
            signal.raise_signal(signal.SIGINT)


READER: Final = Reader()


def _streams() -> list[TextIO]:
    return [stream for stream in (sys.__stdout__, sys.__stderr__) if stream is not None]


def _to_nowhere(streams: Iterable[TextIO]) -> None:
    for stream in streams:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _is_gone(stream: TextIO) -> bool:
    watch = select.poll()
    watch.register(stream.fileno(), 0)  # errors and ends are always reported
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in watch.poll(0))


def _history(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that were being handled when it was raised."""
    known: BaseException | None = error
    while known is not None:
        yield known
        known = known.__context__


def explain(error: BaseException) -> tuple[list[str], int] | None:
    """Lines and exit code; ``None`` for a failure of our own, whose traceback someone needs."""
    lines: list[str] = []
    codes: set[int] = set()
    for leaf in leaves(error):
        explained = _one(leaf)
        if explained is None:
            return None
        lines += explained[0]
        codes.add(explained[1])
    return list(dict.fromkeys(lines)), max(codes, default=FAILED)


def _one(error: BaseException) -> tuple[list[str], int] | None:
    # by module and name: a command that did not need a module is not made to load it for its errors
    match type(error).__module__, type(error).__name__:
        case "bridge.settings.loading", "ConfigurationError":
            return list(getattr(error, "problems", [])), WRONG
        case "services.drivers.registry", "UnknownDriverError":
            return [str(error)], WRONG
        case (
            ("bridge.mqtt.endpoint", "BrokerError")
            | ("bridge.http.server", "ListenError")
            | ("services.store.errors", "StoreError" | "StoreClosedError")
            | ("services.drivers.port", "DriverError")
            | ("services.model.errors", "ServiceError")
        ):
            return [str(error)], FAILED
    if isinstance(error, OSError):
        return [str(error)], FAILED
    return None
