"""A SQLite file that is damaged, at a start or while the bridge runs, is set aside, and everything goes on."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from services.store import Store, StoreError, queries, reading
from tests.integration.kept import channel, note, receiver

PAGE = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mic2mqtt.db"


async def fill(path: Path, *, events: int = 300) -> str:
    """A database with a receiver and a history; its stream."""
    async with Store.open(f"sqlite:///{path}") as store:
        store.put_unit(receiver())
        for number in range(events):
            store.append_audit(note(number))
        await store.flush()
        return store.stream


def zeroes(path: Path, first: int = PAGE, last: int = 3 * PAGE) -> None:
    with path.open("r+b") as file:
        file.seek(first)
        file.write(bytes(last - first))


def text_over_the_head(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"somebody wrote this here ".ljust(100, b"."))


def truncated_with_its_wal_left(path: Path) -> None:
    path.write_bytes(b"")
    path.with_name(path.name + "-wal").write_bytes(b"7\x7f\x06\x82" + bytes(4000))


def shortened(path: Path) -> None:
    os.truncate(path, 2 * PAGE + 100)


def all_zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


DAMAGES = [zeroes, text_over_the_head, truncated_with_its_wal_left, shortened, all_zero]


def set_aside(path: Path) -> list[Path]:
    """The databases that were set aside, without what SQLite keeps beside them."""
    found = path.parent.glob(f"{path.name}.damaged-*")
    return sorted(one for one in found if not one.name.endswith(("-wal", "-shm")))


def remove_all_of(path: Path) -> None:
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()


def contents(path: Path) -> bytes:
    return path.read_bytes()


def pages_of(path: Path) -> int:
    return path.stat().st_size // PAGE


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
async def test_a_damaged_file_is_set_aside_at_a_start_and_a_new_one_begun(
    path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    stream = await fill(path)
    damage(path)
    words = r"is damaged \(.*sets it aside as mic2mqtt\.db\.damaged-<time>.*backup"
    with pytest.raises(StoreError, match=words), reading(f"sqlite:///{path}"):
        pass
    before = contents(path)
    async with Store.open(f"sqlite:///{path}") as store:
        assert store.stream != stream
        assert (await store.load()).units == []
        code, words = store.condition.trouble or ("", "")
        assert code == "database_damaged"
        aside = set_aside(path)[0]
        assert str(aside) in words
        assert str(aside) in caplog.text
        assert contents(aside) == before
        assert aside.stat().st_mode & 0o777 == 0o600
        store.put_unit(receiver())
        store.append_audit(note("new"))
        await store.flush()
        assert store.writable
    async with Store.open(f"sqlite:///{path}") as store:
        assert len((await store.load()).units) == 1
        assert store.condition.trouble is None, "said until the next start"
    assert len(set_aside(path)) == 1


async def test_a_file_that_is_too_large_to_be_read_before_a_start_is_found_damaged_soon_after_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(path)
    zeroes(path, 6 * PAGE, 12 * PAGE)
    monkeypatch.setattr("services.store.database.QUICKLY_READ_BYTES", 0)
    async with Store.open(f"sqlite:///{path}") as store:
        await until_renewed(store)


async def test_a_command_that_meets_damage_in_a_large_file_says_what_it_is(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(path)
    zeroes(path, PAGE, pages_of(path) * PAGE)
    monkeypatch.setattr("services.store.care.damage.QUICKLY_READ_BYTES", 0)
    with pytest.raises(StoreError, match=r"is damaged \(.*backup"), reading(f"sqlite:///{path}") as connection:
        queries.units(connection)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the file come at once, not every minute."""
    monkeypatch.setattr("services.store.care.checkup.APART_S", 0.05)
    monkeypatch.setattr("services.store.care.checkup.SHARE", 1.0)


async def until_renewed(store: Store) -> None:
    async with asyncio.timeout(10):
        while store.condition.renewal is None:  # noqa: ASYNC110 - as a health check sees it
            await asyncio.sleep(0.01)


async def everything_known(store: Store) -> None:
    """What a bridge puts that knows two receivers."""
    for name in ("rack1", "rack2"):
        store.put_unit(receiver(name))
        await asyncio.sleep(0)
        store.put_part(channel(1, f"of {name}", identifier=name))


@pytest.mark.usefixtures("quick")
async def test_pages_that_rot_while_the_bridge_runs_are_found_though_all_of_it_is_in_the_cache(
    path: Path,
) -> None:
    await fill(path)
    async with Store.open(f"sqlite:///{path}") as store:
        store.subscribe_renewal(lambda: everything_known(store))
        await everything_known(store)
        await store.flush()
        stream, epoch = store.stream, store.epoch
        zeroes(path, 6 * PAGE, 12 * PAGE)
        await until_renewed(store)
        store.append_audit(note("after it was found"))
        await store.flush()
        assert store.writable
        assert store.stream != stream
        loaded = await store.load()
        assert {unit.address.id for unit in loaded.units} == {"rack1", "rack2"}
        assert [part.state["name"] for part in loaded.parts] == ["of rack1", "of rack2"]
        texts = [(event.draft.after or {})["text"] for event in await store.audit_since("2000")]
        assert texts[-1] == "after it was found"
    async with Store.open(f"sqlite:///{path}") as store:
        assert store.epoch > epoch
    assert len(set_aside(path)) == 1


async def test_a_write_that_finds_the_file_damaged_is_written_into_the_new_one(path: Path) -> None:
    await fill(path, events=20_000)  # more than fits the cache
    async with Store.open(f"sqlite:///{path}") as store:
        store.subscribe_renewal(lambda: everything_known(store))
        await store.ask(lambda connection: connection.exec_driver_sql("PRAGMA shrink_memory"))
        zeroes(path, PAGE, pages_of(path) * PAGE)
        for number in range(500):
            store.append_audit(note(f"new {number}"))
            store.put_part(channel(1, number, identifier="rack1"))
        async with asyncio.timeout(10):
            await store.flush()
        await until_renewed(store)
        texts = [(event.draft.after or {})["text"] for event in await store.audit_since("2000")]
        assert texts == [f"new {number}" for number in range(500)]
        assert {unit.address.id for unit in (await store.load()).units} == {"rack1", "rack2"}
        assert store.depth == 0


@pytest.mark.usefixtures("quick")
async def test_a_file_that_was_taken_away_under_the_running_bridge_is_made_anew(path: Path) -> None:
    await fill(path)
    async with Store.open(f"sqlite:///{path}") as store:
        store.subscribe_renewal(lambda: everything_known(store))
        stream = store.stream
        remove_all_of(path)
        async with asyncio.timeout(10):
            while store.stream == stream:  # noqa: ASYNC110 - nothing is left there that could be said for longer
                await asyncio.sleep(0.01)
        await store.flush()
    async with Store.open(f"sqlite:///{path}") as store:
        assert len((await store.load()).units) == 2


@pytest.mark.usefixtures("quick")
async def test_the_trouble_ends_when_the_file_that_was_set_aside_is_moved_away(path: Path) -> None:
    await fill(path)
    zeroes(path)
    async with Store.open(f"sqlite:///{path}") as store:
        assert store.condition.trouble
        remove_all_of(set_aside(path)[0])
        async with asyncio.timeout(5):
            while store.condition.trouble:  # noqa: ASYNC110 - as a health check sees it
                await asyncio.sleep(0.01)


@pytest.mark.usefixtures("quick")
async def test_a_disk_that_damages_every_file_is_not_filled_with_them(path: Path) -> None:
    await fill(path)
    zeroes(path)
    async with Store.open(f"sqlite:///{path}") as store:
        await store.flush()
        text_over_the_head(path)
        await asyncio.sleep(0.5)
        store.append_audit(note("waits or is stored"))
    assert len(set_aside(path)) == 1


@pytest.mark.usefixtures("quick")
async def test_a_reader_that_keeps_the_wal_from_being_cut_back_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("services.store.care.condition.LOG_BYTES", 1_000_000)
    async with Store.open(f"sqlite:///{path}") as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as browser:
            browser.execute("BEGIN")
            browser.execute("SELECT count(*) FROM units").fetchall()
            for number in range(3_000):
                store.append_audit(note(number))
            async with asyncio.timeout(10):
                while not store.condition.trouble:  # noqa: ASYNC110 - as a health check sees it
                    await asyncio.sleep(0.02)
            code, words = store.condition.trouble
            assert code == "database_kept_open"
            assert "close it" in words
    assert [one for one in caplog.records if one.levelno == logging.WARNING and "has grown" in one.getMessage()]


async def test_a_newer_schema_and_a_missing_right_are_no_damage(path: Path) -> None:
    await fill(path)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    with pytest.raises(StoreError, match="newer than this program"):
        async with Store.open(f"sqlite:///{path}"):
            pass
    assert not set_aside(path)
