"""A real PostgreSQL of the tests' own, with its own port and directory, and nothing of it is left behind.

From a container (testcontainers) where a Docker engine answers, else the installed program, which refuses to run as
root: then it runs as an unprivileged user. With neither, a clear failure: what does not run is not green.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import psycopg

from tests.integration.broker import docker_answers, free_port

INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian keeps the server's programs, by version."""
IMAGE = "postgres:16-alpine"
MISSING = (
    "no PostgreSQL: neither does a Docker engine answer nor is the program installed. "
    "Run `make servers` (or: apt-get install postgresql)"
)
START_S = 30.0
USER = "tests"
PASSWORD = "s3cret/wörd"
"""One that has to be encoded in a URL, and that tests look for in logs."""
_numbers = count(1)


class Runner(Protocol):
    """Where the server runs."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def log(self) -> str: ...


class Program:
    """The installed server as a process of ours."""

    def __init__(self, binaries: Path, directory: Path, port: int) -> None:
        self._binaries = binaries
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._as: dict[str, Any] = {"cwd": directory}
        settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        self._settings = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        (directory / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            user = unprivileged()
            self._as |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            for path in (directory, directory / "password"):
                os.chown(path, user.pw_uid, user.pw_gid)
        command = [str(binaries / "initdb"), "-D", "data", "-U", USER, "-A", "scram-sha-256", "--pwfile=password"]
        command += ["--no-sync", "-E", "UTF8", "--no-locale"]
        subprocess.run(command, check=True, capture_output=True, timeout=START_S, **self._as)

    def start(self) -> None:
        command = [str(self._binaries / "postgres"), "-D", "data", *self._settings]
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._as)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # "immediate": connections break in the middle
            self._process.wait(START_S)
            self._process = None

    def log(self) -> str:
        return (self._directory / "log").read_text()


class Container:
    """The server in a container on the host's network."""

    def __init__(self, port: int) -> None:
        from testcontainers.core.container import DockerContainer

        self._container = (
            DockerContainer(IMAGE)
            .with_env("POSTGRES_USER", USER)
            .with_env("POSTGRES_PASSWORD", PASSWORD)
            .with_kwargs(network_mode="host")
            .with_command(f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off")
        )
        self._started = False

    def start(self) -> None:
        if self._started:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._started = True

    def stop(self) -> None:
        self._container.get_wrapped_container().kill("SIGQUIT")
        self._container.get_wrapped_container().wait()

    def log(self) -> str:
        return str(self._container.get_logs())


def unprivileged() -> pwd.struct_passwd:
    """Somebody who is not root: Debian's postgres, or nobody."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("no user postgres and no user nobody: PostgreSQL does not run as root")


class PostgreSQL:
    """A server on 127.0.0.1; ``stop`` and ``start`` are a restart as its clients see it."""

    def __init__(self, runner: Runner, port: int) -> None:
        self._runner = runner
        self.port = port

    def start(self) -> None:
        self._runner.start()
        until = time.monotonic() + START_S
        while not self._answers():
            assert time.monotonic() < until, f"PostgreSQL did not start:\n{self._runner.log()}"
            time.sleep(0.05)  # it has no other way to say that it is ready

    def stop(self) -> None:
        self._runner.stop()

    def new_database(self, encoding: str = "UTF8") -> str:
        """The URL of an empty database."""
        name = f"test_{next(_numbers)}"
        self._execute(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
        return f"postgresql+psycopg://{USER}:s3cret%2Fw%C3%B6rd@127.0.0.1:{self.port}/{name}"

    def end_connections(self, url: str) -> None:
        """Break every connection to the database of a URL, as a server does that ends a backend."""
        name = url.rpartition("/")[2]
        self._execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(**self._parameters("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _parameters(self, database: str) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "user": USER, "password": PASSWORD, "dbname": database}

    def _answers(self) -> bool:
        try:
            psycopg.connect(**self._parameters("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """A server for as long as the block lasts."""
    port = free_port()
    directory = Path(tempfile.mkdtemp(prefix="mic2mqtt-postgresql-"))
    try:
        if docker_answers():
            runner: Runner = Container(port)
        else:
            found = sorted(INSTALLED.glob("*/bin/postgres"))
            assert found, MISSING
            runner = Program(found[-1].parent, directory, port)
        server = PostgreSQL(runner, port)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
