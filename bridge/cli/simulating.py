"""`simulate`: units that speak their real protocols, of any product that can be simulated, alone or as a mixed rack."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ipaddress import ip_address

from services.drivers import Driver, Product, SimulatedUnit, Simulator, find_drivers, find_simulators
from services.model import NOUNS, UNIT_KINDS

Write = Callable[[str], None]

EVERYTHING = "all"
"""In place of a product: one of every family."""

LOW_PORTS = (
    "ports below 1024 are for root: run it as root, choose another with --port (0: any), or allow it with "
    "sysctl net.ipv4.ip_unprivileged_port_start=23"
)


@dataclass(frozen=True, slots=True)
class Simulated:
    """A product and the simulator that has it."""

    driver: str
    simulator: Simulator
    name: str

    @property
    def title(self) -> str:
        """As it is named on the command line."""
        return f"{self.driver}/{self.name}"

    def check(self, faults: Sequence[str]) -> None:
        """Raises `ValueError` where the product cannot have one of the faults."""
        known = faults_of(self.simulator, self.name)
        for fault in faults:
            if fault not in known:
                raise ValueError(f"{self.title} has no fault {fault!r}; there are: {', '.join(sorted(known))}")


def faults_of(simulator: Simulator, product: str) -> Mapping[str, str]:
    """The faults that a product can have: of several simulators behind one name, those of its own."""
    own: Callable[[str], Mapping[str, str]] | None = getattr(simulator, "faults_of", None)
    return simulator.faults if own is None else own(product)


def find_product(text: str) -> Simulated:
    """The simulator of a product, and the product's name in it.

    ``text`` is DRIVER/PRODUCT, a product, or a family (then its usual product); ``-`` and ``_`` are the same. Raises
    `ValueError` for what does not exist, or exists in several drivers.
    """
    simulators, drivers = find_simulators(), find_drivers()
    wanted, _, name = text.lower().replace("-", "_").rpartition("/")
    fitting = [
        Simulated(driver, simulator, product)
        for driver, simulator in simulators.items()
        if wanted in {"", driver}
        and (product := name if name in simulator.traits else _usual(drivers.get(driver), simulator, name)) is not None
    ]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(f"{driver}/{product}" for driver, simulator in simulators.items() for product in simulator.traits)
    if fitting:
        raise ValueError(f"{text!r} is a product of several drivers: write DRIVER/PRODUCT; there are: {known}")
    families = sorted({product.family for driver in drivers.values() for product in driver.products if driver.doors})
    raise ValueError(f"there is no product or family {text!r}; there are: {known}; families: {', '.join(families)}")


def _usual(driver: Driver | None, simulator: Simulator, family: str) -> str | None:
    """The first product of a family that can be simulated."""
    ours = {product.name: product.family for product in driver.products} if driver else {}
    return next((product for product in simulator.traits if ours.get(product) == family), None)


def every_family() -> list[Simulated]:
    """One product of every family that can be simulated."""
    simulators, drivers = find_simulators(), find_drivers()
    return [
        Simulated(driver, simulator, name)
        for driver, simulator in simulators.items()
        for family in dict.fromkeys(product.family for product in drivers[driver].products)
        if (name := _usual(drivers[driver], simulator, family)) is not None
    ]


def option(text: str) -> tuple[str, object]:
    """``still=true`` as a name and a value: JSON where it is some, else text. Raises `ValueError`."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ValueError(f"{text!r} must be NAME=VALUE, for example still=true")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def show_products(write: Write) -> None:
    """Every product that can be simulated, a line each."""
    drivers = find_drivers()
    for driver, simulator in find_simulators().items():
        known: Mapping[str, Product] = {each.name: each for each in drivers[driver].products}
        for name in simulator.traits:
            product = known[name]
            parts = "as it reports" if product.parts is None else f"{product.parts} {UNIT_KINDS[product.kind].short}"
            write(f"{f'{driver}/{name}':<32} {product.title} {product.model}, {NOUNS[product.kind]}, {parts}")
    write(f"\n{EVERYTHING}: one of every family. Faults: mic2mqtt simulate --list --product DRIVER/PRODUCT")


def show_faults(product: str, write: Write) -> None:
    """The faults that a product can have, and what happens. Raises `ValueError` for what does not exist."""
    found = find_product(product)
    for fault, words in faults_of(found.simulator, found.name).items():
        write(f"{fault:<24} {words}")


async def simulate(
    products: Sequence[str],
    *,
    count: int,
    listen: str,
    port: int | None,
    seed: int,
    faults: Sequence[str],
    options: Mapping[str, object],
    write: Write,
) -> None:
    """Run simulated units until cancelled, each product behind the addresses of the one before.

    Raises `ValueError` for what does not exist, `OSError` for addresses that cannot be had.
    """
    chosen = every_family() if EVERYTHING in products else [find_product(text) for text in products]
    for each in chosen:
        each.check(faults)
    units: list[SimulatedUnit] = []
    async with AsyncExitStack() as stack:
        addresses = _first_addresses(listen, count)
        for each in chosen:
            first = listen if port == 0 and "fixed_port" not in each.simulator.traits[each.name] else next(addresses)
            try:
                running = await stack.enter_async_context(
                    each.simulator.run(each.name, count=count, listen=first, port=port, seed=seed, **options)
                )
            except OSError as error:
                if error.errno != errno.EACCES:
                    raise
                raise OSError(error.errno, f"{each.title} cannot listen on {first}: {LOW_PORTS}") from error
            for unit in running:
                for fault in faults:
                    await unit.fault(fault)
                write(f"{each.title} listens on {unit.host}:{unit.port}")
            units += running
        write(f"{len(units)} simulated units run; Ctrl-C ends them")
        await asyncio.get_running_loop().create_future()


def _first_addresses(listen: str, count: int) -> Iterator[str]:
    """Where the units of each product begin. Some simulators leave out what ends in 0 or 255, so there is room."""
    first = ip_address(listen)
    while True:
        yield str(first)
        last = first + (count - 1) + 2 * (count // 254)
        first = last + 1
        while first.packed[-1] in {0, 255}:
            first += 1
