r"""PURE. Parses server-sent events: bytes in any pieces become events.

    parser = EventParser()
    for event in parser.feed(b'event: open\ndata: {"path": "/api"}\n\n'):
        ...                                 # Event(name="open", data='{"path": "/api"}', last_id="")

Source: WHATWG HTML, section 9.2.6, "Interpreting an event stream" (html.spec.whatwg.org/#event-stream-interpretation).
"""

from __future__ import annotations

from typing import NamedTuple

MOST_BYTES = 1 << 20
"""An event with more bytes than this is dropped."""

_MOST_DIGITS = 9
"""A longer pause than 11 days is a mistake."""
_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event. ``name`` is ``message`` where the stream names none; ``last_id`` may come from an earlier event."""

    name: str
    data: str
    last_id: str


class EventParser:
    """Parses one stream. It raises nothing: what is no event is left out, what is too long is counted."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self.retry_ms: int | None = None
        """The pause before a new connection that the server asked for, in ms; ``None`` if it asked for none."""
        self.oversize = 0
        """Events dropped because they or one of their lines had more than ``most_bytes``."""
        self._line = bytearray()
        self._line_too_long = False
        self._after_return = False
        self._first_line = True
        self._last_id = ""
        self._name = ""
        self._data: list[str] = []
        self._size = 0
        self._spoilt = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes of the stream; return the events that they complete."""
        if not chunk:
            return []
        if self._after_return and chunk.startswith(b"\n"):  # the second half of a CR LF that was cut in two
            chunk = chunk[1:]
            if not chunk:
                self._after_return = False
                return []
        self._after_return = chunk.endswith(b"\r")
        *complete, rest = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        events: list[Event] = []
        for piece in complete:
            self._extend(piece)
            event = self._end_line()
            if event is not None:
                events.append(event)
        self._extend(rest)
        return events

    def _extend(self, piece: bytes) -> None:
        """Add to the current line, of which no more is kept than an event may have."""
        room = self._most_bytes + len(_BOM) - len(self._line)
        if len(piece) > room:
            self._line_too_long = True
            piece = piece[:room]
        self._line += piece

    def _end_line(self) -> Event | None:
        line = bytes(self._line)
        too_long, self._line_too_long = self._line_too_long, False
        self._line.clear()
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BOM)
        if too_long or len(line) > self._most_bytes:
            self._spoilt = True
        elif not line:
            return self._dispatch()
        elif not line.startswith(b":"):
            self._field(line)
        return None

    def _field(self, line: bytes) -> None:
        self._size += len(line)
        if self._spoilt or self._size > self._most_bytes:
            self._spoilt = True
            self._data.clear()
            return
        raw_name, _, raw_value = line.partition(b":")
        value = raw_value.removeprefix(b" ").decode("utf-8", "replace")
        match raw_name:
            case b"data":
                self._data.append(value)
            case b"event":
                self._name = value
            case b"id" if "\0" not in value:
                self._last_id = value
            case b"retry" if value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
                self.retry_ms = int(value)
            case _:
                pass

    def _dispatch(self) -> Event | None:
        event = Event(self._name or "message", "\n".join(self._data), self._last_id) if self._data else None
        if self._spoilt:
            self.oversize += 1
            event = None
        self._begin()
        return event

    def _begin(self) -> None:
        self._name = ""
        self._data = []
        self._size = 0
        self._spoilt = False
