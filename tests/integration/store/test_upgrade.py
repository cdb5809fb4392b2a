"""What the program of schema 0001 left behind is served on: its database, its configuration, its topics.

`tests/data` was made by running that program (commit 1df091c) with simulated receivers until it was killed. The
addresses in it are on loopback; `PLACE` moves them to some of this process's own.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import JSON, Boolean, Connection, MetaData, select

from bridge.settings import Settings, load
from services.model import Campus, Kind
from services.store import Store, make_engine, parse
from services.store.schema import MIGRATIONS
from tests.integration.broker import Mosquitto
from tests.integration.house import House, simulated
from tests.integration.observer import Observer, observing

DATA: Final = Path(__file__).parents[2] / "data"
WRITTEN_PLACE: Final = "127.44.0."
PLACE: Final = f"127.44.{1 + os.getpid() % 250}."
"""Where this process's receivers are: tests that run at the same time do not meet."""

STAGE, TRUCK = Campus("default", "stage"), Campus("tour", "truck")

UNITS: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "11": ("ulxd", {"seed": 1, "model": "ULXD4Q"}),
    "12": ("slxd", {"seed": 2, "model": "SLXD4D"}),
    "13": ("axient", {"seed": 3, "model": "AD4D"}),
    "17": ("qlxd", {"seed": 4}),
    "18": ("ulxd", {"seed": 5, "model": "ULXD4D"}),
    "31": ("qlxd", {"seed": 6}),
    "41": ("ulxd", {"seed": 7, "model": "ULXD4"}),
    "49": ("slxd", {"seed": 8, "model": "SLXD4"}),
}
"""The receivers that the program of 0001 met, by the last number of their address."""

REMOVED: Final = "ulxd4d-000eddebf835"
"""A receiver that was removed by hand: it is ignored, and its topics are gone."""

RENAMED: Final = {"receivers": "units", "channels": "parts"}
"""Tables that have another name now."""
WITHOUT_ORDER: Final = "position"


def written(name: str) -> str:
    return (DATA / name).read_text().replace(WRITTEN_PLACE, PLACE)


@cache
def old() -> dict[str, list[dict[str, Any]]]:
    """All rows of the old database by table."""
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    connection.executescript(written("database_of_schema_0001.sql"))
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for (name,) in tables}


@pytest.fixture
def old_database(database_url: str) -> str:
    """The URL of a database that holds what the program of schema 0001 left."""
    url = parse(database_url)
    if url.drivername == "sqlite":
        assert url.database is not None
        file = sqlite3.connect(url.database)
        file.executescript(written("database_of_schema_0001.sql"))
        file.close()
        return database_url
    engine = make_engine(url)
    with engine.connect() as connection, connection.begin():
        make_first_schema(connection)
        insert(connection)
    engine.dispose()
    return database_url


def make_first_schema(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


def insert(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection)
    for table in tables.sorted_tables:
        rows = old()[table.name]
        if table.name == "alembic_version" or not rows:
            continue
        for row in rows:
            for column in table.columns:
                value = row[column.name]
                if isinstance(column.type, JSON) and value is not None:
                    row[column.name] = json.loads(value)
                elif isinstance(column.type, Boolean):
                    row[column.name] = bool(value)
        connection.execute(table.insert(), [{k: v for k, v in row.items() if k != WITHOUT_ORDER} for row in rows])
    old.cache_clear()


def rows_of(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    tables = MetaData()
    tables.reflect(connection)
    return {
        name: [dict(row) for row in connection.execute(select(table)).mappings()]
        for name, table in tables.tables.items()
    }


def as_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with JSON read, and without what only orders it."""
    return {
        key: json.loads(value) if isinstance(value, str) and value[:1] in {"{", "["} else value
        for key, value in row.items()
        if key != WITHOUT_ORDER
    }


NEW_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "receivers": {"channel_count": "part_count"},
    "channels": {"receiver": "unit"},
    "transmitters": {"receiver": "unit", "channel": "part"},
    "ignored_identities": {"receiver": "unit"},
    "published_resources": {"part": "page"},
}


async def test_every_value_of_an_old_database_is_found_in_the_new_one(old_database: str) -> None:
    async with Store.open(old_database) as store:
        new = await store.ask(rows_of)
    for table, rows in old().items():
        if table in {"alembic_version", "meta"}:
            continue
        names = NEW_NAMES.get(table, {})
        migrated = [as_values(row) for row in new[RENAMED.get(table, table)]]
        assert len(migrated) == len(rows), table
        for row in rows:
            kept = {names.get(key, key): value for key, value in as_values(row).items()}
            assert any(kept.items() <= candidate.items() for candidate in migrated), (table, kept)
    assert {row["kind"] for row in new["units"]} == {"receiver"}
    assert {row["kind"] for row in new["parts"]} == {"channel"}
    assert {row["key"]: row["value"] for row in old()["meta"] if row["key"] == "stream"}.items() <= {
        row["key"]: row["value"] for row in new["meta"]
    }.items()


async def test_the_services_read_all_of_an_old_database(old_database: str) -> None:
    async with Store.open(old_database) as store:
        loaded = await store.load()
    receivers = {record.address.id: record for record in loaded.units}
    assert set(receivers) == {row["id"] for row in old()["receivers"]}
    assert {record.address.kind for record in loaded.units} == {Kind.RECEIVER}
    assert receivers["stage-left"].source == "command"
    assert receivers["stage-left"].meter_interval_s == 0.5
    assert receivers["rack-a"].labels["tags"] == ["vocals", "band"]
    parts = {record.address.id: record for record in loaded.parts}
    assert parts["rack-a-4"].state["last_battery_percent"] == 100
    assert parts["rack-a-4"].state["status"] == "lost"
    assert parts["stage-left-1"].slots[0]["transmitter_id"] == "TX0001"
    assert [ignored.unit for ignored in loaded.ignored] == [REMOVED]


# -- served ---------------------------------------------------------------------------------------------------


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "mic2mqtt.toml"
    path.write_text(written("configuration_of_0001.toml"))
    return path


def settings_with(configuration: Path, broker: Mosquitto, database: str) -> Settings:
    return load(configuration, {"MIC2MQTT_MQTT__URL": broker.url, "MIC2MQTT_DATABASE__URL": database})


@asynccontextmanager
async def receivers() -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for number, (family, options) in UNITS.items():
            await stack.enter_async_context(simulated(family, listen=f"{PLACE}{number}", port=2202, **options))
        yield


def expected() -> Iterator[tuple[str, set[str], set[str]]]:
    """Each topic of the old program with the keys of its payload and of the payload's data."""
    for shape in json.loads(written("topics_of_0001.json")):
        for topic in shape["topics"]:
            if REMOVED in topic:
                continue
            yield f"mic2mqtt/v1/{topic}", set(shape["keys"].split()), set(shape["data"].split())


def missing(seen: Observer) -> list[str]:
    """Topics of the old program that were not published, or whose payload lacks a key."""
    bodies: dict[str, list[dict[str, Any]]] = {}
    for one in seen.seen:
        if one.payload:
            bodies.setdefault(one.topic, []).append(one.body)
    return [
        topic
        for topic, keys, data in expected()
        if not any(keys <= body.keys() and data <= body.get("data", {}).keys() for body in bodies.get(topic, ()))
    ]


async def test_an_old_database_and_configuration_are_served_with_all_their_topics(
    old_database: str, configuration: Path, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    house = House(tmp_path, mosquitto, old_database)
    settings = settings_with(configuration, mosquitto, old_database)
    async with receivers(), observing(mosquitto.port) as seen, house.bridge(settings):
        await seen.live("rack-a", "stage-left", "slxd4d-189b54e1", "qlxd4-000edda6c659", seconds=20)
        try:
            await seen.until(lambda: not missing(seen), 20)
        except AssertionError:
            assert missing(seen) == []
        waiting = [row["seq"] for row in old()["audit_events"] if row["published_at"] is None]
        assert len(waiting) == 3
        stage = [event["seq"] for event in seen.audit() if (event["organization"], event["campus"]) == STAGE]
        assert stage[:3] == waiting, "what waited is delivered first, and nothing that was delivered already"
        assert stage == list(range(waiting[0], waiting[0] + len(stage)))
        assert not [topic for topic in seen.retained if REMOVED in topic], "it was removed by hand"
        inventory = seen.newest("bridge/main", "inventory/0")["receivers"]
        assert {entry["receiver"] for entry in inventory} == {
            row["id"] for row in old()["receivers"] if row["campus"] == STAGE.campus
        }


async def test_last_values_of_an_old_database_are_published_before_any_receiver_answers(
    old_database: str, configuration: Path, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    house = House(tmp_path, mosquitto, old_database)
    async with observing(mosquitto.port) as seen, house.bridge(settings_with(configuration, mosquitto, old_database)):
        await seen.until(lambda: seen.is_bridge("online"))
        await seen.until(lambda: seen.data("rack-a-3"))
        state = seen.newest("channel/rack-a-3", "state")
        assert state["stale"] is True
        assert state["data"]["name"] == "Yorick"
        assert seen.newest("channel/stage-left-1", "slots")["data"]["slots"][0]["transmitter_id"] == "TX0001"
        labels = seen.newest("receiver/qlxd4-000edda6c659", "info")["data"]["labels"]
        assert (labels["room"], labels["tags"]) == ("Chapel", ["choir"])
