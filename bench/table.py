"""Results: a row each, printed as a table and written as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, with its target where there is one."""

    scenario: str
    work: str
    measured: str
    target: str = ""
    ok: bool | None = None
    """``None`` where there is no target."""
    figures: Mapping[str, object] = field(default_factory=dict)
    """The same and more, as numbers."""

    @property
    def verdict(self) -> str:
        """For the table."""
        return {None: "", True: "ok", False: "MISSED"}[self.ok]


_HEADS = ("scenario", "work", "measured", "target", "")


def lines(rows: Iterable[Row]) -> list[str]:
    """The table, a line a row."""
    cells = [_HEADS, *((row.scenario, row.work, row.measured, row.target, row.verdict) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [texts[0], "  ".join("-" * width for width in widths if width), *texts[1:]]


def write(path: Path, rows: Sequence[Row], machine: Mapping[str, object], seconds: float) -> None:
    """Everything as JSON."""
    report = {"machine": machine, "seconds": round(seconds, 1), "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(report, indent=2) + "\n")
