"""The simulated unit behaves as the notes on SSCv2 say: asked over HTTPS by hand, without the driver."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from services.drivers.sennheiser.simulation.sscv2.simulator import simulator
from services.drivers.sennheiser.simulation.sscv2.unit import Unit
from services.model import Part

SESSIONS = "/api/ssc/state/subscriptions"


@asynccontextmanager
async def unit(product: str = "ewdx2chs", **options: Any) -> AsyncIterator[tuple[Unit, httpx.AsyncClient]]:
    async with simulator.run(product, count=1, listen="127.0.0.1", port=0, **{"still": True, **options}) as (one,):
        address = f"https://{one.host}:{one.port}"
        async with httpx.AsyncClient(base_url=address, verify=False, trust_env=False) as client:
            yield one, client


@asynccontextmanager
async def session(client: httpx.AsyncClient) -> AsyncIterator[tuple[str, AsyncIterator[tuple[str, Any]]]]:
    async with client.stream("GET", SESSIONS) as response:
        events = _events(response)
        name, data = await anext(events)
        assert (name, data["path"]) == ("open", response.headers["content-location"])
        yield data["path"], events


async def _events(response: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    name = ""
    async for line in response.aiter_lines():
        word, _, rest = line.partition(": ")
        if word == "event":
            name = rest
        elif word == "data":
            yield name, json.loads(rest)


async def test_only_the_identity_is_told_without_a_password() -> None:
    async with unit(password="Right-1234") as (_, client):
        assert (await client.get("/api/device/identity")).json()["product"] == "EWDX2CHS"
        assert (await client.get("/api/ssc/version")).status_code == 401


async def test_a_unit_locks_itself_after_wrong_passwords() -> None:
    async with unit(password="Right-1234") as (_, client):
        statuses = [
            (await client.get("/api/ssc/version", auth=("api", word))).status_code
            for word in ("Right-1234", "no", "no", "no", "Right-1234")
        ]
    assert statuses == [200, 401, 401, 401, 401]


async def test_a_list_with_one_wrong_path_is_refused_whole() -> None:
    async with unit() as (_, client), session(client) as (path, _events):
        answer = await client.put(f"{path}/add", json=["/api/channel/0", "/api/channel/7"])
        assert (answer.status_code, answer.json()["path"]) == (400, "/api/channel/7")
        assert (await client.get(path)).json() == []


async def test_added_resources_are_told_at_once_and_then_when_they_change() -> None:
    async with unit() as (_, client), session(client) as (path, events):
        await client.put(f"{path}/add", json=["/api/channel/0"])
        _, first = await anext(events)
        assert first["/api/channel/0"]["name"] == "MIC 1"
        await client.put("/api/channel/0", json={"gain": 12})
        _, then = await anext(events)
        assert then["/api/channel/0"]["gain"] == 12


async def test_the_list_of_transmitters_covers_those_that_come_and_go() -> None:
    async with unit() as (one, client), session(client) as (path, events):
        await client.put(f"{path}/add", json=["/api/transmitters"])
        _, first = await anext(events)
        assert [each["id"] for each in first["/api/transmitters"]] == [0, 1]
        one.set_value(Part(1), "transmitter_present", False)
        assert (await anext(events))[1]["/api/transmitters/0"] is None
        one.set_value(Part(1), "transmitter_present", True)
        assert (await anext(events))[1] == {"/api/transmitters/0": {}}


async def test_a_deleted_session_ends_with_close_and_is_unknown_then() -> None:
    async with unit() as (_, client), session(client) as (path, events):
        assert (await client.delete(path)).status_code == 200
        assert (await anext(events))[0] == "close"
        assert (await client.get(path)).status_code == 422


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/channel/0", {"gain": 4}, 422),
        ("/api/channel/0", {"name": "vox"}, 422),
        ("/api/channel/0", {"colour": "red"}, 400),
        ("/api/channel/9", {"gain": 3}, 404),
        ("/api/rf/channels/0/frequency", {"frequency": 470_210}, 422),
        ("/api/device/site", {"deviceName": "X"}, 405),
    ],
)
async def test_a_write_that_does_not_fit_is_refused(path: str, body: object, status: int) -> None:
    async with unit() as (one, client):
        before = one.receiver.read("/api/channel/0")
        assert (await client.put(path, json=body)).status_code == status
        assert one.receiver.read("/api/channel/0") == before


async def test_without_a_transmitter_its_battery_is_unprocessable() -> None:
    async with unit(fault="transmitter_off") as (_, client):
        assert (await client.get("/api/transmitters/0/battery")).status_code == 422
        assert (await client.get("/api/channel/0/warnings")).json() == ["NoLink"]


async def test_a_unit_that_lives_drains_its_batteries_and_moves_its_levels() -> None:
    async with unit(still=False, time_scale=3600.0) as (_, client), session(client) as (path, events):
        await client.put(f"{path}/add", json=["/api/transmitters", "/api/channel/0/level"])
        seen: set[str] = set()
        async for _, data in events:
            seen |= data.keys()
            if {"/api/channel/0/level", "/api/transmitters/0/battery"} <= seen and "/api/transmitters" not in data:
                break


async def test_the_same_unit_has_the_same_certificate_after_a_restart() -> None:
    async def certificate() -> bytes:
        async with unit(seed=3) as (_, client), client.stream("GET", "/api/device/identity") as response:
            return bytes(
                response.extensions["network_stream"].get_extra_info("ssl_object").getpeercert(binary_form=True)
            )

    first = await certificate()
    assert base64.b64encode(first) == base64.b64encode(await certificate())
