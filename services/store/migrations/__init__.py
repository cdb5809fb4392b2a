"""Alembic's scripts, run from inside the program when the schema is not the newest (`services.store.schema`)."""
