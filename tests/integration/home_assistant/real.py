"""A real Home Assistant, unmodified, with its MQTT integration set up at a broker.

`scripts/bootstrap --home-assistant` installs it.

A component of its own, `probe.txt`, reads its registries; everything listens on loopback.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.integration.broker import free_port

ROOT = Path(__file__).parents[3]
HOME = ROOT / ".home-assistant"
START_S = 180.0
PATIENCE_S = 40.0

LINE = re.compile(r"^\S* ?\S+ (WARNING|ERROR|CRITICAL) \([^)]*\) \[([^\]]+)\] (.*)")
ANSI = re.compile(r"\x1b\[\d*m")

CARD = re.compile(r'"hui-([a-z-]+)-card"')

ABOUT_OTHERS = re.compile(
    r"custom integration mic2mqtt_probe|has not been tested by Home Assistant|turbojpeg|Skipping pip installation"
    r"|Support for the running Python version"
    r"|accesses `DeviceEntry.config_entries`|enabled IPv4 addresses|ffmpeg|marketplace|Error returned from MQTT server"
    r"|go2rtc|bluetooth|usb|dhcp|ssdp|zeroconf|analytics|brands|Cannot connect to host|alerts.home-assistant|DNS",
    re.IGNORECASE,
)
"""Lines of its log that have nothing to do with us: there is no network beyond loopback, and no hardware."""

ITS_OWN_BIRTH = re.compile(
    r"^[^\n]*Error doing job: Task exception was never retrieved[^\n]*\n(?:Traceback|[ \t])[^\n]*\n(?:[ \t][^\n]*\n)*?"
    r"[^\n]*_async_resubscribe_and_publish_birth_message\n(?:[ \t][^\n]*\n)*"
    r"homeassistant.exceptions.HomeAssistantError: Error talking to MQTT: The client is not currently connected\.\n",
    re.MULTILINE,
)
"""It publishes its own birth just as the test takes the broker away: nobody catches that inside of Home Assistant."""

CONFIGURATION = """\
homeassistant:
  name: test
  latitude: 52.5
  longitude: 13.4
  elevation: 30
  unit_system: metric
  time_zone: UTC
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
config:
automation: !include automations.yaml
persistent_notification:
recorder:
history:
logger:
  default: warning
input_boolean:
  show:
input_text:
  told:
    max: 255
counter:
  alarms:
mic2mqtt_probe:
"""


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0, command


def is_installed(release: str) -> bool:
    return (HOME / release / "installed").exists()


class HomeAssistant:
    """One installation with one configuration folder, started and stopped as often as a test likes."""

    def __init__(self, release: str, broker_port: int, folder: Path, automations: str = "[]") -> None:
        self._root = HOME / release / "root"
        if not self._root.exists():
            self._root = Path("/")
        venv = Path("/opt/home-assistant") if self._root != Path("/") else HOME / release / "venv"
        self._program = venv / "bin" / "hass"
        # what runs in another root sees only that
        self.folder = (
            folder if self._root == Path("/") else self._root / "tmp" / f"mic2mqtt-{os.getpid()}-{folder.name}"
        )
        self._port = free_port()
        self._http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._port}/probe", trust_env=False, timeout=60)
        self._process: asyncio.subprocess.Process | None = None
        self._write(broker_port, automations)

    def _write(self, broker_port: int, automations: str) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        probe = self.folder / "custom_components" / "mic2mqtt_probe"
        storage = self.folder / ".storage"
        for made in (probe, storage):
            made.mkdir(parents=True)
        shutil.copy(Path(__file__).with_name("probe.txt"), probe / "__init__.py")
        manifest = {"domain": "mic2mqtt_probe", "name": "probe", "version": "1", "dependencies": ["http", "mqtt"]}
        manifest |= {"codeowners": [], "documentation": "", "iot_class": "local_push", "requirements": []}
        (probe / "manifest.json").write_text(json.dumps(manifest))
        (self.folder / "configuration.yaml").write_text(CONFIGURATION.format(port=self._port))
        (self.folder / "automations.yaml").write_text(automations)
        blueprints = ROOT / "docs" / "home-assistant" / "blueprints"
        if blueprints.exists():
            shutil.copytree(blueprints, self.folder / "blueprints" / "automation" / "mic2mqtt")
        entry = {
            "entry_id": "mic2mqtttest0000000000000000000a",
            "version": 1,
            "minor_version": 1,
            "domain": "mqtt",
            "title": "test",
            "data": {
                "broker": "127.0.0.1",
                "port": broker_port,
                "discovery": True,
                "discovery_prefix": "homeassistant",
            },
            "options": {},
            "pref_disable_new_entities": False,
            "pref_disable_polling": False,
            "source": "user",
            "unique_id": None,
            "disabled_by": None,
        }
        self._store("core.config_entries", {"entries": [entry]})
        self._store("onboarding", {"done": ["user", "core_config", "analytics", "integration"]}, version=4)

    def _store(self, key: str, data: object, version: int = 1) -> None:
        content = {"version": version, "minor_version": 1, "key": key, "data": data}
        (self.folder / ".storage" / key).write_text(json.dumps(content))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.start()
        try:
            yield
        finally:
            await self.stop()

    async def start(self) -> None:
        inside = self.folder if self._root == Path("/") else Path("/") / self.folder.relative_to(self._root)
        command = [str(self._program), "-c", str(inside), "--skip-pip", "--log-file", str(inside / "ha.log")]
        if self._root != Path("/"):
            command = ["chroot", str(self._root), *command]
            # no name is found inside, so that what it looks up by itself ends there
            (self._root / "etc" / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
            if not (self._root / "proc" / "self").exists():
                await _run("mount", "-t", "proc", "proc", str(self._root / "proc"))
        env = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "MIC2MQTT_"))}
        with (self.folder / "console.log").open("ab") as sink:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=sink, stderr=sink, env=env, cwd="/")
        async with asyncio.timeout(START_S):
            while not await self._is_up():
                assert self._process.returncode is None, self.log[-3000:]
                await asyncio.sleep(0.2)

    async def _is_up(self) -> bool:
        with suppress(httpx.TransportError, json.JSONDecodeError):
            reply = await self._http.get("/health")
            return reply.status_code == httpx.codes.OK and bool(reply.json()["running"])
        return False

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(40):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()

    async def end(self) -> None:
        """For good: nothing of it stays."""
        await self.stop()
        await self._http.aclose()
        shutil.rmtree(self.folder, ignore_errors=True)
        proc = self._root / "proc"
        if self._root != Path("/") and proc.is_mount():
            await _run("umount", str(proc))

    # -- what it knows ---------------------------------------------------------------------------------------

    async def dump(self) -> Dump:
        return Dump((await self._http.get("/dump")).json())

    async def call(self, service: str, **data: object) -> None:
        domain, _, name = service.partition(".")
        reply = (await self._http.post("/service", json={"domain": domain, "service": name, "data": data})).json()
        assert not reply, reply

    async def automate(self, automations: str) -> None:
        """Take these automations, as somebody who made them in the running Home Assistant."""
        (self.folder / "automations.yaml").write_text(automations)
        await self.call("automation.reload")

    async def enable_everything(self) -> None:
        """Enable what is off by default; it comes with the next start."""
        await self._http.post("/enable")

    async def render(self, template: str) -> str:
        return str((await self._http.post("/render", content=template.encode())).json()["text"])

    def cards(self) -> set[str]:
        """The types of dashboard cards that its own frontend brings along."""
        venv = self._root / self._program.parent.parent.relative_to("/")
        scripts = venv.glob("lib/python*/site-packages/hass_frontend/frontend_latest/*.js")
        return {name for script in scripts for name in CARD.findall(script.read_text("utf-8"))}

    async def until_rendered(self, template: str, text: str, seconds: float = PATIENCE_S) -> None:
        """Wait until a template says so, likewise looked at."""
        async with asyncio.timeout(seconds):
            while await self.render(template) != text:  # noqa: ASYNC110 - see `until`
                await asyncio.sleep(0.25)

    async def until(self, condition: Callable[[Dump], object], seconds: float = PATIENCE_S) -> Dump:
        """Wait until what it knows is so; it has no event for the outside, so it is looked at."""
        dump = Dump({})
        try:
            async with asyncio.timeout(seconds):
                while True:
                    dump = await self.dump()
                    if condition(dump):
                        return dump
                    await asyncio.sleep(0.25)
        except TimeoutError:
            states = "\n".join(f"  {key} {value.get('state')}" for key, value in dump.states.items())
            raise AssertionError(f"not within {seconds} s\n{states}\n{self.complaints()}") from None

    @property
    def log(self) -> str:
        files = (self.folder / "ha.log", self.folder / "console.log")
        return ANSI.sub("", "".join(file.read_text(errors="replace") for file in files if file.exists()))

    def complaints(self) -> list[str]:
        """Its warnings and errors that may be about us."""
        lines = [line for line in ITS_OWN_BIRTH.sub("", self.log).splitlines() if not ABOUT_OTHERS.search(line)]
        return list(dict.fromkeys(" ".join(match.groups())[:600] for line in lines if (match := LINE.match(line))))


class Dump:
    """What it knows at one moment."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.devices: dict[str, dict[str, Any]] = {
            one["identifiers"][0]: one for one in found.get("devices", ()) if one["identifiers"]
        }
        self.entities: dict[str, dict[str, Any]] = {one["unique_id"]: one for one in found.get("entities", ())}
        self.states: dict[str, dict[str, Any]] = found.get("states", {})
        self.triggers: list[list[Any]] = found.get("triggers", [])
        self.repairs: list[list[str]] = found.get("repairs", [])

    def state(self, entity_id: str) -> str | None:
        state: str | None = self.states.get(entity_id, {}).get("state")
        return state

    def of(self, device: str) -> dict[str, dict[str, Any]]:
        """The enabled entities of a device, by unique id."""
        return {key: one for key, one in self.entities.items() if one["device"] == [device] and not one["disabled"]}

    def ids(self) -> dict[str, tuple[str, str]]:
        """By unique id what an entity is called, and the id that its history hangs on."""
        return {key: (one["entity_id"], one["registry_id"]) for key, one in self.entities.items()}
