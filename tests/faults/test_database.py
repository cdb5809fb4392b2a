"""The database fails while the show runs: what receivers say goes on, and nothing of it is lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

from services.model import Part
from tests.faults.test_broker import gapless
from tests.integration.broker import Mosquitto
from tests.integration.house import House, entry, simulated
from tests.integration.postgres import PostgreSQL


async def test_a_locked_database_stops_no_state_and_loses_nothing(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.audit("receiver_online"))
        with closing(sqlite3.connect(house.database, isolation_level=None)) as thief:
            thief.execute("BEGIN EXCLUSIVE")
            for number in range(5):
                unit.set_value(Part(1), "name", f"Name {number}")
                await seen.until(partial(seen.shows, "rack-1", name=f"Name {number}"), 1)
            await seen.until(lambda: seen.is_bridge("degraded"), 20)
            assert seen.bridge["reason"] == "database_not_writable"
            answer = await seen.ask("receiver/rack", "refresh")
            assert answer["status"] == "succeeded"
            assert not app.store.writable
            unit.set_value(Part(1), "name", "The last")
            await seen.until(partial(seen.shows, "rack-1", name="The last"), 1)
            thief.execute("ROLLBACK")
        await seen.until(lambda: seen.is_bridge("online"), 20)
        await seen.until(lambda: len(seen.audit("channel_settings_changed")) == 6)
        assert gapless(seen)
    async with house.running() as (_, seen):
        assert (await seen.until(lambda: seen.data("rack-1")))["name"] == "The last"


async def test_rows_that_this_version_would_not_have_written_keep_nothing_else_away(house: House) -> None:
    async with simulated() as unit, simulated() as other:
        house.serve(entry(unit), entry(other, "rack-2"))
        async with house.running() as (_, seen):
            await seen.live("rack")
            await seen.live("rack-2")
        with closing(sqlite3.connect(house.database, isolation_level=None)) as someone:
            someone.execute("PRAGMA foreign_keys=OFF")
            someone.execute("UPDATE units SET id = 'Rack 2#', source = 'command' WHERE id = 'rack-2'")
            someone.execute("UPDATE parts SET slots = '[{}]' WHERE id = 'rack-2-1'")
            someone.execute("UPDATE published_resources SET facet = 'aura' WHERE id = 'rack-2-1' AND facet = 'state'")
            someone.execute("UPDATE parts SET state = json_set(state, '$.transmitter_last_seen', 'late')")
        house.serve(entry(unit))
        async with house.running() as (_, seen):
            await seen.live("rack")
            await seen.until(lambda: seen.is_bridge("online"))


async def test_a_database_server_that_goes_and_comes_back_loses_nothing(
    tmp_path: Path, mosquitto: Mosquitto, postgresql: PostgreSQL
) -> None:
    house = House(tmp_path, mosquitto, postgresql.new_database())
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.audit("receiver_online"))
        postgresql.stop()
        try:
            unit.set_value(Part(1), "name", "Away")
            await seen.until(partial(seen.shows, "rack-1", name="Away"), 1)
            await seen.until(lambda: seen.is_bridge("degraded"), 20)
        finally:
            postgresql.start()
        await seen.until(lambda: seen.is_bridge("online"), 20)
        await seen.until(lambda: seen.audit("channel_settings_changed"))
        assert gapless(seen)
    house.check_payloads()


async def test_the_main_path_is_the_same_on_every_database(
    tmp_path: Path, mosquitto: Mosquitto, database_url: str
) -> None:
    house = House(tmp_path, mosquitto, database_url)
    async with simulated("axient") as unit:
        async with house.serve(entry(unit)).running() as (_, seen):
            await seen.live("rack")
            unit.set_value(Part(1), "battery_percent", 0)
            unit.set_value(Part(1), "name", "Vox <1>")
            await seen.until(partial(seen.shows, "rack-1", battery_percent=0, name="Vox <1>"))
            await seen.until(lambda: seen.audit("channel_settings_changed"))
            first, slots = seen.data("rack-1"), seen.newest("channel/rack-1", "slots")["data"]
            epoch = seen.bridge["epoch"]
        await unit.fault("control_blocked")
        async with house.running() as (_, seen):
            await seen.until(lambda: seen.is_bridge("online"))
            assert seen.bridge["epoch"] > epoch
            made = ("status", "status_reasons")
            second = {key: value for key, value in seen.data("rack-1").items() if key not in made}
            assert second == {key: value for key, value in first.items() if key not in made}
            assert seen.newest("channel/rack-1", "slots")["data"] == slots
    house.check_payloads()
