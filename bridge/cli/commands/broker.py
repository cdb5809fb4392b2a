"""`watch` and `send`: clients of the broker, like any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar

import typer

from bridge.cli.commands.program import (
    BaseTopic,
    Config,
    Plain,
    Url,
    end,
    run_to_end,
    run_until_stopped,
    seconds_of,
    write,
)
from bridge.cli.errors import FAILED

commands = typer.Typer()


@commands.command(epilog="Example: mic2mqtt watch --url mqtt://broker.example.org --receiver stage")
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
    run_until_stopped(cli_broker.watch(settings, receiver=receiver, campus=campus, plain=plain))


@commands.command(epilog="""Example: mic2mqtt send discover --args '{"networks": ["10.20.0.0/24"]}'""")
def send(  # noqa: PLR0917 - the command line's options, each by its name
    verb: Annotated[str, typer.Argument(help="refresh, discover, detail, republish, reload, note, set ...")],
    pairs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Arguments, one each; KEY+=3 and KEY=toggle are relative."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            help="KIND/ID, for example channel/rack1-1; or ORGANIZATION/CAMPUS/KIND/ID; else the whole bridge."
        ),
    ] = None,
    args: Annotated[str, typer.Option(help="Arguments, a JSON object.")] = "{}",
    actor: Annotated[str, typer.Option(help="Who asks, for the audit.")] = "mic2mqtt send",
    timeout: Annotated[str, typer.Option(help="How long to wait for the final reply.")] = "30s",
    json_: Annotated[bool, typer.Option("--json", help="Print the replies as they are, for programs.")] = False,
    config: Config = None,
    url: Url = None,
    base_topic: BaseTopic = None,
) -> None:
    """Send a command to a running bridge and print its replies."""
    from bridge.cli import broker as cli_broker
    from bridge.contract import check_verb

    _understood("VERB", check_verb, verb)
    arguments = _understood("--args", cli_broker.arguments_of, args)
    arguments |= _understood("KEY=VALUE", cli_broker.settings_of, pairs or [])
    settings = cli_broker.load_for(config, url, base_topic)
    _understood("--to", cli_broker.target_of, to, settings)
    try:
        fine = run_to_end(
            cli_broker.send(
                settings,
                verb,
                to=to,
                args=arguments,
                actor=actor,
                timeout_s=seconds_of(timeout),
                write=write,
                as_json=json_,
            )
        )
    except TimeoutError as error:
        asked = "is a bridge running, with this base topic and id, and may this user write to cmd/?"
        typer.echo(f"no reply within {timeout}: {asked}", err=True)
        raise typer.Exit(FAILED) from error
    end(fine)


P = ParamSpec("P")
T = TypeVar("T")


def _understood(typed: str, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What was typed, as it is meant; else what is wrong with it, and its name."""
    try:
        return read(*args, **kwargs)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=typed) from error
