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


class UnidentifiedHosts:
    """The list of these hosts, as people named them; `health` shows it."""

    def __init__(self) -> None:
        self._hosts: dict[str, Unidentified] = {}

    def __contains__(self, host: str) -> bool:
        return host in self._hosts

    def __getitem__(self, host: str) -> Unidentified:
        return self._hosts[host]

    def __iter__(self) -> Iterator[Unidentified]:
        return iter(self._hosts.values())

    def __len__(self) -> int:
        return len(self._hosts)

    def put(self, tenant: Campus, host: str, reason: AvailabilityReason, detail: str) -> bool:
        """List a host, or update why it does not answer; whether the reason is another one than before."""
        known = self._hosts.get(host)
        since = known.since if known else clock.now_text()
        self._hosts[host] = Unidentified(tenant, host, reason, since, detail)
        return known is None or known.reason != reason

    def drop(self, host: str) -> None:
        """Take a host off the list: it answered, or nobody asks for it any more."""
        self._hosts.pop(host, None)
