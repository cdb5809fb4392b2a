from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import pytest

from bridge.http.guard import CONNECTIONS_MOST
from bridge.http.server import ListenError, LoopLag, serve
from tests.integration.turns import watched_turns


@dataclass
class Bridge:
    reasons: list[str] = field(default_factory=list)

    async def render(self) -> list[bytes]:
        return [b"mic2mqtt_receiver_up", b" 1\n"]


@pytest.fixture
def bridge() -> Bridge:
    return Bridge()


@pytest.fixture
async def http(bridge: Bridge) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serve("127.0.0.1:0", render=bridge.render, not_ready=lambda: bridge.reasons, lag=LoopLag()) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        yield client


async def test_metrics_are_told_in_the_text_format(http: httpx.AsyncClient) -> None:
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert answer.text == "mic2mqtt_receiver_up 1\n"
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_ready_says_what_is_missing_until_nothing_is(http: httpx.AsyncClient, bridge: Bridge) -> None:
    bridge.reasons = ["the broker is not connected"]
    answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "reasons": ["the broker is not connected"]}
    bridge.reasons = []
    answer = await http.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "reasons": []}


async def test_health_tells_how_late_the_loop_is(http: httpx.AsyncClient, bridge: Bridge) -> None:
    bridge.reasons = ["nothing is connected"]  # alive nevertheless
    answer = await http.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "alive"
    assert answer.json()["loop_lag_s"] < 1


async def test_a_blocked_loop_is_seen() -> None:
    lag = LoopLag()
    measuring = asyncio.create_task(lag.measure())
    await asyncio.sleep(0)
    time.sleep(LoopLag.INTERVAL_S + 0.2)  # noqa: ASYNC251 - what must never happen: the loop is blocked
    await asyncio.sleep(0.01)
    measuring.cancel()
    assert lag.worst_s > 0.1


async def test_the_first_page_leads_to_the_others(http: httpx.AsyncClient) -> None:
    page = (await http.get("/")).text
    for path in ("/metrics", "/healthz", "/readyz"):
        assert path in page
        assert (await http.get(path)).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_can_be_written(http: httpx.AsyncClient, method: str) -> None:
    assert (await http.request(method, "/metrics")).status_code == 405


async def test_head_answers_without_a_body(http: httpx.AsyncClient) -> None:
    answer = await http.head("/metrics")
    assert answer.status_code == 200
    assert answer.content == b""


async def test_what_is_not_there_is_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.get("/secrets")).status_code == 404


async def test_a_taken_port_is_named_with_its_remedy(http: httpx.AsyncClient, bridge: Bridge) -> None:
    taken = str(http.base_url).removeprefix("http://").rstrip("/")
    with pytest.raises(ListenError, match=rf"{taken}: another program listens there.*\[http\] listen"):
        async with serve(taken, render=bridge.render, not_ready=lambda: (), lag=LoopLag()):
            pass


async def test_a_foreign_address_is_named_with_its_remedy(bridge: Bridge) -> None:
    with pytest.raises(ListenError, match="does not have that address"):
        async with serve("192.0.2.1:0", render=bridge.render, not_ready=lambda: (), lag=LoopLag()):
            pass


async def test_an_open_connection_does_not_hold_up_the_end(bridge: Bridge) -> None:
    async with serve("127.0.0.1:0", render=bridge.render, not_ready=lambda: (), lag=LoopLag()) as url:
        host, port = url.removeprefix("http://").split(":")
        _reader, writer = await asyncio.open_connection(host, int(port))
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 3
    writer.close()


async def test_the_port_is_free_again_afterwards(bridge: Bridge) -> None:
    async with serve("127.0.0.1:0", render=bridge.render, not_ready=lambda: (), lag=LoopLag()) as url:
        pass
    async with serve(url.removeprefix("http://"), render=bridge.render, not_ready=lambda: (), lag=LoopLag()) as again:
        assert again == url


async def asked_anew(http: httpx.AsyncClient, path: str) -> int:
    """The status, over a connection of its own: one that was kept may be closed as idle in this very moment."""
    async with httpx.AsyncClient(base_url=http.base_url) as other:
        return (await other.get(path)).status_code


async def test_sockets_that_ask_nothing_do_not_keep_a_healthy_bridge_from_answering(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.http.guard.IDLE_S", 0.5)
    host, port = http.base_url.host, http.base_url.port
    idle = [await asyncio.open_connection(host, port) for _ in range(CONNECTIONS_MOST + 40)]
    assert await asked_anew(http, "/healthz") == 200
    for _, writer in idle[-20:]:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")  # and never ends
    async with asyncio.timeout(5):
        for reader, writer in idle:
            with suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()
    assert (await http.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8099", "localhost", "[::1]:8099", "bridge:8099", "own.example.org", "OWN.example.org.:80", "10.0.0.5"],
)
async def test_it_is_asked_for_under_addresses_short_names_and_those_that_are_allowed(
    bridge: Bridge, host: str
) -> None:
    async with (
        serve("127.0.0.1:0", render=bridge.render, not_ready=list, lag=LoopLag(), hosts=["Own.example.org."]) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        assert (await client.get("/metrics", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.org",
        "127.0.0.1.evil.example.org:8099",
        "localhost.evil.example.org",
        "[::1].evil.example.org",
        "a:b.evil.example.org",
        "http://evil.example.org",
        "127.0.0.1, evil.example.org",
    ],
)
async def test_a_page_that_points_its_own_name_here_reads_nothing(http: httpx.AsyncClient, host: str) -> None:
    answer = await http.get("/metrics", headers={"host": host})
    assert answer.status_code == 421
    assert "[http] hosts" in answer.json()["error"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /metrics HTTP/1.1\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"\r\n\r\n\x00\xff",
    ],
)
async def test_what_is_no_request_is_refused_and_disturbs_nobody(
    http: httpx.AsyncClient, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
    writer.write(data)
    writer.write_eof()
    with suppress(ConnectionError):
        answer = await reader.read()
        assert not answer.startswith(b"HTTP/1.1 2")
    writer.close()
    assert (await http.get("/healthz")).status_code == 200
    assert not caplog.records  # whoever scans ports would fill the log


async def test_scrapers_that_read_no_answer_do_not_keep_a_healthy_bridge_from_answering() -> None:
    bridge = Bridge()

    async def much() -> list[bytes]:
        return [b"x" * 1_000_000] * 10

    bridge.render = much  # type: ignore[method-assign]
    async with (
        serve("127.0.0.1:0", render=bridge.render, not_ready=list, lag=LoopLag()) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        greedy = []
        for _ in range(CONNECTIONS_MOST + 40):
            reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port, limit=1024)
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.read(1)  # its answer has begun
            greedy.append(writer)
        assert (await client.get("/healthz")).status_code == 200
        for writer in greedy:
            writer.transport.abort()


async def test_all_who_ask_for_metrics_meanwhile_share_one_writing_of_them() -> None:
    written = 0
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def render() -> list[bytes]:
        nonlocal written
        written += 1
        begun.set()
        await go_on.wait()
        return [b"%d" % written]

    async with (
        serve("127.0.0.1:0", render=render, not_ready=list, lag=LoopLag()) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        first = asyncio.create_task(client.get("/metrics"))
        await begun.wait()
        others = [asyncio.create_task(client.get("/metrics")) for _ in range(20)]
        while len(client._transport._pool.connections) < 21:  # type: ignore[attr-defined]  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await client.get("/healthz")  # so that they have arrived
        go_on.set()
        assert (await first).text == "1"
        assert {answer.text for answer in await asyncio.gather(*others)} == {"2"}


async def test_a_hundred_clients_that_ask_without_end_hold_nothing_else_up(http: httpx.AsyncClient) -> None:
    clients = [await asyncio.open_connection(http.base_url.host, http.base_url.port) for _ in range(100)]
    for _, writer in clients:
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        await asyncio.sleep(0)
    async with watched_turns() as turns:
        assert (await http.get("/healthz")).status_code == 200
    for _, writer in clients:
        writer.transport.abort()
    assert turns.longest_s < 0.04
