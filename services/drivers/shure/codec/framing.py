"""PURE. Bytes of a stream -> bodies of complete messages ``< ... >``.

A message may be spread over many reads, and a read may hold many messages, with noise between them. Names may contain
``<`` and ``>`` but never a brace (Shure's list of allowed characters), so within ``{...}`` only ``}`` counts, and a
second ``{`` there means that a ``}`` was lost.
"""

from __future__ import annotations

import re

LIMIT = 512
"""Bytes between ``<`` and ``>``. The longest documented message, a quadversity FD-C SAMPLE, has about 90."""

TEXT_LIMIT = 128
"""Bytes between braces. The widest documented text has 32; this is how much a lost ``}`` can hold back."""

# Without a brace in sight the innermost pair is a message.
_FLAT = re.compile(rb"<([^<>{}]*)>")

# What stands before the first brace of a message: its verb, and nothing that is not plain text. A brace behind anything
# else is noise, and must not hold back what follows it.
_BEFORE_BRACE = rb"\s*+[A-Za-z]{2,7}+\s[^<>{}\x80-\xff\x00-\x08]*+"

# The last group is ">" after a whole message, else the message has only begun.
_BRACED = re.compile(
    rb"<(?!(?!%(before)b\{)[^<>{}]*+\{)((?:[^<>{}]|\{[^{}]{0,%(text)d}+\})*+)(>|\Z|\{[^{}]{0,%(text)d}+\Z)"
    % {b"before": _BEFORE_BRACE, b"text": TEXT_LIMIT},
)


class Framer:
    """Carries over what is incomplete, at most ``limit`` bytes of it."""

    __slots__ = ("_limit", "discarded", "tail")

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self.tail = b""
        """What waits for the rest of its message."""
        self.discarded = 0
        """Bytes that belonged to no message; blanks between messages do not count."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes in; the bodies that they completed, without brackets and surrounding blanks."""
        buffer = self.tail + data if self.tail else data
        if b"{" in buffer:
            return self._feed_braced(buffer)
        if buffer[:2] == b"< " and buffer[-2:] == b" >" and b"  " not in buffer:
            # meters come like this ten thousand times a second: whole messages and nothing between them
            bodies = buffer[2:-2].split(b" >< ")
            count = len(bodies)
            clean = buffer.count(b"<") == count == buffer.count(b">") and b"}" not in buffer
            if clean and (len(buffer) <= self._limit or max(map(len, bodies)) <= self._limit):
                self.tail = b""
                return bodies
        return self._feed_flat(buffer)

    def give_up(self) -> list[bytes]:
        """Nothing more has come for long: what has only begun is lost, and what it held back comes out."""
        if b">" not in self.tail:  # nothing is held back, and a slow line may still bring the rest
            return []
        held, self.tail = self.tail[1:], b""
        self.discarded += 1
        return self.feed(held)

    def _feed_flat(self, buffer: bytes) -> list[bytes]:
        bodies: list[bytes] = _FLAT.findall(buffer)
        begun = buffer.rfind(b"<")
        end = len(buffer)
        if begun > buffer.rfind(b">"):
            end = begun
            self.tail = buffer[begun:]
        else:
            self.tail = b""
        # brackets, bodies and line ends account for every byte of clean input; all else is looked at more closely
        surplus = end - sum(map(len, bodies)) - 2 * len(bodies)
        if (surplus and surplus != 2 * buffer.count(b"\r\n")) or max(end, len(self.tail)) > self._limit:
            bodies = self._sort_out(buffer[:end], bodies)
        return [body.strip() for body in bodies]

    def _sort_out(self, buffer: bytes, bodies: list[bytes]) -> list[bytes]:
        kept = [body for body in bodies if len(body) <= self._limit]
        self.discarded += _weight(buffer) - _weight(b"".join(kept)) - 2 * len(kept)
        if len(self.tail) > self._limit:
            self.discarded += _weight(self.tail)
            self.tail = b""
        return kept

    def _feed_braced(self, buffer: bytes) -> list[bytes]:
        bodies: list[bytes] = []
        position = 0
        while (match := _BRACED.search(buffer, position)) is not None:
            begin, end = match.span()
            too_long = end - begin > self._limit + 2
            complete = match[2] == b">"
            if too_long:  # not a message: the next "<" may begin one
                end = begin + 1
            elif complete:
                bodies.append(match[1].strip())
                end = match.end()
            self.discarded += _weight(buffer[position : end if too_long else begin])
            if not complete and not too_long:
                self.tail = buffer[begin:]
                return bodies
            position = end
        self.discarded += _weight(buffer[position:])
        self.tail = b""
        return bodies


def _weight(data: bytes) -> int:
    """Bytes apart from blanks."""
    return len(data.translate(None, b" \r\n\t"))
