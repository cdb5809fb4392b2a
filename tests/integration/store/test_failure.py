"""A database that fails while the bridge runs: nothing is lost, nothing stops, and it is said once."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from services.model import AuditEvent
from services.store import Store, StoreError, engine, transaction
from services.store.care import losses
from tests.integration.kept import STAGE, channel, note, receiver
from tests.integration.postgres import PASSWORD, PostgreSQL


async def until_failing(store: Store) -> None:
    async with asyncio.timeout(20):
        while store.writable:  # noqa: ASYNC110 - what a health check sees
            await asyncio.sleep(0.005)


def say_much(store: Store, first: int = 0, count: int = 300) -> None:
    for number in range(first, first + count):
        store.put_part(channel(1, number))
        store.append_audit(note(number))


async def all_is_there(store: Store, count: int) -> None:
    await store.flush()
    events = await store.audit_since("2000")
    assert [event.seq for event in events] == list(range(1, count + 1))
    assert [event.draft.after for event in events] == [{"text": number} for number in range(count)]
    assert (await store.load()).parts == [channel(1, count - 1)]


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    ours = (record for record in caplog.records if record.name.startswith("services.store"))
    return [record.getMessage().split(";")[0] for record in ours if record.levelno > logging.INFO]


ONCE = ["the database does not take writes", "the database takes writes again"]


async def test_a_locked_file_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 20)
    path = tmp_path / "locked.db"
    async with Store.open(f"sqlite:///{path}") as store:
        store.put_unit(receiver())
        await store.flush()
        somebody = sqlite3.connect(path, isolation_level=None)
        somebody.execute("BEGIN EXCLUSIVE")
        say_much(store)
        await until_failing(store)
        assert "locked" in (store.last_error or "")
        say_much(store, 300)
        assert store.depth <= 602  # every audit event, and one last value in each of two batches
        somebody.execute("COMMIT")
        somebody.close()
        await all_is_there(store, 600)
        assert store.writable
    assert said(caplog) == ONCE


async def test_a_full_disk_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'full.db'}") as store:
        store.put_unit(receiver())
        await store.flush()
        pages = await store.ask(lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar())
        limit = f"PRAGMA max_page_count={pages}"  # SQLite's own "database or disk is full"
        await store.ask(lambda connection: connection.exec_driver_sql(limit))
        say_much(store)
        await until_failing(store)
        assert "full" in (store.last_error or "")
        assert len((await store.load()).units) == 1  # questions are answered meanwhile
        say_much(store, 300)
        await store.ask(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=1000000"))
        await all_is_there(store, 600)
    assert said(caplog) == ONCE


async def test_a_restart_of_postgresql_is_waited_for(postgresql: PostgreSQL, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Store.open(postgresql.new_database()) as store:
        store.put_unit(receiver())
        await store.flush()
        await asyncio.to_thread(postgresql.stop)
        try:
            say_much(store)
            await until_failing(store)
            with pytest.raises(StoreError):
                await store.load()
            assert store.last_error
            assert PASSWORD not in store.last_error
        finally:
            await asyncio.to_thread(postgresql.start)
        say_much(store, 300)
        await all_is_there(store, 600)
    assert said(caplog) == ONCE
    assert PASSWORD not in caplog.text


@contextmanager
def connection_breaks_after_commit(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The cruellest moment: the database has committed, and nobody hears it."""
    broken: list[int] = []
    commit = transaction._commit

    def breaking(*args: object, **more: object) -> list[AuditEvent]:
        events = commit(*args, **more)  # type: ignore[arg-type]
        if events and not broken:
            broken.append(1)
            raise OperationalError("COMMIT", {}, ConnectionError("server closed the connection unexpectedly"))
        return events

    monkeypatch.setattr(transaction, "_commit", breaking)
    yield broken


async def test_a_commit_that_nobody_heard_of_is_not_done_twice(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection_breaks_after_commit(monkeypatch) as broken:
        async with Store.open(database_url) as store:
            told: list[AuditEvent] = []
            store.subscribe(told.extend)
            store.put_unit(receiver())
            say_much(store)
            await store.flush()
            say_much(store, 300)
            await all_is_there(store, 600)
            assert [event.seq for event in told] == list(range(1, 601))
    assert broken


async def test_a_transaction_that_fails_gives_its_numbers_back(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Store.open(database_url) as store:
        store.put_unit(receiver())
        say_much(store, 0, 5)
        await store.flush()
        failures = iter([True, True, False, False, False, False])

        def fail(*_: object) -> None:
            if next(failures):
                raise OperationalError("COMMIT", {}, OSError("input/output error"))

        monkeypatch.setattr(transaction, "_number", _failing_after(transaction._number, fail))
        say_much(store, 5, 5)
        await all_is_there(store, 10)


def _failing_after(function: object, fail: object) -> object:
    def wrapped(*args: object) -> object:
        result = function(*args)  # type: ignore[operator]
        fail()  # type: ignore[operator]
        return result

    return wrapped


async def test_closing_does_not_wait_for_ever_and_says_what_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr("services.store.store.CLOSE_WITHIN_S", 0.3)
    path = tmp_path / "locked.db"
    async with Store.open(f"sqlite:///{path}") as store:
        somebody = sqlite3.connect(path, isolation_level=None)
        somebody.execute("BEGIN EXCLUSIVE")
        store.append_audit(note("lost", STAGE))
        waiting = asyncio.create_task(store.flush())
        await until_failing(store)
    with pytest.raises(StoreError, match="closed"):
        await waiting
    somebody.close()
    assert "closed with 1 rows not stored" in caplog.text


async def test_memory_stays_bounded_while_the_database_is_away_and_the_audit_says_what_gave_way(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr(losses, "MOST_WAITING", 100)
    monkeypatch.setattr(losses, "MADE_FREE", 10)
    path = tmp_path / "locked.db"
    async with Store.open(f"sqlite:///{path}") as store:
        store.put_unit(receiver())
        await store.flush()
        with closing(sqlite3.connect(path, isolation_level=None)) as somebody:
            somebody.execute("BEGIN EXCLUSIVE")
            store.append_audit(note("first"))
            await until_failing(store)
            for number in range(500):
                asked = number < 5
                store.append_audit(replace(note(number), claimed_actor="anna" if asked else None))
                store.put_part(channel(1, number))
            assert store.depth <= 2 + 100
            code, words = store.condition.trouble or ("", "")
            assert code == "database_not_writable"
            assert "audit events were given up" in words
            somebody.execute("COMMIT")
        await store.flush()
        events = await store.audit_since("2000")
    assert [event.seq for event in events] == list(range(1, len(events) + 1)), "numbers have no gap"
    (lost,) = [event.draft.after or {} for event in events if event.draft.action == "audit_lost"]
    kept = [(event.draft.after or {}).get("text") for event in events]
    assert kept[:7] == ["first", None, 0, 1, 2, 3, 4], "what somebody asked for stays"
    assert kept[-1] == 499
    assert store.condition.audit_lost == lost["count"] == 500 - (len(events) - 2)
    assert str(lost["since"]) <= str(lost["until"])
    assert len([one for one in caplog.records if "are given up" in one.getMessage()]) == 1
