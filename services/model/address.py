"""Where a resource belongs: tenants and addresses. Services know addresses, only the bridge knows topics."""

from __future__ import annotations

from typing import Final, NamedTuple

from services.model.kinds import PART_KINDS, Kind

ID_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,62}$"
"""Organizations, campuses and ids: they stand in topics, and never change."""


class Campus(NamedTuple):
    """A tenant: an organization and one of its campuses, both as they stand in topics."""

    organization: str
    campus: str


class Address(NamedTuple):
    """One resource of one tenant. The store and the services know addresses; topics are the bridge's words.

    A tuple because everything is filed under addresses, and a tuple's hash costs a third of a dataclass's.
    """

    organization: str
    campus: str
    kind: Kind
    id: str

    @property
    def tenant(self) -> Campus:
        """The campus that the resource belongs to."""
        return Campus(self.organization, self.campus)


def unit_address(part: Address) -> Address:
    """The address of the unit that has this part: a part's id is ``<unit>-<number>``.

    Raises `KeyError` for an address that is no part's.
    """
    return part._replace(kind=PART_KINDS[part.kind].unit, id=part.id.rpartition("-")[0])
