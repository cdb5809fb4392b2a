"""Errors of the database. Their messages name the remedy, and never hold a password."""

from __future__ import annotations


class StoreError(Exception):
    """The database cannot be opened, or did not answer; the message has the reason and the remedy."""


class StoreClosedError(StoreError):
    """The store was closed; nothing can be put into it any more."""
