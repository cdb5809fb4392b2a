"""What a driver notices of HTTPS: answers, clear errors, and bounds that nothing passes."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from services.drivers.port import DriverError
from services.drivers.transport.https import HttpPool, HttpsSettings
from tests.integration.drivers.transport.web_unit import (
    FINGERPRINT,
    HOST,
    Handler,
    Request,
    answer,
    answering,
    running,
    settings_of,
)


async def failing(settings: HttpsSettings, path: str = "/x", **more: Any) -> DriverError:
    async with HttpPool() as pool, pool.unit(settings) as unit:
        with pytest.raises(DriverError) as error:
            await unit.request("GET", path, **more)
    return error.value


async def test_a_request_is_answered_and_the_connection_used_again() -> None:
    async with running(answering(answer(200, b'{"a": 1}', X_Test="yes"))) as web:
        async with HttpPool() as pool, pool.unit(settings_of(web, base="/api/")) as unit:
            result = await unit.request("GET", "/version")
            assert (result.status, result.json(), result.headers["x-test"]) == (200, {"a": 1}, "yes")
            await unit.request("PUT", "/name?a=b", json={"name": "Björn"})
            await unit.request("POST", "/start")
        assert web.connections == 1
        assert [(request.method, request.path) for request in web.requests] == [
            ("GET", "/api/version"),
            ("PUT", "/api/name?a=b"),
            ("POST", "/api/start"),
        ]
        assert web.requests[1].body == '{"name":"Björn"}'.encode()
        assert web.requests[1].headers["content-type"] == "application/json"
        assert "content-type" not in web.requests[2].headers
        assert "authorization" not in web.requests[0].headers


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        (answer(404), "wrong_model", "answered GET /x with status 404"),
        (answer(503, Retry_After="12"), "refused", "asks for a pause of 12 s"),
        (answer(301, Location="/y"), "wrong_model", "redirects to '/y', which is not followed"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "wrong_model", "something that is no HTTP"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + bytes(3_000_000),
            "wrong_model",
            "more than 1048576 bytes",
        ),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n", "wrong_model", "something that is no HTTP"),
    ],
)
async def test_an_answer_that_is_of_no_use_says_why(data: bytes, reason: str, words: str) -> None:
    async with running(answering(data)) as web:
        error = await failing(settings_of(web))
        assert error.reason == reason
        assert words in error.detail
        assert f"{HOST} port {web.port}" in error.detail
        assert len(web.requests) == 1


async def test_a_driver_may_expect_any_status() -> None:
    async with running(answering(answer(422, b"no"))) as web, HttpPool() as pool, pool.unit(settings_of(web)) as unit:
        result = await unit.request("GET", "/x", expected=(200, 422))
        assert (result.status, result.body) == (422, b"no")
        with pytest.raises(DriverError, match=r"GET /x: the answer is no JSON"):
            result.json()


async def closing(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def resetting(_: Request, writer: asyncio.StreamWriter) -> None:
    linger = struct.pack("ii", 1, 0)  # closing sends RST
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def half(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()
    writer.close()


async def silent(_: Request, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def dripping(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b".")
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("handler", "reason", "words"),
    [
        (closing, "closed_by_device", "closed the connection before GET /x was answered"),
        (resetting, "reset_by_device", "reset the connection during GET /x"),
        (half, "closed_by_device", "closed the connection before GET /x was answered"),
        (silent, "silent", "is connected and does not answer GET /x"),
        (dripping, "timeout", "did not answer GET /x completely within 0.3 s"),
    ],
)
async def test_an_answer_that_breaks_off_is_an_error_in_time(handler: Handler, reason: str, words: str) -> None:
    async with running(handler) as web:
        began = asyncio.get_running_loop().time()
        error = await failing(settings_of(web, answer_timeout_s=0.3, connect_timeout_s=0.5))
        assert asyncio.get_running_loop().time() - began < 3
        assert (error.reason, words in error.detail) == (reason, True), error.detail
        assert error.__cause__ is None or isinstance(error.__cause__, OSError)


async def test_nobody_there_and_no_tls_there_are_told_apart() -> None:
    async with running(answering(b"220 ready\r\n"), tls=None) as web:
        error = await failing(settings_of(web, connect_timeout_s=0.2))  # it waits for a line
        assert (error.reason, "no answer from" in error.detail) == ("timeout", True)
    error = await failing(settings_of(web, refused_hint="switch it on"))
    assert error.reason == "refused"
    assert error.detail == f"{HOST} port {web.port} refused the connection: switch it on"
    assert isinstance(error.__cause__, ConnectionRefusedError)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".example", "xn--zz--.example", "256.1.1.1"])
async def test_a_name_that_cannot_be_resolved_is_an_error_with_the_remedy(host: str) -> None:
    with pytest.raises(DriverError, match="check its spelling") as error:
        async with HttpPool() as pool, pool.unit(HttpsSettings(host)) as unit:
            await unit.request("GET", "/x")
    assert error.value.reason == "timeout"


async def test_a_server_without_tls_is_named_as_such() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(plain, HOST, 0) as server:
        error = await failing(HttpsSettings(HOST, server.sockets[0].getsockname()[1]))
        assert error.reason == "wrong_model"
        assert "speaks no TLS that fits" in error.detail


@pytest.mark.parametrize("path", ["//evil.example/x", "https://evil.example/x", "x", "", "/x\r\nHost: y", "/" * 9999])
async def test_an_address_that_a_unit_names_cannot_lead_to_another_host(path: str) -> None:
    async with running(answering(answer(200))) as web:
        error = await failing(settings_of(web), path)
        assert error.reason == "wrong_model"
        assert not web.requests


async def test_compressed_bytes_are_not_blown_up() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    async with running(answering(answer(200, bomb, Content_Encoding="gzip"))) as web, HttpPool() as pool:
        async with pool.unit(settings_of(web)) as unit:
            assert (await unit.request("GET", "/x", most_bytes=100_000)).body == bomb
        assert web.requests[0].headers["accept-encoding"] == "identity"


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with running(answering(answer(200))) as web, HttpPool() as pool, pool.unit(settings_of(web)) as unit:
        assert (await unit.request("GET", "/x")).status == 200


async def test_cookies_are_not_kept() -> None:
    async with running(answering(answer(200, Set_Cookie="session=1; Path=/"))) as web, HttpPool() as pool:
        async with pool.unit(settings_of(web)) as unit:
            await unit.request("GET", "/x")
            await unit.request("GET", "/x")
        assert "cookie" not in web.requests[1].headers


async def test_equal_settings_share_their_connections_and_leave_none_behind() -> None:
    async with running(answering(answer(200))) as web, HttpPool() as pool:
        async with pool.unit(settings_of(web)) as first, pool.unit(settings_of(web)) as second:
            await first.request("GET", "/x")
            await second.request("GET", "/x")
            assert web.connections == 1
            web.left.clear()
        await web.left.wait()
        assert web.open == 0
        async with pool.unit(settings_of(web)) as again:
            assert (await again.request("GET", "/x")).status == 200


async def test_the_number_of_connections_is_bounded() -> None:
    free = asyncio.Event()
    at_work, most = 0, 0

    async def waiting(_: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await free.wait()
        at_work -= 1
        writer.write(answer(200))

    async with running(waiting) as web, HttpPool(connections=2) as pool:
        async with pool.unit(settings_of(web)) as unit, pool.unit(settings_of(web, answer_timeout_s=4.0)) as other:
            asking = [asyncio.create_task(each.request("GET", "/x")) for each in (unit, other) for _ in range(3)]
            for _ in range(2):
                await web.asked.get()
            with pytest.raises(DriverError, match="all 2 connections to units of this maker are at work"):
                async with pool.unit(settings_of(web, connect_timeout_s=0.05, answer_timeout_s=0.05)) as third:
                    await third.request("GET", "/x")
            free.set()
            assert [result.status for result in await asyncio.gather(*asking)] == [200] * 6
        assert most == 2
        assert web.most_open <= 2 + 2 * 2  # and two idle connections a unit


async def test_a_cancelled_request_leaves_the_pool_in_order() -> None:
    async with running(silent) as web, HttpPool(connections=1) as pool, pool.unit(settings_of(web)) as unit:
        for _ in range(3):
            asking = asyncio.create_task(unit.request("GET", "/x"))
            await web.asked.get()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
        web.handler = answering(answer(200))
        assert (await unit.request("GET", "/x")).status == 200


async def test_closing_the_pool_answers_who_waits_and_who_comes_later() -> None:
    async with running(silent) as web:
        pool = HttpPool()
        async with pool, pool.unit(settings_of(web)) as unit:
            asking = asyncio.create_task(unit.request("GET", "/x", timeout=30))
            await web.asked.get()
            await pool.__aexit__(None, None, None)
            for later in (asking, unit.request("GET", "/x")):
                with pytest.raises(DriverError) as error:
                    await later
                assert error.value.reason == "bridge_stopped"
            with pytest.raises(DriverError, match="we closed"):
                async with pool.unit(settings_of(web)):
                    pass


async def test_the_callers_own_time_limit_stays_the_callers() -> None:
    async with running(silent) as web, HttpPool() as pool, pool.unit(settings_of(web)) as unit:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await unit.request("GET", "/x", timeout=30)


async def test_ipv6_works() -> None:
    async with running(answering(answer(200)), host="::1") as web:
        async with HttpPool("::1") as pool, pool.unit(HttpsSettings("::1", web.port, fingerprint=FINGERPRINT)) as unit:
            assert (await unit.request("GET", "/x")).status == 200
        assert len(web.requests) == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (HttpsSettings(HOST, fingerprint="AB:CD"), "64 hexadecimal digits"),
        (HttpsSettings(HOST, authority="/nowhere/ca.pem"), "cannot read the authority's certificate /nowhere/ca.pem"),
        (HttpsSettings(HOST, authority=str(Path(__file__))), "cannot read the authority's certificate"),
        *(
            (HttpsSettings(host), "check its spelling")
            for host in ("bad host", "", "a/b", "user:word@host", "x\n", "h#")
        ),
    ],
)
async def test_settings_of_no_use_are_an_error_with_the_remedy(settings: HttpsSettings, words: str) -> None:
    async with HttpPool() as pool:
        with pytest.raises(DriverError, match=re.escape(words)):
            async with pool.unit(settings):
                pass
