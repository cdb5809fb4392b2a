"""The program under test, started as people start it, with a configuration for so many receivers."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.broker import free_port
from bench.children import Child

_CONFIGURATION = """\
[mqtt]
url = "mqtt://127.0.0.1:{port}"
[database]
url = "sqlite:///{database}"
[polling]
meter_interval = {meter_interval}
telemetry_interval = 1
[http]
listen = "127.0.0.1:{http}"
[discovery]
allow = ["127.43.0.0/16", "127.44.0.0/16"]
concurrency = 1000
interface = "{interface}"
[log]
level = "warning"
"""


def listed(hosts: Sequence[str], driver: str, each: str = "", *, prefix: str = "q") -> str:
    """Units as the configuration lists them; ``each`` is what every one of them has besides."""
    return "".join(
        f'[[units]]\nhost = "{host}"\nid = "{prefix}{number:04d}"\ndriver = "{driver}"\n{each}'
        for number, host in enumerate(hosts, 1)
    )


def receiver_id(number: int) -> str:
    """Of the receiver with that number, from 1."""
    return f"q{number:04d}"


class Bridge(Child):
    """One bridge on a database of its own; stopped and started again it goes on with it."""

    def __init__(
        self,
        directory: Path,
        port: int,
        hosts: Sequence[str],
        *,
        dead: Sequence[str] = (),
        meter_interval: float = 0.1,
        driver: str = "shure",
        interface: str = "",
        command: Sequence[str] | None = None,
        more: str = "",
    ) -> None:
        """``more`` is added to its configuration; ``command`` is how it is started, by default in the way that leaves
        its list of modules behind.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self.http = free_port()
        self.modules = directory / "modules.json"
        self.tasks = self.modules.with_suffix(".tasks")
        """Where it writes how many tasks it has, at SIGUSR1."""
        self.turn = self.modules.with_suffix(".turn")
        """Where it writes the longest turn of its loop between two SIGUSR2, in seconds."""
        self.database = directory / "mic2mqtt.db"
        config = directory / "mic2mqtt.toml"
        text = _CONFIGURATION.format(
            port=port, database=self.database, meter_interval=meter_interval, http=self.http, interface=interface
        )
        entries = [(host, receiver_id(number)) for number, host in enumerate(hosts, 1)]
        entries += [(host, f"dead{number}") for number, host in enumerate(dead, 1)]
        text += "".join(
            f'[[receivers]]\nhost = "{host}"\nid = "{name}"\ndriver = "{driver}"\n' for host, name in entries
        )
        config.write_text(text + more)
        program = [sys.executable, "-m", "bench.launch", str(self.modules)] if command is None else list(command)
        super().__init__("mic2mqtt", [*program, "run", "--config", str(config)], directory / "mic2mqtt.log", os.environ)

    async def scrape(self) -> tuple[int, float]:
        """Ask for the metrics as Prometheus does; how many bytes came, and milliseconds."""
        begin = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.http)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        while part := await reader.read():
            answer += part
        writer.close()
        if not answer.startswith(b"HTTP/1.1 200"):
            raise ValueError(f"metrics: {answer[:100]!r}")
        return len(answer), 1000 * (time.monotonic() - begin)

    def imported(self) -> list[str]:
        """The modules that it had imported when it ended."""
        modules: list[str] = json.loads(self.modules.read_text())
        return modules
