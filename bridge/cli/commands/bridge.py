"""`run`, `demo`, `check`, `version` and `asyncapi`: the bridge itself."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.commands.program import (
    Config,
    Plain,
    end,
    run_until_stopped,
    seconds_of,
    write,
)
from bridge.cli.errors import FAILED

commands = typer.Typer()


@commands.command(epilog="Example: mic2mqtt run --config /etc/mic2mqtt/mic2mqtt.toml")
def run(config: Config = None) -> None:
    """Run the bridge. SIGTERM or Ctrl-C ends it in good order, SIGHUP reads the configuration again."""
    from bridge.cli import run as cli_run

    cli_run.run(config)


@commands.command(epilog="Example: mic2mqtt demo --for 5m")
def demo(
    plain: Plain = False,
    duration: Annotated[str | None, typer.Option("--for", help='End after so long, for example "5m".')] = None,
    home_assistant: Annotated[
        bool, typer.Option("--home-assistant", help="Have Home Assistant find the units over MQTT discovery.")
    ] = False,
    control: Annotated[
        bool, typer.Option("--control", help="Allow set, identify and meter_boost at the simulated units.")
    ] = False,
    few: Annotated[
        bool, typer.Option("--few", help="Only the units on the screen, for a slow machine; else one of every family.")
    ] = False,
) -> None:
    """Show it all without hardware: a broker, simulated units and the bridge, on this machine alone."""
    seconds = None if duration is None else seconds_of(duration)
    try:
        from bridge.cli import demo
        from services.drivers import find_drivers

        extras = demo.Extras(home_assistant, control, few)
        run_until_stopped(demo.main(find_drivers(), plain=plain, duration_s=seconds, extras=extras))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "amqtt":
            raise
        typer.echo("the demo's broker is not installed: pip install 'mic2mqtt[demo]'", err=True)
        raise typer.Exit(FAILED) from error


@commands.command(epilog="Example: mic2mqtt check --connect")
def check(
    config: Config = None,
    connect: Annotated[bool, typer.Option("--connect", help="Try the broker and look at the database, too.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print the configuration as it is understood.")] = False,
) -> None:
    """Look for mistakes in the configuration and print all of them."""
    from bridge.cli import run as cli_run

    end(cli_run.check(config, connect=connect, show=show, write=write))


@commands.command(epilog="Example: mic2mqtt version")
def version() -> None:
    """Print the version, and the drivers with the families that they speak to."""
    import platform

    from bridge import __version__
    from services.drivers import families, find_drivers

    typer.echo(f"mic2mqtt {__version__} (Python {platform.python_version()})")
    for name, driver in find_drivers().items():
        typer.echo(f"driver {name}: {', '.join(sorted(families(driver)))}")


@commands.command(epilog="Example: mic2mqtt asyncapi")
def asyncapi() -> None:
    """Print the MQTT contract for programs: an AsyncAPI document of all topics, payloads and commands."""
    import json

    from bridge import __version__
    from bridge.contract import document

    write(json.dumps(document(__version__), indent=1, sort_keys=True))
