"""What is said to the store is there after a restart, on both databases."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from services import clock
from services.model import (
    Address,
    AuditEvent,
    IgnoredIdentity,
    Kind,
    PartRecord,
    PublishedResource,
    RangeRecord,
    TransmitterRecord,
)
from services.store import Store, StoreClosedError, StoreError, queries, reading
from tests.integration.kept import HALL, RACK, STAGE, channel, note, receiver
from tests.integration.postgres import PostgreSQL

EVERYTHING = receiver(
    port=2202, family="ulxd", model="ULXD4Q", name="Rack <1>", serial="4711", mac="00:0e:dd:00:00:01", device_id="",
    firmware="2.7.6", band="G51", part_count=4, source="discovery", labels={"tags": ["vocals"], "room": None},
    meter_interval_s=0.5, interface="10.20.0.1", state={"name": "Bühne 🎤", "alerts": []},
    changed_at="2026-11-22T19:30:00.120Z", last_seen="2026-11-22T19:30:01.000Z",
)  # fmt: skip
SLOTS = PartRecord(
    Address("default", "stage", Kind.CHANNEL, "rack1-2"), "rack1", 2, {"frequency_mhz": 526.225, "battery_percent": 0},
    ({"number": 1, "battery_percent": None}, {"number": 2}), "2026-11-22T19:30:00.120Z",
)  # fmt: skip
TRANSMITTER = TransmitterRecord(STAGE, "rack1", 2, "ULXD2", "", "2.7", 0, None, "2026-11-22T19:30:00.000Z")
RANGE = RangeRecord(HALL, "10.20.0.0/24", True, 3600.0, None, "command", "2026-11-22T19:30:00.000Z")
IGNORED = IgnoredIdentity(STAGE, "old", "shure", "1", None, "ULXD4", None, "10.20.0.9", "2026-11-22T19:30:00.000Z")
RETAINED = PublishedResource(RACK, "inventory", "0")


async def test_everything_said_is_there_after_a_restart(database_url: str) -> None:
    async with Store.open(database_url) as store:
        store.put_part(SLOTS)  # before its receiver: the order within one batch does not matter
        store.put_unit(EVERYTHING)
        store.put_transmitter(TRANSMITTER)
        store.put_range(RANGE)
        store.ignore(IGNORED)
        store.put_published(RETAINED)
        store.append_audit(said := note("first"))
        stream = store.stream
    async with Store.open(database_url) as store:
        loaded = await store.load()
        heard = await store.ask(lambda connection: queries.transmitters(connection, RACK))
    assert loaded.units == [EVERYTHING]
    assert loaded.parts == [SLOTS]
    assert loaded.ranges == [RANGE]
    assert loaded.ignored == [IGNORED]
    assert loaded.published == [RETAINED]
    assert loaded.heads == {STAGE: AuditEvent(stream, 1, said)}
    assert heard == [TRANSMITTER]
    assert store.stream == stream


async def test_what_was_forgotten_stays_forgotten(database_url: str) -> None:
    async with Store.open(database_url) as store:
        for record in (EVERYTHING, receiver("rack2")):
            store.put_unit(record)
        store.put_part(SLOTS)
        store.put_part(channel(1, identifier="rack2"))
        store.put_part(channel(2, identifier="rack2"))
        store.put_transmitter(TRANSMITTER)
        store.put_range(RANGE)
        store.ignore(IGNORED)
        store.put_published(RETAINED)
        await store.flush()
        store.remove_unit(RACK)
        store.remove_part(Address("default", "stage", Kind.CHANNEL, "rack2-2"))
        store.remove_range(HALL, RANGE.network)
        store.unignore(IGNORED)
        store.remove_published(RETAINED)
        await store.flush()
        loaded = await store.load()
        assert await store.ask(lambda connection: queries.transmitters(connection, RACK)) == []
    assert [record.address.id for record in loaded.units] == ["rack2"]
    assert [record.address.id for record in loaded.parts] == ["rack2-1"]
    assert (loaded.ranges, loaded.ignored, loaded.published) == ([], [], [])


async def test_a_receiver_removed_and_added_at_once_is_new(database_url: str) -> None:
    async with Store.open(database_url) as store:
        store.put_unit(EVERYTHING)
        store.put_part(SLOTS)
        await store.flush()
        store.put_part(channel(3))
        store.remove_unit(RACK)
        store.put_unit(receiver(host="10.20.0.12"))
        store.put_part(channel(1))
        await store.flush()
        loaded = await store.load()
    assert loaded.units == [receiver(host="10.20.0.12")]
    assert loaded.parts == [channel(1)]


async def test_the_last_value_wins_and_every_audit_event_is_kept(database_url: str) -> None:
    async with Store.open(database_url) as store:
        store.put_unit(receiver())
        for number in range(500):
            store.put_part(channel(1, number))
            store.append_audit(note(number))
            assert store.depth <= 2 + number + 1
        await store.flush()
        loaded = await store.load()
        events = await store.audit_since("2000")
    assert loaded.parts == [channel(1, 499)]
    assert [event.draft.after for event in events] == [{"text": number} for number in range(500)]
    assert [event.seq for event in events] == list(range(1, 501))


async def test_numbers_go_on_without_a_gap_over_a_restart_each_campus_by_itself(database_url: str) -> None:
    for round_ in range(3):
        async with Store.open(database_url) as store:
            for number in range(5):
                store.append_audit(note(f"{round_}.{number}"))
                store.append_audit(note(f"{round_}.{number}", HALL))
                store.append_audit(note(f"{round_}.{number}", HALL))
                await store.flush()
    async with Store.open(database_url) as store:
        events = await store.audit_since("2000")
        stage = await store.audit_since("2000", tenant=STAGE)
    assert [event.seq for event in stage] == list(range(1, 16))
    assert [event.seq for event in events if event.draft.tenant == HALL] == list(range(1, 31))


async def test_the_epoch_rises_at_every_start(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Store.open(database_url) as store:
        first = store.epoch
        assert abs(first - time.time()) < 30
    monkeypatch.setattr(time, "time", lambda: 1_000.0)  # a machine without a clock battery
    async with Store.open(database_url) as store:
        assert store.epoch == first + 1


async def test_committed_events_are_told_in_order(database_url: str) -> None:
    told: list[AuditEvent] = []
    async with Store.open(database_url, apart_s=0.001) as store:
        store.subscribe(told.extend)
        for number in range(200):
            store.append_audit(note(number))
            if number % 7 == 0:
                await asyncio.sleep(0)
        await store.flush()
        assert [event.draft.after for event in told] == [{"text": number} for number in range(200)]
        assert await store.audit_since("2000") == told


async def test_what_one_stretch_of_code_says_is_never_apart(database_url: str) -> None:
    """A reader beside the bridge, looking at any moment, finds a value and the audit event of its change together."""
    async with Store.open(database_url, apart_s=0.0) as store:
        store.put_unit(receiver())
        store.put_part(channel(1, 0))
        store.append_audit(note(0))
        await store.flush()
        done = asyncio.Event()

        async def change() -> None:
            for number in range(1, 400):
                store.put_part(channel(1, number))
                store.append_audit(note(number))
                await asyncio.sleep(0.0005)
            done.set()

        def look() -> tuple[object, object]:
            with reading(database_url) as connection:
                connection.exec_driver_sql("SELECT 1")
                if connection.dialect.name == "postgresql":
                    connection.rollback()
                    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                head = queries.heads(connection)[STAGE].draft.after
                return head, queries.load(connection).parts[0].state["name"]

        changing = asyncio.create_task(change())
        looks = 0
        while not done.is_set():
            head, value = await asyncio.to_thread(look)
            assert head == {"text": value}
            looks += 1
        await changing
    assert looks > 3


async def test_batches_are_apart_so_that_a_flood_is_few_commits(database_url: str) -> None:
    commits: list[int] = []
    async with Store.open(database_url) as store:
        store.subscribe(lambda events: commits.append(len(events)))
        for number in range(300):
            store.append_audit(note(number))
            await asyncio.sleep(0.001)
        await store.flush()
    assert sum(commits) == 300
    assert len(commits) < 30


async def test_last_seen_is_kept_and_never_forgotten(database_url: str) -> None:
    async with Store.open(database_url) as store:
        store.put_unit(EVERYTHING)
        store.touch(RACK, "2026-11-22T20:00:00.000Z")
        await store.flush()
        store.put_unit(replace(EVERYTHING, last_seen=None))
        await store.flush()
        assert (await store.load()).units[0].last_seen == "2026-11-22T20:00:00.000Z"
        store.touch(RACK, "2026-11-22T21:00:00.000Z")
        store.put_unit(replace(EVERYTHING, last_seen="2026-11-22T22:00:00.000Z"))
        await store.flush()
        assert (await store.load()).units[0].last_seen == "2026-11-22T22:00:00.000Z"
        store.touch(RACK, "2026-11-22T23:00:00.000Z")  # and nothing else is said before the end
    async with Store.open(database_url) as store:
        assert (await store.load()).units[0].last_seen == "2026-11-22T23:00:00.000Z"


async def test_a_touch_alone_is_written_after_a_while(database_url: str) -> None:
    async with Store.open(database_url, seen_apart_s=0.01) as store:
        store.put_unit(receiver())
        await store.flush()
        for number in range(10):
            store.touch(RACK, f"2026-11-22T23:00:00.00{number}Z")
        async with asyncio.timeout(10):
            while (await store.load()).units[0].last_seen != "2026-11-22T23:00:00.009Z":  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_audit_can_be_asked_by_time_and_for_the_newest(database_url: str) -> None:
    async with Store.open(database_url) as store:
        for hour in range(10, 20):
            store.append_audit(note(hour, time=f"2026-11-22T{hour}:00:00.000Z"))
        await store.flush()
        later = await store.audit_since("2026-11-22T15:00:00.000Z")
        newest = await store.audit_since("2026-11-22T15:00:00.000Z", limit=2)
    assert [event.seq for event in later] == [6, 7, 8, 9, 10]
    assert [event.seq for event in newest] == [9, 10]


async def test_a_damaged_row_is_logged_and_hides_no_other(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with Store.open(database_url) as store:
        for number in (1, 2, 3, 4):
            store.put_unit(receiver(f"rack{number}"))
            store.put_part(channel(1, identifier=f"rack{number}"))
        store.append_audit(note("seen"))
        await store.flush()
        broken = '"no object"' if database_url.startswith("postgresql") else '{"na'
        damage = (
            f"UPDATE units SET state = '{broken}' WHERE id = 'rack2'",
            f"UPDATE parts SET slots = '{broken}' WHERE id = 'rack3-1'",
            "UPDATE parts SET slots = '[{}]' WHERE id = 'rack4-1'",
            f"UPDATE audit_events SET after = '{broken}'",
        )
        for statement in damage:
            await store.ask(lambda connection, statement=statement: connection.execute(text(statement)))  # type: ignore[misc]
    async with Store.open(database_url) as store:
        loaded = await store.load()
        (waiting,) = await store.pending(10)
    assert [record.address.id for record in loaded.units] == ["rack1", "rack3", "rack4"]
    assert [record.address.id for record in loaded.parts] == ["rack1-1", "rack2-1"]
    assert waiting.draft.after == {"unreadable": broken}
    assert "rack2" in caplog.text


async def test_a_value_that_a_column_cannot_hold_takes_no_other_along(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Store.open(database_url) as store:
        store.put_unit(receiver(name="Ra\0ck \ud800", port=2**70, state={"name": "\0\ud800", "count": 2**70}))
        store.put_unit(receiver("rack2"))
        store.put_part(channel(1, identifier="gone"))  # its receiver is not stored
        store.put_part(channel(1, identifier="rack2"))
        store.append_audit(note("a\0b\ud800"))
        store.append_audit(replace(note("actor"), claimed_actor="node-\0red"))
        await store.flush()
        loaded = await store.load()
        events = await store.audit_since("2000")
        assert store.writable
    assert [record.address.id for record in loaded.units] == ["rack1", "rack2"]
    assert loaded.units[0].port is None
    assert [record.address.id for record in loaded.parts] == ["rack2-1"]
    assert [event.seq for event in events] == [1, 2]
    assert (events[1].draft.claimed_actor or "").endswith("red")
    assert "gone-1" in caplog.text


async def test_after_closing_nothing_can_be_said(database_url: str) -> None:
    async with Store.open(database_url) as store:
        pass
    with pytest.raises(StoreClosedError):
        store.append_audit(note("too late"))
    with pytest.raises(StoreClosedError):
        await store.flush()
    with pytest.raises(StoreClosedError):
        await store.load()


async def test_a_question_that_fails_is_an_error_for_whoever_asked_alone(database_url: str) -> None:
    async with Store.open(database_url) as store:
        with pytest.raises(StoreError, match="nonsense"):
            await store.ask(lambda connection: connection.execute(text("SELECT nonsense")))
        assert await store.ask(lambda connection: connection.execute(text("SELECT 1")).scalar()) == 1


async def test_depth_says_what_waits(database_url: str) -> None:
    async with Store.open(database_url) as store:
        assert store.depth == 0
        store.put_unit(receiver())
        store.append_audit(note("x"))
        assert store.depth == 2
        await store.flush()
        assert store.depth == 0


async def test_a_reader_beside_the_bridge_sees_what_is_committed(database_url: str) -> None:
    async with Store.open(database_url) as store:
        store.append_audit(note("seen"))
        await store.flush()
        with reading(database_url) as connection:
            assert [event.draft.after for event in queries.audit_since(connection, "2000")] == [{"text": "seen"}]


def test_a_reader_makes_no_database(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreError, match="no database at"),
        reading(f"sqlite:///{tmp_path / 'none.db'}"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_looked_at_is_named_with_the_remedy(tmp_path: Path) -> None:
    long = tmp_path / f"{'x' * 300}.db"
    with pytest.raises(StoreError, match=r"File name too long.*\[database\] url"), reading(f"sqlite:///{long}"):
        pass


async def test_a_database_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'own.db'}") as store:
        store.append_audit(note("x"))
        await store.flush()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}  # noqa: ASYNC240
    assert modes == dict.fromkeys(["own.db", "own.db-wal", "own.db-shm", "own.db.lock"], 0o600)


async def test_sqlite_keeps_commits_over_a_loss_of_power(tmp_path: Path) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'own.db'}") as store:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        found = [
            await store.ask(lambda connection, name=name: connection.exec_driver_sql(f"PRAGMA {name}").scalar())  # type: ignore[misc]
            for name in pragmas
        ]
    assert found == ["wal", 2, 1]


async def test_a_second_bridge_on_one_file_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    script = (
        "import asyncio, sys\n"
        "from services.store import Store, StoreError\n"
        "async def main():\n"
        "    async with Store.open(sys.argv[1]): pass\n"
        "try: asyncio.run(main())\n"
        "except StoreError as error: sys.exit(str(error))\n"
    )

    def second() -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", script, url], capture_output=True, text=True, check=False)

    async with Store.open(url) as store:
        refused = await asyncio.to_thread(second)
        store.append_audit(note("undisturbed"))
        await store.flush()
    assert refused.returncode == 1
    assert f"in use by another mic2mqtt (process {os.getpid()})" in refused.stderr
    assert second().returncode == 0


async def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot write .*No such file.*\[database\] url"):
        async with Store.open(f"sqlite:///{tmp_path / 'missing' / 'mic2mqtt.db'}"):
            pass
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(StoreError, match=r"is a folder.*move the folder away"):
        async with Store.open(f"sqlite:///{tmp_path / 'folder.db'}"):
            pass


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://root:s3cret@localhost/x", "use sqlite"),
        ("s3cret", "cannot be read"),
        ("postgresql://mic:s3cret@127.0.0.1:1/x", "cannot open the database postgresql"),
        ("postgresql://127.0.0.1:1/x?user=mic&password=s3cret", "127.0.0.1"),
        ("postgresql://mic:s3cret@127.0.0.1:port/x", "cannot be read"),
    ],
)
async def test_a_wrong_url_is_explained_without_its_password(
    url: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StoreError, match=words) as error:
        async with Store.open(url):
            pass
    assert "s3cret" not in f"{error.value}{caplog.text}"


async def test_times_of_the_store_are_those_of_the_contract(database_url: str) -> None:
    async with Store.open(database_url) as store:
        told: list[AuditEvent] = []
        store.subscribe(told.extend)
        store.append_audit(note("x"))
        await store.flush()
        store.mark_published(told)
        await store.flush()
        published = await store.ask(lambda c: c.execute(text("SELECT published_at FROM audit_events")).scalar())
        assert await store.pending(10) == []
    assert abs(clock.unix_seconds(str(published)) - clock.now()) < 30


async def test_a_second_bridge_on_one_postgresql_is_refused_until_the_first_one_has_gone(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.store.postgresql.LOCK_WITHIN_S", 0.2)
    url = postgresql.new_database()
    async with Store.open(url) as one:
        one.put_unit(receiver())
        await one.flush()
        with pytest.raises(StoreError, match=rf"in use by another mic2mqtt \(mic2mqtt {os.getpid()}@.*of its own"):
            async with Store.open(url):
                pass
        with reading(url) as connection:
            assert len(queries.units(connection)) == 1, "who only looks is not refused"
    async with Store.open(url) as other:
        assert other.epoch > one.epoch
        assert [unit.address for unit in (await other.load()).units] == [receiver().address]
    async with Store.open(url), Store.open(postgresql.new_database()):
        pass  # another database is another lock


async def test_a_lock_that_was_lost_with_its_connection_is_taken_again_or_its_lack_said(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.store.postgresql.LOCK_WITHIN_S", 0.2)
    url = postgresql.new_database()
    async with Store.open(url) as one:
        one.put_unit(receiver())
        await one.flush()
        postgresql.end_connections(url)
        one.append_audit(note("again"))
        await one.flush()
        with pytest.raises(StoreError, match="in use by another"):
            async with Store.open(url):
                pass
        postgresql.end_connections(url)
        async with Store.open(url) as thief:
            one.append_audit(note("mine"))
            async with asyncio.timeout(10):
                while "in use by another mic2mqtt" not in (one.last_error or ""):  # noqa: ASYNC110 - as a health check
                    await asyncio.sleep(0.01)
            thief.append_audit(note("theirs"))
        await one.flush()
        events = await one.audit_since("2000")
    assert [(event.seq, (event.draft.after or {})["text"]) for event in events] == [
        (1, "again"),
        (2, "theirs"),
        (3, "mine"),
    ]


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_a_postgresql_database_that_cannot_hold_every_name_is_refused_with_the_remedy(
    postgresql: PostgreSQL, encoding: str
) -> None:
    url = postgresql.new_database(encoding)
    words = rf"has the encoding {encoding}.*ENCODING 'UTF8' TEMPLATE template0"
    with pytest.raises(StoreError, match=words):
        async with Store.open(url):
            pass
    with pytest.raises(StoreError, match=words), reading(url):
        pass
