"""The program that the groups of commands are joined to, options that several share, and how they run work."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bridge.cli.errors import FAILED, READER

T = TypeVar("T")

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


def make_program(*groups: typer.Typer) -> typer.Typer:
    """The program with the commands of these groups."""
    program = typer.Typer(
        name="mic2mqtt",
        help="Wireless microphones, in-ear monitors and chargers on MQTT: state, telemetry, audit and commands.",
        epilog="Try it without any hardware: mic2mqtt demo",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help costs a third of the time
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for group in groups:
        program.add_typer(group)
    return program


def write(line: str) -> None:
    """Write a line, or several, to standard output. Ends the program where nobody reads it any more.

    Texts of units, brokers and people are in it: what a terminal would obey is shown instead.
    """
    from services.model import visible

    try:
        typer.echo("\n".join(map(visible, line.split("\n"))))
    except BrokenPipeError:
        READER.leaves()


def seconds_of(text: str) -> float:
    """The seconds that a text stands for. Raises `typer.BadParameter`."""
    from bridge.settings import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end. A `ValueError` is a mistake in what was typed: raises `typer.BadParameter`."""
    import asyncio

    try:
        return asyncio.run(work)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
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


def end(fine: bool) -> None:
    """End with exit code 1 unless everything went well."""
    if not fine:
        raise typer.Exit(FAILED)
