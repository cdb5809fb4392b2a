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
from typing import Any

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


SECRET = "demo-only"  # noqa: S105 - of simulated units on loopback
"""What simulated units that ask for a password or key are given, and the bridge too."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One simulated unit of the demo.

    ``product`` is DRIVER/PRODUCT; ``channels`` are the names of its parts (8 characters at most) with their frequencies
    in MHz, where they have any. ``given`` is what the bridge needs to be let in, ``asks`` the simulator's word for it.
    """

    id: str
    name: str
    product: str
    room: str
    kind: Kind
    channels: Mapping[str, float | None] = field(default_factory=dict)
    given: str = ""
    asks: str = ""
    behind: str = ""
    """The unit behind a gateway, where there is one."""


GATEWAY_UNIT = "dd55ec36-0000-11dd-a000-000eddcccccc"
"""Id of the unit behind the demo's System API server; any would do."""

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
    Unit("gospel", "Gospel", "shure/slxd4_plus", "Chapel", Kind.RECEIVER, {"Solo": 584.7}),
    Unit("band-ears", "Band ears", "shure/p10t", "Hall", Kind.IEM, {"Bass": 578.0, "Keys": 581.2}),
    Unit("workshop", "Workshop", "shure/ur4s", "Workshop", Kind.RECEIVER, {"Tools": 601.2}),
    Unit("board", "Boardroom", "shure/mxwapxd2", "Boardroom", Kind.RECEIVER, {"Table 1": None, "Table 2": None}),
    Unit("board-dock", "Boardroom dock", "shure/mxwndx2", "Boardroom", Kind.CHARGER),
    Unit("council", "Council", "shure/mxwapt2", "Council", Kind.RECEIVER, {"Chair": None, "Clerk": None}),
    Unit("council-dock", "Council dock", "shure/mxwncs2", "Council", Kind.CHARGER),
    Unit("tour-ears", "Tour ears", "shure/adtd", "Hall", Kind.IEM, given="key", asks="key", behind=GATEWAY_UNIT),
    Unit("musical", "Musical", "sennheiser/ewdx_em2", "Hall", Kind.RECEIVER, {"Velma": 606.5, "Roxie": 607.4}),
    Unit("revue", "Revue", "sennheiser/ewdx2chs", "Hall", Kind.RECEIVER, {"SALLY": 610.1}, "password", "password"),
    Unit("opera", "Opera", "sennheiser/em6000", "Opera", Kind.RECEIVER, {"Tosca": 518.2, "Scarpia": 520.6}),
    Unit("opera-dock", "Opera dock", "sennheiser/l6000", "Opera", Kind.CHARGER),
    Unit("revue-dock", "Revue dock", "sennheiser/chg70n", "Hall", Kind.CHARGER),
    Unit("arena", "Arena", "sennheiser/spectera", "Arena", Kind.RECEIVER, given="password", asks="password"),
    Unit("seminar", "Seminar", "audio_technica/esw_r4180lk", "Seminar", Kind.RECEIVER),
    Unit("seminar-dock", "Seminar dock", "audio_technica/esw_chg4", "Seminar", Kind.CHARGER),
    Unit("gym", "Gym", "audio_technica/atw_r1440", "Gym", Kind.RECEIVER),
    Unit("festival", "Festival", "audio_technica/atw_r5220", "Open air", Kind.RECEIVER, {"Band 1": 512.25}),
    Unit("film", "Film set", "lectrosonics/dsqd", "Studio", Kind.RECEIVER, {"Lead": 551.2, "Boom": 553.6}),
    Unit("pulpit", "Pulpit", "sennheiser/sl_rack_receiver_dw", "Chapel", Kind.RECEIVER),
    Unit("senate", "Senate", "sennheiser/sl_mcr2_dw", "Council", Kind.RECEIVER, {"Chair A": None, "Chair B": None}),
    Unit("senate-dock", "Senate dock", "sennheiser/chg2n", "Council", Kind.CHARGER),
    Unit("intercom", "Intercom", "riedel/bolero", "Hall", Kind.INTERCOM),
    Unit("meeting", "Meeting", "yamaha/elite_2", "Meeting room", Kind.RECEIVER, given="password", asks="password"),
)
"""One unit of every family; the first `SHOWN` of them are in the table on the screen.

Those whose drivers are not installed, or whose address is taken, are left out.
"""

SHOWN = 7
"""More would leave three lines to each kind on a screen of 40; `mic2mqtt watch` shows all."""

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
    simulators: Mapping[str, Simulator], *, still: bool = False, few: bool = False
) -> AsyncIterator[list[tuple[Unit, SimulatedUnit]]]:
    """The simulated units whose drivers are installed, each on a free port of loopback.

    ``still``: nothing moves; ``few``: only those on the screen.
    """
    async with AsyncExitStack() as stack:
        running: list[tuple[Unit, SimulatedUnit]] = []
        for number, unit in enumerate(FLEET[:SHOWN] if few else FLEET):
            driver, _, product = unit.product.partition("/")
            if product not in (simulators[driver].traits if driver in simulators else ()):
                continue
            traits = simulators[driver].traits[product]
            own = "fixed_port" in traits
            asked = {unit.asks: SECRET} if unit.asks else {}
            if unit.behind:
                asked["device_id"] = unit.behind
            try:
                simulated = await stack.enter_async_context(
                    _quickly(
                        simulators[driver],
                        product,
                        count=1,
                        listen=OWN_ADDRESS.format(number + 1) if own else LOOPBACK,
                        port=None if own else 0,
                        seed=number,
                        still=still,
                        **asked,
                    )
                )
            except OSError as error:  # another demo has its address
                log.warning("the demo goes without a unit", extra={"unit": unit.id, "why": str(error)})
                continue
            for channel, (name, frequency) in enumerate(unit.channels.items(), 1):
                simulated[0].set_value(Part(channel), "name", name)
                if frequency is not None:
                    simulated[0].set_value(Part(channel), "frequency_mhz", frequency)
            running.append((unit, simulated[0]))
        yield running


@asynccontextmanager
async def _quickly(simulator: Simulator, product: str, **options: Any) -> AsyncIterator[Sequence[SimulatedUnit]]:
    """Simulated units for which time passes quickly, where their simulator knows such a thing."""
    async with AsyncExitStack() as stack:
        try:
            units = await stack.enter_async_context(simulator.run(product, time_scale=TIME_SCALE, **options))
        except ValueError:
            units = await stack.enter_async_context(simulator.run(product, **options))
        yield units


@dataclass(frozen=True, slots=True)
class Extras:
    """What the demo shows beside the bridge as it is out of the box."""

    home_assistant: bool = False
    """MQTT discovery for Home Assistant."""
    control: bool = False
    """A rule that lets everything be set that the units take."""
    few: bool = False
    """Only the units on the screen."""


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
            "units": [_configured(unit, simulated) for unit, simulated in units],
        }
    )


def _configured(unit: Unit, simulated: SimulatedUnit) -> Mapping[str, object]:
    """The unit as it stands in a configuration."""
    entry = {
        "host": simulated.host,
        "port": simulated.port,
        "kind": unit.kind,
        "id": unit.id,
        "name": unit.name,
        "labels": {"room": unit.room},
        "driver": unit.product.partition("/")[0],
    }
    if unit not in FLEET[:SHOWN]:
        entry["meter_interval"] = "10s"  # the embedded broker carries a few hundred messages a second, and no more
    if unit.given:
        entry["options"] = {unit.given: SECRET}
    if unit.behind:
        entry["unit"] = unit.behind
    return entry


@asynccontextmanager
async def running(drivers: Mapping[str, Driver], extras: Extras = Extras()) -> AsyncIterator[Demo]:
    """Everything up; gives the addresses. Ends it all in order when the block is left."""
    logging.getLogger("services.drivers").setLevel(logging.ERROR)  # their advice is for real racks, not for this one
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mic2mqtt-demo-")))
        port = await stack.enter_async_context(broker())
        units = await stack.enter_async_context(fleet(find_simulators(), few=extras.few))
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
            *_of_the_others(demo),
            f"Home Assistant: {_of_home_assistant(demo)}",
            f"Node-RED: import docs/node-red/flows.json, its broker is {LOOPBACK} port {demo.mqtt_port} (MQTT 3.1.1)",
            f"Button, panel, controller: docs/control-rooms.md, with export PORT={demo.mqtt_port}",
            "",
            "Ctrl-C ends it.",
        )
    )


def _program() -> str:
    """This program as it is typed: its name where the shell finds it."""
    return "mic2mqtt" if shutil.which("mic2mqtt") else shlex.quote(sys.argv[0])


def _of_the_others(demo: Demo) -> Sequence[str]:
    others = len(demo.app.settings.units) - SHOWN
    if others <= 0:
        return ()
    return (f"  {_program()} watch --url {demo.mqtt_url}    ({others} more units: one of every family)",)


def _of_home_assistant(demo: Demo) -> str:
    first = "" if demo.app.settings.home_assistant.enabled else "start the demo with --home-assistant, then "
    return f"{first}add the integration MQTT with broker {LOOPBACK} port {demo.mqtt_port} protocol 3.1.1"


def _of_control(demo: Demo) -> Sequence[str]:
    """A line that changes something, where that is allowed."""
    settings = demo.app.settings
    if not settings.control.rules or not settings.units:
        return ()
    target = f"{Kind.CHANNEL}/{settings.units[0].id}-1"
    return (f"  {_program()} send set --url {demo.mqtt_url} --to {target} gain_db=6 name=Yorick",)


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
            shown = {unit.id for unit in FLEET[:SHOWN]}
            wall = Wall(
                Board(topics),
                MqttClient(config),
                console,
                wanted=lambda row: plain or row.address.id in shown or row.address.id.rpartition("-")[0] in shown,
                above=Text(text),
            )
            with suppress(TimeoutError):
                async with asyncio.timeout(duration_s):
                    await wall.run(plain=plain)
    finally:  # after Ctrl-C, too
        console.print("The demo has ended; its broker, units and database are gone.")
