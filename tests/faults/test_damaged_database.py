"""The file of the database is damaged: receivers come first, and users see what was done about it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.model import Part
from tests.faults.test_broker import gapless
from tests.integration.broker import free_port
from tests.integration.house import House, entry, simulated

PAGE = 4096


def zero_pages(path: Path, first: int, last: int) -> None:
    with path.open("r+b") as file:
        file.seek(first * PAGE)
        file.write(bytes((last - first) * PAGE))


def all_into_the_file(path: Path) -> None:
    """Out of the -wal, which SQLite itself does every 4 MB."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def pages(path: Path) -> int:
    return path.stat().st_size // PAGE


def set_aside(house: House) -> list[Path]:
    found = house.directory.glob("house.db.damaged-*")
    return [one for one in found if not one.name.endswith(("-wal", "-shm"))]


async def command(house: House, *words: str) -> tuple[int, str]:
    """Exit code and output of a command of `mic2mqtt` beside the bridge."""
    program = Path(sys.executable).with_name("mic2mqtt")
    process = await asyncio.create_subprocess_exec(
        program, *words, "--config", str(house.directory / "mic2mqtt.toml"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def ready(port: int) -> Mapping[str, Any]:
    def ask() -> Mapping[str, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                body: Mapping[str, Any] = json.load(answer)
        except urllib.error.HTTPError as answer:
            body = json.load(answer)
        return body

    return await asyncio.to_thread(ask)


async def test_a_bridge_whose_database_was_damaged_has_its_receivers_at_once_and_says_what_it_did(house: House) -> None:
    port = free_port()
    async with simulated() as unit:
        house.serve(entry(unit), http={"listen": f"127.0.0.1:{port}"})
        async with house.observer() as seen, house.process() as bridge:
            await seen.live("rack")
            await seen.until(lambda: seen.audit("receiver_online"))
            stream = seen.audit("receiver_online")[0]["stream"]
            assert await bridge.stop() == 0
            zero_pages(house.database, 1, 3)

            code, output = await command(house, "check", "--connect")
            assert code == 1
            assert "is damaged" in output
            assert "backup" in output
            code, output = await command(house, "audit")
            assert code == 1
            assert "is damaged" in output
            assert "Traceback" not in output
            assert not set_aside(house), "looking changes nothing"

            await bridge.start()
            await seen.until(lambda: seen.is_bridge("degraded"))
            await seen.live("rack")
            assert seen.bridge["reason"] == "database_damaged"
            (aside,) = set_aside(house)
            assert str(aside) in bridge.log.read_text()
            answer = await ready(port)
            assert answer["ready"] is False
            assert str(aside) in answer["reasons"][0]
            await seen.until(lambda: [one for one in seen.audit("receiver_online") if one["stream"] != stream])
            code, output = await command(house, "check", "--connect")
            assert code == 0
            assert aside.name in output


@pytest.mark.parametrize("found_by", ["a look", "a write"])
async def test_a_database_that_is_damaged_under_the_running_bridge_is_begun_anew_with_all_that_is_known(
    house: House, found_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if found_by == "a look":
        monkeypatch.setattr("services.store.care.checkup.APART_S", 0.1)
        monkeypatch.setattr("services.store.care.checkup.SHARE", 1.0)
    async with (
        simulated() as unit,
        simulated("qlxd", seed=1) as other,
        house.serve(entry(unit)).running() as (app, seen),
    ):
        await seen.live("rack")
        added = await seen.ask("bridge/main", "receiver_add", host=other.host, port=other.port, room="Attic")
        mine = added["data"]["receiver"]
        await seen.live(mine)
        await app.store.flush()
        all_into_the_file(house.database)
        if found_by == "a look":
            zero_pages(house.database, 3, pages(house.database) - 1)
        else:
            await app.store.ask(lambda connection: connection.exec_driver_sql("PRAGMA shrink_memory"))
            zero_pages(house.database, 1, pages(house.database))
        for number in range(5):
            unit.set_value(Part(1), "name", f"Name {number}")
            await seen.until(partial(seen.shows, "rack-1", name=f"Name {number}"), 1)
        await seen.until(lambda: seen.is_bridge("degraded"))
        assert seen.bridge["reason"] == "database_damaged"
        await seen.until(lambda: len(seen.audit("channel_settings_changed")) == 5)
        await app.store.flush()
        assert app.store.depth == 0
        assert gapless(seen)
    async with house.running() as (_, seen):
        await seen.live("rack", mine)
        assert seen.newest(f"receiver/{mine}", "info")["data"]["labels"]["room"] == "Attic"
        assert seen.shows("rack-1", name="Name 4")
        await seen.until(lambda: seen.is_bridge("online"))
        assert not seen.audit("receiver_added"), "who was there is there still"


async def test_a_disk_that_is_full_at_the_start_keeps_no_receiver_away(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).observer() as seen, house.process() as bridge:
        await seen.live("rack")
        await seen.until(lambda: seen.audit("receiver_online"))
        assert await bridge.stop() == 0
        await bridge.start(file_limit=20_000)
        await seen.until(lambda: seen.is_bridge("degraded"))
        await seen.live("rack")
        assert seen.bridge["reason"] == "database_not_writable"
        await bridge.said("look at the disk")
        bridge.limit_files(None)
        await seen.until(lambda: seen.is_bridge("online"), 20)
        await seen.until(lambda: len(seen.audit("receiver_online")) == 2)
        assert gapless(seen)
        assert not set_aside(house)
        assert await bridge.stop() == 0
    with closing(sqlite3.connect(house.database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_database_that_another_program_has_locked_at_the_start_keeps_no_receiver_away(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).observer() as seen, house.process() as bridge:
        await seen.live("rack")
        await seen.until(lambda: seen.audit("receiver_online"))
        epoch = seen.bridge["epoch"]
        assert await bridge.stop() == 0
        with closing(sqlite3.connect(house.database, isolation_level=None)) as thief:
            thief.execute("BEGIN EXCLUSIVE")
            await bridge.start()
            await seen.until(lambda: seen.is_bridge("degraded"), 20)
            await seen.live("rack")
            assert seen.bridge["epoch"] > epoch
            thief.execute("ROLLBACK")
        await seen.until(lambda: seen.is_bridge("online"), 20)
        await seen.until(lambda: len(seen.audit("receiver_online")) == 2)
        assert gapless(seen)
