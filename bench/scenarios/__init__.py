"""The scenarios, each a coroutine from a stage to rows of the table, in the order in which they run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bench.scenarios import (
    audit,
    building,
    commands,
    control,
    dead,
    discovery,
    endurance,
    families,
    fleet,
    home_assistant,
    hostile,
    idle,
    latency,
    load,
    protocols,
    scrape,
    start,
    startup,
)
from bench.stage import Stage
from bench.table import Row

Scenario = Callable[[Stage], Awaitable[Sequence[Row]]]

ALL: Mapping[str, Scenario] = {
    "load": load.measure,
    "families": families.measure,
    "latency": latency.measure,
    "start": start.measure,
    "commands": commands.measure,
    "control": control.measure,
    "audit": audit.measure,
    "discovery": discovery.measure,
    "dead": dead.measure,
    "hostile": hostile.measure,
    "idle": idle.measure,
    "startup": startup.measure,
    "scrape": scrape.measure,
    "home_assistant": home_assistant.measure,
    "fleet": fleet.measure,
}

LONG: Mapping[str, Scenario] = {
    "ewdx": protocols.ewdx,
    "g4": protocols.g4,
    "sscv2": protocols.sscv2,
    "building": building.measure,
    "soak": endurance.soak,
    "unreachable": endurance.unreachable,
}
"""Those that take one to many minutes, run by name alone: `make bench` stays within its time."""
