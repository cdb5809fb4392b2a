"""A PostgreSQL of the bench's own, where the server is installed: durable, as a real one would be."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench.broker import free_port

_INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian keeps the server's programs, by version."""
_START_S = 30.0


def find() -> Path | None:
    """The directory of the server's programs."""
    found = sorted(_INSTALLED.glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def _not_root() -> dict[str, Any]:
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user = next(entry for name in ("postgres", "nobody") for entry in pwd.getpwall() if entry.pw_name == name)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@asynccontextmanager
async def server(binaries: Path, directory: Path) -> AsyncIterator[str]:
    """A running server; how to connect to it."""
    somebody = _not_root()
    if somebody:
        for path in (directory, directory.parent):
            path.chmod(0o755)
        os.chown(directory, somebody["user"], somebody["group"])
    port = free_port()
    how: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": directory, **somebody}
    command = [str(binaries / "initdb"), "-D", "data", "-U", "bench"]
    await asyncio.to_thread(lambda: subprocess.run(command, check=True, **how))
    settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    process = subprocess.Popen([str(binaries / "postgres"), "-D", "data", *words], **how)  # noqa: ASYNC220 - uvloop's cannot change the user
    try:
        where = f"host=127.0.0.1 port={port} user=bench dbname=postgres"
        async with asyncio.timeout(_START_S):
            while not await _answers(where):  # noqa: ASYNC110 - it has no other way to say that it is ready
                await asyncio.sleep(0.05)
        yield where
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(process.wait)


async def _answers(where: str) -> bool:
    try:
        async with await psycopg.AsyncConnection.connect(where):
            return True
    except psycopg.OperationalError:
        return False
