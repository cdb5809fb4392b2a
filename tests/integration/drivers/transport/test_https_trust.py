"""What protects a password: nobody but the right unit gets it, a refused one is sent once, and nobody reads it."""

from __future__ import annotations

import asyncio
import logging
import ssl
import traceback
from typing import Any

import pytest
from pydantic import SecretStr

from services.drivers.port import DriverError
from services.drivers.transport.https import Basic, HeaderKey, HttpPool, HttpsSettings, Meaning
from services.drivers.transport.https.pinning import fetch_fingerprint, pinned_context
from tests.integration.drivers.transport.web_unit import (
    AUTHORITY,
    FINGERPRINT,
    HOST,
    Request,
    WebUnit,
    answer,
    answering,
    fingerprint,
    running,
    settings_of,
    wired,
)

PASSWORD = "Very-Secret-0815"
RIGHT = Basic("api", SecretStr("Right-Password-1"))
WRONG = Basic("api", SecretStr(PASSWORD))


async def asking_for_a_password(request: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0)
    right = request.headers.get("authorization") == RIGHT.headers()["Authorization"]
    free = request.path == "/identity"
    writer.write(answer(200, b"{}") if right or free else answer(401, b"{}", WWW_Authenticate="Basic"))


def with_password(web: WebUnit) -> int:
    return sum("authorization" in request.headers for request in web.requests)


HANDSHAKE, APPLICATION_DATA = 22, 23
NEWEST = pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


@NEWEST
async def test_a_unit_with_another_certificate_gets_not_one_byte_of_the_request(newest: ssl.TLSVersion) -> None:
    async with running(answering(answer(200)), "impostor", tls=newest) as web, wired(web.port) as wire:
        settings = HttpsSettings(HOST, wire.port, fingerprint=FINGERPRINT, credentials=WRONG)
        async with HttpPool() as pool, pool.unit(settings) as unit:
            with pytest.raises(DriverError) as error:
                await unit.request("PUT", "/x", json={"name": "x"})
        await wire.ended.wait()
        assert error.value.reason == "identity_conflict"
        assert f"certificate {fingerprint('impostor')}, the settings expect {FINGERPRINT}" in error.value.detail
        assert HANDSHAKE in wire.records()
        assert APPLICATION_DATA not in wire.records()
        assert web.data == b""


@NEWEST
async def test_the_same_on_the_wire_with_the_right_certificate_has_a_request(newest: ssl.TLSVersion) -> None:
    async with running(answering(answer(200)), tls=newest) as web, wired(web.port) as wire:
        settings = HttpsSettings(HOST, wire.port, fingerprint=FINGERPRINT, credentials=WRONG)
        async with HttpPool() as pool, pool.unit(settings) as unit:
            assert (await unit.request("GET", "/x")).status == 200
        await wire.ended.wait()
        assert APPLICATION_DATA in wire.records()
        assert with_password(web) == 1


async def test_an_impostor_that_takes_the_place_of_a_unit_gets_nothing_either() -> None:
    async with running(asking_for_a_password) as web, wired(web.port) as wire, HttpPool() as pool:
        settings = HttpsSettings(HOST, wire.port, fingerprint=FINGERPRINT, credentials=RIGHT)
        async with pool.unit(settings) as unit:
            assert (await unit.request("GET", "/x")).status == 200
        await wire.ended.wait()
        async with running(answering(answer(200)), "impostor") as impostor:
            wire.point_at(impostor.port)
            async with pool.unit(settings) as unit:
                with pytest.raises(DriverError, match="another unit answers there"):
                    await unit.request("GET", "/x")
            await wire.ended.wait()
            assert APPLICATION_DATA not in wire.records()


@pytest.mark.parametrize("certificate", ["unit", "impostor"])
async def test_a_pinned_context_protects_every_tls_connection_whoever_opens_it(certificate: str) -> None:
    async with running(answering(answer(200)), certificate) as web:
        opening = asyncio.open_connection(HOST, web.port, ssl=pinned_context(FINGERPRINT.lower()))
        if certificate == "unit":
            _, writer = await opening
            writer.write(b"GET /x HTTP/1.1\r\n\r\n")
            assert (await web.asked.get()).path == "/x"
            writer.transport.abort()
        else:
            with pytest.raises(ssl.SSLError, match="certificate fingerprint"):
                await opening
            assert web.data == b""


async def test_a_certificate_of_an_authority_is_verified_and_a_self_signed_one_is_not_trusted() -> None:
    async with running(answering(answer(200)), "signed") as web, HttpPool() as pool:
        for host in (HOST, "localhost"):
            async with pool.unit(HttpsSettings(host, web.port, authority=str(AUTHORITY))) as unit:
                assert (await unit.request("GET", "/x")).status == 200
        web.data = b""
        async with pool.unit(HttpsSettings(HOST, web.port, credentials=WRONG)) as unit:
            with pytest.raises(DriverError) as error:
                await unit.request("GET", "/x")
        assert error.value.reason == "identity_conflict"
        assert "give the SHA-256 fingerprint of the unit's certificate in its settings" in error.value.detail
        assert web.data == b""


async def test_a_certificate_for_another_name_is_not_trusted() -> None:
    async with running(answering(answer(200)), "signed", host="127.0.0.2") as web, HttpPool() as pool:
        settings = HttpsSettings("127.0.0.2", web.port, authority=str(AUTHORITY), credentials=WRONG)
        async with pool.unit(settings) as unit:
            with pytest.raises(DriverError, match="cannot be verified"):
                await unit.request("GET", "/x")
        assert web.data == b""


async def test_the_fingerprint_of_a_unit_can_be_fetched_without_sending_anything() -> None:
    tls = ssl.TLSVersion.TLSv1_2  # a newer handshake ends with a record of application data
    async with running(answering(answer(200)), tls=tls) as web, wired(web.port) as wire:
        assert await fetch_fingerprint(HOST, wire.port) == FINGERPRINT
        await wire.ended.wait()
        assert HANDSHAKE in wire.records()
        assert APPLICATION_DATA not in wire.records()
    async with running(answering(answer(200))) as web:
        assert await fetch_fingerprint(HOST, web.port, interface=HOST) == FINGERPRINT
    with pytest.raises(DriverError, match="refused the connection"):
        await fetch_fingerprint(HOST, web.port)
    with pytest.raises(DriverError, match="check its spelling"):
        await fetch_fingerprint("no-such-host.invalid")
    async with running(answering(b""), tls=None) as web:
        with pytest.raises(DriverError, match=r"no answer from .* within 0.1 s"):
            await fetch_fingerprint(HOST, web.port, timeout=0.1)


async def test_a_refused_password_is_sent_exactly_once_however_often_and_by_whom_it_is_tried() -> None:
    async with running(asking_for_a_password) as web, HttpPool() as pool:
        settings = settings_of(web, credentials=WRONG)
        async with pool.unit(settings) as unit, pool.unit(settings) as look:
            asking = (each.request("GET", "/x") for each in (unit, look) for _ in range(10))
            errors = await asyncio.gather(*asking, return_exceptions=True)
        assert {error.reason for error in errors if isinstance(error, DriverError)} == {"auth_failed"}
        assert len(errors) == 20
        async with pool.unit(settings_of(web, credentials=WRONG, answer_timeout_s=9.0)) as later:
            with pytest.raises(DriverError, match="not sent again before the settings change") as error:
                await later.request("GET", "/x")
            assert error.value.again_s is None
            with pytest.raises(DriverError, match="not sent again"):
                async with later.events("/events", idle_s=1.0):
                    pass
            assert (await later.request("GET", "/identity", authenticate=False)).status == 200
        assert with_password(web) == 1


async def test_a_corrected_password_is_tried_and_a_forgotten_refusal_once_more() -> None:
    async with running(asking_for_a_password) as web, HttpPool() as pool:
        async with pool.unit(settings_of(web, credentials=WRONG)) as unit:
            for _ in range(2):
                for _ in range(3):
                    with pytest.raises(DriverError):
                        await unit.request("GET", "/x")
                unit.forget_refusal()
        assert with_password(web) == 2
        async with pool.unit(settings_of(web, credentials=RIGHT)) as unit:
            answers = await asyncio.gather(*(unit.request("GET", "/x") for _ in range(10)))
        assert [each.status for each in answers] == [200] * 10
        assert with_password(web) == 12


async def test_a_password_that_is_refused_after_it_was_accepted_is_not_sent_again_either() -> None:
    async with running(answering(answer(200))) as web, HttpPool() as pool:
        async with pool.unit(settings_of(web, credentials=WRONG)) as unit:
            await unit.request("GET", "/x")
            web.handler = asking_for_a_password
            for _ in range(3):
                with pytest.raises(DriverError, match="correct user and password"):
                    await unit.request("GET", "/x")
        assert with_password(web) == 2


async def test_a_password_that_was_changed_at_the_unit_is_refused_once_though_many_requests_wait() -> None:
    async with running(answering(answer(200))) as web, HttpPool() as pool:
        async with pool.unit(settings_of(web, credentials=WRONG)) as unit:
            await unit.request("GET", "/x")
            web.handler = asking_for_a_password
            asking = [asyncio.create_task(unit.request("GET", "/x")) for _ in range(10)]
            await asyncio.wait(asking)
        assert [type(each.exception()) for each in asking] == [DriverError] * 10
        assert with_password(web) == 2


async def test_a_key_that_was_accepted_is_carried_by_several_requests_at_once() -> None:
    at_work, most = 0, 0

    async def slow(_: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.05)
        at_work -= 1
        writer.write(answer(200))

    async with running(slow) as web, HttpPool() as pool:
        async with pool.unit(settings_of(web, credentials=HeaderKey("x-api-key", SecretStr(PASSWORD)))) as unit:
            await unit.request("GET", "/x")
            await asyncio.gather(*(unit.request("GET", "/x") for _ in range(6)))
        assert most > 1


async def test_what_a_driver_knows_to_be_no_refusal_of_the_password_is_not_remembered() -> None:
    meanings = {403: Meaning("control_blocked", "switch third-party access on")}
    async with running(answering(answer(403))) as web:
        settings = settings_of(web, credentials=RIGHT, meanings=meanings)
        async with HttpPool() as pool, pool.unit(settings) as unit:
            for _ in range(2):
                with pytest.raises(DriverError, match="switch third-party access on"):
                    await unit.request("GET", "/x")
            web.handler = asking_for_a_password
            assert (await unit.request("GET", "/x")).status == 200
        assert with_password(web) == 3


async def test_a_key_goes_out_in_its_own_header_and_one_that_no_header_carries_goes_nowhere() -> None:
    async with running(answering(answer(200))) as web, HttpPool() as pool:
        async with pool.unit(settings_of(web, credentials=HeaderKey("x-api-key", SecretStr(PASSWORD)))) as unit:
            await unit.request("GET", "/x")
        assert web.requests[0].headers["x-api-key"] == PASSWORD
        async with pool.unit(settings_of(web, credentials=HeaderKey("x-api-key", SecretStr("a\r\nb: c")))) as unit:
            with pytest.raises(DriverError, match="the HTTP header x-api-key cannot carry"):
                await unit.request("GET", "/x")
        assert len(web.requests) == 1


async def breaking(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"nonsense\r\n\r\n")


async def echoing(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(200, repr(request.headers).encode() + request.body))


@pytest.mark.parametrize("handler", [asking_for_a_password, breaking, echoing])
@pytest.mark.parametrize("certificate", ["unit", "impostor"])
async def test_a_secret_stands_in_no_error_log_or_trace(
    handler: Any, certificate: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    trace: list[tuple[str, bytes]] = []
    seen = ""
    for credentials in (WRONG, HeaderKey("x-api-key", SecretStr(PASSWORD))):
        async with running(handler, certificate) as web, HttpPool() as pool:
            settings = settings_of(web, credentials=credentials)
            async with pool.unit(settings, trace=lambda *item: trace.append(item)) as unit:
                try:
                    await unit.request("PUT", "/x", body=PASSWORD.encode())
                except DriverError as error:
                    seen += "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
                seen += repr(unit) + repr(settings) + repr(pool)
    seen += caplog.text + repr(trace) + repr([vars(record) for record in caplog.records])
    assert certificate == "impostor" or trace
    assert PASSWORD not in seen
    assert WRONG.headers()["Authorization"] not in seen
