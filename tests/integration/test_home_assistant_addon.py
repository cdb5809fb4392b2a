"""The app for Home Assistant starts the real bridge, with a Supervisor's answers from a real socket.

The broker is a real one and wants the password. The image is built and run where a Docker engine answers, as in
test_image.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import pbkdf2_hmac
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from scripts.home_assistant_addon import make
from tests.integration.broker import Mosquitto, docker_answers, free_port
from tests.integration.house import as_toml, entry, own_address, simulated
from tests.integration.observer import Observer, observing
from tests.integration.test_image import BUILD_S, docker

ADDON = Path(__file__).parents[2] / "packaging" / "home-assistant-addon"
TOKEN = "0123456789abcdef"
USER, PASSWORD = "addons", "ein # Gehe1mnis/mit:allem@"
IMAGE = "mic2mqtt-app:test"
NOT_ENABLED = 400, {"result": "error", "message": "Service not enabled"}
"""What the Supervisor says where no broker is installed, or the broker has not started yet."""

Answer = tuple[int, object]


@dataclass
class Supervisor:
    """Answers as the Supervisor does, in turn; the last answer stays."""

    answers: Sequence[Answer]
    asked: list[str] = field(default_factory=list)
    """Heads of the requests."""
    url: str = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Supervisor]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        async with server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status, said = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(head)
        if f"\r\nauthorization: bearer {TOKEN}\r\n" not in head.lower():
            status, said = 401, {"result": "error", "message": "unauthorized"}
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


def service(port: int) -> Answer:
    """As the app "Mosquitto broker" announces itself."""
    data = {"host": "127.0.0.1", "port": port, "ssl": False, "protocol": "3.1.1"}
    return 200, {"result": "ok", "data": {**data, "username": USER, "password": PASSWORD, "addon": "core_mosquitto"}}


@asynccontextmanager
async def locked_broker(directory: Path) -> AsyncIterator[Mosquitto]:
    """A broker at which only who knows the password may write; everybody may look."""
    directory.mkdir()  # noqa: ASYNC240
    salt = b"twelve bytes"
    key = pbkdf2_hmac("sha512", PASSWORD.encode(), salt, 101)
    passwords, rights = directory / "passwords", directory / "rights"
    passwords.write_text(f"{USER}:$7$101${b64encode(salt).decode()}${b64encode(key).decode()}\n")
    rights.write_text(f"topic read #\nuser {USER}\ntopic readwrite #\n")
    async with Mosquitto(directory, f"password_file {passwords}", f"acl_file {rights}") as broker:
        yield broker


class Home:
    """The folders of the app as the Supervisor gives them, and the app in them."""

    def __init__(self, directory: Path, **options: object) -> None:
        self.data, self.config, self.private = (directory / name for name in ("data", "config", "run"))
        self.data.mkdir()
        self.config.mkdir()
        self.file = self.config / "mic2mqtt.toml"
        self.port = free_port()
        defaults = yaml.safe_load((ADDON / "config.yaml").read_text("utf-8"))["options"]
        self.options(**{**defaults, "campus": "stage", "http_listen": f"127.0.0.1:{self.port}", **options})

    def options(self, **options: object) -> None:
        (self.data / "options.json").write_text(json.dumps(options))

    def command(self, *more: str) -> list[str]:
        folders = ("--data", str(self.data), "--config", str(self.config), "--private", str(self.private))
        return [sys.executable, str(ADDON / "run.py"), *folders, *more]

    def environment(self, token: str | None = TOKEN) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("MIC2MQTT_", "SUPERVISOR_"))}
        kept |= {} if token is None else {"SUPERVISOR_TOKEN": token, "HASSIO_TOKEN": token}
        # nothing of the token goes to a proxy
        kept |= {"http_proxy": "http://127.0.0.1:9", "MIC2MQTT_DISCOVERY__INTERFACE": own_address()}
        return {**kept, "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}"}

    async def ends(self, *more: str, token: str | None = TOKEN) -> tuple[int | None, str]:
        """Start it where it cannot start: exit code and what it said."""
        process = await asyncio.create_subprocess_exec(
            *self.command(*more), env=self.environment(token), stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(20):
            _, said = await process.communicate()
        return process.returncode, said.decode()

    async def health(self) -> int | None:
        return (await self.ends("--health"))[0]


@dataclass
class Started:
    """The app as it runs, with the file that has its log."""

    process: asyncio.subprocess.Process
    log: Path

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):  # what config.yaml allows
            return await self.process.wait()


@asynccontextmanager
async def started(home: Home, *more: str, token: str | None = TOKEN) -> AsyncIterator[Started]:
    log = home.data.parent / "app.log"
    with log.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *home.command(*more), env=home.environment(token), stdout=sink, stderr=sink
        )
    try:
        yield Started(process, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        print(log.read_text())  # noqa: T201 - shown with a test that fails


async def online(seen: Observer) -> None:
    await seen.until(lambda: seen.is_bridge("online"), 30)


async def test_the_first_start_takes_the_broker_over_and_keeps_its_password_to_itself(tmp_path: Path) -> None:
    home = Home(tmp_path)
    async with (
        locked_broker(tmp_path / "broker") as broker,
        Supervisor([NOT_ENABLED, service(broker.port)]).serving() as supervisor,
        observing(broker.plain_port) as seen,
        started(home, "--supervisor", supervisor.url) as app,
    ):
        await online(seen)
        assert len(supervisor.asked) == 2, "the broker of a machine that boots may come later"
        assert all(head.startswith("GET /services/mqtt HTTP/1.1\r\n") for head in supervisor.asked)
        await seen.until(lambda: any(topic.startswith("homeassistant/device/") for topic in seen.retained))
        assert home.file.read_bytes() == (ADDON / "mic2mqtt.toml").read_bytes()
        assert (home.data / "mic2mqtt.db").is_file()
        assert await home.health() == 0
        kept = home.private / "mqtt-password"
        assert kept.stat().st_mode & 0o777 == 0o600
        environment = Path(f"/proc/{app.process.pid}/environ").read_text()  # noqa: ASYNC240
        assert str(kept) in environment, "the program became the bridge, so that signals reach it"
        assert TOKEN not in environment
        assert PASSWORD not in environment
        assert await app.stop() == 0
        await seen.until(lambda: seen.is_bridge("offline"))
        assert await home.health() == 1
        log = app.log.read_text()
        assert PASSWORD not in log
        assert TOKEN not in log
        assert "Home Assistant has no MQTT service" in log


async def test_a_later_start_leaves_the_file_alone_and_serves_what_stands_in_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    async with (
        locked_broker(tmp_path / "broker") as broker,
        Supervisor([service(broker.port)]).serving() as supervisor,
        observing(broker.plain_port) as seen,
        simulated() as unit,
    ):
        mine = as_toml({"units": [entry(unit)], "bridge": {"campus": "elsewhere"}})
        home.file.write_text(mine)
        async with started(home, "--supervisor", supervisor.url) as app:
            await seen.live("rack", seconds=30)
            assert await app.stop() == 0
        assert home.file.read_text() == mine


async def test_a_broker_of_ones_own_needs_no_supervisor(tmp_path: Path, mosquitto: Mosquitto) -> None:
    home = Home(tmp_path, mqtt_service=False)
    home.file.write_text(as_toml({"mqtt": {"url": mosquitto.url}}))
    async with observing(mosquitto.port) as seen, started(home, token=None) as app:
        await online(seen)
        assert await app.stop() == 0


@pytest.mark.parametrize(
    ("answer", "code", "remedy"),
    [
        (NOT_ENABLED, 1, 'install and start the app "Mosquitto broker"'),
        (NOT_ENABLED, 1, "'Service not enabled'"),
        ((403, {"result": "error", "message": "No access to mqtt service!"}), 2, "install the app again"),
        ((500, b"<html>"), 1, "see the log of the Supervisor"),
        ((200, {"result": "ok", "data": {"password": PASSWORD}}), 1, "update Home Assistant"),
        ((200, f"no JSON {PASSWORD}".encode()), 1, "update Home Assistant"),
        ((200, {"result": "ok", "data": {"host": "", "port": 1883}}), 1, "update Home Assistant"),
    ],
)
async def test_no_broker_is_one_line_with_the_remedy(tmp_path: Path, answer: Answer, code: int, remedy: str) -> None:
    home = Home(tmp_path)
    async with Supervisor([answer]).serving() as supervisor:
        ended, said = await home.ends("--supervisor", supervisor.url, "--patience", "0")
    assert ended == code
    assert remedy in said
    assert said.count("\n") == 1
    assert PASSWORD not in said
    assert not home.file.exists()


async def test_a_supervisor_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, said = await Home(tmp_path).ends("--supervisor", f"http://127.0.0.1:{free_port()}", "--patience", "0")
    assert code == 1
    assert "the Supervisor does not answer" in said


async def test_a_token_that_is_missing_or_wrong_is_named(tmp_path: Path) -> None:
    home = Home(tmp_path)
    async with Supervisor([NOT_ENABLED]).serving() as supervisor:
        missing = await home.ends("--supervisor", supervisor.url, token=None)
        assert not supervisor.asked
        wrong = await home.ends("--supervisor", supervisor.url, token="fedcba")
    assert missing[0] == 2
    assert "there is no SUPERVISOR_TOKEN" in missing[1]
    assert wrong[0] == 2
    assert "may not ask" in wrong[1]
    assert "fedcba" not in wrong[1]


@pytest.mark.parametrize("content", [None, "[]", "{"])
async def test_options_that_cannot_be_read_are_named(tmp_path: Path, content: str | None) -> None:
    home = Home(tmp_path)
    (home.data / "options.json").unlink()
    if content is not None:
        (home.data / "options.json").write_text(content)
    code, said = await home.ends()
    assert code == 2
    assert "save the options of the app again" in said


async def test_a_mistake_in_the_file_or_an_option_ends_it_with_the_bridges_own_words(tmp_path: Path) -> None:
    home = Home(tmp_path, mqtt_service=False, http_listen="127.0.0.1:99999")
    home.file.write_text("[polling]\nkeepalive = 'never'\n")
    code, said = await home.ends(token=None)
    assert code == 2
    assert "mic2mqtt.toml:2" in said
    assert "MIC2MQTT_HTTP__LISTEN" in said


async def test_without_an_address_health_is_not_asked(tmp_path: Path) -> None:
    assert await Home(tmp_path, http_listen="").health() == 0
    (tmp_path / "other").mkdir()
    assert await Home(tmp_path / "other", http_listen=f"0.0.0.0:{free_port()}").health() == 1


@pytest.fixture
def image(tmp_path: Path) -> Iterator[str]:
    """Built from the made folder alone, as the Supervisor does it."""
    make(tmp_path / "made")
    docker("build", "--network", "host", "--quiet", "--tag", IMAGE, str(tmp_path / "made"), timeout_s=BUILD_S)
    yield IMAGE
    docker("image", "rm", "--force", IMAGE)


@pytest.mark.skipif(not docker_answers(), reason="no Docker engine answers, or MIC2MQTT_TEST_SERVERS=local")
@pytest.mark.timeout(BUILD_S + 60)
async def test_the_image_runs_as_the_supervisor_starts_it(tmp_path: Path, image: str) -> None:
    home = Home(tmp_path)
    name = f"mic2mqtt-app-{uuid4().hex[:8]}"
    volumes = ("--volume", f"{home.data}:/data", "--volume", f"{home.config}:/config")
    variables = ("--env", f"SUPERVISOR_TOKEN={TOKEN}", "--env", f"MIC2MQTT_DISCOVERY__INTERFACE={own_address()}")
    async with (
        locked_broker(tmp_path / "broker") as broker,
        Supervisor([service(broker.port)]).serving() as supervisor,
        observing(broker.plain_port) as seen,
    ):
        begin = ("run", "--detach", "--init", "--network", "host", "--name", name, *volumes, *variables)
        docker(*begin, image, "--supervisor", supervisor.url)
        try:
            await online(seen)
            assert home.file.is_file()
            docker("exec", name, "python", "/opt/app/run.py", "--health")  # fails where it answers otherwise than 0
            await asyncio.to_thread(docker, "stop", "--time", "15", name)
            await seen.until(lambda: seen.is_bridge("offline"))
            assert docker("inspect", "--format", "{{.State.ExitCode}}", name) == "0"
            assert PASSWORD not in docker("logs", name)
        finally:
            print(docker("logs", name))  # noqa: T201 - shown with a test that fails
            docker("rm", "--force", "--volumes", name)
