"""From what people wrote to places that can be searched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.discovery.targets import Place, place_of
from services.model import RangeRecord, Result
from services.rules import parse


def named_places(networks: Iterable[str], hosts: Iterable[str], *, adopt: bool) -> tuple[list[Place], dict[str, str]]:
    """The places that a request names, and what is none with the reason in words."""
    places: list[Place] = []
    refused: dict[str, str] = {}
    for text in dict.fromkeys([*networks, *hosts]):
        try:
            places.append(Place(text, parse(text), adopt))
        except ValueError as error:
            refused[text] = str(error)
    return places, refused


def add_refused(result: Result, refused: Mapping[str, str]) -> None:
    """Add what is no place to a result, as errors beside the places that were searched."""
    for text, detail in refused.items():
        result.counts.seen += 1
        result.fail(text, "schema_violation", detail)


def configured_places(
    records: Iterable[RangeRecord], *, adopt: bool | None = None
) -> tuple[list[Place], dict[str, str]]:
    """The places of configured ranges and hosts, and what is none with the reason in words.

    ``adopt`` overrides that of the ranges.
    """
    places: list[Place] = []
    refused: dict[str, str] = {}
    for record in records:
        try:
            place = place_of(record)
            places.append(place if adopt is None else replace(place, adopt=adopt))
        except ValueError as error:
            refused[record.network] = str(error)
    return places, refused
