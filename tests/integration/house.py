"""A whole house for tests: a real broker, simulated receivers on real sockets, a database, and the bridge itself.

Most tests run the bridge in their own process, as `mic2mqtt run` does it; those that kill it run the command.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Self

from bridge.app import App
from bridge.contract.payloads import read
from bridge.settings import Settings
from services.drivers import SimulatedUnit, find_drivers, find_simulators
from services.store import Store
from tests.integration.broker import Mosquitto
from tests.integration.observer import Observer, Seen, observing

LOOPBACK = "127.0.0.1"

_HOMES = count()


def own_address() -> str:
    """A local address that no other test and no other run of the tests has.

    Some makers need a UDP port of their own on it: bridges that took it on all addresses would take it from each other.
    """
    number = next(_HOMES)
    return f"127.{100 + os.getpid() % 90}.{200 + number % 50}.{number // 50 + 1}"


POLLING: Mapping[str, object] = {
    "keepalive": "1s",
    "refresh_interval": "1h",
    "meter_interval": "100ms",
    "telemetry_interval": "500ms",
}

drivers = cache(find_drivers)
simulators = cache(find_simulators)

USUAL: Mapping[str, str] = {
    "ulxd": "ulxd4q",
    "qlxd": "qlxd4",
    "slxd": "slxd4d",
    "slxd_plus": "slxd4q_plus",
    "axient": "ad4q",
}
"""Family -> the product that is simulated for it."""


@asynccontextmanager
async def simulated(family: str = "ulxd", **options: Any) -> AsyncIterator[SimulatedUnit]:
    """One receiver on a free port, that does nothing by itself."""
    options = {"still": True, "count": 1, "listen": LOOPBACK, "port": 0, **options}
    async with rack(family, **options) as units:
        yield units[0]


def rack(
    family: str, *, count: int, listen: str, **options: Any
) -> AbstractAsyncContextManager[Sequence[SimulatedUnit]]:
    """Some receivers of a family, on an address and those that follow it."""
    return simulators()["shure"].run(USUAL[family], count=count, listen=listen, **options)


def entry(unit: SimulatedUnit, id: str | None = "rack", **more: object) -> dict[str, object]:  # noqa: A002
    """A ``[[receivers]]`` table of the configuration."""
    named = {} if id is None else {"id": id}
    return {"host": unit.host, "port": unit.port, **named, **more}


def settings_of(document: Mapping[str, Any]) -> Settings:
    return Settings.model_validate(dict(document))


class House:
    """A broker, a database and whatever runs between them."""

    def __init__(self, directory: Path, broker: Mosquitto, database_url: str | None = None) -> None:
        self.directory = directory
        self.broker = broker
        self.database = directory / "house.db"
        self.document: dict[str, Any] = {
            "bridge": {"campus": "stage"},
            "mqtt": {"url": broker.url},
            "database": {"url": database_url or f"sqlite:///{self.database}"},
            # tests add units by command wherever they are simulated
            "discovery": {"interface": own_address(), "allow": ["127.0.0.0/8", "::1"], "allow_ports": ["1-65535"]},
            "polling": dict(POLLING),
            "http": {"listen": ""},
        }
        self._watching: list[Observer] = []

    def serve(self, *receivers: Mapping[str, object], **sections: Mapping[str, object]) -> Self:
        """What the configuration says from now on: these receivers, and changes of sections."""
        self.document["receivers"] = list(receivers)
        for name, changes in sections.items():
            self.document[name] = {**self.document.get(name, {}), **changes}
        return self

    @asynccontextmanager
    async def bridge(self, settings: Settings | None = None) -> AsyncIterator[App]:
        """The bridge in this process; leaving the block is a clean stop."""
        settings = settings or settings_of(self.document)
        async with Store.open(settings.database.connection_url()) as store:
            app = App(settings, drivers(), store, lambda: settings_of(self.document))
            started = asyncio.Event()
            task = asyncio.create_task(app.run(lambda _app, _url: started.set()), name="bridge")
            up = asyncio.create_task(started.wait())
            try:
                await asyncio.wait((task, up), return_when=asyncio.FIRST_COMPLETED)
                if not task.done():
                    yield app
                if task.done():
                    task.result()  # the bridge ended by itself: that is what the test should say
            finally:
                up.cancel()
                task.cancel()
                await asyncio.wait((task,))
            if not task.cancelled():
                task.result()

    @asynccontextmanager
    async def observer(self, *filters: str) -> AsyncIterator[Observer]:
        async with observing(self.broker.port, "default/stage", *filters) as observer:
            self._watching.append(observer)
            yield observer

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[App, Observer]]:
        """A bridge and somebody who watched it from its first message on."""
        async with AsyncExitStack() as stack:
            observer = await stack.enter_async_context(self.observer())
            yield await stack.enter_async_context(self.bridge()), observer

    def process(self) -> BridgeProcess:
        """`mic2mqtt run` with this configuration."""
        return BridgeProcess(self.directory, self.document)

    def check_payloads(self) -> None:
        """Everything that the bridge published has the form that is promised."""
        for observer in self._watching:
            for seen in observer.seen:
                if is_ours(seen):
                    read(seen.payload)


def is_ours(seen: Seen) -> bool:
    return seen.topic.startswith("mic2mqtt/") and bool(seen.payload) and not seen.facet.startswith(("cmd", "value/"))


class BridgeProcess:
    """`mic2mqtt run` as a process of its own."""

    def __init__(self, directory: Path, document: Mapping[str, Any]) -> None:
        self.config = directory / "mic2mqtt.toml"
        self.log = directory / "bridge.log"
        self.write(document)
        self._process: asyncio.subprocess.Process | None = None

    def write(self, document: Mapping[str, Any]) -> None:
        """Change the configuration file."""
        self.config.write_text(as_toml(document))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._process is not None:
            await self.kill()
        print(self.log.read_text())  # noqa: T201 - shown with a test that fails

    async def start(self, *, file_limit: int | None = None) -> None:
        """Start it; with ``file_limit`` no file that it writes may grow beyond so many bytes, see `limit_files`."""
        program = Path(sys.executable).with_name("mic2mqtt")
        limited = [] if file_limit is None else ["prlimit", f"--fsize={file_limit}:unlimited"]
        env = {key: value for key, value in os.environ.items() if not key.startswith("MIC2MQTT_")}
        with self.log.open("ab") as sink:
            self._process = await asyncio.create_subprocess_exec(
                *limited, program, "run", "--config", str(self.config), stdout=sink, stderr=sink, env=env
            )

    @property
    def pid(self) -> int:
        """Its number, while it runs."""
        assert self._process is not None, "it does not run"
        return self._process.pid

    async def end(self, how: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit code."""
        process, self._process = self._process, None
        assert process is not None, "it does not run"
        if process.returncode is None:
            process.send_signal(how)
        async with asyncio.timeout(10):
            return await process.wait()

    async def kill(self) -> None:
        """As a power cut would."""
        await self.end(signal.SIGKILL)

    async def stop(self) -> int:
        return await self.end(signal.SIGTERM)

    async def said(self, words: str) -> None:
        """Wait until the log has a line with these words."""
        async with asyncio.timeout(10):
            while words not in self.log.read_text():  # noqa: ASYNC110 - a log has no event to be awaited
                await asyncio.sleep(0.02)

    def limit_files(self, size: int | None) -> None:
        """From now on no file of the process may grow beyond so many bytes, as on a disk that is full; or any may."""
        assert self._process is not None, "it does not run"
        _, most = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))

    def hang_up(self) -> None:
        """Have it read its configuration again."""
        assert self._process is not None, "it does not run"
        self._process.send_signal(signal.SIGHUP)


def as_toml(document: Mapping[str, Any]) -> str:
    """The document as a configuration file."""
    lines: list[str] = []
    for name, section in document.items():
        tables: Sequence[Mapping[str, Any]] = section if isinstance(section, list) else [section]
        for table in tables:
            lines.append(f"[[{name}]]" if isinstance(section, list) else f"[{name}]")
            lines += [f"{key} = {_value(value)}" for key, value in table.items()]
    return "\n".join([*lines, ""])


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return str(value) if isinstance(value, (int, float)) else f"'{value}'"
