"""Who answers at an address: all doors are knocked at together, and the first unit that answers decides.

Drivers are asked side by side, because an address where nobody is costs each of them its time limit. What is worth
reporting of many failures at one address is the most useful one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from services.drivers.makers import Makers
from services.drivers.port import Driver, DriverError, Sighting, Target, usefulness
from services.model import ServiceError

ANSWERED = frozenset({"identity_conflict", "auth_failed", "wrong_model"})
"""Reasons of a driver that got an answer: who is there is known, and nothing that other drivers missed changes it."""

QUESTIONS_MOST = 6
"""Questions that a driver may need, one after the other, to find out who answers."""


def check_manufacturer(drivers: Mapping[str, Driver], manufacturer: str) -> None:
    """Raises `ServiceError` (schema_violation) for a maker that no driver speaks to."""
    makers = sorted({driver.manufacturer for driver in drivers.values()})
    if manufacturer not in makers:
        detail = f"manufacturer: no driver speaks to {manufacturer!r}; installed: {', '.join(makers)}"
        raise ServiceError("schema_violation", detail, field="args.manufacturer")


def only_maker(drivers: Mapping[str, Driver]) -> str:
    """The maker of a unit that has not answered: the only one that a driver asks hosts for, else ``unknown``."""
    makers = {driver.manufacturer for driver in drivers.values() if driver.doors}
    return makers.pop() if len(makers) == 1 else "unknown"


async def look(
    makers: Makers,
    target: Target,
    names: Collection[str] | None = None,
) -> Sequence[Sighting]:
    """Everything that answers at an address, of the first driver that gets an answer.

    ``names`` are the drivers that are asked; without it all that ask strangers. Raises `DriverError`: the most useful
    of all failures, with its own ``again_s`` where somebody answered, else with the shortest of all.
    """
    chosen = list(names) if names is not None else [name for name, driver in makers.items() if asks_strangers(driver)]
    known = [name for name in chosen if any(door.port == target.port for door in makers[name].doors)]
    chosen = known or chosen  # a port that is one driver's own is not for the others to knock at
    if not chosen:
        raise DriverError("never_seen", "there is no driver that asks addresses", again_s=None)
    if len(chosen) == 1:
        return await _look(makers, chosen[0], target)
    failures: dict[str, Exception] = {}

    async def attempt(name: str) -> Sequence[Sighting]:
        try:
            return await _look(makers, name, target)
        except Exception as error:  # one driver's bug must not hide the others' answers
            failures[name] = error
            raise

    tasks = [asyncio.create_task(attempt(name), name=f"look {name}") for name in chosen]
    try:
        for next_one in asyncio.as_completed(tasks):
            with suppress(Exception):
                return await next_one
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    raise _in_short(failures)


def choose_unit(sightings: Sequence[Sighting], host: str, unit: str) -> Sighting:
    """Of what answered at a host, the unit that is meant; ``unit`` is its name behind a gateway, empty without one.

    Raises `DriverError` (wrong_model) that names the units which are there.
    """
    meant = next((seen for seen in sightings if seen.unit == unit), None)
    if meant is None:
        there = ", ".join(seen.unit for seen in sightings if seen.unit)
        detail = f"{host} is a gateway: name one of its units, unit = ...; there are: {there}"
        if not there:
            detail = f"{host} is no gateway: take unit = {unit!r} away"
        raise DriverError("wrong_model", detail)
    return meant


def look_limit_s(target: Target) -> float:
    """Longest time for one look: a driver that hangs, or an address that drips, must not hold up what waits for it."""
    return target.connect_timeout_s + QUESTIONS_MOST * target.answer_timeout_s


def asks_strangers(driver: Driver) -> bool:
    """Whether this driver may knock where nobody named it: in a scan, and at a host of which the driver is unknown.

    Without its name there are no options either, so no password: nobody would answer.
    """
    return any(not door.needs_secret for door in driver.doors)


def most_useful_failure(failures: Sequence[BaseException]) -> BaseException:
    """Of several failures at one address the one that helps people most; a bug only where there is nothing else."""
    errors = [error for error in failures if isinstance(error, DriverError)]
    return min(errors, key=lambda error: (usefulness(error.reason), not error.stranger)) if errors else failures[0]


def _in_short(failures: Mapping[str, Exception]) -> BaseException:
    """The most useful failure, the first of several, and what every other driver found in a word.

    Where nobody answered, the unit may be one of the other drivers': it is asked again as soon as one allows it.
    """
    chosen = most_useful_failure(list(failures.values()))
    others = {name: error for name, error in failures.items() if isinstance(error, DriverError) and error is not chosen}
    if not isinstance(chosen, DriverError) or not others:
        return chosen
    words = ", ".join(f"{name}: {error.reason}" for name, error in others.items())
    detail = f"{chosen.detail} (other drivers: {words}; probe explains each)"
    if chosen.reason in ANSWERED:
        return DriverError(chosen.reason, detail, again_s=chosen.again_s, stranger=chosen.stranger)
    pauses = [error.again_s for error in (chosen, *others.values()) if error.again_s is not None]
    return DriverError(chosen.reason, detail, again_s=min(pauses, default=None))


async def _look(makers: Makers, name: str, target: Target) -> Sequence[Sighting]:
    limit_s = look_limit_s(target)
    try:
        async with asyncio.timeout(limit_s):
            sightings = await makers.maker(name).look(target)
    except TimeoutError as error:
        detail = f"driver {name} did not find out within {limit_s:g} s who answers at {target.host}"
        raise DriverError("timeout", detail) from error
    if not sightings:
        raise DriverError("never_seen", f"no unit that driver {name} knows answered at {target.host}")
    return sightings
