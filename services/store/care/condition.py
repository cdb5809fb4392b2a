"""How the database is: what is wrong with it, in words that name the remedy, each logged once."""

from __future__ import annotations

import logging
from typing import Final

from services.store.care.damage import Renewal

log = logging.getLogger(__name__)

LOG_BYTES: Final = 32 * 1024 * 1024
"""A -wal of this size cannot be cut back: SQLite does that every 4 MB, unless somebody still reads what was before."""


class Condition:
    """What does not work, and since when nothing of that any more."""

    def __init__(self, name: str) -> None:
        """``name`` is the database in words."""
        self._name = name
        self.last_error: str | None = None
        """Why the database does not take our writes; ``None`` while it does."""
        self.renewal: Renewal | None = None
        """The damaged file that was set aside for this database; ``None`` once it is moved away."""
        self.audit_lost = 0
        """Audit events that were given up since the start, because too many waited in memory."""
        self._lost_meanwhile = 0
        self._log_bytes = 0

    @property
    def trouble(self) -> tuple[str, str] | None:
        """A reason of the contract, and a sentence; ``None`` while all is well."""
        if self.last_error is not None:
            lost = f"; {self._lost_meanwhile} audit events were given up meanwhile" if self._lost_meanwhile else ""
            return "database_not_writable", self.last_error + lost
        if self.renewal is not None:
            return "database_damaged", str(self.renewal)
        if self._log_bytes >= LOG_BYTES:
            return "database_kept_open", self._kept_open(self._log_bytes)
        return None

    def failed(self, why: str) -> None:
        """An attempt to write failed."""
        if self.last_error is None:
            log.error(
                "the database does not take writes; everything is kept in memory and tried again: %s",
                why,
                extra={"database": self._name},
            )
        self.last_error = why

    def works(self, waiting: int) -> None:
        """Something was written; ``waiting`` rows are still to come."""
        if self.last_error is not None:
            log.warning("the database takes writes again", extra={"database": self._name, "waiting": waiting})
            self.last_error = None
            self._lost_meanwhile = 0

    def lost(self, count: int) -> None:
        """So many audit events gave way to newer ones."""
        if not self._lost_meanwhile:
            log.error(
                "more audit events wait for the database than memory is kept for: the oldest ones are given up, first "
                "of what units reported by themselves; how many will stand in the audit: %s",
                self.last_error or "it does not answer",
                extra={"database": self._name},
            )
        self._lost_meanwhile += count
        self.audit_lost += count

    def renewed(self, renewal: Renewal) -> None:
        """A damaged file was set aside."""
        self.renewal, self.last_error, self._log_bytes = renewal, None, 0
        log.error("database: %s", renewal, extra={"database": self._name})

    def looked(self, log_bytes: int, *, aside_is_there: bool) -> None:
        """The -wal has this size; ``aside_is_there`` while the file that was set aside lies where it was put."""
        if log_bytes >= LOG_BYTES > self._log_bytes:
            log.warning("database: %s", self._kept_open(log_bytes))
        self._log_bytes = log_bytes
        if not aside_is_there:
            self.renewal = None

    def _kept_open(self, log_bytes: int) -> str:
        return (
            f"the -wal beside {self._name} has grown to {log_bytes // 1_000_000} MB, because another program reads the "
            "database and does not end: close it (a database browser, a backup that hangs; `fuser` names it)"
        )
