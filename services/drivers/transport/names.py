"""Host names to addresses: never blocking, with an end, and so that no name waits for a server that ignores another.

The system's own look-up (`socket.getaddrinfo`) knows /etc/hosts, multicast names and every name server that is set, but
it blocks its thread for as long as no server answers, often half a minute, and cannot be called off. So each look-up
has a thread of its own while it lasts, and the process waits for none of them at its end. A name is looked up once for
all who ask at the same time. One that nobody answered for is looked up again in a lane of its own: there it waits for
others of its kind only. Where the name server is silent, or fails for now, the addresses of the last answer are taken.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

log = logging.getLogger(__name__)

RESOLVE_S = 5.0
"""Time for a name server, its own repetition included."""
SILENT_S = 2.0
"""A look-up that took so long goes to the slow lane the next time; and so long an earlier answer is not used."""
USUAL_LANE = 128
"""Look-ups at once, of names that were answered the last time, or never asked for."""
SLOW_LANE = 4
"""Look-ups at once, of names that were not answered the last time."""
KNOWN_MOST = 10_000
"""Names remembered with their last answer; the configuration of a large house has 1,000."""

Addresses = list[str]
LookUp = Callable[[str], Addresses]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why a host name has no address, in words for people."""

    detail: str


@dataclass(slots=True)
class _Known:
    """What the last look-up of a name brought."""

    addresses: Addresses
    """The newest answer; empty if there never was one."""
    is_slow: bool = False


class _Lane:
    """Look-ups that wait for one another, and the threads that do them. They end when nothing waits."""

    def __init__(self, name: str, most: int, work: Callable[[str], None]) -> None:
        self._name = name
        self._most = most
        self._work = work
        self._waiting: deque[str] = deque()
        self._threads = 0
        self._lock = threading.Lock()

    def add(self, host: str) -> None:
        with self._lock:
            self._waiting.append(host)
            if self._threads >= self._most:
                return
            self._threads += 1
        # as a daemon: the end of the process does not wait for a name server
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads -= 1
                    return
                host = self._waiting.popleft()
            self._work(host)


class Names:
    """Looks names up. One for the process (`addresses_of`); from any event loop."""

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up
        self._usual = _Lane("names", USUAL_LANE, self._work)
        self._slow = _Lane("slow names", SLOW_LANE, self._work)
        self._asked: dict[str, Future[Addresses | Unresolved]] = {}
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    async def addresses_of(self, host: str, timeout: float = RESOLVE_S) -> Addresses | Unresolved:
        """All addresses of a host, in the resolver's order, or why there are none. Never raises, never blocks.

        An address is its own answer. Where no name server answers, those of the last answer are given after
        `SILENT_S` seconds, at most ``timeout``.
        """
        if is_address(host):
            return [host]
        asked, earlier = self._ask(host)
        patience = min(timeout, SILENT_S) if earlier else timeout
        try:
            async with asyncio.timeout(patience):
                answer = await _end_of(asked)
        except TimeoutError:
            if earlier:
                log.info("no name server answers: taking the addresses of its last answer", extra={"host": host})
                return earlier
            return Unresolved(f"{host}: no name server answered within {timeout:g} s")
        return answer

    def _ask(self, host: str) -> tuple[Future[Addresses | Unresolved], Addresses]:
        with self._lock:
            known = self._known.get(host)
            earlier = known.addresses if known else []
            if (asked := self._asked.get(host)) is not None:
                return asked, earlier
            asked = self._asked[host] = Future()
        (self._slow if known and known.is_slow else self._usual).add(host)
        return asked, earlier

    def _work(self, host: str) -> None:
        """In a thread: look one name up and tell all who wait for it."""
        began = time.monotonic()
        answer: Addresses | Unresolved
        is_passing = False
        try:
            answer = self._look_up(host)
        except (OSError, ValueError) as error:  # text that no name can have is a ValueError
            words = getattr(error, "strerror", None) or error
            why = f"the host name {host!r} cannot be resolved ({words})"
            answer = Unresolved(f"{why}: check its spelling and the name server")
            is_passing = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        took = time.monotonic() - began
        with self._lock:
            known = self._known.pop(host, _Known([]))
            known.is_slow = took >= SILENT_S
            if not isinstance(answer, Unresolved):
                known.addresses = answer
            elif is_passing and known.addresses:
                answer = known.addresses
            self._known[host] = known
            if len(self._known) > KNOWN_MOST:
                self._known.popitem(last=False)
            asked = self._asked.pop(host)
        asked.set_result(answer)


def _end_of(asked: Future[Addresses | Unresolved]) -> asyncio.Future[Addresses | Unresolved]:
    """Done with the answer. Giving it up leaves the look-up to all others who wait."""
    loop = asyncio.get_running_loop()
    here: asyncio.Future[Addresses | Unresolved] = loop.create_future()

    def settle() -> None:
        if not here.done():
            here.set_result(asked.result())

    def tell(_asked: Future[Addresses | Unresolved]) -> None:
        with suppress(RuntimeError):  # that loop has ended, and nobody waits any more
            loop.call_soon_threadsafe(settle)

    asked.add_done_callback(tell)
    return here


def _look_up(host: str) -> Addresses:
    entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


def is_address(host: str) -> bool:
    """Whether this is an IPv4 or IPv6 address, with a zone or without."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


_names = Names(_look_up)
addresses_of = _names.addresses_of


async def resolve(names: Iterable[str]) -> dict[str, Addresses | Unresolved]:
    """All addresses of host names, or why there are none, looked up beside each other; see `Names.addresses_of`."""
    asked = list(dict.fromkeys(names))
    return dict(zip(asked, await asyncio.gather(*map(addresses_of, asked)), strict=True))
