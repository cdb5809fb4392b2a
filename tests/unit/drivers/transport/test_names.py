"""Host names: whatever one name server does, other names are looked up at once."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest

from services.drivers.transport import names as module
from services.drivers.transport.names import SLOW_LANE, USUAL_LANE, Names, Unresolved


class NameServers:
    """What the system's look-up does: answers, blocks for as long as no server answers, or refuses."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.silent: Callable[[str], bool] = lambda _: False
        self.error: OSError | None = None
        self.over = threading.Event()
        self.names = Names(self._look_up)

    def _look_up(self, host: str) -> list[str]:
        self.asked[host] += 1
        if self.silent(host):
            self.over.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "nobody answered")
        if self.error is not None:
            raise self.error
        return ["192.0.2.1", "192.0.2.2"]


@pytest.fixture
async def servers(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NameServers]:
    monkeypatch.setattr(module, "SILENT_S", 0.1)
    servers = NameServers()
    yield servers
    servers.over.set()


async def test_an_address_asks_nobody(servers: NameServers) -> None:
    for address in ("192.0.2.7", "::1", "fe80::1%eth0"):
        assert await servers.names.addresses_of(address) == [address]
    assert not servers.asked


async def test_a_name_is_looked_up_once_for_all_who_ask_at_the_same_time(servers: NameServers) -> None:
    servers.silent = lambda _: not servers.over.is_set()
    waiting = [asyncio.create_task(servers.names.addresses_of("rack.example")) for _ in range(20)]
    await asyncio.sleep(0)
    servers.silent = lambda _: False
    servers.over.set()
    await asyncio.gather(*waiting)
    assert servers.asked["rack.example"] == 1


async def test_names_that_no_server_answers_for_delay_no_other_name(servers: NameServers) -> None:
    servers.silent = lambda host: host.startswith("dead")
    dead = [f"dead{number}.example" for number in range(USUAL_LANE - 1)]
    assert all(
        isinstance(answer, Unresolved)
        for answer in await asyncio.gather(*(servers.names.addresses_of(name, 0.2) for name in dead))
    )
    servers.over.set()  # these look-ups have ended in silence; the next ones block again
    async with asyncio.timeout(5):
        while any(thread.name == "names" for thread in threading.enumerate()):  # noqa: ASYNC110 - a thread's end is no event
            await asyncio.sleep(0.01)
    servers.over.clear()
    again = [asyncio.create_task(servers.names.addresses_of(name, 5.0)) for name in dead]
    await asyncio.sleep(0)
    began = time.monotonic()
    alive = await asyncio.gather(*(servers.names.addresses_of(f"rack{number}.example") for number in range(50)))
    assert time.monotonic() - began < 1.0
    assert not any(isinstance(answer, Unresolved) for answer in alive)
    blocked = sum(thread.name == "slow names" for thread in threading.enumerate())
    assert blocked == SLOW_LANE, "and they cost few threads"
    servers.over.set()
    await asyncio.gather(*again)


@pytest.mark.parametrize("error", [None, socket.gaierror(socket.EAI_AGAIN, "try again")])
async def test_where_the_name_server_is_away_the_last_answer_counts(
    servers: NameServers, error: OSError | None
) -> None:
    first = await servers.names.addresses_of("rack.example")
    servers.error = error
    servers.silent = lambda _: error is None
    assert await servers.names.addresses_of("rack.example") == first


async def test_a_name_that_is_gone_is_gone(servers: NameServers) -> None:
    await servers.names.addresses_of("rack.example")
    servers.error = socket.gaierror(socket.EAI_NONAME, "no such name")
    answer = await servers.names.addresses_of("rack.example")
    assert isinstance(answer, Unresolved)
    assert "check its spelling" in answer.detail


@pytest.mark.parametrize("text", ["", "a\0b", "x" * 300, "ä" * 70, "rack..example", "\ud800", "*"])
async def test_text_that_no_name_can_have_is_answered_with_the_reason(text: str) -> None:
    answer = await module.addresses_of(text)
    assert isinstance(answer, (Unresolved, list))


async def test_the_end_of_the_loop_does_not_wait_for_a_name_server(servers: NameServers) -> None:
    servers.silent = lambda _: True

    async def ask() -> object:
        return await servers.names.addresses_of("dead.example", 0.05)

    began = time.monotonic()
    assert isinstance(await asyncio.to_thread(asyncio.run, ask()), Unresolved)
    assert time.monotonic() - began < 2.0
