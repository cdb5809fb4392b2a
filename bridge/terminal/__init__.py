"""The live table of `watch` and `demo`: `board` keeps the rows, `words` makes texts of them, `screen` draws them."""

from __future__ import annotations

from bridge.terminal.board import Board, Row
from bridge.terminal.screen import Wall

__all__ = [
    "Board",
    "Row",
    "Wall",
]
