"""A receiver at its own address and behind a System API server: one unit, whoever finds it first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.drivers import Credential, Makers, Surroundings, find_drivers
from services.drivers.port import SimulatedUnit
from services.drivers.shure.simulation.simulator import simulate
from services.drivers.shure.simulation.system_api.fleet import simulate_servers
from services.drivers.shure.simulation.system_api.server import Server
from services.model import Campus, Kind
from services.rules import parse
from services.store import Store
from services.units import ConfiguredUnit, ConfiguredUnits
from tests.integration.wiring import UnitServices
from tests.unit.discovery.household import until

STAGE = Campus("default", "stage")


class House(UnitServices):
    def __init__(self, store: Store, makers: Makers, receiver: SimulatedUnit, server: Server) -> None:
        super().__init__(store, makers)
        self.receiver, self.server = receiver, server
        self.configured = ConfiguredUnits(
            self.inventory, self.membership, self.sessions, self.sync, makers, self.unidentified
        )

    @property
    def behind(self) -> str:
        return self.server.api.devices[1].device_id

    def direct_entry(self, **more: object) -> ConfiguredUnit:
        return ConfiguredUnit(STAGE, self.receiver.host, port=self.receiver.port, driver="shure", **more)  # type: ignore[arg-type]

    def gateway_entry(self, **more: object) -> ConfiguredUnit:
        given = {"port": self.server.port, "behind": self.behind, "options": self.server.options, **more}
        return ConfiguredUnit(STAGE, self.server.host, driver="shure", **given)  # type: ignore[arg-type]

    def online(self) -> set[str]:
        return {unit.address.id for unit in self.inventory.units.values() if unit.online}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    makers = Makers(find_drivers())
    async with (
        simulate("ulxd", model="ULXD4Q", count=1, listen="127.0.0.1", port=0, still=True) as (receiver,),
        simulate_servers("adtq", count=1, listen="127.0.0.1", port=0, still=True, behind="ULXD4Q") as (server,),
        Store.open(f"sqlite:///{tmp_path / 'house.db'}") as store,
        makers.open(Surroundings("127.0.0.1")),
    ):
        house = House(store, makers, receiver, server)
        mac = (await mac_of(house)).replace(":", "")
        server.api.devices[1].device_id = f"{mac[-8:]}-0000-11DD-A000-000EDDCCCCCC"
        asking = asyncio.create_task(house.configured.run())
        try:
            async with asyncio.timeout(30):
                yield house
        finally:
            asking.cancel()
            await asyncio.wait({asking})
            await asyncio.gather(*(house.sessions.stop(address) for address in list(house.inventory.units)))


async def mac_of(house: House) -> str:
    await house.configured.apply([house.direct_entry(id="rack1", kind=Kind.RECEIVER)])
    await until(lambda: house.online() == {"rack1"})
    (unit,) = house.inventory.units.values()
    mac = unit.record.mac
    assert mac is not None
    await house.configured.apply([])
    return mac


async def test_a_unit_that_is_known_at_its_own_address_is_no_second_one_behind_the_server(house: House) -> None:
    await house.configured.apply([house.direct_entry(id="rack1", kind=Kind.RECEIVER)])
    await until(lambda: house.online() == {"rack1"})
    await house.configured.apply([house.direct_entry(id="rack1", kind=Kind.RECEIVER), house.gateway_entry()])
    await until(lambda: any("rack1" in one.detail for one in house.unidentified))
    assert [unit.address.id for unit in house.inventory.units.values()] == ["rack1"]
    (listed,) = house.unidentified
    assert listed.reason == "identity_conflict"


async def test_what_the_server_tells_of_it_besides_is_kept_with_it(house: House) -> None:
    await house.configured.apply([house.direct_entry(id="rack1", kind=Kind.RECEIVER)])
    await until(lambda: house.online() == {"rack1"})
    await house.configured.apply([house.direct_entry(id="rack1", kind=Kind.RECEIVER), house.gateway_entry()])
    (unit,) = house.inventory.units.values()
    await until(lambda: unit.record.serial == house.server.api.devices[1].serial)
    assert unit.online


async def test_of_two_entries_with_ids_the_one_at_its_own_address_is_read(house: House) -> None:
    wanted = [
        house.gateway_entry(id="far", kind=Kind.RECEIVER),
        house.direct_entry(id="rack1", kind=Kind.RECEIVER),
    ]
    await house.configured.apply(wanted[:1])
    await until(lambda: house.online() == {"far"})
    await house.configured.apply(wanted)
    await until(lambda: "rack1" in house.online())
    far = next(unit for unit in house.inventory.units.values() if unit.address.id == "far")
    await house.membership.reconnect(far)
    await until(lambda: far.availability.reason == "identity_conflict")
    assert "rack1" in (far.availability.detail or "")
    assert house.online() == {"rack1"}


async def test_the_key_may_stand_with_the_driver_for_the_server_alone(house: House) -> None:
    options = {"key": house.server.options.key}
    house.sessions.credentials.use([Credential("shure", options, parse("127.0.0.0/30"))])
    await house.configured.apply([house.gateway_entry(options=None)])
    await until(lambda: len(house.online()) == 1)
    (unit,) = house.inventory.units.values()
    assert unit.record.certificate == house.server.options.fingerprint


async def test_behind_the_server_it_is_read_as_long_as_nobody_knows_its_own_address(house: House) -> None:
    await house.configured.apply([house.gateway_entry()])
    await until(lambda: len(house.online()) == 1)
    (unit,) = house.inventory.units.values()
    assert (unit.record.behind, unit.record.family) == (house.behind, "ulxd")
