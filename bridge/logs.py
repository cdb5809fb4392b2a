"""Log lines: for people on a terminal, as JSON for machines, and never with a secret in them.

Services and bridge log with the standard library, `logging.getLogger(__name__)`, and give what belongs to a line as
``extra={"unit": ..., "why": ...}``. Only here is decided how it looks. A thread writes the lines, so a terminal or
a log collector that stands still does not stop the bridge.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
from collections.abc import Callable, Iterable, MutableMapping
from copy import copy
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from typing import Any, Final, Literal, Self, TextIO

import orjson

from bridge.redaction import known, redact
from services.model import visible

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "plain", "json"]
Line = MutableMapping[str, Any]

OURS: Final = ("bridge", "services")
"""Libraries log from WARNING on; what they log below it concerns their makers."""

WAITING: Final = 10_000
"""Lines that may wait to be written; further ones are dropped and counted."""

_COLOURS: Final = {"debug": "\x1b[2m", "warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31;1m"}
_PLAIN: Final = "\x1b[0m"
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
"""What every record has; the rest was given as ``extra``."""
_TRACE: Final = "    "
"""Before each row of a traceback, so that none can pass for a line of its own."""
_SUBJECTS: Final = ("unit", "host", "campus")
"""Whom a line is about: the first of these that it has stands before its words."""


def plain_line(line: Line, *, colours: bool = False) -> str:
    """``time LEVEL subject  what happened: why  key=value``."""
    line = dict(line)
    time, level, event = line.pop("time"), line.pop("level"), str(line.pop("event"))
    trace = line.pop("exception", None)
    subject = next((str(line.pop(key)) for key in _SUBJECTS if line.get(key)), "")
    if why := line.pop("why", None):
        event = f"{event}: {why}"
    pairs = " ".join(f"{key}={_short(value)}" for key, value in line.items() if value is not None)
    text = visible(f"{time} {level.upper():<7} {subject:<14} {event}" + (f"  ({pairs})" if pairs else ""))
    if trace:
        text = "\n".join((text, *(_TRACE + visible(row) for row in str(trace).split("\n"))))
    return f"{_COLOURS[level]}{text}{_PLAIN}" if colours and level in _COLOURS else text


def _short(value: object) -> str:
    text = value if isinstance(value, str) else _as_json(value)
    return f'"{text}"' if isinstance(value, str) and (" " in text or not text) else text


def json_line(line: Line) -> str:
    """One JSON object on one line, whatever the texts in it hold."""
    return visible(_as_json(line, orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS))


def _as_json(value: object, option: int = 0) -> str:
    try:
        return orjson.dumps(value, default=str, option=option).decode()
    except TypeError:  # half a pair, or a number of more than 64 bits: the standard library writes both
        return json.dumps(value, default=str, sort_keys=True)


def _time(record: logging.LogRecord, *, local: bool) -> str:
    """The wall clock for people, RFC 3339 for machines."""
    if not local:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    time = datetime.fromtimestamp(record.created).astimezone()
    return time.strftime("%Y-%m-%d %H:%M:%S.") + f"{time.microsecond // 1000:03d}"


class _Queue(QueueHandler):
    """Hands lines to the writing thread without waiting for it."""

    def __init__(self, waiting: queue.Queue[Any]) -> None:
        super().__init__(waiting)
        self._waiting = waiting
        self.dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        frozen = copy(record)
        frozen.msg, frozen.args = record.getMessage(), None  # formatted now: the arguments may change
        return frozen

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self.dropped += 1
            return
        if self.dropped and self._waiting.qsize() < WAITING // 2:
            dropped, self.dropped = self.dropped, 0
            logging.getLogger(__name__).warning("%d log lines were dropped: their reader is too slow", dropped)


class Logs:
    """The process's log while the block lasts. `change` is for a reloaded configuration."""

    def __init__(
        self,
        level: Level = "info",
        format: Format = "auto",  # noqa: A002 - the configuration's own word
        *,
        secrets: Iterable[str] = (),
        stream: TextIO | None = None,
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._writer = logging.StreamHandler(self._stream)
        waiting: queue.Queue[Any] = queue.Queue(WAITING)
        self._waiting = waiting
        self._queue = _Queue(waiting)
        self._listener = QueueListener(waiting, self._writer)
        self.change(level, format, secrets=secrets)

    def __enter__(self) -> Self:
        root = logging.getLogger()
        root.setLevel(logging.WARNING)
        root.addHandler(self._queue)
        logging.captureWarnings(capture=True)
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self._queue)
        logging.captureWarnings(capture=False)
        self._listener.stop()

    @property
    def dropped(self) -> int:
        """Lines that were dropped and not yet reported."""
        return self._queue.dropped

    def drained(self) -> None:
        """Wait until everything that was logged before is written, at the end of the program; not on the event loop."""
        self._waiting.join()

    def change(self, level: Level, format: Format, *, secrets: Iterable[str] = ()) -> None:  # noqa: A002
        """Another level, form or set of secrets from now on."""
        for name in OURS:
            logging.getLogger(name).setLevel(level.upper())
        render = json_line if format == "json" else self._plain(format)
        self._writer.setFormatter(_Formatter(render, known(secrets), local=format != "json"))

    def _plain(self, format: Format) -> Callable[[Line], str]:  # noqa: A002
        colours = format == "auto" and self._stream.isatty() and not os.environ.get("NO_COLOR")
        return lambda line: plain_line(line, colours=colours)


class _Formatter(logging.Formatter):
    """Makes a line of a record: its words, what was given as ``extra``, and no secret."""

    def __init__(self, render: Callable[[Line], str], secrets: tuple[str, ...], *, local: bool) -> None:
        super().__init__()
        self._render = render
        self._secrets = secrets
        self._local = local

    def format(self, record: logging.LogRecord) -> str:
        line: Line = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if not record.name.startswith(OURS):
            line["logger"] = record.name
        line["event"] = record.getMessage()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        line = redact(line, self._secrets)
        return self._render({**line, "time": _time(record, local=self._local), "level": record.levelname.lower()})
