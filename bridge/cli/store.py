"""`units`, `receivers`, `audit` and `db`: a look into the database, beside a running bridge or without one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bridge.contract import encoding
from bridge.settings import Settings, load
from services import clock
from services.model import AuditEvent, Campus, Kind, UnitRecord
from services.store import (
    check_for_damage,
    file_of,
    left_aside,
    make_engine,
    only_us,
    parse,
    queries,
    reading,
    remedy,
    schema,
)

Write = Callable[[str], None]


def receivers(path: Path | None, *, as_json: bool, write: Write) -> None:
    """List every receiver that the bridge knows. Raises `StoreError`."""
    records = _stored(path, Kind.RECEIVER)
    if as_json:
        for record in records:
            write(json.dumps(_as_json(record, "channel_count"), sort_keys=True, default=str))
    elif records:
        titles = ("receiver", "campus", "model", "host", "ch", "source", "last seen")
        _write_table((titles, *((record.address.id, *_row(record)) for record in records)), write)
    else:
        write("no receivers yet: write [[receivers]] into the configuration, or run `mic2mqtt discover`")


def units(path: Path | None, *, kind: Kind | None, as_json: bool, write: Write) -> None:
    """List every unit that the bridge knows, or those of one kind. Raises `StoreError`."""
    records = _stored(path, kind)
    if as_json:
        for record in records:
            named = {"kind": record.address.kind.value, **_as_json(record, "part_count")}
            write(json.dumps(named, sort_keys=True, default=str))
    elif records:
        titles = ("kind", "id", "campus", "model", "host", "parts", "source", "last seen")
        rows = ((record.address.kind.value, record.address.id, *_row(record)) for record in records)
        _write_table((titles, *rows), write)
    else:
        write("no units yet: write [[units]] into the configuration, or run `mic2mqtt discover`")


def _stored(path: Path | None, kind: Kind | None) -> list[UnitRecord]:
    with reading(load(path, os.environ).database.connection_url()) as connection:
        found = queries.units(connection)
    return sorted((one for one in found if kind in {None, one.address.kind}), key=lambda record: record.address)


def _write_table(rows: Sequence[tuple[str, ...]], write: Write) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(record: UnitRecord) -> tuple[str, ...]:
    return (
        f"{record.address.organization}/{record.address.campus}",
        record.model or record.manufacturer,
        record.host if record.port is None else f"{record.host}:{record.port}",
        str(record.part_count or ""),
        record.source,
        record.last_seen or "never",
    )


def _as_json(record: UnitRecord, count: str) -> dict[str, Any]:
    keys = ("manufacturer", "family", "model", "name", "host", "port", "serial", "mac", "firmware")
    return {
        "id": record.address.id,
        "organization": record.address.organization,
        "campus": record.address.campus,
        **{key: getattr(record, key) for key in keys},
        count: record.part_count,
        "driver": record.driver,
        "source": record.source,
        "labels": dict(record.labels),
        "last_seen": record.last_seen,
    }


def audit(
    path: Path | None, *, since_s: float, campus: Campus | None, limit: int | None, as_json: bool, write: Write
) -> None:
    """Print the audit events of the last ``since_s`` seconds, in order. Raises `StoreError`."""
    since = clock.text_of(max(0.0, clock.now() - since_s))
    with reading(load(path, os.environ).database.connection_url()) as connection:
        for event in queries.audit_since(connection, since, tenant=campus, limit=limit):
            write(encoding.audit(event).decode() if as_json else audit_line(event))


def audit_line(event: AuditEvent) -> str:
    """An audit event in one line."""
    draft = event.draft
    changed = {
        key: (before, after)
        for key in {**(draft.before or {}), **(draft.after or {})}
        if (before := (draft.before or {}).get(key)) != (after := (draft.after or {}).get(key))
    }
    words = ", ".join(
        f"{key}: {_short(after)}" if before is None else f"{key}: {_short(before)} -> {_short(after)}"
        for key, (before, after) in changed.items()
    )
    who = f" by {draft.claimed_actor}" if draft.claimed_actor else ""
    late = " (late)" if draft.late else ""
    tenant = f"{draft.tenant.organization}/{draft.tenant.campus}"
    return f"{draft.time} {tenant} {draft.resource or '-'} {draft.action}{who}{late}" + (f"  {words}" if words else "")


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def look_at_schema(settings: Settings, *, thorough: bool = False) -> tuple[bool, str]:
    """Whether the schema is the newest, and that in words; ``thorough`` looks for damage. Raises `StoreError`."""
    with reading(settings.database.connection_url(), thorough=thorough) as connection:
        found = schema.revision(connection)
    if found == schema.HEAD:
        return True, f"fine (schema {found})" + _set_aside(settings)
    return False, f"schema {found or 'none'}, this program needs {schema.HEAD}: run `mic2mqtt db upgrade`"


def _set_aside(settings: Settings) -> str:
    file = file_of(parse(settings.database.connection_url()))
    return "".join(f"; an earlier one was damaged and set aside: {remedy(one)}" for one in left_aside(file))


def db_check(path: Path | None, write: Write) -> bool:
    """Whether the schema is the newest."""
    current, words = look_at_schema(load(path, os.environ))
    write(f"database: {words}")
    return current


def db_upgrade(path: Path | None, write: Write) -> None:
    """Make the database, or bring it up to date. Raises `StoreError`, also while a bridge uses the file."""
    url = parse(load(path, os.environ).database.connection_url())
    file = file_of(url)
    with only_us(file):
        if file is not None:
            check_for_damage(file, thorough=True)
        engine = make_engine(url, alone=True)
        try:
            with engine.begin() as connection:
                changed = schema.bring_up_to_date(connection)
        finally:
            engine.dispose()
    write(f"database: schema {schema.HEAD}, {'brought up to date' if changed else 'nothing to do'}")
