"""Questions to the database, each named for what it asks. A row that cannot be read is logged and left out."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, or_, select, update

from services import clock
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
from services.store.asking import read
from services.store.rows import insert_if_new, table_of
from services.store.tables import (
    AuditRow,
    CampusRow,
    IgnoredRow,
    Meta,
    PartRow,
    PublishedRow,
    RangeRow,
    TransmitterRow,
    UnitRow,
)

REQUESTED_S = 600.0
"""How long a request id counts; the contract's ten minutes."""
REQUESTED_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything that a start needs to know."""

    units: list[UnitRecord]
    parts: list[PartRecord]
    ranges: list[RangeRecord]
    ignored: list[IgnoredIdentity]
    published: list[PublishedResource]
    heads: dict[Campus, AuditEvent]
    """The newest audit event of each campus."""
    requested: list[AuditEvent]
    """What was done for somebody in the last `REQUESTED_S` seconds, with a request id."""


def load(connection: Connection) -> Loaded:
    """Everything that is kept over a restart."""
    return Loaded(
        units=units(connection),
        parts=read.every(connection, PartRow, read.part),
        ranges=read.every(connection, RangeRow, read.discovery_range),
        ignored=read.every(connection, IgnoredRow, read.ignored),
        published=read.every(connection, PublishedRow, read.published),
        heads=heads(connection),
        requested=requested(connection, clock.now()),
    )


def requested(connection: Connection, now_s: float) -> list[AuditEvent]:
    """Audit events with a request id of the last `REQUESTED_S` seconds, in order; at most `REQUESTED_MOST`."""
    table = table_of(AuditRow)
    question = (
        read.columns_of(AuditRow)
        .where(table.c.time.between(clock.text_of(now_s - REQUESTED_S), clock.text_of(now_s)))
        .where(table.c.request_id.is_not(None))
        .order_by(table.c.position.desc())
        .limit(REQUESTED_MOST)
    )
    return read.records(connection.execute(question), read.audit_event, table.name)[::-1]


def units(connection: Connection) -> list[UnitRecord]:
    """Every stored unit."""
    return read.every(connection, UnitRow, read.unit)


def transmitters(connection: Connection, unit: Address) -> list[TransmitterRecord]:
    """The transmitters that were ever received by a unit, the latest first."""
    table = table_of(TransmitterRow)
    question = (
        read.columns_of(TransmitterRow)
        .where(
            table.c.organization == unit.organization,
            table.c.campus == unit.campus,
            table.c.unit == unit.id,
        )
        .order_by(table.c.last_seen.desc())
    )
    return read.records(connection.execute(question), read.transmitter, table.name)


def heads(connection: Connection) -> dict[Campus, AuditEvent]:
    """The newest audit event of each campus."""
    audit, campuses, meta = table_of(AuditRow), table_of(CampusRow), table_of(Meta)
    question = (
        read.columns_of(AuditRow)
        .join_from(campuses, meta, meta.c.key == "stream")
        .join(
            audit,
            and_(
                audit.c.stream == meta.c.value,
                audit.c.organization == campuses.c.organization,
                audit.c.campus == campuses.c.id,
                audit.c.seq == campuses.c.audit_seq,
            ),
        )
    )
    newest = read.records(connection.execute(question), read.audit_event, audit.name)
    return {event.draft.tenant: event for event in newest}


def pending(connection: Connection, limit: int) -> list[AuditEvent]:
    """The oldest audit events that the broker does not have yet, in order."""
    return pending_page(connection, limit)[0]


def pending_page(connection: Connection, limit: int, without: Collection[Campus] = ()) -> tuple[list[AuditEvent], bool]:
    """The oldest audit events that the broker does not have yet, in order, and whether there may be more.

    ``without`` are campuses that are left out. Rows that cannot be read count, and are not among the events.
    """
    table = table_of(AuditRow)
    question = read.columns_of(AuditRow).where(table.c.published_at.is_(None)).order_by(table.c.position).limit(limit)
    for campus in without:
        question = question.where(or_(table.c.organization != campus.organization, table.c.campus != campus.campus))
    rows = connection.execute(question).all()
    return read.records(rows, read.audit_event, table.name), len(rows) == limit


def count_pending(connection: Connection) -> tuple[int, str | None]:
    """How many audit events the broker does not have yet, and when the oldest of them happened."""
    table = table_of(AuditRow)
    number, oldest = connection.execute(
        select(func.count(), func.min(table.c.time)).where(table.c.published_at.is_(None))
    ).one()
    return number, oldest


def audit_since(
    connection: Connection, since: str, *, tenant: Campus | None = None, limit: int | None = None
) -> list[AuditEvent]:
    """Audit events from a time on (RFC 3339 UTC), in order; of one campus or all; at most ``limit``, the newest."""
    table = table_of(AuditRow)
    question = read.columns_of(AuditRow).where(table.c.time >= since).order_by(table.c.position.desc()).limit(limit)
    if tenant is not None:
        question = question.where(table.c.organization == tenant.organization, table.c.campus == tenant.campus)
    return read.records(connection.execute(question), read.audit_event, table.name)[::-1]


def stream(connection: Connection) -> str:
    """The id that was made with the database; made now when it is new."""
    meta = table_of(Meta)
    new = {"key": "stream", "value": str(uuid.uuid4())}
    connection.execute(insert_if_new(connection.dialect.name, Meta), new)
    return str(connection.execute(select(meta.c.value).where(meta.c.key == "stream")).scalar_one())


def take_epoch(connection: Connection, now_s: int) -> int:
    """Raise the epoch: one more than the stored one, or the time, whichever is later; stored at once."""
    meta = table_of(Meta)
    connection.execute(insert_if_new(connection.dialect.name, Meta), {"key": "epoch", "value": "0"})
    this = meta.c.key == "epoch"
    stored = connection.execute(select(meta.c.value).where(this).with_for_update()).scalar_one()
    epoch = max(int(stored) + 1, now_s)
    connection.execute(update(meta).where(this).values(value=str(epoch)))
    return epoch
