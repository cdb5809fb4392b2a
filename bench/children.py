"""Processes of the bench: started, asked over their standard input, ended. One JSON object a line, both ways."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self

_LINE_LIMIT = 1 << 26
END_S = 20.0


class ChildError(Exception):
    """A process of the bench did not do what it should; the text ends with what it said last."""


class Child:
    """One process; as a context it is ended when its block ends."""

    def __init__(self, name: str, arguments: list[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self._arguments = arguments
        self._log = log
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None

    @classmethod
    def module(cls, module: str, *arguments: str, log: Path, environment: Mapping[str, str]) -> Self:
        """A module of ours, run by the same interpreter."""
        return cls(module, [sys.executable, "-m", module, *arguments], log, environment)

    @property
    def pid(self) -> int:
        """Of the running process."""
        return self._running().pid

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise ChildError(f"{self.name} was not started")
        return self._process

    async def start(self) -> None:
        """Start it; what it writes to standard error goes to its log."""
        with self._log.open("ab") as sink:
            self._process = await asyncio.create_subprocess_exec(
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=sink,
                limit=_LINE_LIMIT,
                env=dict(self._environment),
            )

    async def receive(self, within_s: float = 60.0) -> Any:
        """The next message that it sends."""
        stdout = self._running().stdout
        assert stdout is not None
        try:
            async with asyncio.timeout(within_s):
                line = await stdout.readline()
        except TimeoutError:
            raise ChildError(f"{self.name} sent nothing for {within_s:g} s: {self.last_words()}") from None
        if not line:
            raise ChildError(f"{self.name} has ended: {self.last_words()}")
        return json.loads(line)

    def send(self, what: object) -> None:
        """Send it a message."""
        stdin = self._running().stdin
        assert stdin is not None
        stdin.write(json.dumps(what).encode() + b"\n")

    async def ask(self, what: str, within_s: float = 60.0, **arguments: object) -> Any:
        """Ask for something and wait for the answer."""
        self.send({"do": what, **arguments})
        return await self.receive(within_s)

    def last_words(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-2000:]

    def running(self) -> bool:
        """Whether it still runs."""
        return self._process is not None and self._process.returncode is None

    async def end(self) -> None:
        """End it politely, and if that does not help, otherwise."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(END_S):
                await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def kill(self) -> None:
        """End it as a power cut would."""
        process = self._running()
        process.kill()
        await process.communicate()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()


Handler = Callable[..., Awaitable[object]]


def emit(what: object) -> None:
    """From within a child: send a message to the process that started it."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def serve(handlers: Mapping[str, Handler]) -> None:
    """From within a child: answer until standard input ends or the process is told to."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    loop.add_signal_handler(signal.SIGTERM, reader.feed_eof)
    while line := await reader.readline():
        request = json.loads(line)
        emit(await handlers[request.pop("do")](**request))
