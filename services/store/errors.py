"""What can be wrong with a database, in words that say what to do. No message ever holds a password."""

from __future__ import annotations


class StoreError(Exception):
    """The database cannot be opened, or did not answer; the message says why and what helps."""


class StoreClosedError(StoreError):
    """The store was closed; nothing can be put into it any more."""
