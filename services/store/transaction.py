"""What is done with one batch, inside one transaction: all of it, or nothing."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Executable
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, StatementError

from services import clock
from services.model import AuditEvent, Campus
from services.store import rows
from services.store.batch import Batch
from services.store.rows import Row
from services.store.tables import (
    CampusRow,
    IgnoredRow,
    Meta,
    Organization,
    PartRow,
    PublishedRow,
    RangeRow,
    TransmitterRow,
    UnitRow,
)

log = logging.getLogger(__name__)

BAD_ROW = (IntegrityError, DataError, InterfaceError)
"""Errors of the database for a value that a column cannot hold, and for a row whose unit is gone."""
BAD_VALUE = (StatementError, UnicodeError, OverflowError, TypeError, ValueError)
"""Errors of Python for such values, raised before they reach the database."""
INTEGER_LIMIT = 2**63


@dataclass(frozen=True, slots=True)
class Step:
    """One statement and the rows that it is executed with."""

    what: str
    statement: Executable
    rows: list[Row]
    keep: bool = False
    """Never dropped: without what the column cannot hold rather than not at all."""


def commit(engine: Engine, stream: str, batch: Batch) -> list[AuditEvent]:
    """Write a batch and commit it; the audit events with the numbers that they got.

    A value that the database refuses does not take its batch along: then every row is tried by itself, and the ones
    that are refused are logged and left out. Raises what the database raises; then nothing of the batch is stored.
    """
    try:
        return _commit(engine, stream, batch, one_by_one=False)
    except (*BAD_ROW, *BAD_VALUE) as error:
        if not _is_about_a_row(error):
            raise
        return _commit(engine, stream, batch, one_by_one=True)


def _is_about_a_row(error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        return isinstance(error, BAD_ROW) and not error.connection_invalidated
    return isinstance(error, BAD_VALUE)


def _commit(engine: Engine, stream: str, batch: Batch, *, one_by_one: bool) -> list[AuditEvent]:
    with engine.begin() as connection:
        if batch.tried and _is_stored(connection, batch.tried[0]):
            return batch.tried
        numbers = _take_numbers(connection, batch)
        batch.tried = events = _number(stream, batch, numbers)
        for step in _steps(connection.dialect.name, batch, events):
            if not step.rows:
                continue
            if one_by_one:
                _execute_one_by_one(connection, step)
            else:
                connection.execute(step.statement, step.rows)
    return events


def _is_stored(connection: Connection, event: AuditEvent) -> bool:
    """Whether an attempt that seemed to fail had been committed after all: its first event stands where it was put."""
    key = rows.tenant_key(event.draft.tenant, stream=event.stream)
    found = connection.scalar(rows.audit_at(), {**key, "_seq": event.seq})
    return found == event.draft.event_id


def _take_numbers(connection: Connection, batch: Batch) -> dict[Campus, int]:
    """Make the campuses that are new, and count their audit events: the newest number before this batch, by campus.

    The campus's row is locked until the commit, so two processes on one PostgreSQL never give the same number, and a
    transaction that fails gives its numbers back.
    """
    counts = Counter(draft.tenant for draft in batch.audit)
    numbers = {}
    for tenant in sorted(_tenants(batch) | counts.keys()):  # in one order everywhere, so that nobody waits in a circle
        count = {**rows.tenant_key(tenant), "count": counts[tenant]}
        if not connection.execute(rows.count_audit(), count).rowcount:
            _make_campus(connection, tenant)
            connection.execute(rows.count_audit(), count)
        if counts[tenant]:
            newest = connection.execute(rows.newest_audit(), rows.tenant_key(tenant)).scalar_one()
            numbers[tenant] = newest - counts[tenant]
    return numbers


def _make_campus(connection: Connection, tenant: Campus) -> None:
    dialect = connection.dialect.name
    new = {"organization": tenant.organization, "id": tenant.campus, "audit_seq": 0}
    connection.execute(rows.insert_if_new(dialect, Organization), {"id": tenant.organization})
    connection.execute(rows.insert_if_new(dialect, CampusRow), new)


def _tenants(batch: Batch) -> set[Campus]:
    return {
        *(address.tenant for address in batch.units),
        *(tenant for (tenant, _), record in batch.ranges.items() if record is not None),
        *(tenant for (tenant, _), record in batch.ignored.items() if record is not None),
    }


def _number(stream: str, batch: Batch, newest: dict[Campus, int]) -> list[AuditEvent]:
    events = []
    for draft in batch.audit:
        newest[draft.tenant] += 1
        events.append(AuditEvent(stream, newest[draft.tenant], draft))
    return events


def _steps(dialect: str, batch: Batch, events: list[AuditEvent]) -> Iterator[Step]:
    """In an order that foreign keys allow, deletions first."""
    yield Step("unit", rows.remove(UnitRow), [rows.address_key(a) for a in batch.gone_units])
    yield Step("part", rows.remove(PartRow), [rows.address_key(a) for a in batch.gone_parts])
    yield from _state_steps(dialect, batch)
    yield from _discovery_steps(dialect, batch)
    standing = [rows.published_row(resource) for resource, there in batch.published.items() if there]
    emptied = [rows.published_row(resource) for resource, there in batch.published.items() if not there]
    yield Step("published resource", rows.insert_if_new(dialect, PublishedRow), standing)
    yield Step("published resource", rows.remove(PublishedRow), [_keyed(row) for row in emptied])
    facts = [{"key": key, "value": value} for key, value in batch.facts.items()]
    yield Step("fact", rows.upsert(dialect, Meta), facts)
    yield Step("audit event", rows.insert_audit(), [rows.audit_row(event) for event in events], keep=True)
    yield Step("delivery of audit events", rows.set_published(), list(_deliveries(batch)))


def _state_steps(dialect: str, batch: Batch) -> Iterator[Step]:
    units = [rows.unit_row(record) for record in batch.units.values()]
    parts = [rows.part_row(record) for record in batch.parts.values()]
    transmitters = [rows.transmitter_row(record) for record in batch.transmitters.values()]
    seen = [{**rows.address_key(address), "seen": when} for address, when in batch.seen.items()]
    yield Step("unit", rows.upsert(dialect, UnitRow), units)
    yield Step("part", rows.upsert(dialect, PartRow), parts)
    yield Step("transmitter", rows.upsert(dialect, TransmitterRow), transmitters)
    yield Step("unit", rows.set_last_seen(), seen)


def _discovery_steps(dialect: str, batch: Batch) -> Iterator[Step]:
    ranges = [rows.range_row(record) for record in batch.ranges.values() if record]
    ignored = [rows.ignored_row(record) for record in batch.ignored.values() if record]
    no_ranges = [rows.tenant_key(tenant, network=name) for (tenant, name), record in batch.ranges.items() if not record]
    allowed = [rows.tenant_key(tenant, unit=name) for (tenant, name), record in batch.ignored.items() if not record]
    yield Step("discovery range", rows.upsert(dialect, RangeRow), ranges)
    yield Step("discovery range", rows.remove(RangeRow), no_ranges)
    yield Step("ignored identity", rows.upsert(dialect, IgnoredRow), ignored)
    yield Step("ignored identity", rows.remove(IgnoredRow), allowed)


def _keyed(row: Row) -> Row:
    return {f"_{name}": value for name, value in row.items()}


def _deliveries(batch: Batch) -> Iterator[Row]:
    now = clock.now_text()
    for (stream, tenant), numbers in batch.delivered.items():
        for first, last in rows.runs(numbers):
            yield {**rows.tenant_key(tenant, stream=stream), "first": first, "last": last, "now": now}


def _execute_one_by_one(connection: Connection, step: Step) -> None:
    refused: list[str] = []
    for row in step.rows:
        if _fits(connection, step, row) or _fits(connection, step, _cleaned(row)):
            continue
        if step.keep:
            _execute(connection, step, _cleaned(row) | {"before": None, "after": None})
        refused.append(str(row.get("id") or row.get("event_id") or row.get("_id") or next(iter(row.values()))))
    if refused:
        log.warning("%s: %d not stored, the database refuses them: %s", step.what, len(refused), ", ".join(refused[:5]))


def _fits(connection: Connection, step: Step, row: Row) -> bool:
    try:
        _execute(connection, step, row)
    except (*BAD_ROW, *BAD_VALUE) as error:
        if not _is_about_a_row(error):
            raise
        return False
    return True


def _execute(connection: Connection, step: Step, row: Row) -> None:
    with connection.begin_nested():
        connection.execute(step.statement, [row])


def _cleaned(row: Row) -> Row:
    return {name: _clean(value) for name, value in row.items()}


def _clean(value: Any) -> Any:
    """A value without what a column cannot hold: NUL (PostgreSQL), half surrogate pairs, integers beyond 64 bits."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, int) and not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
        return None
    return value
