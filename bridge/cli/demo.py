"""The demo: an embedded broker, simulated units on their real wire protocols, and the bridge itself, unchanged.

The only file that imports amqtt (an extra of its own: ``pip install mic2mqtt[demo]``). Everything listens on loopback,
on free ports, and keeps its database in a directory that goes with it.
"""

from __future__ import annotations

import asyncio
import logging
import shlex
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bridge.app import App
from bridge.contract import CommandTarget, Topics
from bridge.mqtt import MqttClient, MqttConfig
from bridge.settings import Settings
from bridge.terminal import Board, Wall
from services.drivers import Driver, SimulatedUnit, Simulator, find_simulators
from services.model import Facet, Kind, Part
from services.store import Store

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"

PASTED: Mapping[str, str] = {"mosquitto_sub": "mosquitto-clients", "curl": "curl"}
"""Programs in the lines to paste, and Debian's packages that have them."""

TIME_SCALE = 20.0
"""Things that take an hour on a stage take three minutes here."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One simulated unit of the demo.

    ``product`` is DRIVER/PRODUCT; ``channels`` are the names of its parts (8 characters at most) with their frequencies
    in MHz, where they have any.
    """

    id: str
    name: str
    product: str
    room: str
    kind: Kind
    channels: Mapping[str, float] = field(default_factory=dict)


FLEET: tuple[Unit, ...] = (
    Unit(
        "main-stage",
        "Main stage",
        "shure/ulxd4q",
        "Hall",
        Kind.RECEIVER,
        {"Hamlet": 526.225, "Ophelia": 529.4, "Horatio": 532.575, "Ghost": 535.75},
    ),
    Unit("lectern", "Lectern", "shure/qlxd4", "Lecture room", Kind.RECEIVER, {"Lectern": 541.1}),
    Unit("choir", "Choir", "shure/slxd4d", "Chapel", Kind.RECEIVER, {"Soprano": 578.35, "Alto": 581.525}),
    Unit(
        "broadcast",
        "Broadcast",
        "shure/ad4q",
        "Studio",
        Kind.RECEIVER,
        {"Host": 594.075, "Guest 1": 597.25, "Guest 2": 600.425, "Spare": 603.6},
    ),
    Unit("lecture", "Lecture", "sennheiser/em_g4", "Lecture room", Kind.RECEIVER, {"Prof": 566.5}),
    Unit("dock", "Dock", "shure/sbc220", "Hall", Kind.CHARGER),
    Unit("stage-ears", "Stage ears", "sennheiser/sr_iem_g4", "Hall", Kind.IEM, {"Drums": 566.9}),
)
"""Those whose drivers are not installed, or whose address is taken, are left out."""

OWN_ADDRESS = "127.0.20.{}"
"""Addresses for units that the driver distinguishes by their address alone; they use the real port."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo."""

    mqtt_url: str
    mqtt_port: int
    http_url: str
    app: App
    units: Sequence[SimulatedUnit]


@asynccontextmanager
async def broker() -> AsyncIterator[int]:
    """A real MQTT 3.1.1 listener on loopback that any client can join; gives its port. Raises `OSError`."""
    from amqtt.broker import Broker

    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.ERROR)  # here the demo is the program, and these its inner noise
    port = _free_port()
    running = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{LOOPBACK}:{port}", "max_connections": 100}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await running.start()
    try:
        yield port
    finally:
        await running.shutdown()


@asynccontextmanager
async def fleet(
    simulators: Mapping[str, Simulator], *, still: bool = False
) -> AsyncIterator[list[tuple[Unit, SimulatedUnit]]]:
    """The simulated units whose drivers are installed, each on a free port of loopback; ``still``: nothing moves."""
    async with AsyncExitStack() as stack:
        running: list[tuple[Unit, SimulatedUnit]] = []
        for number, unit in enumerate(FLEET):
            driver, _, product = unit.product.partition("/")
            if product not in (simulators[driver].traits if driver in simulators else ()):
                continue
            own = "fixed_port" in simulators[driver].traits[product]
            try:
                simulated = await stack.enter_async_context(
                    simulators[driver].run(
                        product,
                        count=1,
                        listen=OWN_ADDRESS.format(number + 1) if own else LOOPBACK,
                        port=None if own else 0,
                        seed=number,
                        time_scale=TIME_SCALE,
                        still=still,
                    )
                )
            except OSError as error:  # another demo has its address
                log.warning("the demo goes without a unit", extra={"unit": unit.id, "why": str(error)})
                continue
            for channel, (name, frequency) in enumerate(unit.channels.items(), 1):
                simulated[0].set_value(Part(channel), "name", name)
                simulated[0].set_value(Part(channel), "frequency_mhz", frequency)
            running.append((unit, simulated[0]))
        yield running


@dataclass(frozen=True, slots=True)
class Extras:
    """What the demo shows beside the bridge as it is out of the box."""

    home_assistant: bool = False
    """MQTT discovery for Home Assistant."""
    control: bool = False
    """A rule that lets everything be set that the units take."""


def settings_for(
    directory: Path, mqtt_port: int, units: Sequence[tuple[Unit, SimulatedUnit]], extras: Extras
) -> Settings:
    """The configuration that a person would write for these units."""
    everything = {"verbs": ["set", "identify", "meter_boost"], "allow_rf": True}
    return Settings.model_validate(
        {
            "mqtt": {"url": f"mqtt://{LOOPBACK}:{mqtt_port}", "protocol": "3.1.1", "value_topics": True},
            "database": {"url": f"sqlite:///{directory / 'demo.db'}"},
            "http": {"listen": f"{LOOPBACK}:0"},
            "discovery": {"interface": LOOPBACK},  # some makers take a port there that units of the demo have beside it
            "polling": {"meter_interval": "500ms"},
            "home_assistant": {"enabled": extras.home_assistant},
            "control": {"rules": [everything] if extras.control else []},
            "units": [
                {
                    "host": simulated.host,
                    "port": simulated.port,
                    "kind": unit.kind,
                    "id": unit.id,
                    "name": unit.name,
                    "labels": {"room": unit.room},
                }
                for unit, simulated in units
            ],
        }
    )


@asynccontextmanager
async def running(drivers: Mapping[str, Driver], extras: Extras = Extras()) -> AsyncIterator[Demo]:
    """Everything up; gives the addresses. Ends it all in order when the block is left."""
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mic2mqtt-demo-")))
        port = await stack.enter_async_context(broker())
        units = await stack.enter_async_context(fleet(find_simulators()))
        settings = settings_for(directory, port, units, extras)
        store = await stack.enter_async_context(Store.open(settings.database.connection_url()))
        app = App(settings, drivers, store, lambda: settings)
        started: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(app.run(lambda _app, url: started.set_result(url)), name="bridge")
        stack.push_async_callback(_stop, task)
        await asyncio.wait((task, started), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        url = started.result() or ""
        yield Demo(settings.mqtt.url, port, url, app, [simulated for _, simulated in units])


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _free_port() -> int:
    """A port that is free now; the broker's own way to take any leaves us no public way to learn which."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def words(demo: Demo) -> str:
    """What to paste into another terminal."""
    settings = demo.app.settings
    topics = Topics(settings.mqtt.base_topic, settings.bridge.id)
    absent = [package for program, package in PASTED.items() if shutil.which(program) is None]
    return "\n".join(
        (
            f"Broker   {demo.mqtt_url}      (any MQTT client can join)",
            f"Metrics  {demo.http_url}/metrics",
            "",
            "Paste into another terminal:" + (f" (first: apt-get install {' '.join(absent)})" if absent else ""),
            f"  mosquitto_sub -p {demo.mqtt_port} -v -t '{topics.base}/#'",
            f"  mosquitto_sub -p {demo.mqtt_port} -v -t '{topics.everywhere(Kind.CHANNEL, Facet.STATE)}'",
            f"  mosquitto_pub -p {demo.mqtt_port} -q 1 -t '{topics.command(CommandTarget(None), 'refresh')}' -n",
            f"  curl -s {demo.http_url}/metrics | grep battery",
            *_of_control(demo),
            f"Home Assistant: {_of_home_assistant(demo)}",
            f"Node-RED: import docs/node-red/flows.json, its broker is {LOOPBACK} port {demo.mqtt_port} (MQTT 3.1.1)",
            f"Button, panel, controller: docs/control-rooms.md, with export PORT={demo.mqtt_port}",
            "",
            "Ctrl-C ends it.",
        )
    )


def _of_home_assistant(demo: Demo) -> str:
    first = "" if demo.app.settings.home_assistant.enabled else "start the demo with --home-assistant, then "
    return f"{first}add the integration MQTT with broker {LOOPBACK} port {demo.mqtt_port} protocol 3.1.1"


def _of_control(demo: Demo) -> Sequence[str]:
    """A line that changes something, where that is allowed."""
    settings = demo.app.settings
    if not settings.control.rules or not settings.units:
        return ()
    target = f"{Kind.CHANNEL}/{settings.units[0].id}-1"
    program = "mic2mqtt" if shutil.which("mic2mqtt") else shlex.quote(sys.argv[0])
    return (f"  {program} send set --url {demo.mqtt_url} --to {target} gain_db=6 name=Yorick",)


async def main(
    drivers: Mapping[str, Driver],
    *,
    plain: bool = False,
    duration_s: float | None = None,
    extras: Extras = Extras(),
) -> None:
    """Run the demo until cancelled or its time is over: the words, and below them the live table.

    ``plain``, or no terminal, gives a line for each change instead of the table.
    """
    console = Console()
    plain = plain or not console.is_terminal
    try:
        async with running(drivers, extras) as demo:
            topics = Topics(demo.app.settings.mqtt.base_topic, demo.app.settings.bridge.id)
            text = words(demo)
            if plain:
                console.print(text, soft_wrap=True, highlight=False)
            config = MqttConfig(url=demo.mqtt_url, client_id="mic2mqtt-demo-watch", protocol="3.1.1")
            wall = Wall(Board(topics), MqttClient(config), console, above=Text(text))
            with suppress(TimeoutError):
                async with asyncio.timeout(duration_s):
                    await wall.run(plain=plain)
    finally:  # after Ctrl-C, too
        console.print("The demo has ended; its broker, units and database are gone.")
