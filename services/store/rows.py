"""Records as rows, and the statements that write them: plain SQL on the tables, many rows a statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, cast

from sqlalchemy import Delete, Insert, Select, Table, Update, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from services.model import (
    Address,
    AuditEvent,
    Campus,
    IgnoredIdentity,
    PartRecord,
    PublishedResource,
    RangeRecord,
    TransmitterRecord,
    UnitRecord,
)
from services.store.tables import AuditRow, CampusRow, UnitRow

Row = dict[str, Any]


def table_of(model: type[SQLModel]) -> Table:
    """The table under a model."""
    return cast("Table", model.__table__)  # type: ignore[attr-defined]


@cache
def upsert(dialect: str, model: type[SQLModel]) -> Insert:
    """Write a row, new or not. A unit's ``last_seen``, once known, is not forgotten."""
    table = table_of(model)
    # both databases have ON CONFLICT, SQLAlchemy has a class for each
    statement = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    new = statement.excluded
    values: dict[str, Any] = {column.name: new[column.name] for column in table.columns if not column.primary_key}
    if model is UnitRow:
        values["last_seen"] = func.coalesce(new["last_seen"], table.c.last_seen)
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=values)


@cache
def insert_if_new(dialect: str, model: type[SQLModel]) -> Insert:
    """Write a row unless one with its key is there."""
    table = table_of(model)
    statement = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    return statement.on_conflict_do_nothing(index_elements=list(table.primary_key.columns))


@cache
def remove(model: type[SQLModel], *but: str) -> Delete:
    """Delete a row by its key (named with a leading ``_``), without the columns in ``but``."""
    table = table_of(model)
    columns = [column for column in table.primary_key.columns if column.name not in but]
    return delete(table).where(*(column == bindparam(f"_{column.name}") for column in columns))


@cache
def insert_audit() -> Insert:
    """Write audit events."""
    return insert(table_of(AuditRow))


@cache
def count_audit() -> Update:
    """Raise a campus's number by ``count``; also returns whether the campus is there, and locks its row."""
    table = table_of(CampusRow)
    this = (table.c.organization == bindparam("_organization"), table.c.id == bindparam("_campus"))
    return update(table).where(*this).values(audit_seq=table.c.audit_seq + bindparam("count"))


@cache
def newest_audit() -> Select[int]:
    """A campus's number."""
    table = table_of(CampusRow)
    this = (table.c.organization == bindparam("_organization"), table.c.id == bindparam("_campus"))
    return select(table.c.audit_seq).where(*this)


@cache
def audit_at() -> Select[str]:
    """The id of the audit event with a number."""
    table = table_of(AuditRow)
    return select(table.c.event_id).where(
        table.c.stream == bindparam("_stream"),
        table.c.organization == bindparam("_organization"),
        table.c.campus == bindparam("_campus"),
        table.c.seq == bindparam("_seq"),
    )


@cache
def set_last_seen() -> Update:
    """Change nothing of a unit but when it last sent something."""
    table = table_of(UnitRow)
    return (
        update(table)
        .where(
            table.c.organization == bindparam("_organization"),
            table.c.campus == bindparam("_campus"),
            table.c.id == bindparam("_id"),
        )
        .values(last_seen=bindparam("seen"))
    )


@cache
def set_published() -> Update:
    """Mark a run of a campus's audit events as delivered."""
    table = table_of(AuditRow)
    return (
        update(table)
        .where(
            table.c.stream == bindparam("_stream"),
            table.c.organization == bindparam("_organization"),
            table.c.campus == bindparam("_campus"),
            table.c.seq.between(bindparam("first"), bindparam("last")),
            table.c.published_at.is_(None),
        )
        .values(published_at=bindparam("now"))
    )


def address_key(address: Address) -> Row:
    """The key of a unit's or part's row, for `remove` and `set_last_seen`."""
    return {"_organization": address.organization, "_campus": address.campus, "_id": address.id}


def tenant_key(tenant: Campus, **rest: str) -> Row:
    """The key of a row that a campus has, for `remove`."""
    return {
        "_organization": tenant.organization,
        "_campus": tenant.campus,
        **{f"_{name}": value for name, value in rest.items()},
    }


def unit_row(record: UnitRecord) -> Row:
    """As a row of ``units``."""
    return {
        "organization": record.address.organization,
        "campus": record.address.campus,
        "id": record.address.id,
        "kind": record.address.kind.value,
        "manufacturer": record.manufacturer,
        "driver": record.driver,
        "host": record.host,
        "port": record.port,
        "behind": record.behind,
        "family": record.family,
        "model": record.model,
        "name": record.name,
        "serial": record.serial,
        "mac": record.mac,
        "cid": record.cid,
        "certificate": record.certificate,
        "device_id": record.device_id,
        "firmware": record.firmware,
        "band": record.band,
        "part_count": record.part_count,
        "source": record.source,
        "labels": record.labels,
        "meter_interval_s": record.meter_interval_s,
        "interface": record.interface,
        "state": record.state,
        "changed_at": record.changed_at,
        "last_seen": record.last_seen,
    }


def part_row(record: PartRecord) -> Row:
    """As a row of ``parts``."""
    return {
        "organization": record.address.organization,
        "campus": record.address.campus,
        "id": record.address.id,
        "kind": record.address.kind.value,
        "unit": record.unit,
        "number": record.number,
        "state": record.state,
        "slots": record.slots,
        "changed_at": record.changed_at,
    }


def transmitter_row(record: TransmitterRecord) -> Row:
    """As a row of ``transmitters``."""
    return {
        "organization": record.tenant.organization,
        "campus": record.tenant.campus,
        "unit": record.unit,
        "part": record.part,
        "model": record.model,
        "device_id": record.device_id,
        "firmware": record.firmware,
        "battery_percent": record.battery_percent,
        "battery_bars": record.battery_bars,
        "last_seen": record.last_seen,
    }


def range_row(record: RangeRecord) -> Row:
    """As a row of ``discovery_ranges``."""
    return {
        "organization": record.tenant.organization,
        "campus": record.tenant.campus,
        "network": record.network,
        "adopt": record.adopt,
        "schedule_s": record.schedule_s,
        "manufacturer": record.manufacturer,
        "source": record.source,
        "scanned_at": record.scanned_at,
    }


def ignored_row(record: IgnoredIdentity) -> Row:
    """As a row of ``ignored_identities``."""
    return {
        "organization": record.tenant.organization,
        "campus": record.tenant.campus,
        "unit": record.unit,
        "manufacturer": record.manufacturer,
        "serial": record.serial,
        "mac": record.mac,
        "model": record.model,
        "device_id": record.device_id,
        "host": record.host,
        "since": record.since,
        "cid": record.cid,
        "kind": record.kind.value,
    }


def published_row(resource: PublishedResource) -> Row:
    """As a row of ``published_resources``, which is all key."""
    return {
        "organization": resource.address.organization,
        "campus": resource.address.campus,
        "kind": resource.address.kind.value,
        "id": resource.address.id,
        "facet": resource.facet,
        "page": resource.page,
    }


def audit_row(event: AuditEvent) -> Row:
    """As a row of ``audit_events`` that is not published yet."""
    draft = event.draft
    return {
        "stream": event.stream,
        "organization": draft.tenant.organization,
        "campus": draft.tenant.campus,
        "seq": event.seq,
        "event_id": draft.event_id,
        "time": draft.time,
        "action": draft.action,
        "resource": draft.resource,
        "claimed_actor": draft.claimed_actor,
        "request_id": draft.request_id,
        "before": draft.before,
        "after": draft.after,
        "late": draft.late,
    }


def runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers as runs without a gap: 4, 5, 6, 9 -> (4, 6), (9, 9)."""
    first = last = None
    for number in sorted(numbers):
        if first is None or last is None or number > last + 1:
            if first is not None and last is not None:
                yield first, last
            first = number
        last = number
    if first is not None and last is not None:
        yield first, last
