"""What a driver notices of a question by UDP: an answer in spite of loss, or a clear error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import count
from typing import NoReturn

import pytest

from services.drivers.port import DriverError
from services.drivers.transport.asking import TransactionIds
from services.drivers.transport.udp import DatagramSocket
from services.drivers.transport.udp.peer import Peer
from tests.integration.drivers.transport.udp_unit import is_, running

HOST = "127.0.0.1"


def begins(start: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(start)


async def test_a_question_is_answered_although_its_first_two_datagrams_are_lost() -> None:
    lost = count()

    def answering(data: bytes) -> Iterable[bytes]:
        return [] if next(lost) < 2 else [data]

    async with running(answering) as unit, DatagramSocket() as shared, shared.peer(HOST, unit.port) as peer:
        assert await peer.ask(b"Name", is_(b"Name"), timeout=5, pause=0.02) == b"Name"
        assert shared.counters.repeated == 2
        assert peer.last_received is not None


async def test_a_question_without_an_answer_is_given_up_in_time_and_says_how_often_it_was_asked() -> None:
    async with running(lambda _: []) as unit, DatagramSocket() as shared:
        async with shared.peer(HOST, unit.port, hint="switch the unit on") as peer:
            began = asyncio.get_running_loop().time()
            with pytest.raises(DriverError) as error:
                await peer.ask(b"Name", is_(b"Name"), timeout=0.2, repeats=3)
            assert 0.19 <= asyncio.get_running_loop().time() - began < 1
        assert error.value.reason == "timeout"
        assert error.value.detail == (
            f"no answer from {HOST} UDP port {unit.port} within 0.2 s, asked 4 times: switch the unit on"
        )
        assert unit.received.qsize() == 4
        assert shared.counters.unanswered == 1


async def test_many_questions_at_once_get_each_its_own_answer_whatever_the_order() -> None:
    held: list[bytes] = []

    def answering(data: bytes) -> Iterable[bytes]:
        held.append(data)
        return reversed(held) if len(held) == 20 else []

    ids = TransactionIds()

    async def ask(peer: Peer) -> tuple[bytes, bytes]:
        with ids.take() as number:
            question = b"x%d;" % number
            return question, await peer.ask(question, begins(question), timeout=5, repeats=0, unique=True)

    async with running(answering) as unit, DatagramSocket() as shared, shared.peer(HOST, unit.port) as peer:
        answers = await asyncio.gather(*(ask(peer) for _ in range(20)))
        assert len({question for question, _ in answers}) == 20
        assert all(question == answer for question, answer in answers)


async def test_duplicates_and_late_answers_of_a_numbered_question_are_dropped_and_counted() -> None:
    came: asyncio.Queue[bytes] = asyncio.Queue()
    async with (
        running(lambda data: [data, data, data] if data == b"1" else []) as unit,
        DatagramSocket() as shared,
        shared.peer(HOST, unit.port, came.put_nowait) as peer,
    ):
        assert await peer.ask(b"1", is_(b"1"), timeout=5, unique=True) == b"1"
        with pytest.raises(DriverError):
            await peer.ask(b"2", is_(b"2"), timeout=0.05, repeats=0, unique=True)
        for data in (b"2", b"2", b"push"):
            unit.send(data, (HOST, shared.port))
        assert await came.get() == b"push"
        assert came.empty()
        assert (shared.counters.duplicate, shared.counters.late) == (2, 2)


async def test_what_answers_no_question_reaches_the_link_also_while_a_question_waits() -> None:
    came: asyncio.Queue[bytes] = asyncio.Queue()
    async with (
        running(lambda data: [b"push", data]) as unit,
        DatagramSocket() as shared,
        shared.peer(HOST, unit.port, came.put_nowait) as peer,
    ):
        assert await peer.ask(b"Name", is_(b"Name"), timeout=5) == b"Name"
        assert came.get_nowait() == b"push"
        assert came.empty()


async def test_closing_answers_everybody_who_waits_and_later_questions_too() -> None:
    failures: list[DriverError] = []
    async with (
        running(lambda _: []) as unit,
        DatagramSocket() as shared,
        shared.peer(HOST, unit.port, failed=failures.append) as peer,
    ):
        waiting = [asyncio.create_task(peer.ask(b"x", is_(b"y"), timeout=30)) for _ in range(5)]
        await unit.received.get()
        shared.close()
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(outcome, DriverError)
            assert outcome.reason == "bridge_stopped"
        with pytest.raises(DriverError, match="we closed"):
            await peer.ask(b"x", is_(b"y"), timeout=30)
        assert not peer.send(b"x")
    assert [error.reason for error in failures] == ["bridge_stopped"]


async def test_a_link_that_ends_takes_its_questions_along_and_leaves_the_socket_to_the_others() -> None:
    async with (
        running(lambda data: [data] if data == b"Name" else []) as unit,
        DatagramSocket() as shared,
        shared.peer(HOST, unit.port) as stays,
    ):
        async with shared.peer(HOST, unit.port) as leaves:
            waiting = asyncio.create_task(leaves.ask(b"x", is_(b"y"), timeout=30))
            await unit.received.get()
        with pytest.raises(DriverError) as error:
            await waiting
        assert error.value.reason == "bridge_stopped"
        assert await stays.ask(b"Name", is_(b"Name"), timeout=5) == b"Name"


async def test_a_cancelled_question_is_sent_no_more() -> None:
    async with (
        running(lambda data: [data] if data == b"end" else []) as unit,
        DatagramSocket() as shared,
        shared.peer(HOST, unit.port) as peer,
    ):
        waiting = asyncio.create_task(peer.ask(b"x", is_(b"y"), timeout=30, repeats=1000, pause=0.005))
        await unit.received.get()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        sent = shared.counters.sent
        with pytest.raises(DriverError):
            await peer.ask(b"nothing", is_(b"y"), timeout=0.1, repeats=0)
        assert shared.counters.sent == sent + 1


async def test_a_callback_that_fails_and_datagrams_of_any_size_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: bytes) -> NoReturn:
        raise ZeroDivisionError

    async with (
        running(lambda data: [b"", bytes(60_000), data]) as unit,
        DatagramSocket() as shared,
        shared.peer(HOST, unit.port, fails) as peer,
    ):
        asking = asyncio.create_task(peer.ask(b"1", fails, timeout=0.2, repeats=0))
        assert await peer.ask(b"2", is_(b"2"), timeout=5) == b"2"
        with pytest.raises(DriverError):
            await asking
        with pytest.raises(DriverError, match="cannot send"):
            await peer.ask(bytes(70_000), is_(b"2"), timeout=0.1)
        assert await peer.ask(b"3", is_(b"3"), timeout=5) == b"3"
    assert "cannot process what came from a peer" in caplog.text


async def test_the_trace_has_what_went_out_and_what_came_in() -> None:
    trace: list[tuple[str, bytes]] = []
    async with (
        running(lambda _: [b"answer"]) as unit,
        DatagramSocket() as shared,
        shared.peer(HOST, unit.port, trace=lambda *item: trace.append(item)) as peer,
    ):
        await peer.ask(b"question", is_(b"answer"), timeout=5)
    assert trace == [(">", b"question"), ("<", b"answer")]
