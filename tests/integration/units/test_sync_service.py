"""DeviceSyncService and what it stands on, called without any broker, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from services.drivers import Makers, Reading, SimulatedUnit, Surroundings
from services.live import Unit
from services.model import (
    Address,
    AuditContext,
    Campus,
    Identity,
    Kind,
    Part,
    Result,
    ServiceError,
    State,
    UnitRecord,
)
from services.store import Store
from services.units import (
    DeviceSnapshot,
)
from services.units.session import UnitSession
from tests.integration.house import drivers, simulated
from tests.integration.scripted import scripted
from tests.integration.turns import watched_turns
from tests.integration.wiring import UnitServices
from tests.unit.discovery import household

STAGE = Campus("default", "stage")
CONTEXT = AuditContext("default", "stage", actor="tests", request_id="r1")
NOBODY_THERE = 9
"""A port that refuses: sessions of receivers that no test talks to."""


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        await household.until(condition)


class Services(UnitServices):
    """The services of a bridge, nothing else."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, Makers(drivers()))

    async def bulk(self, *devices: DeviceSnapshot, complete: bool = False, limit: int | None = None) -> Result:
        return await self.sync.bulk_sync_devices(
            manufacturer="shure", devices=devices, complete=complete, context=CONTEXT, limit=limit
        )

    def receiver(self, receiver_id: str) -> Unit:
        return self.inventory.units[Address("default", "stage", Kind.RECEIVER, receiver_id)]

    @property
    def only(self) -> Unit:
        (receiver,) = self.inventory.units.values()
        return receiver

    async def actions(self) -> list[str]:
        await self.store.flush()
        return [event.draft.action for event in await self.store.audit_since("2000")]


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    async with Store.open(f"sqlite:///{tmp_path / 'services.db'}") as store:
        services = Services(store)
        async with services.makers.open(Surroundings()):
            yield services
            await services.sessions.close()


def seen(host: str, mac: str | None = None, **more: object) -> DeviceSnapshot:
    identity = Identity("shure", "ulxd", model="ULXD4Q", mac=mac, part_count=4)
    return DeviceSnapshot(host, NOBODY_THERE, replace(identity, **more), "shure")  # type: ignore[arg-type]  # by name


def at(unit: SimulatedUnit) -> DeviceSnapshot:
    return replace(seen(unit.host), port=unit.port)


async def add(services: Services, receiver_id: str = "rack", **more: object) -> Unit:
    """A receiver whose session finds nobody."""
    record = UnitRecord(
        Address("default", "stage", Kind.RECEIVER, receiver_id),
        "shure",
        "shure",
        "127.0.0.1",
        NOBODY_THERE,
        family="ulxd",
    )
    services.membership.adopt(replace(record, **more), None, CONTEXT)  # type: ignore[arg-type]  # by name
    return services.receiver(receiver_id)


# -- bulk sync ---------------------------------------------------------------------------------------------------


async def test_a_new_receiver_is_added_and_one_that_is_known_is_not(services: Services) -> None:
    first = await services.bulk(seen("127.0.9.1", "00:0e:dd:00:00:01"))
    again = await services.bulk(seen("127.0.9.1", "00:0e:dd:00:00:01"))
    assert (first.status, first.counts.added, first.counts.seen) == ("succeeded", 1, 1)
    assert (again.status, again.counts.added, again.counts.unchanged) == ("succeeded", 0, 1)
    assert services.only.address.id == "ulxd4q-000edd000001"
    assert (first.request_id, first.manufacturer) == ("r1", "shure")
    assert [action for action in await services.actions() if action.startswith("receiver_ad")] == ["receiver_adopted"]


async def test_duplicates_in_a_batch_are_collapsed_before_anything_is_written(services: Services) -> None:
    one = seen("127.0.9.1", "00:0e:dd:00:00:01")
    result = await services.bulk(one, one, replace(one, name="Newest word"))
    assert (result.counts.seen, result.counts.added) == (1, 1)
    assert services.only.record.name == "Newest word"


async def test_units_behind_one_gateway_are_units_of_their_own(services: Services) -> None:
    behind = [replace(seen("127.0.9.1", serial=f"s{number}"), unit=f"u{number}") for number in (1, 2)]
    first, again = await services.bulk(*behind), await services.bulk(*behind)
    assert (first.counts.added, again.counts.added, again.counts.unchanged) == (2, 0, 2)
    assert sorted(unit.record.behind for unit in services.inventory.units.values()) == ["u1", "u2"]
    for number in (1, 2):
        there = services.inventory.at("127.0.9.1", NOBODY_THERE, f"u{number}")
        assert there is not None
        assert there.record.serial == f"s{number}"


async def test_one_unit_under_two_addresses_of_a_batch_is_one_receiver(services: Services) -> None:
    result = await services.bulk(seen("127.0.9.1", "00:0e:dd:00:00:01"), seen("127.0.9.2", "00:0e:dd:00:00:01"))
    assert len(services.inventory.units) == 1
    assert result.counts.added == 1


async def test_more_than_the_limit_means_the_first_ones_and_a_clear_word(services: Services) -> None:
    devices = [seen(f"127.0.9.{number}", f"00:0e:dd:00:00:{number:02}") for number in range(1, 6)]
    online = await add(services, "there")
    online.availability.state = "online"
    result = await services.bulk(*devices, complete=True, limit=3)
    assert result.counts.added == 3
    assert result.status == "partial"
    assert "5 units" in result.warnings[0]
    assert "3" in result.warnings[0]
    assert result.counts.offline == 0, "a list that was cut short is not complete"
    assert online.availability.state == "online"


async def test_an_unknown_manufacturer_is_an_error_and_changes_nothing(services: Services) -> None:
    with pytest.raises(ServiceError, match="acme") as failure:
        await services.sync.bulk_sync_devices(manufacturer="acme", devices=[], complete=True, context=CONTEXT)
    assert failure.value.code == "schema_violation"
    assert "shure" in failure.value.detail


async def test_only_a_complete_list_marks_absentees_offline(services: Services) -> None:
    async with simulated() as unit:
        await services.bulk(at(unit))
        await until(lambda: services.only.online)
        rack = services.only
        last_seen = rack.record.last_seen
        partial = await services.bulk(seen("127.0.9.9", "00:0e:dd:00:00:09"))
        assert rack.online
        assert partial.counts.offline == 0
        complete = await services.bulk(seen("127.0.9.9", "00:0e:dd:00:00:09"), complete=True)
        assert complete.counts.offline == 1
        assert rack.availability.state == "offline"
        assert rack.record.last_seen is not None
        assert rack.record.last_seen >= (last_seen or "")
        assert "receiver_offline" in await services.actions()
        await until(lambda: rack.online)  # for it is there after all, and answers


async def test_a_receiver_that_is_moved_removed_and_reconnected_at_once_has_no_session_left(services: Services) -> None:
    async with simulated() as unit:
        await services.bulk(at(unit), complete=False)
        await until(lambda: services.only.online)
        rack = services.only
        await asyncio.gather(services.membership.reconnect(rack), services.membership.reconnect(rack))
        await until(lambda: rack.online)
        assert sessions_of(rack) == 1
        await asyncio.gather(
            services.membership.reconnect(rack),
            services.membership.remove(rack.address, CONTEXT),
            services.membership.reconnect(rack),
        )
        assert sessions_of(rack) == 0


async def test_who_waits_for_the_end_of_a_session_can_be_cancelled_meanwhile(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ending, go = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def run(_self: UnitSession) -> None:
        begun.set()
        try:
            await go.wait()
        finally:
            ending.set()
            await go.wait()

    monkeypatch.setattr(UnitSession, "run", run)
    rack = await add(services)
    await begun.wait()
    stopping = asyncio.create_task(services.sessions.stop(rack.address))
    await ending.wait()
    stopping.cancel()
    await asyncio.wait({stopping}, timeout=1)
    assert stopping.cancelled()
    go.set()
    await until(lambda: services.sessions.get(rack.address) is None)


async def test_a_removal_waits_for_a_read_that_is_under_way_and_ends_it_for_good(services: Services) -> None:
    async with simulated() as unit:
        await services.bulk(at(unit))
        await until(lambda: services.only.online)
        address = services.only.address
        reading = asyncio.create_task(services.sessions.refresh(address))
        while not services.queues.busy(address):  # noqa: ASYNC110 - a turn that begins is no event
            await asyncio.sleep(0)
        read, removed, late = await asyncio.gather(
            reading,
            services.membership.remove(address, CONTEXT),
            services.membership.update(address, {"name": "X"}, CONTEXT),
            return_exceptions=True,
        )
        assert (read, removed) == (None, None)
        assert isinstance(late, ServiceError)
        assert late.code == "unknown_resource"


async def test_two_restarts_at_once_never_make_two_connections(services: Services) -> None:
    async with scripted() as unit:
        await add(services, host="127.0.0.1", port=unit.port)
        rack = services.only
        await until(lambda: rack.online)
        before = unit.connections
        await asyncio.gather(*(services.membership.reconnect(rack) for _ in range(3)))
        await until(lambda: rack.online)
        assert (unit.connections - before, unit.most_open) == (3, 1)


async def test_of_two_removals_at_once_one_succeeds_and_the_other_finds_no_receiver(services: Services) -> None:
    async with simulated() as unit:
        await services.bulk(at(unit))
        await until(lambda: services.only.online)
        address = services.only.address
        remove = services.membership.remove
        first, second = await asyncio.gather(remove(address, CONTEXT), remove(address, CONTEXT), return_exceptions=True)
        assert first is None
        assert isinstance(second, ServiceError)
        assert second.code == "unknown_resource"
        assert (await services.actions()).count("receiver_removed") == 1
        assert len(list(services.ignored)) == 1


def sessions_of(receiver: Unit) -> int:
    return sum(task.get_name() == f"session {receiver.address.id}" for task in asyncio.all_tasks())


async def test_absentees_of_other_manufacturers_and_campuses_are_left_alone(services: Services) -> None:
    other = await add(services, "other", manufacturer="sennheiser")
    hall = Address("default", "hall", Kind.RECEIVER, "abroad")
    services.membership.adopt(UnitRecord(hall, "shure", "shure", "127.0.9.8", NOBODY_THERE), None, CONTEXT)
    abroad = services.inventory.units[hall]
    other.availability.state = abroad.availability.state = "online"
    result = await services.bulk(complete=True)
    assert (other.availability.state, abroad.availability.state, result.counts.offline) == ("online", "online", 0)


async def test_one_device_that_fails_never_hides_another(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    adopt = services.membership.adopt

    def adopt_some(record: UnitRecord, *more: Any) -> Address:
        if record.host == "127.0.9.2":
            raise ServiceError("internal", "this one cannot be taken over")
        return adopt(record, *more)

    monkeypatch.setattr(services.membership, "adopt", adopt_some)
    devices = [seen(f"127.0.9.{number}", f"00:0e:dd:00:00:{number:02}") for number in range(1, 4)]
    result = await services.bulk(*devices)
    assert (result.status, result.counts.added, result.counts.failed) == ("partial", 2, 1)
    assert [error.device for error in result.errors] == ["127.0.9.2"]


async def test_a_receiver_that_is_found_elsewhere_has_moved_and_keeps_its_id(services: Services) -> None:
    await services.bulk(seen("127.0.9.1", "00:0e:dd:00:00:01"))
    rack = services.only.address
    result = await services.bulk(seen("127.0.9.7", "00:0e:dd:00:00:01"))
    assert result.counts.moved == 1
    assert services.only.address == rack
    assert services.only.record.host == "127.0.9.7"
    assert services.inventory.by_host("127.0.9.1") == []
    assert "receiver_moved" in await services.actions()


async def test_a_receiver_that_is_heard_and_claimed_elsewhere_is_a_conflict_and_stays_where_it_is(
    services: Services,
) -> None:
    async with simulated() as unit:
        await services.bulk(at(unit))
        await until(lambda: services.only.online)
        result = await services.bulk(replace(seen("127.0.9.7", services.only.record.mac)))
        assert (result.counts.conflict, result.counts.moved) == (1, 0)
        assert result.errors[0].code == "identity_conflict"
        assert services.only.record.host == unit.host
        assert "receiver_conflict" in await services.actions()


async def test_another_unit_at_a_known_address_is_a_conflict_and_never_a_merge(services: Services) -> None:
    await services.bulk(seen("127.0.9.1", "00:0e:dd:00:00:01"))
    result = await services.bulk(seen("127.0.9.1", "00:0e:dd:00:00:02"))
    assert result.counts.conflict == 1
    assert services.only.record.mac == "00:0e:dd:00:00:01"


async def test_what_was_removed_by_hand_is_not_found_again_until_it_is_added(services: Services) -> None:
    device = seen("127.0.9.1", "00:0e:dd:00:00:01")
    await services.bulk(device)
    await services.membership.remove(services.only.address, CONTEXT)
    result = await services.bulk(replace(device, host="127.0.9.3"))
    assert (result.counts.added, services.inventory.units) == (0, {})
    assert "receiver_add" in result.warnings[0]
    result = await services.bulk(replace(device, source="command"))
    assert result.counts.added == 1


async def test_four_hundred_devices_do_not_hold_the_loop(services: Services) -> None:
    devices = [
        replace(
            seen(f"127.1.{number // 200}.{number % 200 + 1}", f"00:0e:dd:00:{number // 256:02x}:{number % 256:02x}")
        )
        for number in range(400)
    ]
    async with watched_turns() as turns:
        result = await services.bulk(*devices)
    assert result.counts.added == 400
    assert turns.longest_s < 0.05


# -- status and battery ------------------------------------------------------------------------------------------


def state_of(receiver: Unit, number: int = 1) -> State:
    return receiver.parts[number].state


async def status(services: Services, receiver: Unit, **values: object) -> Result:
    return await services.sync.sync_device_status(
        unit=receiver.address, readings=[Reading(Part(1), values)], context=CONTEXT
    )


async def test_what_a_terminal_would_obey_never_becomes_state_whatever_the_driver(services: Services) -> None:
    rack = await add(services)
    await status(services, rack, name="Vox\x1b[2J\u202e 1")
    first = rack.parts[1].state["name"]
    assert isinstance(first, str)
    assert first.isprintable()
    again = await status(services, rack, name="Vox\x1b[2J\u202e 1")
    assert again.counts.unchanged == 1


async def test_readings_become_stored_state_and_a_repetition_changes_nothing(services: Services) -> None:
    rack = await add(services)
    first = await status(services, rack, name="Vox 1", frequency_mhz=526.225)
    again = await status(services, rack, name="Vox 1")
    assert (first.counts.updated, first.counts.unchanged) == (1, 0)
    assert (again.counts.updated, again.counts.unchanged) == (0, 1)
    assert (state_of(rack)["name"], state_of(rack)["frequency_mhz"]) == ("Vox 1", 526.225)
    await services.store.flush()
    (stored,) = (await services.store.load()).parts
    assert (stored.state["name"], stored.state["frequency_mhz"]) == ("Vox 1", 526.225)


async def test_a_battery_of_0_is_0_and_unknown_is_unknown(services: Services) -> None:
    rack = await add(services)
    await status(services, rack, name="Vox 1", battery_bars=5, transmitter_model="ULXD2")
    channel = rack.parts[1].address
    battery: Mapping[str, object] = {"battery_percent": 0}
    result = await services.sync.sync_device_battery(part=channel, values=battery, context=CONTEXT)
    assert result.counts.updated == 1
    assert state_of(rack)["battery_percent"] == 0
    assert state_of(rack)["last_battery_percent"] == 0
    assert "battery_critical" in cast("list[str]", state_of(rack)["status_reasons"])
    await services.sync.sync_device_battery(part=channel, values={"battery_percent": None}, context=CONTEXT)
    assert state_of(rack)["battery_percent"] is None
    assert state_of(rack)["last_battery_percent"] == 0
    assert state_of(rack)["name"] == "Vox 1", "what was not spoken of stays"


async def test_what_is_no_battery_value_and_who_is_nobody_is_refused(services: Services) -> None:
    rack = await add(services)
    await status(services, rack, name="Vox 1")
    with pytest.raises(ServiceError, match="not a battery value: name"):
        await services.sync.sync_device_battery(part=rack.parts[1].address, values={"name": "X"}, context=CONTEXT)
    nobody = Address("default", "stage", Kind.CHANNEL, "nobody-1")
    for call in (
        services.sync.sync_device_battery(part=nobody, values={"battery_percent": 1}, context=CONTEXT),
        services.sync.sync_device_status(unit=nobody._replace(kind=Kind.RECEIVER), readings=[], context=CONTEXT),
        services.sync.clear_sync_cache(unit=nobody._replace(kind=Kind.RECEIVER), context=CONTEXT),
    ):
        with pytest.raises(ServiceError) as failure:
            await call
        assert failure.value.code == "unknown_resource"


async def test_a_status_of_a_receiver_that_is_heard_is_one_more_report_of_it(services: Services) -> None:
    async with simulated() as unit:
        await services.bulk(at(unit))
        await until(lambda: services.only.online)
        before = dict(state_of(services.only))
        result = await status(services, services.only, name="Told")
        assert result.counts.updated == 1
        assert state_of(services.only) == {**before, "name": "Told"}
        unit.set_value(Part(1), "battery_percent", 42)
        await until(lambda: state_of(services.only)["battery_percent"] == 42)
        assert state_of(services.only)["transmitter_present"] is True


async def test_clearing_the_cache_reads_again_and_loses_neither_state_nor_connection(services: Services) -> None:
    async with simulated() as unit:
        await services.bulk(at(unit))
        await until(lambda: services.only.online)
        before = dict(state_of(services.only))
        await status(services, services.only, name="Told")
        result = await services.sync.clear_sync_cache(context=CONTEXT)
        assert (result.status, result.counts.seen) == ("succeeded", 1)
        assert state_of(services.only) == before
        assert services.only.online
        assert services.only.link_state.reconnects_total == 0
        unit.set_value(Part(2), "name", "After")
        await until(lambda: state_of(services.only, 2)["name"] == "After")
        assert "sync_cache_cleared" in await services.actions()


async def test_last_seen_is_kept_whatever_happens(services: Services) -> None:
    async with simulated() as unit:
        await services.bulk(at(unit))
        await until(lambda: services.only.online)
        await unit.fault("offline")
        await until(lambda: not services.only.online)
        heard = services.only.record.last_seen
        assert heard is not None
        await status(services, services.only, name="Told")
        services.availability.set(services.only, "offline", "timeout")
        assert services.only.record.last_seen == heard
        await services.store.flush()
        (stored,) = (await services.store.load()).units
        assert stored.last_seen == heard


# -- membership --------------------------------------------------------------------------------------------------


async def test_a_removed_receiver_leaves_neither_rows_nor_marks_nor_a_session(services: Services) -> None:
    rack = await add(services)
    await status(services, rack, name="Vox 1")
    services.changes.take_marks()
    await services.membership.remove(rack.address, CONTEXT)
    marked = [address.id for address, _ in services.changes.take_marks()]
    assert marked[:2] == ["rack", "rack-1"], "whoever publishes empties what was retained of them"
    assert services.sessions.get(rack.address) is None
    assert services.inventory.part(rack.parts[1].address) is None
    await services.store.flush()
    loaded = await services.store.load()
    assert (loaded.units, loaded.parts) == ([], [])
    assert [one.unit for one in loaded.ignored] == ["rack"]


async def test_a_receiver_of_the_file_is_refused_to_commands_with_the_place_to_change_it(services: Services) -> None:
    rack = (await add(services, source="config")).address
    with pytest.raises(ServiceError, match=r"\[\[receivers\]\]") as failure:
        services.membership.label(rack, {"room": "X"}, CONTEXT)
    assert failure.value.code == "forbidden"
    for call in (
        services.membership.update(rack, {"name": "X"}, CONTEXT),
        services.membership.remove(rack, CONTEXT),
        services.membership.replace_unit(rack, None, CONTEXT),
    ):
        with pytest.raises(ServiceError, match=r"\[\[receivers\]\]") as failure:
            await call
        assert failure.value.code == "forbidden"


async def test_ids_that_cannot_stand_in_a_topic_are_refused(services: Services) -> None:
    for strange in ("Rack", "a/b", "-x", "x" * 59, "rack#"):
        with pytest.raises(ServiceError) as failure:
            await add(services, strange)
        assert failure.value.code == "schema_violation"
    assert services.inventory.units == {}


async def test_a_hundred_requests_for_one_receiver_are_answered_or_told_that_it_is_busy(services: Services) -> None:
    async with simulated() as unit:
        await services.bulk(at(unit))
        await until(lambda: services.only.online)
        await unit.fault("slow")
        answers = await asyncio.gather(
            *(services.sessions.refresh(services.only.address) for _ in range(100)), return_exceptions=True
        )
        codes = {answer.code for answer in answers if isinstance(answer, ServiceError)}
        assert codes <= {"busy"}
        assert None in answers
