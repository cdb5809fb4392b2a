"""Whatever kind a unit is of, what is published of it and its parts has the form that the contract describes."""

from __future__ import annotations

import json

import pytest

from bridge.contract import payloads
from bridge.publishing.rendering import Renderer
from services.discovery import Candidates
from services.live import Changes, Inventory, Unit, Version
from services.model import UNIT_KINDS, Address, Campus, Event, Facet, Kind, UnitRecord, facets_of

NOW = "2026-11-22T12:00:00.000Z"
STAGE = Campus("default", "stage")
RENDERED = (Facet.INFO, Facet.STATE, Facet.AVAILABILITY, Facet.LINK)


def house() -> Inventory:
    """A unit of every kind with two parts, all of them numbered and dated as if they had been live."""
    inventory = Inventory("main", 1)
    for kind in UNIT_KINDS:
        record = UnitRecord(Address(*STAGE, kind, f"my-{kind}"), "shure", "shure", "10.0.0.1", part_count=2)
        unit = Unit(record)
        unit.availability.since = NOW
        inventory.put(unit)
        parts = [inventory.ensure_part(unit, number) for number in (1, 2)]
        unit.version = unit.info_version = unit.availability.version = Version(1, NOW)
        for part in parts:
            part.version = part.info_version = Version(2, NOW)
    return inventory


def renderer_of(inventory: Inventory) -> Renderer:
    return Renderer(inventory, Candidates(inventory, Changes()))


@pytest.mark.parametrize("kind", UNIT_KINDS)
async def test_every_facet_of_a_unit_and_of_its_parts_can_be_read(kind: Kind) -> None:
    inventory = house()
    renderer = renderer_of(inventory)
    unit = inventory.units[Address(*STAGE, kind, f"my-{kind}")]
    for address in (unit.address, unit.parts[1].address):
        for facet in RENDERED:
            rendered = renderer.render(address, facet)
            assert bool(rendered) == (facet in facets_of(address.kind)), (address, facet)
            for _, payload in rendered:
                payloads.read(payload)


@pytest.mark.parametrize("kind", UNIT_KINDS)
def test_a_part_names_its_unit_and_a_unit_counts_its_parts(kind: Kind) -> None:
    inventory = house()
    renderer = renderer_of(inventory)
    unit = inventory.units[Address(*STAGE, kind, f"my-{kind}")]
    ((_, part),) = renderer.render(unit.parts[2].address, Facet.INFO)
    data = json.loads(part)["data"]
    assert (data[kind.value], data["number"]) == (unit.address.id, 2)
    ((_, whole),) = renderer.render(unit.address, Facet.INFO)
    counts = {key: value for key, value in json.loads(whole)["data"].items() if key.endswith("_count")}
    assert counts == {UNIT_KINDS[kind].count: 2}


def test_events_and_meters_of_every_kind_can_be_read() -> None:
    inventory = house()
    renderer = renderer_of(inventory)
    for unit, part in inventory.parts():
        for address in (unit.address, part.address):
            payloads.read(renderer.event(Event("0191", "online", NOW, address, {})))
        if Facet.TELEMETRY in facets_of(part.address.kind):
            part.meters.newest = {"audio_overload": False, "samples": 1}
            payload = renderer.telemetry(part.address, NOW)
            assert payload is not None
            payloads.read(payload)


def test_a_campus_lists_channels_as_ever_and_the_other_parts_beside_them() -> None:
    inventory = house()
    renderer = renderer_of(inventory)
    bridge = inventory.bridge_address(STAGE)
    ((_, summary),) = renderer.render(bridge, Facet.SUMMARY)
    payloads.read(summary)
    rows = json.loads(summary)
    assert [row["id"] for row in rows["channels"]] == ["my-receiver-1", "my-receiver-2"]
    assert "kind" not in rows["channels"][0]
    assert {(row["kind"], row["id"]) for row in rows["parts"]} == {
        (kind.part, f"my-{kind.unit}-{number}")
        for kind in UNIT_KINDS.values()
        for number in (1, 2)
        if kind.unit is not Kind.RECEIVER
    }
    ((_, listed),) = renderer.render(bridge, Facet.INVENTORY)
    payloads.read(listed)
    found = json.loads(listed)
    assert found["receivers"] == [{"receiver": "my-receiver", "channels": ["my-receiver-1", "my-receiver-2"]}]
    others = sorted(f"my-{kind}" for kind in UNIT_KINDS if kind is not Kind.RECEIVER)
    assert [unit["unit"] for unit in found["units"]] == others


def test_the_plain_values_of_a_bay_are_those_of_its_state_without_lists_and_objects() -> None:
    inventory = house()
    charger = inventory.units[Address(*STAGE, Kind.CHARGER, "my-charger")]
    told = {key for key, _, _ in renderer_of(inventory).values(charger.parts[1].address)}
    assert {"occupied", "battery_percent", "status"} <= told
    assert not {"more", "alerts", "status_reasons"} & told


def test_nothing_is_rendered_of_what_a_kind_does_not_have() -> None:
    inventory = house()
    charger = inventory.units[Address(*STAGE, Kind.CHARGER, "my-charger")]
    assert renderer_of(inventory).render(charger.parts[1].address, Facet.LEVELS) == []
