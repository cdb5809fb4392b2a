"""Committed audit events reach the publisher: at least once, in order, and from the database when memory is full."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.audit import Outbox
from services.audit import outbox as audit
from services.model import AuditEvent
from services.store import Store, engine
from tests.integration.kept import HALL, STAGE, note


async def say(store: Store, first: int, count: int) -> None:
    for number in range(first, first + count):
        store.append_audit(note(number))
    await store.flush()


def texts(events: Sequence[AuditEvent]) -> list[object]:
    return [(event.draft.after or {})["text"] for event in events]


async def take_all(outbox: Outbox, count: int, limit: int = 100) -> list[AuditEvent]:
    """Deliver as a publisher with a good connection does."""
    delivered: list[AuditEvent] = []
    async with asyncio.timeout(20):
        while len(delivered) < count:
            batch = await outbox.take(limit)
            assert 0 < len(batch) <= limit
            delivered += batch
            outbox.done(batch)
    return delivered


async def test_events_come_in_order_and_are_marked_once_delivered(database_url: str) -> None:
    async with Store.open(database_url) as store:
        outbox = Outbox(store)
        taking = asyncio.create_task(take_all(outbox, 250))
        for first in range(0, 250, 50):
            await say(store, first, 50)
        assert texts(await taking) == list(range(250))
        await store.flush()
        assert await store.pending(10) == []
        assert (outbox.depth, outbox.oldest_age_s) == (0, 0.0)


async def test_what_was_left_over_from_before_comes_first(database_url: str) -> None:
    async with Store.open(database_url) as store:
        await say(store, 0, 30)
        outbox = Outbox(store)
        outbox.done(await outbox.take(10))
    async with Store.open(database_url) as store:
        outbox = Outbox(store)
        await say(store, 30, 5)
        batch = await outbox.take(1)
        assert texts(batch) == [10]
        assert outbox.depth == 25
        assert outbox.oldest_age_s >= 0
        outbox.again(batch)
        assert texts(await take_all(outbox, 25)) == list(range(10, 35))


async def test_a_broken_connection_hands_out_again_what_was_not_acknowledged(database_url: str) -> None:
    async with Store.open(database_url) as store:
        outbox = Outbox(store)
        await say(store, 0, 30)
        first, second, third = await outbox.take(10), await outbox.take(10), await outbox.take(5)
        outbox.done(first)
        outbox.again(second)
        waiting = asyncio.create_task(outbox.take(100))
        await say(store, 30, 5)
        assert not waiting.done()  # until it is known what became of the third
        outbox.again(third)
        again = await waiting
        assert texts(again) == list(range(10, 35))
        assert outbox.depth == 25
        outbox.done(again)
        assert outbox.depth == 0


@pytest.mark.parametrize("window", [1, 20, 64])
async def test_while_the_broker_is_away_events_wait_in_the_database_not_in_memory(
    database_url: str, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "READ_ROWS", 50)
    async with Store.open(database_url) as store:
        outbox = Outbox(store, window=window)
        await say(store, 0, 5)
        started = await outbox.take(5)
        for first in range(5, 305, 50):
            await say(store, first, 50)
        assert len(outbox._fresh) <= window
        assert outbox.depth == 305
        assert 0 < outbox.oldest_age_s < 30
        outbox.again(started)
        taking = asyncio.create_task(take_all(outbox, 505, limit=40))
        for first in range(305, 505, 10):  # while the backlog is worked off, life goes on
            await say(store, first, 10)
        assert texts(await taking) == list(range(505))
        await store.flush()
        assert (outbox.depth, await store.pending(1)) == (0, [])


async def test_each_campus_keeps_its_order_under_load_and_broken_connections(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "READ_ROWS", 30)
    arrived: list[AuditEvent] = []
    async with Store.open(database_url, apart_s=0.002) as store:
        outbox = Outbox(store, window=50)

        async def publish() -> None:
            for turn in range(10_000):
                batch = await outbox.take(20)
                await asyncio.sleep(0)
                if turn % 5 == 4:
                    arrived.extend(batch[: len(batch) // 2])  # arrived, but the acknowledgements were lost
                    outbox.again(batch)
                else:
                    arrived.extend(batch)
                    outbox.done(batch)

        publishing = asyncio.create_task(publish())
        for number in range(300):
            store.append_audit(note(number))
            store.append_audit(note(number, HALL))
            await asyncio.sleep(0.0005)
        await store.flush()
        async with asyncio.timeout(20):
            while outbox.depth:  # noqa: ASYNC110 - as a health check sees it
                await asyncio.sleep(0.005)
        publishing.cancel()
    for campus in (STAGE, HALL):
        seen: dict[int, None] = dict.fromkeys(event.seq for event in arrived if event.draft.tenant == campus)
        assert list(seen) == list(range(1, 301))  # by first arrival: in order, without a gap


async def test_a_database_that_fails_meanwhile_only_delays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr(audit, "READ_AGAIN_S", 0.01)
    path = tmp_path / "locked.db"
    async with Store.open(f"sqlite:///{path}") as store:
        outbox = Outbox(store)
        await say(store, 0, 10)
        first = await outbox.take(10)
        somebody = sqlite3.connect(path, isolation_level=None)
        somebody.execute("BEGIN EXCLUSIVE")
        outbox.done(first)
        store.append_audit(note(10))
        async with asyncio.timeout(20):
            while store.writable:  # noqa: ASYNC110 - as a health check sees it
                await asyncio.sleep(0.005)
        somebody.execute("COMMIT")
        somebody.close()
        assert texts(await take_all(outbox, 1)) == [10]


async def test_waiting_for_events_can_be_given_up(database_url: str) -> None:
    async with Store.open(database_url) as store:
        outbox = Outbox(store)
        for delay in (0, 0.001, 0.01):
            taking = asyncio.create_task(outbox.take())
            await asyncio.sleep(delay)
            taking.cancel()
        await say(store, 0, 3)
        assert texts(await outbox.take()) == [0, 1, 2]


async def test_one_campus_that_the_broker_refuses_holds_up_no_other_and_comes_in_order_when_it_is_taken(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "READ_ROWS", 20)
    refuses = True
    async with Store.open(database_url) as store:
        for number in range(60):
            store.append_audit(note(number, HALL))
            store.append_audit(note(number, STAGE))
        await store.flush()
        outbox = Outbox(store)
        delivered: dict[object, list[object]] = {HALL: [], STAGE: []}
        progress = asyncio.Event()

        async def publish() -> None:
            while True:
                batch = await outbox.take(10)
                no = [event for event in batch if refuses and event.draft.tenant == HALL]
                for event in batch:
                    if event not in no:
                        delivered[event.draft.tenant].append((event.draft.after or {})["text"])
                if no:
                    outbox.refused(batch, no, 0.05)
                else:
                    outbox.done(batch)
                progress.set()

        async def until(number: int, campus: object) -> None:
            while len(delivered[campus]) < number:
                progress.clear()
                await progress.wait()

        publishing = asyncio.create_task(publish())
        async with asyncio.timeout(20):
            await until(60, STAGE)
            assert delivered[HALL] == []
            assert outbox.depth == 60
            store.append_audit(note(60, STAGE))
            await until(61, STAGE)
            refuses = False
            await until(60, HALL)
        publishing.cancel()
        assert delivered == {HALL: [*range(60)], STAGE: [*range(61)]}
        assert outbox.depth == 0
