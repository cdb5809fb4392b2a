"""Which addresses may be named by somebody whom we do not trust with all of them: networks, ranges and hosts. PURE."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from services.rules import networks
from services.rules.networks import Host, Span

AllowedPlace = IPv4Network | IPv6Network | Span | Host


def parse_allowed(text: str) -> AllowedPlace:
    """Read a network of any size, a range, an address or a host name.

    Raises:
        ValueError: with what is wrong and what can be written instead.
    """
    text = text.strip()
    try:
        return ip_network(text, strict=False)
    except ValueError:
        if "/" in text:
            raise
    return networks.parse(text)


def parse_ports(text: str) -> range:
    """Read a port (``2202``) or a range of ports (``22000-22099``). Raises `ValueError`."""
    first, _, last = text.strip().partition("-")
    if not (first.isdecimal() and (last or first).isdecimal()):
        raise ValueError(f"{text!r} is no port: write 2202, or 22000-22099")
    ports = range(int(first), int(last or first) + 1)
    if not ports or not 1 <= ports[0] <= ports[-1] <= 65535:  # noqa: PLR2004 - every port
        raise ValueError(f"{text!r}: a port is a number from 1 to 65535, the lower one first")
    return ports


class AllowedPlaces:
    """Networks, ranges and hosts, asked as one."""

    def __init__(self, places: Iterable[AllowedPlace]) -> None:
        self._networks: list[IPv4Network | IPv6Network] = []
        self._spans: list[Span] = []
        self._names: set[str] = set()
        for place in places:
            if isinstance(place, Host):
                self._add_host(place)
            elif isinstance(place, Span):
                self._spans.append(place)
            else:
                self._networks.append(place)

    def _add_host(self, host: Host) -> None:
        if host.is_name:
            self._names.add(host.host)
        else:
            self._networks.append(ip_network(ip_address(host.host)))

    def names(self, name: str) -> bool:
        """Whether a host name is allowed as such, whatever it stands for."""
        return name in self._names

    def holds(self, address: str) -> bool:
        """Whether an address, in text, is allowed; text that is none is not."""
        try:
            wanted = ip_address(address)
        except ValueError:
            return False
        if isinstance(wanted, IPv6Address) and wanted.ipv4_mapped is not None:
            wanted = wanted.ipv4_mapped
        return any(wanted in network for network in self._networks) or any(
            span.holds(str(wanted)) for span in self._spans
        )

    def holds_all(self, span: Span) -> bool:
        """Whether a run of addresses lies within one network or range that is allowed."""
        first, last = IPv4Address(span.first), IPv4Address(span.last)
        return any(first in network and last in network for network in self._networks) or any(
            each.first <= span.first and span.last <= each.last for each in self._spans
        )
