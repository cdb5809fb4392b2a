"""`units`, `receivers`, `audit` and `db`: what is kept."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from bridge.cli.commands.program import (
    AsJson,
    Config,
    end,
    seconds_of,
    write,
)

commands = typer.Typer()
db = typer.Typer(help="The database: bring it up to date, or see whether it is.", no_args_is_help=True)
commands.add_typer(db, name="db", epilog="Example: mic2mqtt db check")


class KindOption(StrEnum):
    """The kinds of `services.model.UNIT_KINDS`, without an import that ``--help`` would wait for."""

    RECEIVER = "receiver"
    IEM = "iem"
    CHARGER = "charger"
    INTERCOM = "intercom"


@commands.command(epilog="Example: mic2mqtt units --kind charger")
def units(
    config: Config = None,
    kind: Annotated[KindOption | None, typer.Option(help="Only units of this kind.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the units that the bridge knows, from its database: receivers, IEM transmitters, chargers, intercoms."""
    from bridge.cli import store as cli_store
    from services.model import Kind

    cli_store.units(config, kind=Kind(kind.value) if kind else None, as_json=as_json, write=write)


@commands.command(epilog="Example: mic2mqtt receivers --json")
def receivers(config: Config = None, as_json: AsJson = False) -> None:
    """List the receivers that the bridge knows, from its database."""
    from bridge.cli import store as cli_store

    cli_store.receivers(config, as_json=as_json, write=write)


@commands.command(epilog="Example: mic2mqtt audit --since 1h --json")
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
    cli_store.audit(config, since_s=seconds_of(since), campus=tenant, limit=limit, as_json=as_json, write=write)


@db.command("upgrade", epilog="Example: mic2mqtt db upgrade")
def db_upgrade(config: Config = None) -> None:
    """Make the database or bring its schema up to date; `run` does the same at its start."""
    from bridge.cli import store as cli_store

    cli_store.db_upgrade(config, write)


@db.command("check", epilog="Example: mic2mqtt db check")
def db_check(config: Config = None) -> None:
    """Print whether the schema is the newest."""
    from bridge.cli import store as cli_store

    end(cli_store.db_check(config, write))
