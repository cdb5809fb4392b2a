"""The one writer of states, on a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.drivers import Makers, Reading
from services.live import Unit
from services.model import Abilities, Address, AuditContext, Facet, Kind, Part, UnitRecord
from services.store import Store
from tests.integration.house import drivers
from tests.integration.wiring import UnitServices

CONTEXT = AuditContext("default", "stage", "tests")
RACK = Address("default", "stage", Kind.RECEIVER, "rack")


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[UnitServices]:
    async with Store.open(f"sqlite:///{tmp_path / 'services.db'}") as store:
        yield UnitServices(store, Makers(drivers()))


def add(services: UnitServices) -> Unit:
    """A unit that is listed and that nobody connects to."""
    unit = Unit(UnitRecord(RACK, "shure", "manual", ""))
    services.writer.add(unit)
    services.writer.equip(unit, "manual", Abilities(), {1: Abilities(slots=8)}, ())
    return unit


async def say(services: UnitServices, part: Part, **values: object) -> None:
    await services.sync.sync_device_status(unit=RACK, readings=[Reading(part, values)], context=CONTEXT)


async def test_a_change_raises_the_revision_of_what_changed_and_of_nothing_else(services: UnitServices) -> None:
    part = add(services).parts[1]
    before, info = part.version.revision, part.info_version.revision
    await say(services, Part(1), name="Vox 1")
    assert part.version.revision > before
    assert part.info_version.revision == info
    again = part.version.revision
    await say(services, Part(1), name="Vox 1")
    assert part.version.revision == again, "the same once more is no change"


async def test_a_change_is_marked_stored_audited_and_an_event_in_one_step(services: UnitServices) -> None:
    part = add(services).parts[1]
    await say(services, Part(1), name="Vox 1")
    services.changes.take()
    await say(services, Part(1), name="Vox 2")
    marks, events = services.changes.take()
    assert (part.address, Facet.STATE) in marks
    assert [event.event_type for event in events] == ["settings_changed"]
    await services.store.flush()
    (stored,) = (await services.store.load()).parts
    assert stored.state["name"] == "Vox 2"
    assert (await services.store.audit_since("2000"))[-1].draft.after == {"name": "Vox 2"}


async def test_the_slots_of_the_unit_before_go_with_it(services: UnitServices) -> None:
    unit = add(services)
    await say(services, Part(1, 3), status="linked")
    assert unit.parts[1].slots
    services.writer.equip(unit, "manual", Abilities(), {1: Abilities()}, ())
    assert not unit.parts[1].slots
    await services.store.flush()
    (stored,) = (await services.store.load()).parts
    assert not stored.slots


async def test_a_part_that_the_unit_lacks_now_leaves_neither_row_nor_place(services: UnitServices) -> None:
    unit = add(services)
    services.writer.equip(unit, "manual", Abilities(), {2: Abilities()}, ())
    assert list(unit.parts) == [2]
    assert services.inventory.part(RACK._replace(kind=Kind.CHANNEL, id="rack-1")) is None
