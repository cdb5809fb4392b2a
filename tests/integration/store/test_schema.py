"""The schema comes about by migrations, on both databases, and only when needed."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from services.store import Store, StoreError, make_engine, parse, reading
from services.store.schema import HEAD, MIGRATIONS, bring_up_to_date
from services.store.tables import Table


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def test_the_newest_script_is_the_one_that_the_program_looks_for() -> None:
    assert scripts().get_heads() == [HEAD]


async def test_migrations_from_empty_make_exactly_the_tables_of_the_code(database_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, Table.metadata))

    def shape(connection: Connection) -> dict[str, object]:
        look = inspect(connection)
        return {
            table: (
                sorted(str(sorted(key.items(), key=str)) for key in look.get_foreign_keys(table)),
                look.get_pk_constraint(table),
                sorted(str(column) for column in look.get_columns(table)),
                sorted(str(index) for index in look.get_indexes(table)),
                sorted(str(unique) for unique in look.get_unique_constraints(table)),
            )
            for table in sorted(Table.metadata.tables)
        }

    async with Store.open(database_url) as store:
        assert await store.ask(differences) == []
        migrated = await store.ask(shape)
        await store.ask(
            lambda c: [c.execute(text(f'DROP TABLE "{t.name}"')) for t in Table.metadata.sorted_tables[::-1]]
        )
        await store.ask(Table.metadata.create_all)
        assert await store.ask(shape) == migrated


async def test_a_current_schema_is_left_alone_without_alembic(database_url: str) -> None:
    async with Store.open(database_url):
        pass
    script = (
        "import asyncio, sys\n"
        "from services.store import Store\n"
        "async def main():\n"
        "    async with Store.open(sys.argv[1]) as store:\n"
        "        await store.load()\n"
        "asyncio.run(main())\n"
        "print([name for name in sys.modules if name.startswith(('alembic', 'mako'))])\n"
    )
    ran = subprocess.run([sys.executable, "-c", script, database_url], capture_output=True, text=True, check=False)  # noqa: ASYNC221
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


async def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(database_url: str) -> None:
    async with Store.open(database_url) as store:
        await store.ask(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(StoreError, match="newer than this program"):
        async with Store.open(database_url):
            pass
    engine = make_engine(parse(database_url))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
    engine.dispose()


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["CREATE TABLE states (a)"], r"another program's \(tables states\).*\[database\] url"),
        (
            ["CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES ('a1b2c3')"],
            r"another program's \(schema a1b2c3\)",
        ),
    ],
)
async def test_another_programs_database_is_refused_and_left_as_it_is(
    tmp_path: Path, statements: list[str], words: str
) -> None:
    file = tmp_path / "home-assistant.db"
    with closing(sqlite3.connect(file)) as theirs, theirs:
        for statement in statements:
            theirs.execute(statement)
    with pytest.raises(StoreError, match=words):
        async with Store.open(f"sqlite:///{file}"):
            pass
    with pytest.raises(StoreError, match=words), reading(f"sqlite:///{file}") as connection:
        bring_up_to_date(connection)
    with closing(sqlite3.connect(file)) as theirs:
        assert len(theirs.execute("SELECT name FROM sqlite_master").fetchall()) == 1


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("table", ["states", "alembic_version"])
async def test_another_programs_file_is_not_touched_at_all(tmp_path: Path, mode: str, table: str) -> None:
    file = tmp_path / "home-assistant.db"
    with closing(sqlite3.connect(file)) as theirs, theirs:
        theirs.execute(f"PRAGMA journal_mode={mode}")
        theirs.execute(f"CREATE TABLE {table} (version_num)")
        theirs.execute(f"INSERT INTO {table} VALUES ('a1b2c3')")
    before = file.read_bytes()
    with pytest.raises(StoreError, match="another program's"):
        async with Store.open(f"sqlite:///{file}"):
            pass
    with pytest.raises(StoreError, match="another program's"), reading(f"sqlite:///{file}"):
        pass
    assert file.read_bytes() == before
    assert names(tmp_path) == [file.name]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (pipe, "a named pipe"),
        (listening, "a socket"),
        (lambda path: path.symlink_to("/dev/null"), "a device"),
        (Path.mkdir, "a folder"),
    ],
)
async def test_what_is_no_file_is_named_with_the_remedy(
    tmp_path: Path, make: Callable[[Path], None], what: str
) -> None:
    place = tmp_path / "m.db"
    make(place)
    words = rf"m\.db is {what}, and the database is a file.*\[database\] url"
    with pytest.raises(StoreError, match=words):
        async with Store.open(f"sqlite:///{place}"):
            pass
    with pytest.raises(StoreError, match=words), reading(f"sqlite:///{place}"):
        pass
    assert names(tmp_path) == [place.name]


def test_a_migration_that_breaks_leaves_the_old_schema(database_url: str) -> None:
    engine = make_engine(parse(database_url))
    with engine.connect() as connection, connection.begin() as transaction:  # rolled back, as a crash does it
        bring_up_to_date(connection)
        assert "units" in inspect(connection).get_table_names()
        transaction.rollback()
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    engine.dispose()


def test_postgresql_without_its_package_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ModuleNotFoundError(\"No module named 'psycopg'\", name='psycopg')\n")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import asyncio\n"
        "from services.store import Store, StoreError\n"
        "async def main():\n"
        "    async with Store.open('postgresql+psycopg://mic:s3cret@localhost/x'): pass\n"
        "try: asyncio.run(main())\n"
        "except StoreError as error: print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=False)
    assert "pip install 'mic2mqtt[postgresql]'" in ran.stdout
    assert "s3cret" not in ran.stdout + ran.stderr
