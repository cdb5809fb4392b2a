"""`discover`, `probe` and `capture`: units without broker and database."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError

from bridge.cli import captures
from bridge.cli.probe import Probe
from bridge.cli.run import raise_file_limit
from bridge.settings import FILE_SUFFIX, load, read_secret
from services.discovery import MENDABLE, OURS, Found, ScanOutcome, ask_places, cannot_ask
from services.drivers import (
    Driver,
    DriverError,
    Makers,
    Sighting,
    Surroundings,
    Target,
    asks_strangers,
    find_drivers,
    get_driver,
    make_target,
)
from services.model import UNIT_KINDS
from services.rules import Host, parse

Write = Callable[[str], None]


def configured_targets(path: Path | None) -> tuple[str, ...]:
    """The ranges and hosts that the configuration names for a search. Raises `ConfigurationError`."""
    discovery = load(path, os.environ).discovery
    return (*discovery.hosts, *(entry.network for entry in discovery.ranges))


class _Printer:
    """Prints what answers, as soon as it has, and what somebody can mend or asked for by name."""

    def __init__(self, named: Collection[str], *, as_json: bool, write: Write) -> None:
        self._named = named
        self._as_json = as_json
        self._write = write
        self._printed: set[str] = set()
        self.asked = self.found = 0

    def take(self, outcome: ScanOutcome) -> None:
        """One address."""
        self.asked += 1
        if isinstance(outcome, Found):
            self.found += len(outcome.sightings)
            for unit in outcome.sightings:
                self._write(_as_json(unit) if self._as_json else _line(unit))
        elif outcome.code in OURS:
            self._print_once(f"{outcome.code}: {outcome.detail}")
        elif outcome.stranger and not self._as_json:
            self._write(f"{outcome.host:<16} no microphone: {outcome.stranger}")
        elif (outcome.code in MENDABLE or outcome.host in self._named) and not self._as_json:
            self._write(f"{outcome.host:<16} {outcome.code}: {outcome.detail}")

    def _print_once(self, line: str) -> None:
        if line not in self._printed and not self._as_json:
            self._write(line)
        self._printed.add(line)

    def leave(self, host: str, port: int | None) -> None:
        """There is no bridge, so nothing is left in peace."""


async def discover(targets: Sequence[str], *, concurrency: int, interface: str, as_json: bool, write: Write) -> int:
    """Ask every address and print who answered; how many. Raises `ValueError` for what is no target."""
    raise_file_limit()
    named = {place.host for text in targets if isinstance(place := parse(text), Host)}
    printer = _Printer(named, as_json=as_json, write=write)
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with Makers(find_drivers()).open(Surroundings(interface)) as makers:
        for trouble in () if as_json else cannot_ask(makers):
            write(trouble)
        plan = await ask_places(makers, targets, printer, concurrency=concurrency, interface=interface)
    if plan.left_out:
        write(f"{plan.left_out} addresses were left out: ask at most {plan.total} at once")
    if not as_json:
        write(f"{printer.found} units at {printer.asked} addresses, {loop.time() - began:.1f} s")
    return printer.found


def _line(found: Sighting) -> str:
    identity = found.identity
    facts = (
        identity.model or identity.family,
        found.unit and f"unit {found.unit}",
        f"{identity.part_count} {UNIT_KINDS[identity.kind].short}" if identity.part_count else None,
        _label(found),
        f"firmware {identity.firmware}" if identity.firmware else None,
        identity.mac,
        identity.serial,
    )
    host = found.host if found.port is None else f"{found.host}:{found.port}"
    return f"{host:<16} {identity.manufacturer:<10} " + "  ".join(fact for fact in facts if fact)


def _label(found: Sighting) -> str | None:
    """What the unit calls itself."""
    return found.identity.device_id or found.name


def _as_json(found: Sighting) -> str:
    place = {"host": found.host, "port": found.port, "driver": found.driver, "name": _label(found)}
    if found.unit:
        place["unit"] = found.unit
    return json.dumps(place | dataclasses.asdict(found.identity), sort_keys=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """One unit as it is named on the command line."""

    host: str
    port: int | None = None
    driver: str | None = None
    unit: str = ""
    """The unit behind a gateway."""
    options: Sequence[str] = ()
    """The driver's own settings as NAME=VALUE."""
    interface: str = ""
    meter_interval_s: float = 1.0

    def drivers(self) -> Mapping[str, Driver]:
        """Who is to ask. Raises `UnknownDriverError`."""
        drivers: Mapping[str, Driver] = find_drivers()
        if self.driver is not None:
            return {self.driver: get_driver(drivers, self.driver)}
        return {name: driver for name, driver in drivers.items() if asks_strangers(driver)}

    def target(self) -> Target:
        """Where it is. Raises `ValueError` for what is no host or no option of the driver, `UnknownDriverError`."""
        place = parse(self.host)
        if not isinstance(place, Host):
            raise ValueError(f"{self.host!r} is more than one address: use `mic2mqtt discover`")  # noqa: TRY004 - a wrong text
        return make_target(
            place.host,
            self.port or place.port,
            unit=self.unit,
            interface=self.interface,
            options=_driver_options(self.drivers(), self.driver, self.options),
            meter_interval_s=self.meter_interval_s,
        )


async def probe(asked: Asked, *, listen_s: float, write: Write) -> bool:
    """Talk to one unit. Raises `ValueError` and `UnknownDriverError` as `Asked.target`."""
    target = asked.target()
    async with Makers(asked.drivers()).open(Surroundings(asked.interface)) as makers:
        return await Probe(target, makers, write).run(listen_s)


async def capture(
    asked: Asked, *, listen_s: float, path: Path | None, agree: Callable[[str], bool], write: Write
) -> bool:
    """Record one unit, show what was taken out, and write the file where ``agree`` says so; whether it was written.

    Raises `ValueError` and `UnknownDriverError` as `Asked.target`, `OSError` where the file cannot be written.
    """
    target = asked.target()
    async with Makers(asked.drivers()).open(Surroundings(asked.interface)) as makers:
        write(f"reading {asked.host}, then listening for {listen_s:g} s")
        try:
            recorded = await captures.record(target, makers, listen_s)
        except DriverError as error:
            write(f"nothing was recorded: {error.reason}: {error.detail}")
            return False
    captures.show(recorded, write)
    path = path or Path(f"{recorded.product}.capture")
    if not await asyncio.to_thread(agree, f"Write this to {path}?"):
        write("nothing was written")
        return False
    beside = captures.save(recorded, path)
    write(f"{path} and {beside.name} are written: read both, then see CONTRIBUTING.md for how to send them")
    return True


def _driver_options(drivers: Mapping[str, Driver], name: str | None, given: Sequence[str]) -> BaseModel | None:
    if not given:
        return None
    model = drivers[name].options if name is not None else None
    if model is None:
        raise ValueError(f"driver {name} has no options" if name else "options are those of one driver: add --driver")
    values: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise ValueError("an option must be NAME=VALUE, for example password_file=acme-password")
        is_file = key.endswith(FILE_SUFFIX)
        values[key.removesuffix(FILE_SUFFIX)] = read_secret(Path(value)) if is_file else value
    try:
        return model.model_validate(values)
    except ValidationError as error:  # its own words would show the values
        wrong = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False))
        raise ValueError(f"options of driver {name}: {'; '.join(wrong)}") from None
