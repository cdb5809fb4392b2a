"""Alembic's entry: runs the scripts on the connection that `services.store.schema` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from services.store.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    # SQLite's too: the engine says BEGIN itself, so that a crash leaves the old schema or the new one
    transactional_ddl=True,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
context.run_migrations()
