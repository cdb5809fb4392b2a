"""A real mosquitto for tests: its own port, its own directory, as many starts, stops and freezes as a test wants.

From a container where a Docker engine answers and no mosquitto is installed, else the installed program. With neither,
a clear failure: a test that does not run is not green.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

MOSQUITTO_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
"""Debian installs the broker where only root looks."""

MISSING = (
    "no mosquitto: neither is the program installed nor does a Docker engine answer. "
    "Run `make servers` (or: apt-get install mosquitto mosquitto-clients)"
)
DOCKER = ("docker", "run", "--rm", "--network=host")
IMAGE = "eclipse-mosquitto:2"
START_S = 15.0


def find_mosquitto() -> str | None:
    """The installed program."""
    return shutil.which("mosquitto", path=MOSQUITTO_PATH)


def docker_answers() -> bool:
    """Whether a Docker engine can be asked for a container."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    return subprocess.run([docker, "info"], capture_output=True, check=False, timeout=20).returncode == 0


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Mosquitto:
    """A broker on 127.0.0.1. ``lines`` are added to its configuration (global ones first, then listeners)."""

    def __init__(self, directory: Path, *lines: str, anonymous: bool = True, port: int | None = None) -> None:
        self.directory = directory
        self.port = port or free_port()
        self._config = directory / "mosquitto.conf"
        self.log = directory / "mosquitto.log"
        self._process: asyncio.subprocess.Process | None = None
        directory.mkdir(parents=True, exist_ok=True)
        # mosquitto started by root becomes another user; that one must read what stands here
        directory.chmod(0o755)
        self._config.write_text(
            "\n".join(
                (
                    "log_dest stderr",
                    "log_type all",
                    "set_tcp_nodelay true",
                    "persistence false",
                    "user root" if os.geteuid() == 0 else "",
                    f"allow_anonymous {str(anonymous).lower()}",
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

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None, "the broker is not running"
        return self._process.pid

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start and wait until it listens."""
        command = self._command()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
        async with asyncio.timeout(START_S):
            while not await self._listens():
                assert self._process.returncode is None, f"mosquitto ended: {self.log.read_text()[-2000:]}"
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """End it, politely at first."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """Stop and start on the same port; nothing is remembered."""
        await self.stop()
        await self.start()

    def freeze(self) -> None:
        """Make it stand still: it keeps its connections, reads nothing and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def _command(self) -> list[str]:
        program = find_mosquitto()
        if program is not None:
            return [program, "-c", str(self._config)]
        if docker_answers():
            return [
                "docker",
                "run",
                "--rm",
                "--network=host",
                f"--volume={place}:{place}",
                IMAGE,
                "mosquitto",
                "-c",
                str(self._config),
            ]
        raise AssertionError(MISSING)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGCONT)  # a frozen one would not hear the next
        process.send_signal(how)
        await process.wait()
