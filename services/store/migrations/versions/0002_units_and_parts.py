"""Units of every kind and their parts, where receivers and channels stood.

Each table is made anew and filled from its predecessor: SQLite cannot change a primary or a foreign key in place.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _units()
    _parts()
    _transmitters()
    _ignored()
    _published()
    for table in ("transmitters_0001", "channels", "receivers", "ignored_identities_0001", "published_resources_0001"):
        op.drop_table(table)


def _text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=null, server_default=default)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _of_campus(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization", "campus"], ["campuses.organization", "campuses.id"], name=f"fk_{table}_campuses"
    )


def _of_unit(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization", "campus", "unit"],
        ["units.organization", "units.campus", "units.id"],
        name=f"fk_{table}_units",
        ondelete="CASCADE",
    )


def _units() -> None:
    op.create_table(
        "units",
        _text("organization"),
        _text("campus"),
        _text("id"),
        _text("kind"),
        _text("manufacturer"),
        _text("driver"),
        _text("host"),
        sa.Column("port", sa.Integer(), nullable=True),
        _text("behind"),
        _text("family", null=True),
        _text("model", null=True),
        _text("name", null=True),
        _text("serial", null=True),
        _text("mac", null=True),
        _text("cid", null=True),
        _text("device_id", null=True),
        _text("firmware", null=True),
        _text("band", null=True),
        sa.Column("part_count", sa.Integer(), nullable=True),
        _text("source"),
        _json("labels"),
        sa.Column("meter_interval_s", sa.Float(), nullable=True),
        _text("interface"),
        _json("state"),
        _text("changed_at", null=True),
        _text("last_seen", null=True),
        sa.PrimaryKeyConstraint("organization", "campus", "id", name="pk_units"),
        _of_campus("units"),
    )
    op.execute(
        "INSERT INTO units (organization, campus, id, kind, manufacturer, driver, host, port, behind, family, model, "
        "name, serial, mac, device_id, firmware, band, part_count, source, labels, meter_interval_s, interface, "
        "state, changed_at, last_seen) "
        "SELECT organization, campus, id, 'receiver', manufacturer, driver, host, port, '', family, model, "
        "name, serial, mac, device_id, firmware, band, channel_count, source, labels, meter_interval_s, interface, "
        "state, changed_at, last_seen FROM receivers"
    )


def _parts() -> None:
    op.create_table(
        "parts",
        _text("organization"),
        _text("campus"),
        _text("id"),
        _text("kind"),
        _text("unit"),
        sa.Column("number", sa.Integer(), nullable=False),
        _json("state"),
        _json("slots"),
        _text("changed_at", null=True),
        sa.PrimaryKeyConstraint("organization", "campus", "id", name="pk_parts"),
        _of_unit("parts"),
    )
    op.create_index("ix_parts_organization_campus_unit", "parts", ["organization", "campus", "unit"])
    op.execute(
        "INSERT INTO parts (organization, campus, id, kind, unit, number, state, slots, changed_at) "
        "SELECT organization, campus, id, 'channel', receiver, number, state, slots, changed_at FROM channels"
    )


def _set_aside(table: str) -> None:
    """Free a table's name and its constraints' names; PostgreSQL keeps the latter over a rename."""
    op.rename_table(table, f"{table}_0001")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f'ALTER TABLE {table}_0001 RENAME CONSTRAINT "pk_{table}" TO "pk_{table}_0001"')


def _transmitters() -> None:
    _set_aside("transmitters")
    op.create_table(
        "transmitters",
        _text("organization"),
        _text("campus"),
        _text("unit"),
        sa.Column("part", sa.Integer(), nullable=False),
        _text("model"),
        _text("device_id"),
        _text("firmware", null=True),
        sa.Column("battery_percent", sa.Integer(), nullable=True),
        sa.Column("battery_bars", sa.Integer(), nullable=True),
        _text("last_seen"),
        sa.PrimaryKeyConstraint("organization", "campus", "unit", "part", "model", "device_id", name="pk_transmitters"),
        _of_unit("transmitters"),
    )
    op.execute(
        "INSERT INTO transmitters (organization, campus, unit, part, model, device_id, firmware, battery_percent, "
        "battery_bars, last_seen) SELECT organization, campus, receiver, channel, model, device_id, firmware, "
        "battery_percent, battery_bars, last_seen FROM transmitters_0001"
    )


def _ignored() -> None:
    _set_aside("ignored_identities")
    op.create_table(
        "ignored_identities",
        _text("organization"),
        _text("campus"),
        _text("unit"),
        _text("manufacturer"),
        _text("serial", null=True),
        _text("mac", null=True),
        _text("model", null=True),
        _text("device_id", null=True),
        _text("host"),
        _text("since"),
        _text("cid", null=True),
        _text("kind"),
        sa.PrimaryKeyConstraint("organization", "campus", "unit", name="pk_ignored_identities"),
        _of_campus("ignored_identities"),
    )
    op.execute(
        "INSERT INTO ignored_identities (organization, campus, unit, manufacturer, serial, mac, model, device_id, "
        "host, since, kind) SELECT organization, campus, receiver, manufacturer, serial, mac, model, device_id, host, "
        "since, 'receiver' FROM ignored_identities_0001"
    )


def _published() -> None:
    _set_aside("published_resources")
    key = ("organization", "campus", "kind", "id", "facet", "page")
    op.create_table(
        "published_resources",
        *(_text(name) for name in key),
        sa.PrimaryKeyConstraint(*key, name="pk_published_resources"),
    )
    op.execute(
        "INSERT INTO published_resources (organization, campus, kind, id, facet, page) "
        "SELECT organization, campus, kind, id, facet, part FROM published_resources_0001"
    )
