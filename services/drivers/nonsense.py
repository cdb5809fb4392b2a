"""What units send and nobody can read: the kinds that every link counts, and the line of the log that names it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from services.model import clean_text

log = logging.getLogger(__name__)

NONSENSE: Mapping[str, str] = {
    "ill_formed": "meters or lines of no known form",
    "meaningless": "messages of a known form about nothing that this unit has",
    "unintelligible": "pieces that are no message at all",
    "unknown_values": "values in words or numbers that are not known: these keys are unknown",
    "discarded_bytes": "bytes between messages",
    "dropped_samples": "meters that came faster than anybody took them",
    "foreign_meter_rates": "channels whose metering rate another controller sets again and again",
}
"""Kinds that every link counts (`services.drivers.port.Link.counters`), and what they are."""

NAMED_MOST = 20
"""Different values of one host that the log names; a unit that sends noise has no end of them."""
HOSTS_MOST = 10_000
TEXT_MOST = 60
"""Characters of such a value that the log shows."""


class UnknownValues:
    """Names values that nobody can read in the log: each once a host, over all conversations with it."""

    def __init__(self) -> None:
        self._named: dict[str, set[tuple[str, str]]] = {}

    def name(self, host: str, key: str, text: str) -> None:
        """Name a value, by what the unit calls it, that a unit at ``host`` reported as ``text``."""
        if host not in self._named and len(self._named) >= HOSTS_MOST:
            return
        named, value = self._named.setdefault(host, set()), (key, text[:TEXT_MOST])
        if value in named or len(named) >= NAMED_MOST:
            return
        named.add(value)
        log.warning(
            "a unit reports a value that we do not know, so it is unknown; please report this",
            extra={"host": host, "property": key, "text": clean_text(text, TEXT_MOST)},
        )
