"""Units of the configuration that stand behind a gateway, and units whose driver is gone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from services.commands import Reach
from services.commands.command import Command
from services.commands.verbs.units import UnitHandlers
from services.drivers import DriverError, Link, Listener, Makers, Sighting, Target, Trace
from services.model import Address, AuditContext, Campus, Kind, ServiceError, UnitRecord
from services.store import Store
from services.units import ConfiguredUnit, ConfiguredUnits
from tests.integration.wiring import UnitServices
from tests.unit.discovery.answering import AnsweringDriver, makers_of, unit
from tests.unit.discovery.household import until

STAGE = Campus("default", "stage")
GATEWAY, PLAIN = "10.20.0.9", "10.20.0.10"


class Gateway(AnsweringDriver):
    """Units A and B behind one address, and one unit at another."""

    def __init__(self) -> None:
        behind = tuple(Sighting("acme", GATEWAY, unit(), unit=name) for name in ("A", "B"))
        super().__init__(answers={GATEWAY: behind, PLAIN: unit()})
        self.connected: list[Target] = []

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        self.connected.append(where)
        raise DriverError("refused", "it is enough to know who was called")


class House(UnitServices):
    """The services, and what keeps them equal to the file."""

    def __init__(self, store: Store, makers: Makers) -> None:
        super().__init__(store, makers)
        self.configured = ConfiguredUnits(
            self.inventory, self.membership, self.sessions, self.sync, makers, self.unidentified
        )

    @asynccontextmanager
    async def serving(self, *wanted: ConfiguredUnit) -> AsyncIterator[None]:
        await self.configured.apply(wanted)
        asking = asyncio.create_task(self.configured.run())
        try:
            async with asyncio.timeout(10):
                yield
        finally:
            asking.cancel()
            await asyncio.wait({asking})
            await asyncio.gather(*(self.sessions.stop(address) for address in list(self.inventory.units)))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(f"sqlite:///{tmp_path / 'house.db'}") as store:
        yield store


async def test_each_unit_behind_a_gateway_is_asked_for_by_its_own_name(store: Store) -> None:
    driver = Gateway()
    house = House(store, makers_of(driver))
    wanted = [ConfiguredUnit(STAGE, GATEWAY, id=id_, behind=name) for id_, name in (("choir", "A"), ("band", "B"))]
    async with house.serving(*wanted):
        await until(lambda: {target.unit for target in driver.connected} == {"A", "B"})
        assert {one.address.id: one.record.behind for one in house.inventory.units.values()} == {
            "choir": "A",
            "band": "B",
        }
        await house.configured.apply(wanted)
        assert len(house.inventory.units) == len(wanted)


@pytest.mark.parametrize(
    ("host", "behind", "words"),
    [(GATEWAY, "", "name one of its units, unit = ...; there are: A, B"), (GATEWAY, "C", "A, B"),
     (PLAIN, "A", "is no gateway")],
)  # fmt: skip
async def test_a_unit_that_is_not_there_by_that_name_is_no_other_one(
    store: Store, host: str, behind: str, words: str
) -> None:
    house = House(store, makers_of(Gateway()))
    async with house.serving(ConfiguredUnit(STAGE, host, id="choir", behind=behind)):
        await until(lambda: any(words in one.detail for one in house.unidentified))
        assert not house.inventory.units


async def test_each_unit_behind_a_gateway_that_does_not_answer_is_listed_for_itself(store: Store) -> None:
    house = House(store, makers_of(Gateway()))
    wanted = [ConfiguredUnit(STAGE, GATEWAY, id=name.lower(), behind=name) for name in ("C", "D", "A")]
    async with house.serving(*wanted):
        await until(lambda: house.inventory.units)
        await until(lambda: {one.unit for one in house.unidentified if one.reason == "wrong_model"} == {"C", "D"})
        assert len(house.unidentified) == len(wanted) - 1
        await house.configured.apply(wanted[1:])
        assert {one.unit for one in house.unidentified} == {"D"}


@asynccontextmanager
async def commanded(store: Store) -> AsyncIterator[tuple[House, Callable[..., Awaitable[object]]]]:
    house = House(store, makers_of(Gateway()))
    reach = Reach(list, house.inventory, house.makers)
    reach.configure(["0.0.0.0/0"], ["1-65535"])
    handlers = UnitHandlers(
        house.inventory, house.membership, house.sessions, house.sync, house.makers, reach, lambda: [STAGE]
    ).handlers
    address = Address(*STAGE, Kind.BRIDGE, "main")

    async def command(verb: str, **args: object) -> object:
        order = Command(verb, address, args, AuditContext.of(STAGE, "tests"))
        return await handlers[verb](order, lambda _progress: None)

    async with house.serving():
        yield house, command


async def test_a_command_adds_changes_and_replaces_a_unit_behind_a_gateway(store: Store) -> None:
    async with commanded(store) as (house, command):
        await command("unit_add", host=GATEWAY, unit="A", id="choir")
        await command("unit_add", host=GATEWAY, unit="B", id="band", kind="receiver")

        def behind() -> dict[str, str]:
            return {one.address.id: one.record.behind for one in house.inventory.units.values()}

        assert behind() == {"choir": "A", "band": "B"}
        for verb, args in (("unit_update", {}), ("unit_replace", {}), ("unit_replace", {"host": GATEWAY})):
            with pytest.raises(ServiceError, match="is receiver choir"):
                await command(verb, id="band", unit="A", **args)
        await command("unit_update", id="band", unit="C")
        assert behind()["band"] == "C"
        await command("unit_replace", id="band", unit="B")
        await command("unit_replace", id="choir")
        assert behind() == {"choir": "A", "band": "B"}


@pytest.mark.parametrize(
    ("verb", "args", "words"),
    [
        ("unit_add", {"host": GATEWAY}, "name one of its units, unit = ...; there are: A, B"),
        ("unit_add", {"host": GATEWAY, "unit": "C"}, "there are: A, B"),
        ("unit_add", {"host": PLAIN, "unit": "A"}, "is no gateway"),
        ("receiver_add", {"host": GATEWAY}, "unit_add"),
    ],
)
async def test_a_command_without_the_right_unit_of_a_gateway_names_those_that_are_there(
    store: Store, verb: str, args: Mapping[str, str], words: str
) -> None:
    async with commanded(store) as (house, command):
        with pytest.raises(ServiceError, match=re.escape(words)):
            await command(verb, **args)
        assert not house.inventory.units


def explanations(house: House) -> Sequence[str | None]:
    return [one.availability.detail for one in house.inventory.units.values()]


async def test_a_unit_whose_driver_was_taken_away_says_so_whoever_found_it(store: Store) -> None:
    house = House(store, makers_of(AnsweringDriver("other")))
    for number, driver in enumerate(("auto", "acme")):
        address = Address(*STAGE, Kind.RECEIVER, f"rack{number}")
        record = UnitRecord(address, "acme", driver, PLAIN, port=number + 1, model="A1", source="discovery")
        house.membership.adopt(record, None, AuditContext.of(STAGE, "tests"))
    assert explanations(house) == [
        "there is no driver for acme; installed: other",
        "there is no driver 'acme'; installed: other",
    ]
