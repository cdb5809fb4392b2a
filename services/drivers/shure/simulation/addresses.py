"""Where simulated units listen: addresses one behind the other, and room for their sockets."""

from __future__ import annotations

import ipaddress
import resource

_SPARE_FILES = 64


def hosts_from(listen: str, count: int, *, shared: bool) -> list[str]:
    """``count`` addresses from ``listen`` on, without those that end in 0 or 255; ``shared``: the same for all."""
    if shared:
        return [listen] * count
    hosts: list[str] = []
    address = ipaddress.ip_address(listen)
    while len(hosts) < count:
        if address.packed[-1] not in (0, 255):
            hosts.append(str(address))
        address += 1
    return hosts


def allow_files(count: int) -> None:
    """Each unit needs a socket to listen and one or two for clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * count + _SPARE_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
