"""What the program writes to a terminal, where libraries do not strip what a terminal obeys: names and texts of others.

On a pseudo-terminal, because the same program writes other bytes into a pipe.
"""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiomqtt
import pytest

from services.clock import now_text, uuid7
from services.model import Address, AuditDraft, Campus, Kind, UnitRecord
from services.store import Store
from tests.integration.broker import Mosquitto
from tests.integration.house import own_address

PROGRAM = str(Path(sys.executable).parent / "mic2mqtt")
LIMIT_S = 20.0

OWNED = "Vox\x1b]0;owned\x07\x1b[2J\x9b31mX\u202egnp\u2066\u200f\u2028\u2029\x85\r\x7f\x00End"
ROOT = "mic2mqtt/v1"
CHANNEL = f"{ROOT}/default/default/channel/rack1-1"

OBEYED = re.compile(
    "[\x00-\x06\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
    "|\x1b\\]|\x1b\\[2J\x9b|\r(?!\n)"
)
"""What none of our own output has, a live table included; the escape sequences of that are looked at apart."""
OURS = re.compile(r"\x1b\[(?:\?(?:25|1049)[hl]|H|\d*(?:;\d+)*m|\d*[AK]|2?J)")
"""The escape sequences of a live table: cursor, alternate screen, colours, clearing."""


def has_terminals() -> bool:
    """Whether pseudo-terminals can be opened: a bare chroot has none before devpts is mounted at /dev/pts."""
    try:
        ours, theirs = pty.openpty()
    except OSError:
        return False
    os.close(ours)
    os.close(theirs)
    return True


pytestmark = pytest.mark.skipif(not has_terminals(), reason="no pseudo-terminals here: mount devpts at /dev/pts")


class Terminal:
    """A program on a terminal of its own, and every byte that it writes there."""

    def __init__(self, process: asyncio.subprocess.Process, end: int) -> None:
        self.process = process
        self._end = end
        self._written = bytearray()
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(end, self._read)

    def _read(self) -> None:
        data = b""
        with suppress(OSError):  # the program's end of it was closed
            data = os.read(self._end, 65536)
        if not data:
            asyncio.get_running_loop().remove_reader(self._end)
        self._written += data
        self._more.set()

    async def shows(self, words: str) -> None:
        try:
            async with asyncio.timeout(LIMIT_S):
                while words not in self.text:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            pytest.fail(f"never showed {words!r}; showed: {self.text[-2000:]!r}")

    async def ends(self) -> int:
        async with asyncio.timeout(LIMIT_S):
            return await self.process.wait()

    @property
    def text(self) -> str:
        return self._written.decode(errors="replace")

    def obeyed(self) -> list[str]:
        """What a terminal would obey and is none of ours."""
        return OBEYED.findall(OURS.sub("", self.text).replace("\x1b[2J", ""))


@asynccontextmanager
async def terminal(*arguments: str, folder: Path, **env: str) -> AsyncIterator[Terminal]:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *arguments,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "200", "LINES": "40", **env},
    )
    os.close(theirs)
    shown = Terminal(process, ours)
    try:
        yield shown
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)


@pytest.fixture
async def hostile_broker(tmp_path: Path, mosquitto: Mosquitto) -> aiomqtt.Client:
    """A broker with states that somebody else wrote, and a bridge's name that is no name."""
    (tmp_path / "mic2mqtt.toml").write_text(f'[mqtt]\nurl = "{mosquitto.url}"\n')
    state = {
        "data": {"name": OWNED, "status": OWNED, "status_reasons": [OWNED], "transmitter_model": OWNED, "fault": 5}
    }
    info = {"data": {"name": OWNED, "model": OWNED}}
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as writer:
        for topic, value in (
            (f"{CHANNEL}/state", state),
            (f"{ROOT}/default/default/receiver/rack1/info", info),
            (f"{ROOT}/default/default/receiver/rack2/info", info),
            (f"{ROOT}/default/default/receiver/rack2/availability", {"state": OWNED, "reason": OWNED}),
            (f"{ROOT}/bridge/main/state", {"state": OWNED, "reasons": [OWNED]}),
        ):
            await writer.publish(topic, json.dumps(value), qos=1, retain=True)
        await writer.publish(f"{ROOT}/bridge/ma\u202ein/state", b'{"state": "online"}', qos=0, retain=True)
        await writer.publish(f"{ROOT}/default/default/channel/r\u0301-1/state", json.dumps(state), qos=0, retain=True)
    return aiomqtt.Client("127.0.0.1", mosquitto.port)


@pytest.mark.parametrize("plain", [True, False])
async def test_watch_shows_what_others_write_and_obeys_none_of_it(
    tmp_path: Path, hostile_broker: aiomqtt.Client, plain: bool
) -> None:
    async with terminal("watch", *(["--plain"] if plain else []), folder=tmp_path) as shown:
        await shown.shows("End")
        async with hostile_broker as writer:
            for nonsense in ({"status_reasons": {OWNED: 1}}, {"status": [OWNED]}, {"status": "the-end"}):
                await writer.publish(f"{CHANNEL}/state", json.dumps({"data": nonsense}), qos=1)
        await shown.shows("the-end")
        shown.process.send_signal(signal.SIGINT)
        assert await shown.ends() == 0
    assert shown.obeyed() == []
    assert "Traceback" not in shown.text


async def test_send_shows_a_reply_of_whoever_answers_and_obeys_none_of_it(
    tmp_path: Path, hostile_broker: aiomqtt.Client
) -> None:
    async with hostile_broker as forger:
        await forger.subscribe(f"{ROOT}/bridge/main/cmd/#")

        async def forge() -> None:
            async for message in forger.messages:
                request = json.loads(bytes(message.payload))
                error = {"code": OWNED, "detail": OWNED}
                reply = {"request_id": request["request_id"], "status": "failed", "error": error, OWNED: OWNED}
                await forger.publish(f"{ROOT}/bridge/main/reply/refresh", json.dumps(reply), qos=1)

        forging = asyncio.create_task(forge())
        async with terminal("send", "refresh", folder=tmp_path) as shown:
            assert await shown.ends() == 1
            await shown.shows("End")
        forging.cancel()
    assert shown.obeyed() == []


@pytest.fixture
async def hostile_database(tmp_path: Path) -> None:
    """A database that somebody else wrote into."""
    (tmp_path / "mic2mqtt.toml").write_text('[database]\nurl = "sqlite:///hostile.db"\n')
    address = Address("default", "default", Kind.RECEIVER, "rack1")
    async with Store.open(f"sqlite:///{tmp_path / 'hostile.db'}") as store:
        record = UnitRecord(address, OWNED, "shure", host=OWNED, model=OWNED, name=OWNED, last_seen=OWNED)
        store.put_unit(record)
        store.append_audit(
            AuditDraft(
                uuid7(),
                now_text(),
                Campus("default", "default"),
                "note",
                "receiver/rack1",
                claimed_actor=OWNED,
                before={"note": OWNED, OWNED: 1},
                after={"note": f"{OWNED}!"},
            )
        )
        await store.flush()


COMMANDS = [["units"], ["receivers"], ["units", "--json"], ["audit"], ["audit", "--json"]]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.usefixtures("hostile_database")
async def test_a_look_into_the_database_obeys_nothing_of_what_stands_there(
    tmp_path: Path, arguments: list[str]
) -> None:
    async with terminal(*arguments, folder=tmp_path) as shown:
        assert await shown.ends() == 0, shown.text
        await shown.shows("End")
    assert shown.obeyed() == []


@pytest.fixture
async def hostile_device() -> AsyncIterator[str]:
    """Something at a receiver's port that answers every question with what a terminal would obey; its address."""
    address = own_address()
    connections: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        with suppress(ConnectionError):
            while question := await reader.read(4096):
                for words in re.findall(rb"GET (?:\d+ )?([A-Z_]+)", question):
                    writer.write(b"< REP " + words + b" {ULXD4Q " + OWNED.encode() + b"\xff\x9b2J} >\r\n")
                    writer.write(b"< REP 1 " + words + b" {" + OWNED.encode() + b"} >" + OWNED.encode())
                await writer.drain()

    async with await asyncio.start_server(answer, address, 2202):
        yield address
        for connection in connections:
            connection.close()
            with suppress(ConnectionError):
                await connection.wait_closed()


@pytest.mark.parametrize(
    "arguments", [["probe", "--listen", "0s", "--driver", "shure"], ["discover"], ["discover", "--json"]], ids=" ".join
)
async def test_what_a_device_answers_is_shown_and_not_obeyed(
    tmp_path: Path, hostile_device: str, arguments: list[str]
) -> None:
    async with terminal(*arguments, hostile_device, folder=tmp_path) as shown:
        await shown.shows("End" if "probe" in arguments else "ULXD4Q")
        shown.process.send_signal(signal.SIGINT)
        await shown.ends()
    assert shown.obeyed() == []
    assert "Traceback" not in shown.text
