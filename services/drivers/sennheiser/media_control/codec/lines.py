"""Bytes of a datagram to messages, and requests to bytes.

Theory: a request and an answer are the same sentence, ``Word value value<CR>``. A word alone asks; so a word alone that
comes back is an echo and no answer. A refusal is ``1020: text [ request ]<CR>``. One datagram holds several lines.
Source: TI 1254 v1.0, pages 5 to 7 and 9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

PORT = 53212
"""UDP port of the unit, and the only source port that it is documented to answer (TI 1254 p. 5)."""

LINE_MOST = 512
"""Characters of one line. The longest of the document, a bank with 64 frequencies, has 460 (p. 14, 15)."""

LINES_KEPT = 2048
"""Lines whose meaning is remembered: cyclic data repeats the same few hundred lines."""

_REPORT = re.compile(r"([A-Za-z][A-Za-z0-9]{0,31})(?: (.*))?")
_REFUSAL = re.compile(r"(\d{4}): *([^\[]*?) *\[ *(.*?) *\]?")


@dataclass(frozen=True, slots=True)
class Report:
    """One line with a word. ``word`` is in lower case, for the vendor's own examples spell ``AF`` and ``Af``.

    ``text`` is all that stands behind the word and its blank; ``None`` for a word alone.
    """

    word: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that the unit did not take. ``word`` is the request's first word in lower case."""

    code: int
    reason: str
    request: str

    @property
    def word(self) -> str:
        """What was asked for or set."""
        return self.request.partition(" ")[0].lower()


Message = Report | Refusal


def parse(datagram: bytes) -> list[Message | None]:
    """The lines of one datagram in their order; ``None`` for a line that is none of this protocol. Never raises.

    A line feed, a NUL and blank lines between the lines are dropped. The last line counts without its end too: a
    datagram arrives whole or not at all.
    """
    lines = datagram.decode("latin-1").split("\r")
    return [
        _message(line) if len(line) <= LINE_MOST and line.isprintable() else None
        for each in lines
        if (line := each.strip("\n\0")) and not line.isspace()
    ]


@lru_cache(maxsize=LINES_KEPT)
def _message(line: str) -> Message | None:
    if found := _REPORT.fullmatch(line):
        word, text = found.groups()
        return Report(word.lower(), text)
    if found := _REFUSAL.fullmatch(line.strip()):
        code, reason, request = found.groups()
        return Refusal(int(code), reason, request)
    return None


def line(request: str) -> bytes:
    """A request: a word alone asks, with text behind it sets. Spelled as the vendor does: units distinguish case."""
    return f"{request}\r".encode("ascii")


def push(lasts_s: int, cycle_ms: int, flags: int) -> bytes:
    """Ask for unasked reports for ``lasts_s`` seconds (0 to 300).

    ``cycle_ms`` between two cyclic reports: 0 (none) to 60,000 in steps of 100. ``flags`` add up: 1 configuration when
    it changes, 2 cyclic data when a warning changes, 4 cyclic data when pilot or battery changes (TI 1254 p. 11, 12).
    """
    return f"Push {lasts_s} {cycle_ms} {flags}\r".encode("ascii")
