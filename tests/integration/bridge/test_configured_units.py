"""Units that stand in the configuration file, of whatever kind they turn out to be."""

from __future__ import annotations

import sqlite3

from tests.integration.house import House, entry, simulated


async def test_a_unit_without_a_kind_is_asked_for_it_and_then_has_the_id_of_the_file(house: House) -> None:
    async with simulated() as unit:
        house.serve()
        house.document["units"] = [entry(unit, "rack", name="Rack")]
        async with house.running() as (_, seen):
            await seen.live("rack")
            info = seen.newest("receiver/rack", "info")["data"]
            assert (info["name"], info["source"]) == ("Rack", "config")
        await unit.fault("offline")
        async with house.running() as (_, seen):  # from then on it is known, whether or not it answers
            await seen.until(lambda: seen.newest("receiver/rack", "info").get("data", {}).get("name") == "Rack")


async def test_a_unit_that_never_answered_is_listed_until_it_says_what_it_is(house: House) -> None:
    async with simulated() as unit:
        await unit.fault("offline")
        house.serve()
        house.document["units"] = [entry(unit, "rack")]
        async with house.running() as (app, seen):
            await seen.until(lambda: seen.is_bridge("online"))
            assert [one.host for one in app.unidentified] == [unit.host]
            assert not [topic for topic in seen.retained if "/rack/" in topic]
            await unit.fault("none")
            await seen.live("rack")
            assert not app.unidentified


async def test_a_discovered_unit_gets_the_id_that_the_file_gives_it(house: House) -> None:
    async with simulated() as unit, house.serve().running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        added = await seen.ask("bridge/main", "unit_add", host=unit.host, port=unit.port)
        made = added["data"]["unit"]
        await seen.live(made)
        house.document["units"] = [entry(unit, "rack")]
        await app.reload()
        await seen.live("rack")
        await seen.until(lambda: not [topic for topic in seen.retained if f"/{made}" in topic])


async def test_a_host_that_an_older_database_holds_in_capitals_is_still_the_same_unit(house: House) -> None:
    async with simulated(listen="127.0.0.1") as unit:
        document = entry(unit, None, name="Rack")
        document["host"] = "LOCALHOST"
        async with house.serve(document).running() as (_, seen):
            rack = await seen.until(
                lambda: next(iter(seen.newest("bridge/main", "inventory/0").get("receivers", [])), None)
            )
            await seen.live(rack["receiver"])
        database = sqlite3.connect(house.database)
        database.execute("UPDATE units SET host = 'LocalHost.'")
        database.commit()
        database.close()
        async with house.running() as (_, seen):
            await seen.live(rack["receiver"])
            receivers = seen.newest("bridge/main", "inventory/0")["receivers"]
            assert [one["receiver"] for one in receivers] == [rack["receiver"]]
