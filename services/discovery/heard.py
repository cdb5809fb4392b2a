"""Hosts that announced themselves: `Adverts` writes the list, a discovery reads from it who is where."""

from __future__ import annotations

from dataclasses import dataclass

from services.drivers import Sighting
from services.model import Campus


@dataclass(slots=True)
class Heard:
    """What a host announced; times are loop times."""

    advert: Sighting
    at: float
    judged_at: float
    asked_at: float | None = None
    listed: Campus | None = None
    """The campus in which it is a candidate because of this advert."""


Seen = tuple[str, str]
"""Host, and the unit behind a gateway there or nothing."""


class HeardHosts(dict[Seen, Heard]):
    """What each unit announced last, by where it is."""

    def mac_at(self, host: str) -> str | None:
        """The MAC address that a host announced; a unit that does not report its own is known by it."""
        heard = self.get((host, ""))
        return heard.advert.identity.mac if heard else None
