"""What only several entries together show: the same id, host or network twice.

Runs over what was written, before it is validated, so that it is reported beside every other problem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from bridge.settings.problems import Key, Problem, Where, dotted
from services.rules import normalise_host, parse

_DEFAULT: Final = "default"
"""Organization and campus where neither the entry nor ``[bridge]`` names one."""

Entry = tuple[Key, Mapping[str, Any]]


def cross_checks(document: Mapping[str, Any], where: Where) -> list[Problem]:
    """The problems of a document: each id may stand once in a campus, each host and network once."""

    def tenant(entry: Mapping[str, Any]) -> tuple[str, ...]:
        bridge = document.get("bridge")
        given = bridge if isinstance(bridge, Mapping) else {}
        return tuple(str(entry.get(key) or given.get(key) or _DEFAULT) for key in ("organization", "campus"))

    def place(entry: Mapping[str, Any]) -> tuple[str, ...]:
        return normalise_host(entry["host"]), str(entry.get("port")), str(entry.get("unit"))

    units = [*_entries(document, "receivers"), *_entries(document, "units")]
    ranges = list(_entries(document, "discovery", "ranges"))
    return [
        *_repeats(units, "id", lambda entry: (*tenant(entry), entry["id"].strip().lower()), where),
        *_repeats(units, "host", place, where),
        *_repeats(ranges, "network", lambda entry: (*tenant(entry), _network(entry["network"])), where),
    ]


def _entries(document: Mapping[str, Any], *path: str) -> Iterator[Entry]:
    """The tables of a list of tables, each with its place."""
    found: Any = document
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    for number, entry in enumerate(found if isinstance(found, list) else ()):
        if isinstance(entry, Mapping):
            yield (*path, number), entry


def _network(text: str) -> str:
    """One way to write a network, so that 10.20.0.0/24 and 10.20.0.7/24 are the same."""
    try:
        return str(parse(text))
    except ValueError:
        return text.strip().lower()


def _repeats(
    entries: list[Entry], key: str, same: Callable[[Mapping[str, Any]], tuple[str, ...]], where: Where
) -> Iterator[Problem]:
    seen: dict[tuple[str, ...], Key] = {}
    for place, entry in entries:
        if not isinstance(entry.get(key), str):
            continue
        first = seen.setdefault(same(entry), place)
        if first != place:
            at = (*place, key)
            text = f"{entry[key]!r} stands in {dotted(first)} already; each may stand once"
            yield Problem(where.of(at), dotted(at), text)
