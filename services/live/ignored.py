"""Units that were removed by hand: discovery must not bring them back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from services.model import Campus, Identity, IgnoredIdentity
from services.rules import same_unit


class IgnoredUnits:
    """The list of removed units, of all campuses."""

    def __init__(
        self,
        keep: Callable[[IgnoredIdentity], None] = lambda _gone: None,
        forget: Callable[[IgnoredIdentity], None] = lambda _gone: None,
    ) -> None:
        """``keep`` stores a unit that is ignored from now on, ``forget`` takes one out of the store."""
        self._keep = keep
        self._forget = forget
        self._gone: list[IgnoredIdentity] = []

    def __iter__(self) -> Iterator[IgnoredIdentity]:
        return iter(self._gone)

    def restore(self, gone: Iterable[IgnoredIdentity]) -> None:
        """Take over what the store kept."""
        self._gone.extend(gone)

    async def keep_all(self) -> None:
        """Store the whole list anew: the database is another one, and empty."""
        for gone in self._gone:
            self._keep(gone)

    def add(self, gone: IgnoredIdentity) -> None:
        """Ignore a unit from now on."""
        self._gone.append(gone)
        self._keep(gone)

    def matches(self, tenant: Campus, identity: Identity, host: str) -> bool:
        """Whether the unit that answers at ``host`` is one of these."""
        for gone in self._gone:
            if gone.tenant != tenant or gone.manufacturer != identity.manufacturer:
                continue
            if gone.serial or gone.mac:
                if (gone.serial and gone.serial == identity.serial) or (gone.mac and gone.mac == identity.mac):
                    return True
            elif gone.host == host and gone.model == identity.model:
                return True
        return False

    def allow(self, tenant: Campus, host: str | None, unit_id: str | None, who: Identity | None = None) -> int:
        """Allow removed units again: by the host or id that they had, or by their identity; how many there were."""
        back = [
            gone
            for gone in self._gone
            if gone.tenant == tenant
            and ((host and gone.host == host) or (unit_id and gone.unit == unit_id) or (who and same_unit(gone, who)))
        ]
        for gone in back:
            self._gone.remove(gone)
            self._forget(gone)
        return len(back)
