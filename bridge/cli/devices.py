"""`discover`, `probe` and `simulate`: receivers without broker and database."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

from bridge.cli.probe import Probe
from bridge.settings import load
from services.discovery import Found, Missed, Outcome, scan_all
from services.drivers import Driver, SimulatedReceiver, Target, find_drivers, get_driver
from services.rules import Host, parse

Write = Callable[[str], None]

MENDABLE = frozenset({"control_blocked", "auth_failed"})
"""Failures at which somebody can do something; at every other address there is simply no receiver."""


def configured_targets(path: Path | None) -> tuple[str, ...]:
    """What the configuration says is to be searched. Raises `ConfigurationError`."""
    discovery = load(path, os.environ).discovery
    return (*discovery.hosts, *(entry.network for entry in discovery.ranges))


async def discover(targets: Sequence[str], *, concurrency: int, interface: str, as_json: bool, write: Write) -> int:
    """Ask every address and print who answered; how many. Raises `ValueError` for what is no target."""
    named = {place.host for text in targets if isinstance(place := parse(text), Host)}
    loop = asyncio.get_running_loop()
    began, asked, found = loop.time(), 0, 0

    def report(outcome: Outcome) -> None:
        nonlocal asked
        asked += 1
        if isinstance(outcome, Missed) and (outcome.code in MENDABLE or outcome.host in named) and not as_json:
            write(f"{outcome.host:<16} {outcome.code}: {outcome.detail}")

    async with aclosing(
        scan_all(find_drivers(), targets, concurrency=concurrency, interface=interface, report=report)
    ) as receivers:
        async for receiver in receivers:
            found += 1
            write(_as_json(receiver) if as_json else _line(receiver))
    if not as_json:
        write(f"{found} receivers at {asked} addresses, {loop.time() - began:.1f} s")
    return found


def _line(found: Found) -> str:
    identity = found.identity
    facts = (
        identity.model or identity.family,
        f"{identity.part_count} ch" if identity.part_count else None,
        identity.device_id,
        f"firmware {identity.firmware}" if identity.firmware else None,
        identity.mac,
        identity.serial,
    )
    host = found.host if found.port is None else f"{found.host}:{found.port}"
    return f"{host:<16} {identity.manufacturer:<10} " + "  ".join(fact for fact in facts if fact)


def _as_json(found: Found) -> str:
    place = {"host": found.host, "port": found.port, "driver": found.driver}
    return json.dumps(place | dataclasses.asdict(found.identity), sort_keys=True)


async def probe(
    target: str,
    *,
    port: int | None,
    driver: str | None,
    interface: str,
    meter_interval_s: float,
    listen_s: float,
    write: Write,
) -> bool:
    """Talk to one receiver. Raises `ValueError` for what is no host, `UnknownDriverError`."""
    place = parse(target)
    if not isinstance(place, Host):
        raise ValueError(f"{target!r} is more than one address: use `mic2mqtt discover`")  # noqa: TRY004 - a wrong text
    drivers: Mapping[str, Driver] = find_drivers()
    if driver is not None:
        drivers = {driver: get_driver(drivers, driver)}
    asked = Target(place.host, port or place.port, interface, meter_interval_s)
    return await Probe(asked, drivers, write).run(listen_s)


def families() -> dict[str, tuple[str, Driver]]:
    """Every family that a simulator may exist for: name -> driver's name and driver."""
    return {
        family: (name, driver) for name, driver in find_drivers().items() if driver.scans for family in driver.families
    }


def option(text: str) -> tuple[str, object]:
    """``still=true`` as a name and a value: JSON where it is some, else text. Raises `ValueError`."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ValueError(f"{text!r} must be NAME=VALUE, for example still=true")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


async def simulate(
    family: str,
    *,
    count: int,
    listen: str,
    port: int | None,
    seed: int,
    faults: Sequence[str],
    options: Mapping[str, object],
    write: Write,
) -> None:
    """Run simulated receivers until cancelled. Raises `ValueError` for what does not exist, `OSError` for addresses."""
    known = families()
    if family not in known:
        raise ValueError(f"there is no family {family!r}; there are: {', '.join(sorted(known))}")
    driver = known[family][1]
    unknown = [fault for fault in faults if fault not in driver.faults]
    if unknown:
        raise ValueError(f"there is no fault {unknown[0]!r}; there are: {', '.join(sorted(driver.faults))}")
    async with driver.simulator(family, count=count, listen=listen, port=port, seed=seed, **options) as units:
        for unit in units:
            for fault in faults:
                await unit.fault(fault)
        _say_where(units, family, write)
        await asyncio.get_running_loop().create_future()


def _say_where(units: Sequence[SimulatedReceiver], family: str, write: Write) -> None:
    for unit in units:
        write(f"{family} listens on {unit.host}:{unit.port}")
    write(f"{len(units)} simulated receivers run; Ctrl-C ends them")
