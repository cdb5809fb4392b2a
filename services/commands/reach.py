"""Where commands may reach: the addresses and ports that somebody at the broker may have the bridge speak to.

Whoever may write commands could have the bridge knock at any address that it reaches, and learn from the replies what
is there. So a command names hosts of its own campus only: its configured ranges and hosts, its units, and what
``[discovery] allow`` adds for every campus. The command line of the machine itself is not bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from services.drivers import Makers, Unresolved, addresses_of
from services.live import Inventory
from services.model import Campus, RangeRecord, ServiceError
from services.rules import AllowedPlace, AllowedPlaces, Host, Span, networks, parse_allowed, parse_ports

REMEDY = "add it to [discovery] allow in the configuration, or to the ranges or hosts of this campus"


class Reach:
    """Checks hosts that come by command."""

    def __init__(self, ranges: Callable[[], Iterable[RangeRecord]], inventory: Inventory, makers: Makers) -> None:
        """``ranges`` gives the configured ranges and hosts of all campuses."""
        self._ranges = ranges
        self._inventory = inventory
        self._declared = {door.port for name in makers for door in makers[name].doors}
        self._ports: Sequence[range] = ()
        self._allow: Sequence[str] = ()

    def configure(self, allow: Iterable[str], ports: Iterable[str]) -> None:
        """Take over what the configuration allows beside the ranges and hosts of each campus."""
        self._allow = tuple(allow)
        self._ports = tuple(map(parse_ports, ports))

    async def check(self, tenant: Campus, text: str, port: int | None = None, *, field: str) -> None:
        """Refuse a network, range, host or port that a command of this campus may not name.

        Raises `ServiceError`: ``forbidden``, or ``schema_violation`` for text that is none of them.
        """
        try:
            place = networks.parse(text)
        except ValueError as error:
            raise ServiceError("schema_violation", f"{_argument(field)}: {error}", field=field) from error
        self._check_port(tenant, port, field)
        if isinstance(place, Host):
            self._check_port(tenant, place.port, field)
        allowed = AllowedPlaces(_parsed((*self._allow, *self._ranges_of(tenant), *self._hosts_of(tenant))))
        if isinstance(place, Span):
            if not allowed.holds_all(place):
                raise _forbidden(text, tenant, field)
        elif not (allowed.names(place.host) or allowed.holds(place.host)):
            await self._check_name(allowed, place, tenant, field)

    async def _check_name(self, allowed: AllowedPlaces, host: Host, tenant: Campus, field: str) -> None:
        """A name is allowed where all of its addresses are."""
        addresses = await addresses_of(host.host) if host.is_name else []
        if isinstance(addresses, Unresolved) or not addresses or not all(map(allowed.holds, addresses)):
            raise _forbidden(host.host, tenant, field)

    def _check_port(self, tenant: Campus, port: int | None, field: str) -> None:
        if port is None or port in self._declared or any(port in ports for ports in self._ports):
            return
        if any(unit.record.port == port for unit in self._inventory.units.values() if unit.address.tenant == tenant):
            return
        known = ", ".join(map(str, sorted(self._declared)))
        detail = f"port: commands reach the ports of the drivers only ({known}): add {port} to [discovery] allow_ports"
        raise ServiceError("forbidden", detail, field=field.replace("host", "port"))

    def _ranges_of(self, tenant: Campus) -> Iterable[str]:
        return (record.network for record in self._ranges() if record.tenant == tenant)

    def _hosts_of(self, tenant: Campus) -> Iterable[str]:
        units = self._inventory.units.values()
        return (unit.record.host for unit in units if unit.address.tenant == tenant and unit.record.host)


def _parsed(texts: Iterable[str]) -> Iterator[AllowedPlace]:
    """What can be read of them; a unit may have a host that nobody can reach."""
    for text in texts:
        with suppress(ValueError):
            yield parse_allowed(text)


def _forbidden(place: str, tenant: Campus, field: str) -> ServiceError:
    where = f"{tenant.organization}/{tenant.campus}"
    return ServiceError(
        "forbidden", f"{_argument(field)}: commands of {where} may not reach {place}: {REMEDY}", field=field
    )


def _argument(field: str) -> str:
    """The name of an argument, of where it stands in the command."""
    return field.removeprefix("args.")
