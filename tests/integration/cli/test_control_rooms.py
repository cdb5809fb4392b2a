"""Each command line of docs/control-rooms.md, executed against `mic2mqtt demo`, and answered as the page says."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiomqtt import Topic

from services.verbs import VERBS
from tests.integration.cli.test_cli import started

PAGE = Path(__file__).parents[3] / "docs" / "control-rooms.md"
LINES = [
    line
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
]
SENT = [line for line in LINES if line.startswith("mosquitto_pub ")]
RECEIVED = [line for line in LINES if line.startswith("mosquitto_sub ")]
NAMES = {
    name: value for line in LINES if line.startswith("export ") for name, value in [line[len("export ") :].split("=")]
}
ANSWERS = next(line for line in RECEIVED if "/reply/" in line)
UNDER_WAY = {"accepted", "progress"}
LIMIT_S = 30.0


@asynccontextmanager
async def listening(line: str, port: str) -> AsyncIterator[asyncio.StreamReader]:
    """What a line of the page prints."""
    process = await asyncio.create_subprocess_shell(
        f"exec {line}", stdout=asyncio.subprocess.PIPE, env={**os.environ, **NAMES, "PORT": port}
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def next_message(printed: asyncio.StreamReader, *wanted: str) -> tuple[str, str]:
    """The next one under one of these topics; the demo's broker also hands out others that are retained."""
    async with asyncio.timeout(LIMIT_S):
        while line := await printed.readline():
            topic, _, payload = line.decode().rstrip("\n").partition(" ")
            if any(Topic(topic).matches(filter_) for filter_ in wanted):
                return topic, payload
    pytest.fail(f"mosquitto_sub ended without a message of {wanted}")


def filters(line: str) -> list[str]:
    """The topics of a line, with its variables filled in."""
    words = shlex.split(re.sub(r"\$(\w+)", lambda name: NAMES.get(name[1], name[0]), line), comments=True)
    return [words[place + 1] for place, word in enumerate(words) if word == "-t"]


async def answer_to(line: str, printed: asyncio.StreamReader, port: str) -> dict[str, Any]:
    """Send it; its final reply."""
    async with listening(line, port):
        (topic,) = filters(line)
        while True:
            _, payload = await next_message(printed, topic.replace("/cmd/", "/reply/"))
            reply: dict[str, Any] = json.loads(payload)
            if reply["status"] not in UNDER_WAY:
                return reply


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[str]:
    """The broker of a running demo whose bridge is online."""
    assert shutil.which("mosquitto_pub"), "no mosquitto clients: run `make servers`"
    async with started("demo", "--plain", folder=tmp_path) as demo:
        said = await demo.says("main-stage-1")
        yield re.search(r"mosquitto_sub -p (\d+)", said)[1]  # type: ignore[index]


def test_the_page_shows_every_verb() -> None:
    shown = {filters(line)[0].rpartition("/")[2] for line in SENT}
    assert shown >= set(VERBS)


async def test_every_line_that_is_sent_is_answered_as_the_page_says(port: str) -> None:
    wrong = []
    async with listening(ANSWERS, port) as printed:
        while True:  # until the subscription stands
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await answer_to(SENT[0], printed, port)
                    break
        for line in SENT:
            reply = await answer_to(line, printed, port)
            error = reply["error"] or {}
            got = f"{reply['status']} {error.get('code', '')}".strip()
            if got != line.partition("  # ")[2].strip():
                wrong.append(f"{line}\n  got {got}: {error.get('detail')}")
            if error:
                assert error["title"]
                assert error["detail"], f"no sentence: {line}"
    assert not wrong, "\n".join(wrong)


async def test_every_line_that_listens_is_given_something(port: str) -> None:
    for line in RECEIVED:
        if line != ANSWERS:
            async with listening(line, port) as printed:
                _, payload = await next_message(printed, *filters(line))
                assert payload, line
