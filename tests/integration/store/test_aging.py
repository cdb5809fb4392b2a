"""Audit events are deleted when they have been kept long enough, whatever the clock of the machine did meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services import clock
from services.audit import Audit, Outbox, Retention, retention
from services.model import AuditEvent
from services.store import Store, aging
from tests.integration.kept import HALL, STAGE, note

DAY_S = 86_400.0
KEEP_S = 90 * DAY_S


class TestClock:
    """The machine's clock: goes on as time does, and is set by the test."""

    __test__ = False

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real = time.time
        self.ahead_s = 0.0
        monkeypatch.setattr(time, "time", lambda: self._real() + self.ahead_s)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> TestClock:
    return TestClock(monkeypatch)


async def deliver(store: Store, *texts: object) -> None:
    """Audit events that a broker has."""
    told: list[AuditEvent] = []
    store.subscribe(told.extend)
    for text in texts:
        store.append_audit(note(text))
    await store.flush()
    store.mark_published([event for event in told if (event.draft.after or {})["text"] in texts])
    await store.flush()


async def texts(store: Store) -> list[object]:
    return [(event.draft.after or {}).get("text", event.draft.action) for event in await store.audit_since("1970")]


@asynccontextmanager
async def retaining(store: Store, keep_s: float = KEEP_S) -> AsyncIterator[tuple[asyncio.Task[None], Outbox]]:
    """What the bridge does to keep the audit in bounds."""
    outbox = Outbox(store)
    task = asyncio.create_task(Retention(store, Audit(store), outbox, STAGE, keep_s).run())
    try:
        yield task, outbox
    finally:
        task.cancel()
        await asyncio.wait((task,))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the clock come at once, and the first deletion follows the first of them."""
    monkeypatch.setattr(retention, "LOOK_S", 0.01)
    monkeypatch.setattr(retention, "FIRST_PRUNE_S", 0.02)


async def until_there(store: Store, action: str) -> AuditEvent:
    async with asyncio.timeout(10):
        while not (found := [e for e in await store.audit_since("1970") if e.draft.action == action]):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found[-1]


async def test_delivered_and_waiting_events_go_when_they_are_old_but_never_a_campus_newest(database_url: str) -> None:
    async with Store.open(database_url) as store:
        await deliver(store, 1, 2, 3)
        for number in (4, 5, 6):
            store.append_audit(note(number))
        store.append_audit(note("hall", HALL))
        await store.flush()
        assert (await store.prune(3600)).rows == 0
        pruned = await store.prune(-1)
        assert pruned.rows == 5
        assert pruned.undelivered[STAGE].count == 2
        assert await texts(store) == [6, "hall"]
        store.append_audit(note("next"))
        await store.flush()
        assert (await store.audit_since("2000"))[-1].seq == 7


async def test_many_old_events_go_in_steps(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aging, "PRUNE_ROWS", 10)
    async with Store.open(database_url) as store:
        await deliver(store, *range(35))
        assert (await store.prune(-1)).rows == 34


async def test_an_event_that_was_delivered_late_stays_as_long_as_any_other(database_url: str) -> None:
    async with Store.open(database_url) as store:
        store.append_audit(note("waited for the broker", time=clock.text_of(clock.now() - 100 * DAY_S)))
        store.append_audit(note("newest"))
        await store.flush()
        store.mark_published(await store.pending(10))
        await store.flush()
        assert (await store.prune(KEEP_S)).rows == 0


async def test_only_so_many_events_wait_for_a_broker_that_never_comes(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aging, "MOST_UNDELIVERED", 10)
    async with Store.open(database_url) as store:
        for number in range(25):
            store.append_audit(note(number))
        await store.flush()
        pruned = await store.prune(KEEP_S)
        assert pruned.rows == 15
        assert pruned.undelivered[STAGE].count == 15
        assert await texts(store) == list(range(15, 25))


@pytest.mark.usefixtures("quick")
async def test_what_no_broker_took_in_time_is_deleted_and_audited_as_lost(database_url: str) -> None:
    async with Store.open(database_url) as store:
        for number in range(5):
            store.append_audit(note(number))
        async with retaining(store, keep_s=-1) as (_, outbox):
            await store.flush()
            lost = await until_there(store, "audit_lost")
            assert outbox.depth < 5
    assert lost.draft.after is not None
    assert lost.draft.after["count"] == 4
    assert lost.draft.after["why"] == "no broker took them"


@pytest.mark.usefixtures("quick")
async def test_an_evening_on_a_machine_whose_clock_jumps_forward_is_not_120_days_old(
    database_url: str, machine: TestClock
) -> None:
    machine.ahead_s = -120 * DAY_S
    async with Store.open(database_url) as store:
        await deliver(store, "this evening", "and a little later")
        async with retaining(store):
            machine.ahead_s = 0.0  # a time server answers
            changed = await until_there(store, "clock_changed")
            await deliver(store, "after the jump")
            assert (await store.prune(KEEP_S)).rows == 0
        times = [(changed.draft.before or {})["time"], (changed.draft.after or {})["time"]]
        assert str(times[0]) < changed.draft.time
        assert not changed.draft.late
        machine.ahead_s = 91 * DAY_S
        assert await texts(store) == ["this evening", "and a little later", "clock_changed", "after the jump"]
        assert (await store.prune(KEEP_S)).rows == 2 + 1, "they do go, after as long as any other"


async def test_an_evening_is_not_120_days_old_because_the_clock_was_set_while_the_bridge_did_not_run(
    database_url: str, machine: TestClock
) -> None:
    machine.ahead_s = -120 * DAY_S
    async with Store.open(database_url) as store:
        await deliver(store, "this evening", "and a little later")
    machine.ahead_s = 0.0
    async with Store.open(database_url) as store, retaining(store):
        changed = await until_there(store, "clock_changed")
        assert changed.draft.late
        assert (await store.prune(KEEP_S)).rows == 0
    async with Store.open(database_url) as store:
        assert store.clock_gap_s == 0
        assert (await store.prune(KEEP_S)).rows == 0


@pytest.mark.usefixtures("quick")
async def test_a_clock_that_was_ahead_for_a_while_deletes_nothing_and_keeps_nothing_for_years(
    database_url: str, machine: TestClock
) -> None:
    async with Store.open(database_url) as store, retaining(store) as (keeper, _):
        await deliver(store, "before")
        machine.ahead_s = 400 * DAY_S
        await until_there(store, "clock_changed")
        await deliver(store, "ahead")
        assert (await store.prune(KEEP_S)).rows == 0
        machine.ahead_s = 0.0
        await store.ask(lambda connection: connection.exec_driver_sql("UPDATE audit_events SET action = 'note'"))
        await until_there(store, "clock_changed")
        await deliver(store, "after", "last")
        assert (await store.prune(KEEP_S)).rows == 0
        keeper.cancel()
        machine.ahead_s = 91 * DAY_S
        await store.prune(KEEP_S)
        assert await texts(store) == ["last"]


async def test_a_machine_that_was_really_off_for_a_week_grows_older(database_url: str, machine: TestClock) -> None:
    machine.ahead_s = -100 * DAY_S
    async with Store.open(database_url) as store:
        await deliver(store, "old", "newest")
    for week in range(-13, 1):
        machine.ahead_s = week * 7 * DAY_S
        async with Store.open(database_url) as store:
            pass
    async with Store.open(database_url) as store:
        assert (await store.prune(KEEP_S)).rows == 1
