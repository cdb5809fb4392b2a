"""The live table of `watch` and `demo`."""

from __future__ import annotations

from bridge.terminal.board import Board, Row
from bridge.terminal.screen import Wall

__all__ = [
    "Board",
    "Row",
    "Wall",
]
