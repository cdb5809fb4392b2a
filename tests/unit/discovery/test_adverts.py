from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from services.discovery import Adverts
from services.discovery.adverts import ANNOUNCED_MOST
from services.discovery.candidates import CANDIDATES_MOST
from services.drivers import DriverError, Gone, Sighting
from services.model import Campus, Facet, IgnoredIdentity
from tests.unit.discovery.answering import AnsweringDriver, unit
from tests.unit.discovery.household import STAGE, Site, configured, put, until

MAC = "00:0e:dd:47:e0:d7"
EXPIRE_S = 300.0
HERE = Sighting("acme", "10.20.0.9", unit(mac=MAC), name="Vox", lasts_s=EXPIRE_S)
DEFAULT = Campus("default", "default")


def adverts_of(site: Site) -> Adverts:
    return Adverts(
        inventory=site.inventory,
        ignored=site.ignored,
        discovery=site.discovery,
        makers=site.makers,
        announced=site.announced_hosts,
        default_tenant=DEFAULT,
    )


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Adverts]:
    adverts = adverts_of(site)
    task = asyncio.create_task(adverts.run())
    try:
        yield adverts
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_what_is_only_overheard_is_a_candidate() -> None:
    driver = AnsweringDriver(answers={"10.20.0.9": unit("s9")})
    site = Site(driver)
    async with listening(site):
        driver.announces.put_nowait(HERE)
        await until(site.candidates)
    candidate = site.candidate(DEFAULT, "10.20.0.9")
    assert (candidate.model, candidate.name, candidate.mac) == ("A1", "Vox", MAC)
    assert not driver.asked
    assert not site.shelf.handed


async def test_a_candidate_belongs_to_the_campus_whose_range_it_is_in() -> None:
    site = Site(AnsweringDriver(), ranges=[configured("10.20.0.0/24", adopt=False)])
    adverts_of(site).receive(HERE)
    assert [one.host for one in site.listed.of(STAGE)] == list(site.candidates()) == ["10.20.0.9"]


async def test_hearing_the_same_again_tells_nobody_anything() -> None:
    site = Site(AnsweringDriver())
    adverts = adverts_of(site)
    adverts.receive(HERE)
    assert [facet for _, facet in site.changes.take()[0]] == [Facet.CANDIDATES]
    for _ in range(3):
        adverts.receive(HERE)
    assert site.changes.take() == ([], [])
    adverts.receive(replace(HERE, name="Vox 2"))
    assert site.changes.dirty
    assert site.candidate(DEFAULT, "10.20.0.9").name == "Vox 2"


async def test_what_falls_silent_leaves_the_list_after_five_minutes() -> None:
    site = Site(AnsweringDriver())
    adverts = adverts_of(site)
    adverts.receive(HERE)
    now = asyncio.get_running_loop().time()
    adverts.expire(now + EXPIRE_S - 1)
    assert site.candidates()
    adverts.expire(now + EXPIRE_S + 1)
    assert not site.candidates()
    assert not site.announced_hosts


async def test_what_says_goodbye_leaves_the_list_at_once() -> None:
    driver = AnsweringDriver()
    site = Site(driver)
    async with listening(site):
        driver.announces.put_nowait(HERE)
        await until(site.candidates)
        driver.announces.put_nowait(Gone("acme", "10.20.0.9"))
        await until(lambda: not site.candidates())


async def test_only_the_driver_that_saw_a_unit_asks_it() -> None:
    acme, other = AnsweringDriver(answers={"10.20.0.9": unit()}), AnsweringDriver("other")
    site = Site(acme, other, ranges=[configured("10.20.0.0/24")])
    async with listening(site):
        acme.announces.put_nowait(HERE)
        await until(lambda: site.shelf.handed)
    assert not other.asked


async def test_what_announces_itself_where_answers_are_adopted_is_asked_and_added() -> None:
    driver = AnsweringDriver(answers={"10.20.0.9": unit(mac=MAC)})
    site = Site(driver, ranges=[configured("10.20.0.0/24")])
    async with listening(site):
        driver.announces.put_nowait(HERE)
        await until(lambda: site.shelf.handed)
    assert site.shelf.hosts == ["10.20.0.9"]
    assert site.shelf.handed[0].identity.mac == MAC
    assert not site.candidates()


async def test_what_announces_itself_and_does_not_answer_is_a_candidate_with_the_reason() -> None:
    driver = AnsweringDriver(answers={"10.20.0.9": DriverError("control_blocked", "Menu > Network")})
    site = Site(driver, ranges=[configured("10.20.0.0/24")])
    async with listening(site) as adverts:
        driver.announces.put_nowait(HERE)
        await until(lambda: "Menu > Network" in site.candidates().get("10.20.0.9", ""))
        adverts.receive(replace(HERE, name="Vox 2"))
        await asyncio.sleep(0.01)
    assert driver.hosts == ["10.20.0.9"], "a host that does not answer is not asked at every advert"


async def test_a_lost_receiver_is_followed_to_where_it_announces_itself() -> None:
    driver = AnsweringDriver(answers={"10.20.0.9": unit(mac=MAC)})
    site = Site(driver)
    put(site.inventory, "rack1", "10.20.0.200", mac=MAC)
    async with listening(site):
        driver.announces.put_nowait(HERE)
        await until(lambda: site.shelf.handed)
    assert (site.shelf.handed[0].host, site.shelf.handed[0].identity.mac) == ("10.20.0.9", MAC)


async def test_a_receiver_that_is_heard_where_it_is_known_is_not_followed() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit()}))
    receiver = put(site.inventory, "rack1", "10.20.0.200", mac=MAC, online=True)
    adverts = adverts_of(site)
    adverts.receive(HERE)
    assert "rack1, which is online at 10.20.0.200" in site.candidates()["10.20.0.9"], "both places are said"
    put(site.inventory, "rack2", "rack2.example.org", mac="00:0e:dd:00:00:02")
    adverts.receive(Sighting("acme", "10.20.0.10", unit(mac="00:0e:dd:00:00:02")))
    await asyncio.sleep(0.01)
    assert not site.drivers["acme"].asked
    assert receiver.record.host == "10.20.0.200"
    assert set(site.candidates()) == {"10.20.0.9"}, "what has a name is where the name server says"


async def test_of_two_units_with_one_mac_the_one_that_is_online_keeps_its_place() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit()}))
    put(site.inventory, "rack1", "10.20.0.200", mac=MAC)
    put(site.inventory, "rack2", "10.20.0.201", mac=MAC, online=True)
    adverts_of(site).receive(HERE)
    await asyncio.sleep(0.01)
    assert not site.drivers["acme"].asked
    assert "rack2, which is online at 10.20.0.201" in site.candidates()["10.20.0.9"]


async def test_a_receiver_of_the_configuration_stays_where_the_file_says_and_the_list_tells() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit()}))
    put(site.inventory, "rack1", "10.20.0.200", mac=MAC, source="config")
    adverts_of(site).receive(HERE)
    assert site.candidates() == {"10.20.0.9": "is rack1, which the configuration file expects at 10.20.0.200"}


async def test_an_advert_teaches_nothing() -> None:
    driver = AnsweringDriver()
    site = Site(driver)
    receiver = put(site.inventory, "rack1", "10.20.0.9", online=True)
    async with listening(site) as adverts:
        for _ in range(3):
            adverts.receive(HERE)
        await asyncio.sleep(0.01)
    assert receiver.record.mac is None
    assert not site.shelf.handed
    assert not driver.asked


async def test_thousands_of_invented_hosts_keep_no_unit_from_being_found() -> None:
    driver = AnsweringDriver(answers={"10.20.255.9": unit(mac=MAC)})
    site = Site(driver, ranges=[configured("10.20.0.0/16")])
    real = replace(HERE, host="10.20.255.9")
    async with listening(site) as adverts:
        for number in range(5000):
            adverts.receive(replace(HERE, host=f"10.20.{number // 250}.{number % 250 + 1}"))
            if number % 1000 == 0:
                adverts.receive(real)
        await until(lambda: "10.20.255.9" in site.shelf.hosts)
    assert len(site.announced_hosts) <= 4000


async def test_a_removed_receiver_that_announces_itself_is_left_alone() -> None:
    site = Site(AnsweringDriver(), ranges=[configured("10.20.0.0/24")])
    gone = IgnoredIdentity(STAGE, "rack1", "acme", None, MAC, "A1", None, "10.20.0.9", "2026-11-22T19:30:00.000Z")
    site.ignored.add(gone)
    async with listening(site) as adverts:
        adverts.receive(HERE)
        await asyncio.sleep(0.01)
    assert not site.drivers["acme"].asked
    assert not site.candidates()


async def test_what_a_discovery_knows_of_a_candidate_is_not_overwritten() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit("s9")}), ranges=[configured("10.20.0.8/30", adopt=False)])
    await site.discover()
    before = site.candidates()
    adverts_of(site).receive(HERE)
    assert site.candidates() == before


async def test_invented_hosts_fill_neither_memory_nor_list() -> None:
    site = Site(AnsweringDriver())
    adverts = adverts_of(site)
    for number in range(ANNOUNCED_MOST + 500):
        host = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        adverts.receive(Sighting("acme", host, unit(), name="x" * 5000))
    assert len(adverts._announced) == ANNOUNCED_MOST
    assert len(site.candidates()) == CANDIDATES_MOST
    assert {len(candidate.name or "") for candidate in site.listed.of(DEFAULT)} == {64}


@pytest.mark.parametrize("error", [OSError("the port is taken"), DriverError("timeout", "no such interface")])
async def test_listening_begins_again_after_it_failed(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.discovery.adverts.LISTEN_AGAIN_S", 0.01)
    driver, other = AnsweringDriver("acme"), AnsweringDriver("other")
    site = Site(driver, other)
    async with listening(site):
        driver.announces.put_nowait(error)
        driver.announces.put_nowait(HERE)
        other.announces.put_nowait(replace(HERE, driver="other", identity=unit(maker="other"), host="10.20.0.10"))
        await until(lambda: len(site.candidates()) == 2)
    assert (driver.listening, other.listening) == (0, 0)
