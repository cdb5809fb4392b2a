"""The program's commands: their options and examples. What they do is imported when one of them runs, so that
``--help`` is quick and a small command stays small.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from bridge.cli import import_guard
from bridge.cli.errors import FAILED, WRONG, explain

T = TypeVar("T")

app = typer.Typer(
    name="mic2mqtt",
    help="Wireless microphone receivers on MQTT: state, telemetry, audit and commands.",
    epilog="Try it without any hardware: mic2mqtt demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help costs a third of the time
    context_settings={"help_option_names": ["-h", "--help"]},
)
db = typer.Typer(help="The database: bring it up to date, or see whether it is.", no_args_is_help=True)
app.add_typer(db, name="db", epilog="Example: mic2mqtt db check")

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Configuration file; else MIC2MQTT_CONFIG, ./mic2mqtt.toml, /etc/mic2mqtt/mic2mqtt.toml."
    ),
]
Url = Annotated[str | None, typer.Option("--url", help="Broker, instead of the configured one: mqtt://HOST:1883.")]
BaseTopic = Annotated[str | None, typer.Option("--base-topic", help="First level of the topics, likewise.")]
Plain = Annotated[bool, typer.Option("--plain", help="Lines instead of a live table, as when output is no terminal.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Interface = Annotated[str, typer.Option("--interface", help="Local address to ask from.")]


def _say(line: str) -> None:
    typer.echo(line)


def _duration(text: str) -> float:
    from bridge.settings import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end. What was typed wrong is told as such."""
    import asyncio

    try:
        return asyncio.run(work)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run what Ctrl-C or SIGTERM ends, which is no failure then."""
    import asyncio
    import signal

    async def live() -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await work

    asyncio.run(live())


def _end(fine: bool) -> None:
    if not fine:
        raise typer.Exit(FAILED)


@app.command(epilog="Example: mic2mqtt run --config /etc/mic2mqtt/mic2mqtt.toml")
def run(config: Config = None) -> None:
    """Run the bridge. SIGTERM or Ctrl-C ends it in good order, SIGHUP reads the configuration again."""
    from bridge.cli import run as cli_run

    cli_run.run(config)


@app.command(epilog="Example: mic2mqtt demo --for 5m")
def demo(
    plain: Plain = False,
    duration: Annotated[str | None, typer.Option("--for", help='End after so long, for example "5m".')] = None,
) -> None:
    """Show it all without hardware: a broker, four simulated receivers and the bridge, on this machine alone."""
    seconds = None if duration is None else _duration(duration)
    try:
        from bridge.cli import demo as house
        from services.drivers import find_drivers

        _run_until_stopped(house.main(find_drivers(), plain=plain, duration_s=seconds))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "amqtt":
            raise
        typer.echo("the demo's broker is not installed: pip install 'mic2mqtt[demo]'", err=True)
        raise typer.Exit(FAILED) from error


@app.command(epilog="Example: mic2mqtt watch --url mqtt://broker.example.org --receiver stage")
def watch(
    config: Config = None,
    url: Url = None,
    base_topic: BaseTopic = None,
    receiver: Annotated[str | None, typer.Option(help="Only receivers with this in their id or name.")] = None,
    campus: Annotated[str | None, typer.Option(help="Only this campus, or ORGANIZATION/CAMPUS.")] = None,
    plain: Plain = False,
) -> None:
    """Show every channel of a broker as a live table."""
    from bridge.cli import broker as cli_broker

    settings = cli_broker.load_for(config, url, base_topic)
    _run_until_stopped(cli_broker.watch(settings, receiver=receiver, campus=campus, plain=plain))


@app.command(epilog="Example: mic2mqtt discover 10.20.0.0/24 rack1.example.org")
def discover(
    targets: Annotated[
        list[str] | None, typer.Argument(help="Networks, ranges, addresses, names; else those of the configuration.")
    ] = None,
    config: Config = None,
    concurrency: Annotated[int, typer.Option(min=1, max=4096, help="Addresses asked at the same time.")] = 256,
    interface: Interface = "",
    as_json: AsJson = False,
) -> None:
    """Ask networks and hosts who answers. Needs neither broker nor database, and changes nothing."""
    from bridge.cli import devices as cli_devices

    places: Sequence[str] = targets or cli_devices.configured_targets(config)
    if not places:
        raise typer.BadParameter("name networks or hosts, for example 10.20.0.0/24", param_hint="TARGETS")
    _run(cli_devices.discover(places, concurrency=concurrency, interface=interface, as_json=as_json, write=_say))


@app.command(epilog="Example: mic2mqtt probe 10.20.0.11 --listen 10s")
def probe(
    host: Annotated[str, typer.Argument(help="Address or name, HOST or HOST:PORT.")],
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Where it is not the driver's own.")] = None,
    driver: Annotated[str | None, typer.Option(help="Ask with this driver only.")] = None,
    interface: Interface = "",
    meter_interval: Annotated[str, typer.Option(help="Metering to ask for; 0 is none.")] = "1s",
    listen: Annotated[str, typer.Option(help="How long to listen after everything was read.")] = "3s",
) -> None:
    """Talk to one receiver and print every line sent and received, with a verdict."""
    from bridge.cli import devices as cli_devices

    fine = _run(
        cli_devices.probe(
            host,
            port=port,
            driver=driver,
            interface=interface,
            meter_interval_s=_duration(meter_interval),
            listen_s=_duration(listen),
            write=_say,
        )
    )
    _end(fine)


@app.command(epilog="Example: mic2mqtt simulate --family ulxd --count 20 --listen 127.0.20.1 --option still=true")
def simulate(
    family: Annotated[str, typer.Option(help="Product family; an unknown one is answered with the list.")] = "ulxd",
    count: Annotated[int, typer.Option(min=1, max=65536, help="How many receivers.")] = 1,
    listen: Annotated[
        str, typer.Option(help="Address of the first; the others take those that follow.")
    ] = "127.0.20.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Where it is not the real one; 0: free ports, one address.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other units.")] = 0,
    fault: Annotated[
        list[str] | None, typer.Option(help="Begin with a fault; repeatable. An unknown one is answered with the list.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE; repeatable. An unknown one is answered with the list.")
    ] = None,
) -> None:
    """Run simulated receivers that speak the real protocol. Ctrl-C ends them."""
    from bridge.cli import devices as cli_devices

    try:
        options = dict(cli_devices.option(text) for text in option or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--option") from error
    work = cli_devices.simulate(
        family, count=count, listen=listen, port=port, seed=seed, faults=fault or (), options=options, write=_say
    )
    try:
        _run_until_stopped(work)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command(epilog="""Example: mic2mqtt send discover --args '{"networks": ["10.20.0.0/24"]}'""")
def send(
    verb: Annotated[str, typer.Argument(help="refresh, discover, detail, republish, reload, note ...")],
    to: Annotated[
        str | None,
        typer.Option(
            help="KIND/ID, for example channel/rack1-1; or ORGANIZATION/CAMPUS/KIND/ID; else the whole bridge."
        ),
    ] = None,
    args: Annotated[str, typer.Option(help="Arguments, a JSON object.")] = "{}",
    actor: Annotated[str, typer.Option(help="Who asks, for the audit.")] = "mic2mqtt send",
    timeout: Annotated[str, typer.Option(help="How long to wait for the final reply.")] = "30s",
    config: Config = None,
    url: Url = None,
    base_topic: BaseTopic = None,
) -> None:
    """Send a command to a running bridge and print its replies."""
    import json

    from bridge.cli import broker as cli_broker

    try:
        arguments = json.loads(args)
    except ValueError as error:
        raise typer.BadParameter(f"no JSON: {error}", param_hint="--args") from error
    if not isinstance(arguments, dict):
        raise typer.BadParameter('a JSON object is wanted, for example {"adopt": true}', param_hint="--args")
    settings = cli_broker.load_for(config, url, base_topic)
    try:
        fine = _run(
            cli_broker.send(
                settings, verb, to=to, args=arguments, actor=actor, timeout_s=_duration(timeout), write=_say
            )
        )
    except TimeoutError as error:
        asked = "is a bridge running, with this base topic and id, and may this user write to cmd/?"
        typer.echo(f"no reply within {timeout}: {asked}", err=True)
        raise typer.Exit(FAILED) from error
    _end(fine)


@app.command(epilog="Example: mic2mqtt receivers --json")
def receivers(config: Config = None, as_json: AsJson = False) -> None:
    """List the receivers that the bridge knows, from its database."""
    from bridge.cli import store as cli_store

    cli_store.receivers(config, as_json=as_json, write=_say)


@app.command(epilog="Example: mic2mqtt audit --since 1h --json")
def audit(
    since: Annotated[str, typer.Option(help="How far back.")] = "1h",
    campus: Annotated[str | None, typer.Option(help="Only this one: ORGANIZATION/CAMPUS.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the newest so many.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Print what was changed, by whom and how it ended, from the database."""
    from bridge.cli import store as cli_store
    from services.model import Campus

    tenant = None
    if campus is not None:
        organization, slash, name = campus.partition("/")
        if not slash:
            raise typer.BadParameter("write ORGANIZATION/CAMPUS, for example default/default", param_hint="--campus")
        tenant = Campus(organization, name)
    cli_store.audit(config, since_s=_duration(since), campus=tenant, limit=limit, as_json=as_json, write=_say)


@app.command(epilog="Example: mic2mqtt check --connect")
def check(
    config: Config = None,
    connect: Annotated[bool, typer.Option("--connect", help="Try the broker and look at the database, too.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print the configuration as it is understood.")] = False,
) -> None:
    """Look for mistakes in the configuration and print all of them."""
    from bridge.cli import run as cli_run

    _end(cli_run.check(config, connect=connect, show=show, write=_say))


@db.command("upgrade", epilog="Example: mic2mqtt db upgrade")
def db_upgrade(config: Config = None) -> None:
    """Make the database or bring its schema up to date; `run` does the same at its start."""
    from bridge.cli import store as cli_store

    cli_store.db_upgrade(config, _say)


@db.command("check", epilog="Example: mic2mqtt db check")
def db_check(config: Config = None) -> None:
    """Say whether the schema is the newest."""
    from bridge.cli import store as cli_store

    _end(cli_store.db_check(config, _say))


@app.command(epilog="Example: mic2mqtt version")
def version() -> None:
    """Print the version, and the drivers with the families that they speak to."""
    import platform

    from bridge import __version__
    from services.drivers import find_drivers

    typer.echo(f"mic2mqtt {__version__} (Python {platform.python_version()})")
    for name, driver in find_drivers().items():
        typer.echo(f"driver {name}: {', '.join(sorted(driver.families))}")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The program. Exit codes: 0 fine, 1 failed at run time, 2 wrong usage or configuration."""
    problem = import_guard.shadowed()
    if problem is not None:
        typer.echo(problem, err=True)
        sys.exit(WRONG)
    sys.exit(_outcome(lambda: app(arguments, prog_name="mic2mqtt", standalone_mode=True)))


def _outcome(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except BaseException as error:
        told = explain(error)
        if told is None:
            raise
        lines, code = told
        for line in lines:
            typer.echo(f"mic2mqtt: {line}", err=True)
        return code
    return 0
