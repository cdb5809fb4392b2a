"""Where units are looked for: ``[discovery]`` and ``[[discovery.ranges]]``."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from bridge.settings.sections import Section
from bridge.settings.values import (
    DAY,
    MINUTE,
    Allowed,
    Duration,
    Id,
    Organization,
    Whole,
    Word,
    allowed,
    host_and_port,
    interface_address,
    network,
    ports,
)


class RangeSettings(Section):
    """A network that is searched for units."""

    network: Annotated[
        str,
        AfterValidator(network),
        Allowed("a network of at most /16, a range (`10.20.0.10-10.20.0.40`) or an address"),
        Field(description="What is searched."),
    ]
    organization: Annotated[
        Organization | None,
        Allowed("an id, but not `bridge`"),
        Field(description="Organization of what is found; that of `[bridge]` where it is not given."),
    ] = None
    campus: Annotated[
        Id | None, Allowed("an id"), Field(description="Campus of what is found; that of `[bridge]` likewise.")
    ] = None
    adopt: Annotated[bool, Field(description="Add what answers; otherwise it is listed as a candidate.")] = True
    schedule: Annotated[
        float | None,
        Duration(MINUTE, 30 * DAY, word="manual"),
        Field(description="How often it is searched. A changed range is searched once, whatever stands here."),
    ] = None
    manufacturer: Annotated[
        Word | None,
        Allowed("a manufacturer, for example `shure`"),
        Field(description="Ask for units of this maker only."),
    ] = None


class DiscoverySettings(Section):
    """Where units are looked for."""

    hosts: Annotated[
        tuple[Annotated[str, AfterValidator(host_and_port)], ...],
        Allowed("host names or addresses"),
        Field(description="Single hosts to ask; what answers is added."),
    ] = ()
    interface: Annotated[
        str,
        AfterValidator(interface_address),
        Allowed("an address of this machine, or empty: all"),
        Field(description="Local address of the control network, where it differs from the audio network."),
    ] = ""
    allow: Annotated[
        tuple[Annotated[str, AfterValidator(allowed)], ...],
        Allowed("networks of any size, ranges, addresses or host names"),
        Field(description="What commands may name beside the ranges, hosts and units of their own campus."),
    ] = ()
    allow_ports: Annotated[
        tuple[Annotated[str, AfterValidator(ports)], ...],
        Allowed("ports as text: `2202`, `22000-22099`"),
        Field(description="Ports that commands may name beside those of the drivers and of known units."),
    ] = ()
    concurrency: Annotated[Whole, Field(description="Addresses that are asked at the same time.", ge=1, le=4096)] = 1024
    ranges: Annotated[tuple[RangeSettings, ...], Field(description="Networks to search.")] = ()
