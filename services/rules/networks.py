"""Which addresses a network, a range or a host stands for. Pure: nothing is resolved and nothing is asked here.

What people type is read once (`parse`), and any number of such places becomes one run of addresses without repeats
(`expand`), in order and within a limit. It is never held as a list: a /16 costs as much memory as a single host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network
from itertools import islice

WIDEST_PREFIX = 16
"""The shortest prefix of one network. A /8 is 16 million addresses, hours of scanning, and most often a slip."""

MAX_ADDRESSES = 2 ** (32 - WIDEST_PREFIX)
"""Addresses of one discovery: one /16."""

_SMALLEST_WITH_BROADCAST = 30
"""From /31 on (RFC 3021) there is no network address and no broadcast address to leave out."""

_HOST_NAME = re.compile(
    # labels as in RFC 1123, and the underscore that many local resolvers know; not digits and dots alone
    r"(?=.{1,253}\.?$)(?![\d.]+$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?",
    re.IGNORECASE,
)
_END = re.compile(r"[\s.]+$")
_PADDED = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_WITH_PORT = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:/]+))(?::(?P<port>\d{1,5}))?")

_HINT = "give a network (10.20.0.0/24), a range (10.20.0.10-10.20.0.40), an address or a host name"


@dataclass(frozen=True, slots=True)
class Span:
    """IPv4 addresses from ``first`` to ``last``, both included, as numbers."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many addresses it has."""
        return self.last - self.first + 1

    def holds(self, address: str) -> bool:
        """Whether an address, in text, lies within it."""
        try:
            return self.first <= int(IPv4Address(address)) <= self.last
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Host:
    """One host: an address or a name, and the port where it is not the driver's own."""

    host: str
    port: int | None = None

    @property
    def is_name(self) -> bool:
        """Whether it has to be resolved first."""
        try:
            ip_address(self.host)
        except ValueError:
            return True
        return False


Place = Span | Host


@dataclass(frozen=True, slots=True)
class Expansion:
    """The addresses of several spans: no repeats, ascending, at most ``total``."""

    spans: tuple[Span, ...]
    total: int
    left_out: int
    """Addresses beyond the limit, which are not in ``total``."""

    def __iter__(self) -> Iterator[str]:
        every = (str(IPv4Address(number)) for span in self.spans for number in range(span.first, span.last + 1))
        return islice(every, self.total)


def parse(text: str) -> Place:
    """Read what stands in a configuration or a request.

    A network loses its network address and its broadcast address; bits to the right of its prefix do not matter.

    Raises:
        ValueError: with what is wrong and what can be written instead.
    """
    text = text.strip()
    if "/" in text:
        return _network(text)
    first, dash, last = text.partition("-")
    if dash and _is_ipv4(lowest := normalise_host(first)):
        return _range(text, lowest, normalise_host(last))
    return _host(text)


def normalise_host(text: str) -> str:
    """The one way in which a host is written, so that two ways to write it are one host.

    Lower case, no trailing dot (``Rack1.example.org.``), no leading zeros in an IPv4 address (``010.020.000.011``, as
    the menus of receivers print it: decimal, never octal), IPv6 in its shortest form, and as IPv4 what only wraps it
    (``::ffff:10.20.0.11``).
    """
    host = _END.sub("", text.strip()).lower()
    if _PADDED.fullmatch(host):
        return ".".join(str(int(number)) for number in host.split("."))
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(getattr(address, "ipv4_mapped", None) or address)


def expand(spans: Iterable[Span], limit: int = MAX_ADDRESSES) -> Expansion:
    """All addresses of the spans, each once, up to ``limit`` of them."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.first):
        if joined and span.first <= joined[-1].last + 1:
            joined[-1] = Span(joined[-1].first, max(joined[-1].last, span.last))
        else:
            joined.append(span)
    size = sum(span.size for span in joined)
    total = min(size, max(limit, 0))
    return Expansion(tuple(joined), total, size - total)


def _network(text: str) -> Place:
    address, slash, prefix = text.partition("/")
    try:
        network = ip_network(f"{normalise_host(address)}{slash}{prefix.strip()}", strict=False)
    except ValueError as error:
        raise ValueError(f"{text!r} is no network: {error}; {_HINT}") from error
    if not isinstance(network, IPv4Network):
        if network.num_addresses == 1:
            return _host(str(network.network_address))
        raise ValueError(f"{text!r} is an IPv6 network, too large to be asked address by address; name its hosts")
    if network.prefixlen < WIDEST_PREFIX:
        raise ValueError(
            f"{text!r} has {network.num_addresses} addresses; the largest network that is scanned is "
            f"a /{WIDEST_PREFIX} ({MAX_ADDRESSES} addresses): name the parts where receivers are"
        )
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.prefixlen <= _SMALLEST_WITH_BROADCAST:
        first, last = first + 1, last - 1
    return _askable(text, Span(first, last))


def _range(text: str, first: str, last: str) -> Span:
    if last.isdecimal() and len(last) <= len("255"):  # 10.20.0.10-40
        last = normalise_host(f"{first.rpartition('.')[0]}.{last}")
    if not _is_ipv4(last):
        raise ValueError(f"{text!r} is no range of addresses; {_HINT}")
    span = Span(int(IPv4Address(first)), int(IPv4Address(last)))
    if span.size < 1:
        raise ValueError(f"{text!r} ends before it begins; write the lower address first")
    if span.size > MAX_ADDRESSES:
        raise ValueError(f"{text!r} has {span.size} addresses; at most {MAX_ADDRESSES} are scanned at once")
    return _askable(text, span)


def _host(text: str) -> Host:
    try:
        address = ip_address(normalise_host(text))
    except ValueError:
        pass  # then it is a name, or has a port
    else:
        _check_unicast(text, address)
        return Host(str(address))
    match = _WITH_PORT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no host; {_HINT}")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65535:  # noqa: PLR2004 - every TCP port
        raise ValueError(f"{text!r}: a port is a number from 1 to 65535")
    name = normalise_host(match["v6"] or match["host"])
    if match["v6"] or _is_ipv4(name):
        try:
            _check_unicast(text, ip_address(name))
        except ValueError as error:
            raise ValueError(f"{text!r} is no address: {error}") from error
    elif not _HOST_NAME.fullmatch(name):
        raise ValueError(f"{text!r} is no host; {_HINT}")
    return Host(name, port)


def _askable(text: str, span: Span) -> Span:
    for end in (span.first, span.last):
        _check_unicast(text, IPv4Address(end))
    return span


def _check_unicast(text: str, address: IPv4Address | IPv6Address) -> None:
    if address.is_multicast or address.is_unspecified or (address.version == 4 and address.is_reserved):  # noqa: PLR2004 - IPv4
        raise ValueError(f"{text!r} holds addresses that no receiver can have (multicast, unspecified or reserved)")


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True
