"""Prometheus' text format, in pieces: families of series as bytes. PURE.

Exposition formats, text-based format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

PREFIX = "mic2mqtt_"
"""Of every metric."""

SUFFIXES = {"counter": "_total", "info": "_info"}
"""What the exposition format adds to a name."""


@dataclass(frozen=True, slots=True)
class Described:
    """A metric in words, for the documentation."""

    name: str
    kind: str
    labels: tuple[str, ...]
    words: str


class Family:
    """One metric in Prometheus' text format (exposition formats, text-based format, version 0.0.4)."""

    def __init__(self, name: str, kind: str, words: str, labels: tuple[str, ...]) -> None:
        self.described = Described(f"{PREFIX}{name}{SUFFIXES.get(kind, '')}", kind, labels, words)
        self._name = self.described.name
        self._head = f"# HELP {self._name} {words}\n# TYPE {self._name} {'gauge' if kind == 'info' else kind}\n"
        self._lines: list[str] = []
        self._pieces: list[bytes] = []

    def add(self, labels: str, value: float) -> None:
        """A series; ``labels`` as `labels_text` writes them."""
        self._lines.append(f"{self._name}{{{labels}}} {value!r}\n")

    def flush(self) -> None:
        """Turn what was added since the last call into bytes."""
        if self._lines:
            self._pieces.append("".join(self._lines).encode())
            self._lines.clear()

    def pieces(self) -> Iterator[bytes]:
        """What is exposed, once, in pieces small enough to be joined and sent in no time; none without a series.

        Nothing is kept: to let go of ten megabytes at once would take a millisecond.
        """
        self.flush()
        written, self._pieces = self._pieces, []
        if not written:
            return
        group, size = [self._head.encode()], len(self._head)
        for piece in written:
            if size + len(piece) > PIECE_BYTES:
                yield b"".join(group)
                group, size = [], 0
            group.append(piece)
            size += len(piece)
        yield b"".join(group)


PIECE_BYTES = 128 * 1024
"""Of an answer: joining so much takes 0.1 ms."""

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def labels_text(words: Mapping[str, str]) -> str:
    """Labels as they stand between the braces, escaped."""
    return ",".join(f'{key}="{value.translate(_ESCAPES)}"' for key, value in words.items())
