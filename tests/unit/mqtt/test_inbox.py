"""What waits for its reader is bounded, and whoever sent what does not fit can be answered."""

from __future__ import annotations

from bridge.contract import Incoming, Rejection, Topics, parse
from bridge.mqtt.inbox import BYTES, MESSAGES, Inbox

COMMAND = "mic2mqtt/v1/bridge/main/cmd/refresh"


def command(size: int, dropped_bytes: int = 0) -> Incoming:
    return Incoming(COMMAND, b"x" * size, False, dropped_bytes=dropped_bytes)


async def everything(inbox: Inbox) -> list[Incoming]:
    inbox.close()
    return [message async for message in inbox.messages()]


def code(message: Incoming) -> str:
    parsed = parse(message, Topics(), now=0.0)
    assert isinstance(parsed, Rejection)
    return parsed.error.code


async def test_of_a_payload_that_is_too_large_its_size_is_kept() -> None:
    inbox = Inbox(65_536)
    assert inbox.put(command(65_537))
    assert inbox.put(command(200_000, dropped_bytes=5))
    first, second = await everything(inbox)
    assert (first.payload, first.dropped_bytes) == (b"", 65_537)
    assert (second.payload, second.dropped_bytes) == (b"", 200_005)
    assert code(first) == code(second) == "payload_too_large"


async def test_what_does_not_fit_beside_others_can_be_answered_as_busy() -> None:
    inbox = Inbox(65_536)
    for _ in range(200):
        assert inbox.put(command(60_000))
    messages = await everything(inbox)
    assert len(messages) == 200
    assert sum(len(message.payload) for message in messages) <= BYTES
    assert code(messages[-1]) == "busy"


async def test_beyond_so_many_messages_nothing_is_kept() -> None:
    inbox = Inbox(65_536)
    assert all(inbox.put(command(1)) for _ in range(MESSAGES))
    assert not inbox.put(command(1))
    assert len(await everything(inbox)) == MESSAGES
