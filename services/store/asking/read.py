"""Rows as records. What cannot be read (somebody edited it, or the disk did) is logged and left out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import JSON, Connection, Select, Text, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import SQLModel

from services.model import (
    Address,
    AuditDraft,
    AuditEvent,
    Campus,
    IgnoredIdentity,
    Kind,
    PartRecord,
    PublishedResource,
    RangeRecord,
    Source,
    TransmitterRecord,
    UnitRecord,
)
from services.rules import normalise_host
from services.store.rows import table_of

log = logging.getLogger(__name__)

T = TypeVar("T")


def columns_of(model: type[SQLModel]) -> Select[Any]:
    """SELECT of all columns, JSON as the text that it is: a damaged one must not hide the others."""
    columns: list[ColumnElement[Any]] = [
        sql_cast(column, Text).label(column.name) if isinstance(column.type, JSON) else column
        for column in table_of(model).columns
    ]
    return select(*columns)


def every(connection: Connection, model: type[SQLModel], make: Callable[[Any], T]) -> list[T]:
    """All rows of a table, in the order of its key."""
    table = table_of(model)
    question = columns_of(model).order_by(*table.primary_key.columns)
    return records(connection.execute(question), make, table.name)


def records(found: Iterable[Any], make: Callable[[Any], T], table: str) -> list[T]:
    """The rows that can be read, as records."""
    good = []
    for row in found:
        try:
            good.append(make(row))
        except (ValueError, TypeError) as error:
            log.warning("%s: a row cannot be read and is left out: %s: %s", table, tuple(row)[:3], error)
    return good


def unit(row: Any) -> UnitRecord:
    """A row of ``units``."""
    return UnitRecord(
        address=Address(row.organization, row.campus, Kind(row.kind), row.id),
        manufacturer=row.manufacturer,
        driver=row.driver,
        host=normalise_host(row.host),  # schema 0001 kept hosts as they were typed
        port=row.port,
        behind=row.behind,
        family=row.family,
        model=row.model,
        name=row.name,
        serial=row.serial,
        mac=row.mac,
        cid=row.cid,
        certificate=row.certificate,
        device_id=row.device_id,
        firmware=row.firmware,
        band=row.band,
        part_count=row.part_count,
        source=cast("Source", row.source),
        labels=_object(row.labels),
        meter_interval_s=row.meter_interval_s,
        interface=row.interface,
        state=_object(row.state),
        changed_at=row.changed_at,
        last_seen=row.last_seen,
    )


def part(row: Any) -> PartRecord:
    """A row of ``parts``."""
    return PartRecord(
        address=Address(row.organization, row.campus, Kind(row.kind), row.id),
        unit=row.unit,
        number=row.number,
        state=_object(row.state),
        slots=_slots(row.slots),
        changed_at=row.changed_at,
    )


def transmitter(row: Any) -> TransmitterRecord:
    """A row of ``transmitters``."""
    return TransmitterRecord(
        tenant=Campus(row.organization, row.campus),
        unit=row.unit,
        part=row.part,
        model=row.model,
        device_id=row.device_id,
        firmware=row.firmware,
        battery_percent=row.battery_percent,
        battery_bars=row.battery_bars,
        last_seen=row.last_seen,
    )


def discovery_range(row: Any) -> RangeRecord:
    """A row of ``discovery_ranges``."""
    return RangeRecord(
        tenant=Campus(row.organization, row.campus),
        network=row.network,
        adopt=row.adopt,
        schedule_s=row.schedule_s,
        manufacturer=row.manufacturer,
        source=cast("Source", row.source),
        scanned_at=row.scanned_at,
    )


def ignored(row: Any) -> IgnoredIdentity:
    """A row of ``ignored_identities``."""
    return IgnoredIdentity(
        tenant=Campus(row.organization, row.campus),
        unit=row.unit,
        manufacturer=row.manufacturer,
        serial=row.serial,
        mac=row.mac,
        model=row.model,
        device_id=row.device_id,
        host=normalise_host(row.host),
        since=row.since,
        cid=row.cid,
        kind=Kind(row.kind),
    )


def published(row: Any) -> PublishedResource:
    """A row of ``published_resources``."""
    return PublishedResource(Address(row.organization, row.campus, Kind(row.kind), row.id), row.facet, row.page)


def audit_event(row: Any) -> AuditEvent:
    """A row of ``audit_events``."""
    draft = AuditDraft(
        event_id=row.event_id,
        time=row.time,
        tenant=Campus(row.organization, row.campus),
        action=row.action,
        resource=row.resource,
        claimed_actor=row.claimed_actor,
        request_id=row.request_id,
        before=_object_if_any(row.before),
        after=_object_if_any(row.after),
        late=row.late,
    )
    return AuditEvent(row.stream, row.seq, draft)


def _object(text: str) -> dict[str, object]:
    value = orjson.loads(text)
    if not isinstance(value, dict):
        raise TypeError(f"no JSON object: {text[:40]}")
    return value


def _object_if_any(text: str | None) -> dict[str, object] | None:
    """An audit event is never left out: what cannot be read of it is shown as it is."""
    if text is None:
        return None
    try:
        return _object(text)
    except (ValueError, TypeError):
        log.warning("audit_events: a value cannot be read: %s", text[:40])
        return {"unreadable": text}


def _slots(text: str) -> tuple[dict[str, object], ...]:
    value = orjson.loads(text)
    if not isinstance(value, list) or not all(
        isinstance(item, dict) and isinstance(item.get("number"), int) for item in value
    ):
        raise TypeError(f"no list of numbered slots: {text[:40]}")
    return tuple(value)
