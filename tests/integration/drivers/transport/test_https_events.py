"""What a driver notices of an event stream: events as they come, and a clear word when they come no more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest
from pydantic import SecretStr

from services.drivers.port import DriverError, Trace
from services.drivers.transport.https import Basic, Event, EventStream, HttpPool
from tests.integration.drivers.transport.web_unit import (
    Handler,
    Request,
    WebUnit,
    answer,
    answering,
    running,
    settings_of,
)

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Content-Location: /api/ssc/state/subscriptions/7\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def streaming(pieces: Sequence[bytes], *, pause: float = 0.0, end: bool = False) -> Handler:
    async def handle(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for piece in pieces:
            await asyncio.sleep(pause)
            writer.write(chunk(piece))
        if end:
            writer.write(b"0\r\n\r\n")
        else:
            await asyncio.Event().wait()

    return handle


async def until_it_ends(stream: EventStream) -> tuple[list[Event], DriverError]:
    events: list[Event] = []

    async def collect() -> None:
        async for event in stream:
            events.append(event)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(DriverError) as error:
        await collect()
    return events, error.value


async def opened(
    web: WebUnit, stack: AsyncExitStack, pool: HttpPool | None = None, *, trace: Trace | None = None, **more: Any
) -> EventStream:
    pool = await stack.enter_async_context(pool or HttpPool())
    unit = await stack.enter_async_context(pool.unit(settings_of(web, base="/api"), trace))
    return await stack.enter_async_context(unit.events("/events", idle_s=5.0, **more))


async def test_events_come_one_by_one_and_the_end_is_told() -> None:
    pieces = [b"event: open\r\ndata: {}\r", b"\n\r\ndata: 1\n\nretry: 500\nda", b"ta: 2\n\ndata: incomplete"]
    async with running(streaming(pieces, end=True)) as web, HttpPool() as pool:
        async with pool.unit(settings_of(web)) as unit, unit.events("/events", idle_s=5.0) as stream:
            assert stream.headers["content-location"] == "/api/ssc/state/subscriptions/7"
            events, error = await until_it_ends(stream)
            assert events == [Event("open", "{}", ""), Event("message", "1", ""), Event("message", "2", "")]
            assert error.reason == "closed_by_device"
            assert stream.retry_ms == 500
        assert web.requests[0].headers["accept"] == "text/event-stream"


async def test_a_stream_that_falls_silent_is_told_in_time_and_comments_keep_it_alive() -> None:
    async with running(streaming([b": alive\n\n"] * 8, pause=0.1)) as web, HttpPool() as pool:
        async with pool.unit(settings_of(web, answer_timeout_s=0.2)) as unit:
            began = asyncio.get_running_loop().time()
            async with unit.events("/events", idle_s=0.3) as stream:
                events, error = await until_it_ends(stream)
            assert 1.0 <= asyncio.get_running_loop().time() - began < 5
        assert events == []
        assert (error.reason, "sent nothing for 0.3 s" in error.detail) == ("silent", True)


async def test_leaving_the_block_ends_the_stream_at_the_unit_too() -> None:
    async with running(streaming([b"data: 1\n\n"])) as web, HttpPool() as pool, pool.unit(settings_of(web)) as unit:
        async with unit.events("/events", idle_s=None) as stream:
            assert (await anext(stream)).data == "1"
            web.handler = answering(answer(200))
            assert (await unit.request("DELETE", "/events/7")).status == 200
            assert web.open == 2
        web.handler = answering(answer(200))
        await unit.request("GET", "/x")
        assert web.connections == 2


async def test_a_connection_that_is_cut_ends_the_stream() -> None:
    async with running(streaming([b"data: 1\n\n"])) as web, AsyncExitStack() as stack:
        stream = await opened(web, stack)
        await anext(stream)
        web.cut()
        assert (await until_it_ends(stream))[1].reason in {"closed_by_device", "reset_by_device"}


async def test_a_pool_that_closes_ends_the_stream() -> None:
    pool = HttpPool()
    async with running(streaming([b"data: 1\n\n"])) as web, AsyncExitStack() as stack:
        stream = await opened(web, stack, pool)
        await anext(stream)
        ending = asyncio.create_task(until_it_ends(stream))
        await asyncio.sleep(0)
        await pool.__aexit__(None, None, None)
        assert (await ending)[1].reason == "bridge_stopped"


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        (answer(200, b"{}", Content_Type="application/json"), "wrong_model", "'application/json' instead of events"),
        (answer(200, b"data: 1\n\n"), "wrong_model", "'' instead of events"),
        (answer(401), "auth_failed", "correct user and password"),
        (answer(503, Retry_After="3"), "refused", "asks for a pause of 3 s"),
        (answer(404), "wrong_model", "GET /events with status 404"),
    ],
)
async def test_what_is_no_stream_is_an_error_with_words(data: bytes, reason: str, words: str) -> None:
    credentials = Basic("api", SecretStr("Secret-0815"))
    async with running(answering(data)) as web, HttpPool() as pool:
        async with pool.unit(settings_of(web, credentials=credentials)) as unit:
            with pytest.raises(DriverError) as error:
                async with unit.events("/events", idle_s=1.0):
                    pass
        assert error.value.reason == reason
        assert words in error.value.detail


async def test_a_unit_that_sends_no_head_is_given_up_after_the_time_for_an_answer() -> None:
    async with running(streaming([])) as web, HttpPool() as pool:

        async def silent(_: Request, _writer: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        web.handler = silent
        async with pool.unit(settings_of(web, answer_timeout_s=0.1, connect_timeout_s=0.2)) as unit:
            with pytest.raises(DriverError, match=r"did not answer GET /events completely within 0.1 s"):
                async with unit.events("/events", idle_s=None):
                    pass


async def test_an_event_without_end_needs_no_memory_and_hides_no_later_event() -> None:
    pieces = [b"data: " + bytes(60_000), bytes(60_000), b"\n\n", b"data: short\n\n"]
    async with running(streaming(pieces)) as web, AsyncExitStack() as stack:
        stream = await opened(web, stack, most_bytes=10_000)
        assert (await anext(stream)).data == "short"
        assert stream.oversize == 1


async def test_the_trace_has_the_stream_as_it_came() -> None:
    trace: list[tuple[str, bytes]] = []
    async with running(streaming([b"data: 1\n\n"])) as web, AsyncExitStack() as stack:
        await anext(await opened(web, stack, trace=lambda *item: trace.append(item)))
    assert trace == [(">", b"GET /api/events"), ("<", b"200"), ("<", b"data: 1\n\n")]
