"""Configured hosts that never answered, and have no id to be listed under."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services import clock
from services.model import AvailabilityReason, Campus


@dataclass(frozen=True, slots=True)
class Unidentified:
    """One of these hosts; ``since`` is RFC 3339, ``detail`` is for people."""

    tenant: Campus
    host: str
    reason: AvailabilityReason
    since: str
    detail: str = ""
    unit: str = ""
    """The unit behind a gateway at the host; empty where the unit answers itself."""


class UnidentifiedHosts:
    """The list of these hosts, as people named them; `health` shows it."""

    def __init__(self) -> None:
        self._hosts: dict[tuple[str, str], Unidentified] = {}

    def __contains__(self, host: str) -> bool:
        return (host, "") in self._hosts

    def __getitem__(self, host: str) -> Unidentified:
        return self._hosts[host, ""]

    def __iter__(self) -> Iterator[Unidentified]:
        return iter(self._hosts.values())

    def __len__(self) -> int:
        return len(self._hosts)

    def get(self, host: str, unit: str = "") -> Unidentified | None:
        """What is listed of a host, or of one of the units behind a gateway there."""
        return self._hosts.get((host, unit))

    def put(self, tenant: Campus, host: str, reason: AvailabilityReason, detail: str, unit: str = "") -> bool:
        """List a host, or update why it does not answer; whether the reason is another one than before."""
        known = self._hosts.get((host, unit))
        since = known.since if known else clock.now_text()
        self._hosts[host, unit] = Unidentified(tenant, host, reason, since, detail, unit)
        return known is None or known.reason != reason

    def drop(self, host: str, unit: str = "") -> None:
        """Take a host off the list: it answered, or nobody asks for it any more."""
        self._hosts.pop((host, unit), None)
