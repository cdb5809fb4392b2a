"""What units announce of themselves by DNS-SD: an address to ask, and a name.

Source: docs/protocols/sennheiser-ssc.md#announcements. Whether it is a microphone is found out by asking: speakers and
ceiling microphones announce the same services.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing

from services.drivers.port import Gone, Identity, Sighting
from services.drivers.sennheiser.products import MANUFACTURER
from services.drivers.transport.mdns import Ended, Service, browse

SERVICES: Mapping[str, int] = {"_ssc._udp.local.": 45, "_ssc-https._tcp.local.": 443}
"""Service -> the port that the driver knows anyway; another one is told."""
LASTS_S = 4500.0
"""How long an announcement counts without being repeated: the life of its records, 75 minutes (RFC 6762, 10)."""


ANNOUNCED_MOST = 2000
"""Announcements that are remembered for their goodbye: anybody who can send to the network can invent any number."""


async def receive(interface: str, driver: str) -> AsyncIterator[Sighting | Gone]:
    """Sightings and goodbyes as they come, until cancelled. Raises `OSError` where nothing can be overheard."""
    where: dict[tuple[str, str], Sighting] = {}
    async with aclosing(browse(tuple(SERVICES), interface)) as news:  # type: ignore[type-var]
        async for each in news:
            if isinstance(each, Ended):
                if (gone := where.pop((each.type, each.name), None)) is not None:
                    yield Gone(driver, gone.host, gone.port)
                continue
            if len(where) >= ANNOUNCED_MOST:
                del where[next(iter(where))]
            sighting = where[each.type, each.name] = sighting_of(each, driver)
            yield sighting


def sighting_of(service: Service, driver: str) -> Sighting:
    """The unit that announces a service: its first address, its port where it is not the usual one, its name."""
    port = None if service.port == SERVICES.get(service.type) else service.port
    model = service.text.get("model") or None
    evidence = {"announced": service.type, **({"id": service.text["id"]} if service.text.get("id") else {})}
    identity = Identity(MANUFACTURER, "", model=model)
    return Sighting(driver, service.addresses[0], identity, port, name=service.name, lasts_s=LASTS_S, evidence=evidence)
