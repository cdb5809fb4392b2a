"""Units that announced themselves: `Adverts` writes the list, a discovery looks up MAC addresses in it."""

from __future__ import annotations

from dataclasses import dataclass

from services.drivers import Sighting
from services.model import Campus


@dataclass(slots=True)
class Announcement:
    """The newest advert of one unit; times are loop times, in seconds."""

    advert: Sighting
    at: float
    judged_at: float
    asked_at: float | None = None
    is_repeated: bool = False
    """Whether it was announced more than once."""
    listed: Campus | None = None
    """The campus in which it is a candidate because of this advert."""


Seen = tuple[str, str]
"""Host, and the unit behind a gateway there or nothing."""


class AnnouncedHosts(dict[Seen, Announcement]):
    """What each unit announced last, by where it is; those that were heard last stand at the end."""
