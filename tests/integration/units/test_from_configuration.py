"""Hosts of the configuration that have not answered: how often they are asked, and what a changed file does to that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from services.drivers import DriverError, Link, Sighting, Target, Trace
from services.model import Campus, Kind
from services.store import Store
from services.units import ConfiguredUnit, ConfiguredUnits
from tests.integration.wiring import UnitServices
from tests.unit.discovery import household
from tests.unit.discovery.answering import AnsweringDriver, makers_of, unit

STAGE = Campus("default", "stage")
ENTRY = ConfiguredUnit(STAGE, "h", id="rack", name="old name")


class Slow(AnsweringDriver):
    """A driver that answers when the test says so."""

    def __init__(self) -> None:
        super().__init__(answers={"h": unit("s1")})
        self.may_answer = asyncio.Event()

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        self.asked.append(where)
        await self.may_answer.wait()
        return [Sighting(self.name, where.host, unit("s1"), where.port)]


@asynccontextmanager
async def configured(path: Path, driver: AnsweringDriver) -> AsyncIterator[tuple[UnitServices, ConfiguredUnits]]:
    async with Store.open(f"sqlite:///{path / 'services.db'}") as store:
        services = UnitServices(store, makers_of(driver))
        units = ConfiguredUnits(
            services.inventory,
            services.membership,
            services.sessions,
            services.sync,
            services.makers,
            services.unidentified,
        )
        task = asyncio.create_task(units.run())
        try:
            yield services, units
        finally:
            task.cancel()
            await asyncio.wait({task})
            await services.sessions.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        await household.until(condition)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.units.from_configuration.RETRY_FIRST_S", 0.01)
    monkeypatch.setattr("services.units.from_configuration.RETRY_MOST_S", 0.01)


async def test_a_password_that_was_refused_is_sent_again_only_when_the_entry_changed(tmp_path: Path) -> None:
    refused = DriverError("auth_failed", "wrong password", again_s=None)
    driver = AnsweringDriver(answers={"h": refused, "other": DriverError("refused", "nobody")})
    entries = [ENTRY, replace(ENTRY, host="other", id="other")]
    async with configured(tmp_path, driver) as (services, units):
        await units.apply(entries)
        await until(lambda: driver.hosts.count("other") > 3)
        await units.apply(entries)
        await until(lambda: driver.hosts.count("other") > 6)
        assert driver.hosts.count("h") == 1
        assert services.unidentified["h"].detail == "wrong password"
        await units.apply([replace(ENTRY, name="new name"), entries[1]])
        await until(lambda: driver.hosts.count("h") == 2)


async def test_what_a_reload_changed_while_a_host_was_asked_counts(tmp_path: Path) -> None:
    driver = Slow()
    async with configured(tmp_path, driver) as (services, units):
        await units.apply([ENTRY])
        await until(lambda: driver.asked)
        await units.apply([replace(ENTRY, name="new name", id="rack2")])
        driver.may_answer.set()
        await until(lambda: services.inventory.units)
        (found,) = services.inventory.units.values()
        assert (found.address.id, found.record.name) == ("rack2", "new name")


async def test_a_host_that_left_the_file_while_it_was_asked_is_listed_no_more(tmp_path: Path) -> None:
    driver = Slow()
    driver.answers["h"] = DriverError("refused", "nobody")
    async with configured(tmp_path, driver) as (services, units):
        await units.apply([ENTRY])
        await until(lambda: driver.asked)
        await units.apply([])
        assert not services.unidentified
        driver.may_answer.set()
        await units.apply([])
        assert not services.unidentified
        assert not services.inventory.units


async def test_a_unit_of_a_maker_that_its_driver_does_not_name_is_listed_and_ends_nothing(tmp_path: Path) -> None:
    driver = AnsweringDriver(answers={"h": unit("s1", maker="stranger"), "fine": unit("s2"), "late": unit("s3")})
    async with configured(tmp_path, driver) as (services, units):
        await units.apply([ENTRY, replace(ENTRY, host="fine", id="fine")])
        await until(lambda: services.inventory.units)
        assert [one.id for one in services.inventory.units] == ["fine"]
        await until(lambda: "h" in services.unidentified and "stranger" in services.unidentified["h"].detail)
        await units.apply([replace(ENTRY, host="late", id="late")])
        assert "h" not in services.unidentified
        await until(lambda: [one.id for one in services.inventory.units] == ["late"])


class Stuck(AnsweringDriver):
    """A driver whose conversations do not end."""

    def __init__(self) -> None:
        super().__init__(answers={"h": unit("s1")})
        self.connected = asyncio.Event()

    @asynccontextmanager
    async def connect(self, *_: object) -> AsyncIterator[Link]:
        try:
            self.connected.set()
            await asyncio.Event().wait()
            yield cast("Link", None)
        finally:
            await asyncio.Event().wait()


async def test_a_driver_that_hangs_while_it_closes_holds_up_neither_a_reload_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.units.sessions.STOP_S", 0.01)
    driver = Stuck()
    async with asyncio.timeout(5), configured(tmp_path, driver) as (services, units):
        await units.apply([ENTRY])
        await driver.connected.wait()
        assert (await units.apply([]))["removed"] == 1
        driver.connected.clear()
        await units.apply([ENTRY])
        await driver.connected.wait()
        await services.sessions.close()


async def test_the_right_kind_is_taken_where_the_file_says_it(tmp_path: Path) -> None:
    driver = AnsweringDriver(answers={"h": unit("s1")})
    async with configured(tmp_path, driver) as (services, units):
        await units.apply([replace(ENTRY, id=None, kind=Kind.CHARGER)])
        await until(lambda: "h" in services.unidentified and services.unidentified["h"].reason == "wrong_model")
        await units.apply([replace(ENTRY, id=None, kind=Kind.RECEIVER)])
        await until(lambda: services.inventory.units)
        assert not services.unidentified
