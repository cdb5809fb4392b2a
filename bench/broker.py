"""A real mosquitto in a directory of its own, set as the configuration that we ship sets it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from pathlib import Path

from bench.children import Child, ChildError

_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
"""Debian installs the broker where only root looks."""
_START_S = 10.0


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Mosquitto(Child):
    """Listens on 127.0.0.1; forgets everything when it ends."""

    def __init__(self, directory: Path) -> None:
        program = shutil.which("mosquitto", path=_PATH)
        if program is None:
            raise ChildError("no mosquitto: run `make servers` (or: apt-get install mosquitto)")
        self.port = free_port()
        directory.mkdir(parents=True, exist_ok=True)
        config = directory / "mosquitto.conf"
        lines = [
            "user root" if os.geteuid() == 0 else "",
            "persistence false",
            "allow_anonymous true",
            "set_tcp_nodelay true",
            "max_queued_messages 100000",
            "max_inflight_messages 1000",
            "log_dest stderr",
            "log_type error",
            f"listener {self.port} 127.0.0.1",
        ]
        config.write_text("\n".join(lines) + "\n")
        super().__init__("mosquitto", [program, "-c", str(config)], directory / "mosquitto.log", os.environ)

    async def start(self) -> None:
        """Start and wait until it listens."""
        await super().start()
        async with asyncio.timeout(_START_S):
            while not await self._listens():
                if not self.running():
                    raise ChildError(f"mosquitto ended: {self.last_words()}")
                await asyncio.sleep(0.02)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True
