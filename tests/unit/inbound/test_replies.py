"""Replies to commands and a broker that is slow, away, or lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from bridge.inbound.replies import WAITING_BYTES, WAITING_MOST_BYTES, Replies, Reply
from bridge.mqtt import BrokerError
from bridge.mqtt.outgoing import BACKLOG_BYTES, Limits, Outgoing

BIG = b"x" * (64 * 1024)


def outgoing() -> Outgoing:
    """The sending half of a connection whose socket takes nothing until `drain`."""
    return Outgoing("3.1.1", Limits(20), name="broker", wake=lambda: None, next_id=count(1).__next__)


def drain(sending: Outgoing) -> bytes:
    sent = bytes(sending.take())
    sending.written()
    for number in range(1, 65_000):
        if not sending.in_flight:
            break
        sending.acknowledge(number, 0)
    return sent


@asynccontextmanager
async def serving(replies: Replies, sending: Outgoing) -> AsyncIterator[None]:
    task = asyncio.create_task(replies.serve(sending))
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def test_replies_wait_in_order_for_a_broker_that_does_not_keep_up() -> None:
    replies, sending = Replies(), outgoing()
    async with serving(replies, sending):
        for number in range(12):
            replies.put(Reply(f"reply/{number:02}", BIG))
        assert len(sending.take()) <= BACKLOG_BYTES + 2 * len(BIG)
        sent = b""
        async with asyncio.timeout(5):
            while b"reply/11" not in sent:
                sent += drain(sending)
                await asyncio.sleep(0)
    assert replies.lost == 0
    places = [sent.find(f"reply/{number:02}".encode()) for number in range(5, 12)]
    assert -1 not in places
    assert places == sorted(places)


async def test_no_further_command_is_performed_while_many_replies_wait() -> None:
    replies, sending = Replies(), outgoing()
    async with serving(replies, sending):
        await asyncio.wait_for(replies.ready(), 1)
        for _ in range(WAITING_BYTES // len(BIG) + 12):
            replies.put(Reply("reply", BIG))
        waiting = asyncio.create_task(replies.ready())
        await asyncio.sleep(0)
        assert not waiting.done()
        async with asyncio.timeout(5):
            while not waiting.done():
                drain(sending)
                await asyncio.sleep(0)
    assert replies.lost == 0


async def test_what_cannot_wait_is_counted_as_lost() -> None:
    replies, sending = Replies(), outgoing()
    replies.put(Reply("reply", b"nobody is connected"))
    assert replies.lost == 1
    async with serving(replies, sending):
        for _ in range(WAITING_MOST_BYTES // len(BIG) + 20):
            replies.put(Reply("reply", BIG))
        beyond = replies.lost
        assert 1 < beyond <= 21
        sending.lose(BrokerError("lost", "gone"))
        await asyncio.wait_for(replies.ready(), 1)
    assert replies.lost > beyond, "what waited for the lost connection is lost with it"
