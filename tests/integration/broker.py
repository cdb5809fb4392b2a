"""A real mosquitto for tests: its own port, its own directory, as many starts, stops and freezes as a test wants.

From a container (testcontainers) where a Docker engine answers, else the installed program; the environment variable
``MIC2MQTT_TEST_SERVERS=local`` passes Docker over. With neither, a clear failure: what does not run is not green.
A container sees the broker's own directory, which it may write to, and the files that the tests bring along.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import random
import shutil
import signal
import socket
import subprocess
from collections.abc import Collection, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

MOSQUITTO_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
"""Debian installs the broker where only root looks."""

MISSING = (
    "no mosquitto: neither does a Docker engine answer nor is the program installed. "
    "Run `make servers` (or: apt-get install mosquitto mosquitto-clients)"
)
IMAGE = "eclipse-mosquitto:2"
SHIPPED = str(Path(__file__).parent)
"""Certificates, for example."""
START_S = 30.0
PORTS = 10_000, 32_768
"""Below those that Linux takes for outgoing connections (ip_local_port_range)."""


def find_mosquitto() -> str | None:
    """The installed program."""
    return shutil.which("mosquitto", path=MOSQUITTO_PATH)


@functools.cache
def docker_answers() -> bool:
    """Whether a Docker engine can be asked for a container, and we may use it."""
    docker = shutil.which("docker")
    if docker is None or os.environ.get("MIC2MQTT_TEST_SERVERS") == "local":
        return False
    return subprocess.run([docker, "info"], capture_output=True, check=False, timeout=20).returncode == 0


def free_port() -> int:
    """A port that nobody has at this moment, and that the system gives to no outgoing connection."""
    while True:
        port = random.randrange(*PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Runner(Protocol):
    """Where the broker runs."""

    async def start(self, config: Path, log: Path) -> None: ...
    async def end(self, how: signal.Signals) -> None: ...
    async def freeze(self, *, frozen: bool) -> None: ...
    async def hang_up(self) -> None: ...
    async def has_ended(self) -> bool: ...


class Program:
    """The installed mosquitto as a process of ours."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, config: Path, log: Path) -> None:
        with log.open("ab") as sink:
            self._process = await asyncio.create_subprocess_exec(
                self._path, "-c", str(config), stdout=sink, stderr=sink
            )

    async def end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)  # a frozen one would not hear the other
        await process.wait()

    async def freeze(self, *, frozen: bool) -> None:
        assert self._process is not None, "the broker is not running"
        self._process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    async def hang_up(self) -> None:
        assert self._process is not None, "the broker is not running"
        self._process.send_signal(signal.SIGHUP)

    async def has_ended(self) -> bool:
        return self._process is None or self._process.returncode is not None


class Container:
    """A mosquitto in a container on the host's network, so that ports and addresses are those of the program."""

    def __init__(self, places: Collection[Path]) -> None:
        """``places`` are the directories that it sees, as they are outside."""
        self._places = places
        self._container: Any = None

    async def start(self, config: Path, log: Path) -> None:
        from testcontainers.core.container import DockerContainer

        container = DockerContainer(IMAGE).with_kwargs(network_mode="host", user=f"{os.geteuid()}:{os.getegid()}")
        container.with_volume_mapping(SHIPPED, SHIPPED, "ro")
        for place in map(str, self._places):
            container.with_volume_mapping(place, place, "rw")
        await asyncio.to_thread(container.with_command(f"mosquitto -c {config}").start)
        self._container = container.get_wrapped_container()
        log.write_text("see docker logs\n")  # noqa: ASYNC240

    async def end(self, how: signal.Signals) -> None:
        container, self._container = self._container, None
        if container is None or await asyncio.to_thread(_has_ended, container):
            return
        # the engine lets a paused one go on only when it has the signal, so that it does no more work
        await asyncio.to_thread(container.kill, how.name)
        await asyncio.to_thread(container.wait)
        await asyncio.to_thread(container.remove, force=True)

    async def freeze(self, *, frozen: bool) -> None:
        await asyncio.to_thread(self._container.pause if frozen else self._container.unpause)

    async def hang_up(self) -> None:
        await asyncio.to_thread(self._container.kill, signal.SIGHUP.name)

    async def has_ended(self) -> bool:
        return self._container is None or await asyncio.to_thread(_has_ended, self._container)


def _has_ended(container: Any) -> bool:
    container.reload()
    return container.status in {"exited", "dead"}


def _runner(directory: Path, lines: Iterable[str]) -> Runner:
    if docker_answers():
        named = {Path(word).parent for line in lines for word in line.split() if word.startswith("/")}
        return Container({directory, *(place for place in named if place.is_dir() and place != Path(SHIPPED))})
    program = find_mosquitto()
    assert program is not None, MISSING
    return Program(program)


class Mosquitto:
    """A broker on 127.0.0.1. ``lines`` are for its listener on ``port``; that on ``plain_port`` is without."""

    def __init__(self, directory: Path, *lines: str, anonymous: bool = True, port: int | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        # what stands here is read by whichever user the broker becomes
        directory.chmod(0o755)
        self.directory = directory
        self.port = port or free_port()
        # mosquitto 2.0 does not start with WebSocket listeners alone
        self.plain_port = free_port() if lines else self.port
        self.log = directory / "mosquitto.log"
        self._config = directory / "mosquitto.conf"
        self._runner = _runner(directory, lines)
        self._config.write_text(
            "\n".join(
                (
                    "log_dest stderr",
                    "set_tcp_nodelay true",
                    "persistence false",
                    "user root" if os.geteuid() == 0 else "",
                    f"allow_anonymous {str(anonymous).lower()}",
                    f"listener {self.plain_port} 127.0.0.1" if self.plain_port != self.port else "",
                    f"listener {self.port} 127.0.0.1",
                    *lines,
                    "",
                )
            )
        )

    @property
    def url(self) -> str:
        """Where it is."""
        return f"mqtt://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start and wait until it listens."""
        await self._runner.start(self._config, self.log)
        async with asyncio.timeout(START_S):
            while not await self._listens():
                assert not await self._runner.has_ended(), f"mosquitto ended: {self.log.read_text()[-2000:]}"
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """End it, politely."""
        await self._runner.end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._runner.end(signal.SIGKILL)

    async def restart(self) -> None:
        """Stop and start on the same port; nothing is remembered."""
        await self.stop()
        await self.start()

    async def freeze(self) -> None:
        """Make it stand still: it keeps its connections, reads nothing and answers nothing."""
        await self._runner.freeze(frozen=True)

    async def reload(self) -> None:
        """Have it read its access rules and passwords again; connections stay."""
        await self._runner.hang_up()

    async def thaw(self) -> None:
        """Let it go on."""
        await self._runner.freeze(frozen=False)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True
