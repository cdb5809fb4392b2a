"""Kinds of units and parts: what one has and another lacks is data."""

from __future__ import annotations

import pytest

from services.model import (
    A_NOUN,
    NOUNS,
    PART_KINDS,
    RESOURCE_KINDS,
    UNIT_KINDS,
    Address,
    Facet,
    Kind,
    facets_of,
    kind_of_unit,
    unit_address,
)


def test_every_kind_but_the_bridge_is_a_unit_or_a_part_and_has_a_name_for_people() -> None:
    assert {*RESOURCE_KINDS} == {*Kind} - {Kind.BRIDGE}
    assert {*UNIT_KINDS} | {*PART_KINDS} == {*RESOURCE_KINDS}
    assert {*NOUNS} == {*Kind}


def test_a_sentence_about_a_kind_has_the_right_article() -> None:
    assert (A_NOUN[Kind.IEM], A_NOUN[Kind.CHARGER]) == ("an IEM transmitter", "a charger")


@pytest.mark.parametrize("kind", RESOURCE_KINDS)
def test_every_unit_and_part_says_who_it_is_how_it_is_and_whether_it_is_there(kind: Kind) -> None:
    assert {Facet.INFO, Facet.STATE, Facet.AVAILABILITY, Facet.EVENT} <= {*facets_of(kind)}


def test_a_bay_has_no_meters_and_only_a_channel_has_slots() -> None:
    assert Facet.TELEMETRY not in facets_of(Kind.BAY)
    assert [kind for kind in RESOURCE_KINDS if Facet.SLOTS in facets_of(kind)] == [Kind.CHANNEL]
    assert facets_of(Kind.BRIDGE) == ()


@pytest.mark.parametrize(
    ("part", "unit"), [(Kind.CHANNEL, Kind.RECEIVER), (Kind.IEM_CHANNEL, Kind.IEM), (Kind.BAY, Kind.CHARGER)]
)
def test_a_part_knows_its_unit(part: Kind, unit: Kind) -> None:
    assert kind_of_unit(part) is unit
    assert unit_address(Address("acme", "north", part, "rack-1-12")) == Address("acme", "north", unit, "rack-1")
