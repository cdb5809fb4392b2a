"""The scenarios, each a coroutine from a stage to rows of the table, in the order in which they run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bench.scenarios import load
from bench.stage import Stage
from bench.table import Row

Scenario = Callable[[Stage], Awaitable[Sequence[Row]]]

ALL: Mapping[str, Scenario] = {
    "load": load.measure,
}
