"""The program: every command registered, failures as lines for people, exit codes."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

import typer

from bridge.cli import import_guard
from bridge.cli.commands import bridge, broker, database, devices
from bridge.cli.commands.program import make_program
from bridge.cli.errors import READER, READER_LEFT, WRONG, explain, reader_left

app = make_program(bridge.commands, broker.commands, devices.commands, database.commands)
"""The program with all its commands, in the order in which ``--help`` lists them."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The program. Exit codes: 0 fine, 1 failed at run time, 2 wrong usage or configuration, 141 nobody reads."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 shows what it can
    problem = import_guard.shadowed()
    if problem is not None:
        typer.echo(problem, err=True)
        sys.exit(WRONG)
    sys.exit(_outcome(lambda: app(arguments, prog_name="mic2mqtt", standalone_mode=True)))


def _outcome(command: Callable[[], object]) -> int:
    try:
        code = _performed(command)
    except BaseException as error:
        if not reader_left(error):
            raise
        return READER_LEFT
    return READER_LEFT if READER.left else code


def _performed(command: Callable[[], object]) -> int:
    try:
        command()
    except BaseException as error:
        if reader_left(error):
            return READER_LEFT
        if isinstance(error, SystemExit):
            return error.code if isinstance(error.code, int) else 0
        explained = explain(error)
        if explained is None:
            raise
        from bridge.redaction import redact
        from services.model import visible

        lines, code = explained
        for line in lines:
            typer.echo(f"mic2mqtt: {visible(redact(line))}", err=True)
        return code
    return 0
