"""Meters among answers: left unread while they come alone, and still in order, bounded and never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from services.drivers import Target
from services.drivers.shure.codec.messages import Message, get
from services.drivers.shure.conversation import SAMPLES_MOST, UNREAD_MOST, Conversation

FENCE = ("DEVICE_ID", None)
ANSWER = b"< REP DEVICE_ID {rack} >"


def sample(number: int, channel: int = 1) -> bytes:
    return b"< SAMPLE %d ALL AX %03d %03d >" % (channel, number % 128, number // 128)


@asynccontextmanager
async def device(*reads: bytes, heard: list[Message]) -> AsyncIterator[Conversation]:
    """One that says these things one after the other, and answers what it is asked after them."""

    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for data in reads:
            writer.write(data)
            await writer.drain()
        while await reader.read(4096):
            writer.write(ANSWER)
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    conversation = Conversation(heard.extend, None)
    await conversation.open(Target("127.0.0.1", server.sockets[0].getsockname()[1]))
    try:
        yield conversation
    finally:
        await conversation.close()
        await asyncio.wait_for(ended.wait(), 5.0)
        server.close()
        await server.wait_closed()


async def everything(reads: Sequence[bytes], channels: int = 1) -> tuple[bytes, list[Message], Conversation]:
    heard: list[Message] = []
    async with device(*reads, heard=heard) as conversation:
        conversation.channels = channels
        assert await conversation.ask([get(*FENCE)], lambda: conversation.answers[FENCE] > 0, timeout=5.0)
        return conversation.take_samples(), heard, conversation


async def test_meters_keep_their_order_whatever_comes_between_them() -> None:
    changes = [b"< REP %d AUDIO_GAIN 0%d >" % (channel, 20 + channel) for channel in (1, 2, 3)]
    reads = [
        sample(1),
        sample(2, 2) + sample(3),
        changes[0] + sample(4),
        b"\r\n" + sample(5).lower() + b"\r\n",
        sample(6)[:9],
        sample(6)[9:] + changes[1],
        b"< SAMPLE 1 AL" + changes[2],
        sample(7),
    ]
    meters, heard, conversation = await everything(reads)
    told = [sample(1), sample(2, 2), sample(3), sample(4), sample(5).lower(), sample(6), sample(7)]
    assert meters == b"".join(told)
    assert [(each.name, each.index) for each in heard] == [*(("AUDIO_GAIN", number) for number in (1, 2, 3)), FENCE]
    assert conversation.take_samples() == b""


@pytest.mark.parametrize("channels", [1, 24])
async def test_meters_that_nobody_takes_do_not_grow_and_the_newest_stay(channels: int) -> None:
    told = UNREAD_MOST + 2 * channels * SAMPLES_MOST
    reads = [b"".join(map(sample, range(told - UNREAD_MOST))), b"".join(map(sample, range(told - UNREAD_MOST, told)))]
    meters, _, conversation = await everything([*reads[:1], b"\r\n", *reads[1:]], channels)
    kept = meters.count(b"<")
    assert channels * SAMPLES_MOST <= kept <= channels * SAMPLES_MOST + UNREAD_MOST
    assert kept + conversation.dropped_samples == told
    assert meters.endswith(sample(told - 1))


async def test_one_that_sends_nothing_but_meters_has_been_heard() -> None:
    heard: list[Message] = []
    async with device(sample(1), heard=heard) as conversation:
        opened = conversation.last_received
        while not (meters := conversation.take_samples()):
            assert not conversation.connection.closed.done()
            await asyncio.sleep(0)
        assert meters == sample(1)
        assert conversation.last_received > opened
    assert heard == []
