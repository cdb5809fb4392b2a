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
TEXT = PAGE.read_text(encoding="utf-8")
(CONTROL,) = re.findall(r"^## Setting.*?(?=^## )", TEXT, re.DOTALL | re.MULTILINE)
"""The section whose lines are for a demo that lets everything be set."""


def lines_of(text: str) -> list[str]:
    """The lines in its blocks of commands."""
    return [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]


def sent(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("mosquitto_pub ")]


def received(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("mosquitto_sub ")]


LINES = lines_of(TEXT)
DEMOS = {"as it is": ([], lines_of(TEXT.replace(CONTROL, ""))), "control": (["--control"], lines_of(CONTROL))}
"""Options of a demo, and the lines of the page that are executed against it."""
NAMES = {
    name: value for line in LINES if line.startswith("export ") for name, value in [line[len("export ") :].split("=")]
}
ANSWERS = next(line for line in received(LINES) if "/reply/" in line)
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


@asynccontextmanager
async def demo(folder: Path, *options: str) -> AsyncIterator[str]:
    """The port of a running demo's broker, with its bridge online."""
    assert shutil.which("mosquitto_pub"), "no mosquitto clients: run `make servers`"
    async with started("demo", "--plain", "--few", *options, folder=folder) as running:
        said = await running.says("main-stage-1")
        yield re.search(r"mosquitto_sub -p (\d+)", said)[1]  # type: ignore[index]


def test_the_page_shows_every_verb_and_those_of_control_where_they_are_done() -> None:
    assert {filters(line)[0].rpartition("/")[2] for line in sent(LINES)} >= set(VERBS)
    done = {filters(line)[0].rpartition("/")[2] for line in sent(lines_of(CONTROL)) if line.endswith("# succeeded")}
    assert done >= {verb.name for verb in VERBS.values() if verb.is_control}
    assert sum(len(lines) for _, lines in DEMOS.values()) == len(LINES)


@pytest.mark.parametrize(("options", "lines"), DEMOS.values(), ids=DEMOS)
async def test_every_line_does_what_the_page_says(tmp_path: Path, options: list[str], lines: list[str]) -> None:
    async with demo(tmp_path, *options) as port:
        replies = await check_sent(sent(lines), port)
        await check_received(received(lines), port)
        if options:
            check_steps(replies)
            async with listening(f"mosquitto_sub -p $PORT -v -t {GAIN}", port) as printed:
                assert (await next_message(printed, *filters(f"-t {GAIN}")))[1] == "9"


GAIN = "$BASE/default/default/channel/main-stage-1/value/gain_db"


async def check_sent(lines: list[str], port: str) -> list[dict[str, Any]]:
    """Each is answered as the page says; the answers."""
    wrong, replies = [], []
    async with listening(ANSWERS, port) as printed:
        while True:  # until the subscription stands
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await answer_to(sent(LINES)[0], printed, port)
                    break
        for line in lines:
            reply = await answer_to(line, printed, port)
            replies.append(reply)
            error = reply["error"] or {}
            got = f"{reply['status']} {error.get('code', '')}".strip()
            if got != line.partition("  # ")[2].strip():
                wrong.append(f"{line}\n  got {got}: {error.get('detail')}")
            if error:
                assert error["title"]
                assert error["detail"], f"no sentence: {line}"
    assert not wrong, "\n".join(wrong)
    return replies


def check_steps(replies: list[dict[str, Any]]) -> None:
    """A step that is sent twice is answered twice, from one and the same start."""
    gains = [reply["data"]["gain_db"] for reply in replies if reply["request_id"] == "panel-1-0002"]
    assert gains == [{"wanted": 9, "reported": 9, "ok": True}] * 2


async def check_received(lines: list[str], port: str) -> None:
    """Each is given something; that of the answers was used all the time."""
    for line in lines:
        if line != ANSWERS:
            assert await first_payload(line, port), line


async def first_payload(line: str, port: str) -> str:
    """What a subscription is given first. The demo's broker loses some on a full machine: then once more."""
    for _ in range(3):
        async with listening(line, port) as printed:
            try:
                async with asyncio.timeout(LIMIT_S / 3):
                    _, payload = await next_message(printed, *filters(line))
            except TimeoutError:
                continue
            return payload
    pytest.fail(f"three subscriptions of {line!r} were given nothing")
