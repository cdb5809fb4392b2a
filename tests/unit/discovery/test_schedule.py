from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from services import clock
from services.discovery import Schedule
from services.model import Campus, RangeRecord
from tests.unit.discovery.answering import AnsweringDriver, unit
from tests.unit.discovery.household import STAGE, Site, configured, put, until

SOON_S = 0.02


@asynccontextmanager
async def running(site: Site) -> AsyncIterator[Schedule]:
    schedule = Schedule(
        discovery=site.discovery, inventory=site.inventory, unidentified=site.unidentified, debounce_s=SOON_S
    )
    task = asyncio.create_task(schedule.run())
    try:
        yield schedule
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def searches(site: Site, count: int) -> list[list[str]]:
    """Wait for so many finished discoveries; the places of each."""
    await until(lambda: site.diary.actions.count("discovery_finished") >= count)
    return [sorted(after["places"]) for action, after in site.diary.entries if action == "discovery_started"]  # type: ignore[call-overload]


async def nothing_more(site: Site, count: int) -> None:
    await asyncio.sleep(SOON_S * 4)
    assert site.diary.actions.count("discovery_started") == count


def searched(record: RangeRecord, ago_s: float = 0.0) -> RangeRecord:
    return replace(record, scanned_at=clock.text_of(clock.now() - ago_s))


async def test_a_new_range_is_searched_once() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit("s9")}))
    async with running(site) as schedule:
        assert schedule.configure([configured("10.20.0.8/30")]) == 1
        assert await searches(site, 1) == [["10.20.0.8/30"]]
        assert site.shelf.hosts == ["10.20.0.9"]
        await nothing_more(site, 1)
        assert site.diary.entries[0][1]["places"] == ["10.20.0.8/30"]


async def test_changes_that_follow_each_other_make_one_discovery() -> None:
    site = Site(AnsweringDriver())
    async with running(site) as schedule:
        for n in range(5):
            schedule.configure([configured(f"10.20.{part}.8/30") for part in range(n + 1)])
        assert await searches(site, 1) == [[f"10.20.{part}.8/30" for part in range(5)]]
        await nothing_more(site, 1)


async def test_only_the_range_that_changed_is_searched_again() -> None:
    site = Site(AnsweringDriver())
    async with running(site) as schedule:
        schedule.configure([configured("10.20.0.8/30"), configured("10.20.1.8/30")])
        await searches(site, 1)
        assert schedule.configure([configured("10.20.0.8/30"), configured("10.20.1.8/30", adopt=False)]) == 1
        assert (await searches(site, 2))[1] == ["10.20.1.8/30"]
        assert schedule.configure([configured("10.20.0.8/30"), configured("10.20.1.8/30", adopt=False)]) == 0
        await nothing_more(site, 2)


async def test_a_range_that_was_searched_before_the_restart_waits_for_its_schedule() -> None:
    site = Site(AnsweringDriver())
    old = [searched(configured("10.20.0.8/30")), searched(configured("10.20.1.8/30", every_s=3600))]
    async with running(site) as schedule:
        ranges = [configured("10.20.0.8/30"), configured("10.20.1.8/30", every_s=3600)]
        assert schedule.configure(ranges, stored=old) == 0
        await nothing_more(site, 0)


async def test_a_range_whose_time_came_while_the_bridge_was_away_is_searched_at_once() -> None:
    site = Site(AnsweringDriver())
    async with running(site) as schedule:
        wanted = configured("10.20.1.8/30", every_s=3600)
        assert schedule.configure([wanted], stored=[searched(wanted, ago_s=7200)]) == 1
        await searches(site, 1)


async def test_a_range_with_a_schedule_is_searched_again_and_again() -> None:
    site = Site(AnsweringDriver())
    async with running(site) as schedule:
        schedule.configure([configured("10.20.0.8/30", every_s=0.05), configured("10.20.1.8/30")])
        assert await searches(site, 3) == [["10.20.0.8/30", "10.20.1.8/30"], ["10.20.0.8/30"], ["10.20.0.8/30"]]


async def test_a_changed_maker_has_its_ranges_searched_again() -> None:
    site = Site(AnsweringDriver("acme"), AnsweringDriver("other"))
    ranges = [replace(configured("10.20.0.8/30"), manufacturer="acme"), configured("10.20.1.8/30"),
              replace(configured("10.20.2.8/30"), manufacturer="other")]  # fmt: skip
    async with running(site) as schedule:
        schedule.configure(ranges, makers={"acme": 1, "other": 1})
        await searches(site, 1)
        assert schedule.configure(ranges, makers={"acme": 2, "other": 1}) == 2
        assert (await searches(site, 2))[1] == ["10.20.0.8/30", "10.20.1.8/30"]


async def test_the_search_of_a_range_that_is_gone_is_cancelled_and_the_others_are_searched() -> None:
    driver = AnsweringDriver()
    driver.silent = {"10.20.0.9"}
    site = Site(driver)
    async with running(site) as schedule:
        schedule.configure([configured("10.20.0.8/30"), configured("10.20.1.8/30")])
        await driver.reached_silent.wait()
        schedule.configure([configured("10.20.1.8/30")])
        assert (await searches(site, 2))[1] == ["10.20.1.8/30"]
        assert [record.network for record in site.remembered] == ["10.20.1.8/30"]


async def test_a_scheduled_discovery_waits_for_the_one_that_somebody_asked_for() -> None:
    driver = AnsweringDriver()
    driver.silent = {"10.30.0.1"}
    site = Site(driver)
    async with running(site) as schedule:
        asked = asyncio.create_task(site.discover(hosts=["10.30.0.1"]))
        await driver.reached_silent.wait()
        schedule.configure([configured("10.20.0.8/30")])
        await nothing_more(site, 1)
        await site.discovery.cancel()
        await asked
        assert (await searches(site, 2))[1] == ["10.20.0.8/30"]


async def test_campuses_do_not_wait_for_each_other() -> None:
    driver = AnsweringDriver()
    driver.silent = {"10.20.0.9"}
    site = Site(driver)
    async with running(site) as schedule:
        elsewhere = replace(configured("10.30.0.8/30"), tenant=Campus("default", "elsewhere"))
        schedule.configure([configured("10.20.0.8/30"), elsewhere])
        await searches(site, 1)
        assert "10.30.0.9" in driver.hosts


async def test_a_configured_host_is_asked_until_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.discovery.schedule.RETRY_FIRST_S", 0.01)
    monkeypatch.setattr("services.discovery.schedule.RETRY_MOST_S", 0.02)
    driver = AnsweringDriver()
    site = Site(driver)
    async with running(site) as schedule:
        schedule.configure([configured("10.20.0.9")])
        await until(lambda: len(driver.asked) >= 4)
        assert site.unidentified["10.20.0.9"].reason == "refused"
        driver.answers["10.20.0.9"] = unit("s9")
        await until(lambda: site.shelf.handed)
        asked = len(driver.asked)
        await nothing_more(site, 1)
        assert len(driver.asked) == asked
        assert not site.unidentified


async def test_a_configured_host_without_receiver_is_asked_at_every_start() -> None:
    site = Site(AnsweringDriver())
    async with running(site) as schedule:
        host, other = configured("10.20.0.9"), configured("10.20.0.10")
        put(site.inventory, "rack1", "10.20.0.10")
        assert schedule.configure([host, other], stored=[searched(host), searched(other)]) == 1
        assert await searches(site, 1) == [["10.20.0.9"]]


async def test_a_discovery_that_fails_does_not_end_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(AnsweringDriver())
    real = site.discovery.search_ranges
    failed = asyncio.Event()

    async def fail(**_: object) -> None:
        failed.set()
        raise RuntimeError("a bug")

    async with running(site) as schedule:
        monkeypatch.setattr(site.discovery, "search_ranges", fail)
        schedule.configure([configured("10.20.0.8/30")])
        await failed.wait()
        monkeypatch.setattr(site.discovery, "search_ranges", real)
        schedule.configure([configured("10.20.0.8/30"), configured("10.20.1.8/30")])
        await searches(site, 1)
    assert site.discovery.running(STAGE) is None
