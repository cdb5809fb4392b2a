"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _tenants()
    _receivers()
    _channels()
    _discovery()
    _published()
    _audit()


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=null)


def _json(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=null)


def _of_campus(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization", "campus"], ["campuses.organization", "campuses.id"], name=f"fk_{table}_campuses"
    )


def _of_receiver(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization", "campus", "receiver"],
        ["receivers.organization", "receivers.campus", "receivers.id"],
        name=f"fk_{table}_receivers",
        ondelete="CASCADE",
    )


def _tenants() -> None:
    op.create_table("meta", _text("key"), _text("value"), sa.PrimaryKeyConstraint("key", name="pk_meta"))
    op.create_table("organizations", _text("id"), sa.PrimaryKeyConstraint("id", name="pk_organizations"))
    op.create_table(
        "campuses",
        _text("organization"),
        _text("id"),
        sa.Column("audit_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_campuses"),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_campuses_organizations"),
    )


def _receivers() -> None:
    op.create_table(
        "receivers",
        _text("organization"),
        _text("campus"),
        _text("id"),
        _text("manufacturer"),
        _text("driver"),
        _text("host"),
        sa.Column("port", sa.Integer(), nullable=True),
        _text("family", null=True),
        _text("model", null=True),
        _text("name", null=True),
        _text("serial", null=True),
        _text("mac", null=True),
        _text("device_id", null=True),
        _text("firmware", null=True),
        _text("band", null=True),
        sa.Column("channel_count", sa.Integer(), nullable=True),
        _text("source"),
        _json("labels"),
        sa.Column("meter_interval_s", sa.Float(), nullable=True),
        _text("interface"),
        _json("state"),
        _text("changed_at", null=True),
        _text("last_seen", null=True),
        sa.PrimaryKeyConstraint("organization", "campus", "id", name="pk_receivers"),
        _of_campus("receivers"),
    )


def _channels() -> None:
    op.create_table(
        "channels",
        _text("organization"),
        _text("campus"),
        _text("id"),
        _text("receiver"),
        sa.Column("number", sa.Integer(), nullable=False),
        _json("state"),
        _json("slots"),
        _text("changed_at", null=True),
        sa.PrimaryKeyConstraint("organization", "campus", "id", name="pk_channels"),
        _of_receiver("channels"),
    )
    op.create_index("ix_channels_organization_campus_receiver", "channels", ["organization", "campus", "receiver"])
    op.create_table(
        "transmitters",
        _text("organization"),
        _text("campus"),
        _text("receiver"),
        sa.Column("channel", sa.Integer(), nullable=False),
        _text("model"),
        _text("device_id"),
        _text("firmware", null=True),
        sa.Column("battery_percent", sa.Integer(), nullable=True),
        sa.Column("battery_bars", sa.Integer(), nullable=True),
        _text("last_seen"),
        sa.PrimaryKeyConstraint(
            "organization", "campus", "receiver", "channel", "model", "device_id", name="pk_transmitters"
        ),
        _of_receiver("transmitters"),
    )


def _discovery() -> None:
    op.create_table(
        "discovery_ranges",
        _text("organization"),
        _text("campus"),
        _text("network"),
        sa.Column("adopt", sa.Boolean(), nullable=False),
        sa.Column("schedule_s", sa.Float(), nullable=True),
        _text("manufacturer", null=True),
        _text("source"),
        _text("scanned_at", null=True),
        sa.PrimaryKeyConstraint("organization", "campus", "network", name="pk_discovery_ranges"),
        _of_campus("discovery_ranges"),
    )
    op.create_table(
        "ignored_identities",
        _text("organization"),
        _text("campus"),
        _text("receiver"),
        _text("manufacturer"),
        _text("serial", null=True),
        _text("mac", null=True),
        _text("model", null=True),
        _text("device_id", null=True),
        _text("host"),
        _text("since"),
        sa.PrimaryKeyConstraint("organization", "campus", "receiver", name="pk_ignored_identities"),
        _of_campus("ignored_identities"),
    )


def _published() -> None:
    key = ("organization", "campus", "kind", "id", "facet", "part")
    op.create_table(
        "published_resources",
        *(_text(name) for name in key),
        sa.PrimaryKeyConstraint(*key, name="pk_published_resources"),
    )


def _audit() -> None:
    op.create_table(
        "audit_events",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        _text("stream"),
        _text("organization"),
        _text("campus"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        _text("event_id"),
        _text("time"),
        _text("action"),
        _text("resource", null=True),
        _text("claimed_actor", null=True),
        _text("request_id", null=True),
        _json("before", null=True),
        _json("after", null=True),
        sa.Column("late", sa.Boolean(), server_default=sa.false(), nullable=False),
        _text("published_at", null=True),
        sa.PrimaryKeyConstraint("position", name="pk_audit_events"),
        sa.UniqueConstraint(
            "stream", "organization", "campus", "seq", name="uq_audit_events_stream_organization_campus_seq"
        ),
        _of_campus("audit_events"),
    )
    op.create_index("ix_audit_events_published_at_position", "audit_events", ["published_at", "position"])
    op.create_index("ix_audit_events_time", "audit_events", ["time"])
