"""Passwords and certificates of units, from the configuration to the wire: a real bridge, broker and HTTPS unit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from services.drivers import SimulatedUnit, find_simulators
from tests.integration.house import House
from tests.integration.observer import Observer

UNIT = "revue"
RIGHT = "Right-One-42"


@asynccontextmanager
async def receiver(port: int = 0) -> AsyncIterator[SimulatedUnit]:
    simulator = find_simulators()["sennheiser"]
    async with simulator.run(
        "ewdx2chs", count=1, listen="127.0.0.1", port=port, still=True, password=RIGHT, seed=1
    ) as units:
        yield units[0]


def furnished(house: House, unit: SimulatedUnit, password: str) -> House:
    """A configuration with this unit, and one password for all units of its driver."""
    entry = {"host": unit.host, "port": unit.port, "id": UNIT, "kind": "receiver", "driver": "sennheiser"}
    house.document |= {
        "units": [entry],
        "credentials": [{"driver": "sennheiser", "networks": ["127.0.0.0/16"], "options": {"password": password}}],
    }
    return house


def error(seen: Observer) -> str:
    return str(seen.link(UNIT).get("last_error"))


def shown(seen: Observer) -> str:
    return " ".join(f"{one.topic} {one.payload!r}" for one in seen.seen)


async def test_a_password_for_many_units_is_corrected_without_a_restart_and_shown_nowhere(house: House) -> None:
    async with receiver() as unit, furnished(house, unit, "wrong-one-41").running() as (_, seen):
        await seen.offline(UNIT, "auth_failed", 20)
        await seen.until(lambda: "Control Cockpit" in error(seen))
        furnished(house, unit, RIGHT)
        answer = await seen.ask("", "reload")
        assert answer["data"]["changed"] == ["credentials"]
        await seen.until(partial(lives, seen), 20)
        assert RIGHT not in shown(seen)
        assert "wrong-one-41" not in shown(seen)


async def test_another_certificate_after_a_restart_is_a_conflict_and_gets_no_password(house: House) -> None:
    async with receiver() as unit:
        async with furnished(house, unit, RIGHT).running() as (_, seen):
            await seen.until(partial(lives, seen), 20)
        await unit.fault("swap")
        async with house.running() as (_, seen):
            await seen.offline(UNIT, "identity_conflict", 20)
            await seen.until(lambda: "certificate" in error(seen))


def lives(seen: Observer) -> Any:
    there = seen.newest(f"receiver/{UNIT}", "availability")
    return there.get("state") == "online"


async def test_a_unit_that_was_replaced_is_accepted_with_its_own_certificate_without_a_restart(house: House) -> None:
    async with receiver() as unit, furnished(house, unit, RIGHT).running() as (_, seen):
        await seen.until(partial(lives, seen), 20)
        house.document["units"] = []
        await seen.ask("", "reload")
        await seen.ask(  # what the file has is replaced there
            "bridge/main", "receiver_add", id=UNIT, host=unit.host, port=unit.port, driver="sennheiser", seconds=20
        )
        await seen.until(partial(lives, seen), 20)
        await unit.fault("swap")
        await seen.offline(UNIT, "identity_conflict", 20)
        await seen.until(lambda: "unit_replace" in error(seen))
        accepted = await seen.ask("bridge/main", "receiver_replace", id=UNIT)
        assert accepted["status"] == "succeeded", accepted["error"]
        await seen.until(partial(lives, seen), 20)
