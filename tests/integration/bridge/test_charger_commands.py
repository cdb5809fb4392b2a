"""Chargers in the configuration, the database and by command."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from services.drivers import SimulatedUnit
from tests.integration.house import LOOPBACK, House, entry, simulated, simulators
from tests.integration.observer import Observer


@asynccontextmanager
async def dock(product: str = "sbc220", **options: Any) -> AsyncIterator[SimulatedUnit]:
    """One charger on a free port."""
    running: AbstractAsyncContextManager[Sequence[SimulatedUnit]] = simulators()["shure"].run(
        product, count=1, listen=LOOPBACK, port=0, **{"still": True, **options}
    )
    async with running as units:
        yield units[0]


def available(seen: Observer, charger: str) -> bool:
    return seen.newest(f"charger/{charger}", "availability").get("state") == "online"


def bay(seen: Observer, bay: str) -> Mapping[str, Any]:
    data: Mapping[str, Any] = seen.newest(f"bay/{bay}", "state").get("data", {})
    return data


async def test_a_configured_charger_has_topics_of_its_own_kind_and_keeps_its_last_values(house: House) -> None:
    async with dock() as unit:
        house.serve()
        house.document["units"] = [entry(unit, "dock", name="Dock", kind="charger", labels={"room": "Store"})]
        async with house.running() as (_, seen):
            await seen.until(lambda: available(seen, "dock"))
            info = seen.newest("charger/dock", "info")["data"]
            assert (info["name"], info["labels"]["room"], info["source"]) == ("Dock", "Store", "config")
            await seen.until(lambda: bay(seen, "dock-1").get("occupied") is not None)
            assert not [topic for topic in seen.retained if "/receiver/dock" in topic or "/channel/dock" in topic]
            before = bay(seen, "dock-1")
        await unit.fault("offline")
        async with house.running() as (_, seen):
            await seen.until(lambda: seen.newest("bay/dock-1", "state").get("stale"))
            kept = {key: value for key, value in before.items() if key not in {"status", "status_reasons"}}
            assert kept.items() <= bay(seen, "dock-1").items()
    with sqlite3.connect(house.database) as database:
        assert database.execute("SELECT DISTINCT kind FROM units").fetchall() == [("charger",)]
        assert database.execute("SELECT DISTINCT kind FROM parts").fetchall() == [("bay",)]


async def test_a_charger_is_found_told_apart_from_receivers_and_commanded(house: House) -> None:
    async with dock() as unit, simulated() as receiver, house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        places = [f"{one.host}:{one.port}" for one in (unit, receiver)]
        found = await seen.ask("bridge/main", "discover", hosts=places)
        assert found["data"]["counts"]["added"] == 2
        charger = await seen.until(
            lambda: next((topic.split("/")[5] for topic in seen.retained if "/charger/" in topic), None)
        )
        await seen.until(lambda: available(seen, charger))
        refused = await seen.ask("bridge/main", "receiver_update", id=charger, name="X")
        assert refused["error"]["code"] == "unknown_resource"
        for resource in (f"charger/{charger}", f"bay/{charger}-1"):
            assert (await seen.ask(resource, "refresh"))["status"] == "succeeded"
            detail = await seen.ask(resource, "detail")
            answer = detail["data"]["charger"]
            info = seen.newest(f"charger/{charger}", "info")["data"]
            assert (answer["info"]["name"], answer["info"]["driver"]) == (info["name"], info["driver"])
            assert [bay["id"] for bay in answer["bays"]] == [f"{charger}-1", f"{charger}-2"]
        answer = await seen.ask(f"charger/{charger}", "unit_update", name="Dock")
        assert answer["status"] == "succeeded"
        await seen.until(lambda: seen.newest(f"charger/{charger}", "info")["data"]["name"] == "Dock")
        answer = await seen.ask("bridge/main", "labels_set", id=charger, room="Store", tags=["power"])
        assert answer["data"]["charger"] == charger
        answer = await seen.ask("bridge/main", "refresh", tags=["power"])
        assert answer["data"]["counts"]["seen"] == 1
        answer = await seen.ask("bridge/main", "unit_remove", id=charger)
        assert answer["data"] == {"unit": charger, "kind": "charger"}
        await seen.until(lambda: not [topic for topic in seen.retained if f"/{charger}" in topic])
        again = await seen.ask("bridge/main", "discover", hosts=places[:1])
        assert again["data"]["counts"]["added"] == 0
        assert "unit_add brings it back" in " ".join(again["warnings"])
        answer = await seen.ask("bridge/main", "unit_add", host=unit.host, port=unit.port)
        assert (answer["data"]["unit"], answer["data"]["kind"]) == (charger, "charger")
        await seen.until(lambda: [one for one in seen.audit("unit_added") if one["resource"] == f"charger/{charger}"])
        audited = {one["action"] for one in seen.audit() if one["resource"] == f"charger/{charger}"}
        assert audited >= {"unit_adopted", "unit_online", "unit_updated", "unit_removed", "unit_added"}
        assert not [action for action in audited if action.startswith("receiver_")], "a charger is no receiver"


async def test_what_stands_under_receivers_and_is_a_charger_is_listed_with_the_remedy(house: House) -> None:
    async with dock() as unit, house.serve(entry(unit, None)).running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        async with asyncio.timeout(10):
            while not (listed := [one for one in app.unidentified if one.reason == "wrong_model"]):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert "[[units]]" in listed[0].detail


async def test_a_receivers_id_never_gets_the_values_of_a_charger(house: House) -> None:
    async with dock() as unit, house.serve(entry(unit, "rack")).running() as (_, seen):
        await seen.offline("rack", "wrong_model")
        await seen.until(lambda: "found a charger" in (seen.link("rack").get("last_error") or ""))
        refused = await seen.ask("bridge/main", "receiver_add", host=unit.host, port=unit.port)
        assert refused["status"] == "rejected"
