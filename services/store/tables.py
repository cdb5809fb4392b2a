"""The tables. Only this file, and the migrations that lead to it, know how they look.

Every row belongs to a tenant (organization, campus) and is found by an address, never by a topic. Times are RFC 3339
text, as in the contract: they sort as they are, in both databases. JSON columns hold what the services think in.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    UniqueConstraint,
    false,
)
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Fixed names, so that a later migration can name a constraint on both databases."""


class Table(SQLModel):
    """What all tables share: metadata of our own, so that nobody else's models end up in our migrations."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


def _json() -> Any:
    return Field(sa_column=Column(JSON(none_as_null=True), nullable=False))


def _json_or_null() -> Any:
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))


class Meta(Table, table=True):
    """What belongs to the database itself: ``stream`` (made with it) and ``epoch`` (the newest one taken)."""

    __tablename__ = "meta"
    key: str = Field(primary_key=True)
    value: str


class Organization(Table, table=True):
    """A tenant's first half."""

    __tablename__ = "organizations"
    id: str = Field(primary_key=True)


class CampusRow(Table, table=True):
    """A campus of an organization. ``audit_seq`` is the number of its newest audit event, pruned or not."""

    __tablename__ = "campuses"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.id"]),)
    organization: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    audit_seq: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))


class UnitRow(Table, table=True):
    """See `services.model.records.UnitRecord`."""

    __tablename__ = "units"
    __table_args__ = (ForeignKeyConstraint(["organization", "campus"], ["campuses.organization", "campuses.id"]),)
    organization: str = Field(primary_key=True)
    campus: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    kind: str
    manufacturer: str
    driver: str
    host: str
    port: int | None
    behind: str
    family: str | None
    model: str | None
    name: str | None
    serial: str | None
    mac: str | None
    cid: str | None
    certificate: str | None
    device_id: str | None
    firmware: str | None
    band: str | None
    part_count: int | None
    source: str
    labels: dict[str, object] = _json()
    meter_interval_s: float | None
    interface: str
    state: dict[str, object] = _json()
    changed_at: str | None
    last_seen: str | None


class PartRow(Table, table=True):
    """See `services.model.records.PartRecord`. Goes with its unit."""

    __tablename__ = "parts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization", "campus", "unit"],
            ["units.organization", "units.campus", "units.id"],
            ondelete="CASCADE",
        ),
        Index(None, "organization", "campus", "unit"),
    )
    organization: str = Field(primary_key=True)
    campus: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    kind: str
    unit: str
    number: int
    state: dict[str, object] = _json()
    slots: list[dict[str, object]] = _json()
    changed_at: str | None


class TransmitterRow(Table, table=True):
    """See `services.model.records.TransmitterRecord`. Goes with its unit."""

    __tablename__ = "transmitters"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization", "campus", "unit"],
            ["units.organization", "units.campus", "units.id"],
            ondelete="CASCADE",
        ),
    )
    organization: str = Field(primary_key=True)
    campus: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    part: int = Field(primary_key=True)
    model: str = Field(primary_key=True)
    device_id: str = Field(primary_key=True)
    firmware: str | None
    battery_percent: int | None
    battery_bars: int | None
    last_seen: str


class RangeRow(Table, table=True):
    """See `services.model.records.RangeRecord`."""

    __tablename__ = "discovery_ranges"
    __table_args__ = (ForeignKeyConstraint(["organization", "campus"], ["campuses.organization", "campuses.id"]),)
    organization: str = Field(primary_key=True)
    campus: str = Field(primary_key=True)
    network: str = Field(primary_key=True)
    adopt: bool
    schedule_s: float | None
    manufacturer: str | None
    source: str
    scanned_at: str | None


class IgnoredRow(Table, table=True):
    """See `services.model.records.IgnoredIdentity`."""

    __tablename__ = "ignored_identities"
    __table_args__ = (ForeignKeyConstraint(["organization", "campus"], ["campuses.organization", "campuses.id"]),)
    organization: str = Field(primary_key=True)
    campus: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    manufacturer: str
    serial: str | None
    mac: str | None
    model: str | None
    device_id: str | None
    host: str
    since: str
    cid: str | None
    kind: str


class PublishedRow(Table, table=True):
    """See `services.model.records.PublishedResource`.

    Knows no campus row: it outlives what it names, until it is emptied.
    """

    __tablename__ = "published_resources"
    organization: str = Field(primary_key=True)
    campus: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    facet: str = Field(primary_key=True)
    page: str = Field(primary_key=True)


class AuditRow(Table, table=True):
    """An audit event, and its place in the outbox: without ``published_at`` it still waits for the broker.

    ``position`` is the order of writing over all campuses; ``seq`` counts without a gap within (stream, organization,
    campus). The index over ``published_at`` finds what waits and what is old enough to be pruned.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        ForeignKeyConstraint(["organization", "campus"], ["campuses.organization", "campuses.id"]),
        UniqueConstraint("stream", "organization", "campus", "seq"),
        Index(None, "published_at", "position"),
        Index(None, "time"),
    )
    position: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    )
    stream: str
    organization: str
    campus: str
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    event_id: str
    time: str
    action: str
    resource: str | None
    claimed_actor: str | None
    request_id: str | None
    before: dict[str, object] | None = _json_or_null()
    after: dict[str, object] | None = _json_or_null()
    late: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    published_at: str | None = None
