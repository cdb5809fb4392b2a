"""Host names to addresses, without blocking and with an end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from dataclasses import dataclass

RESOLVE_S = 5.0
"""Time for a name server, its own repetition included."""

RESOLVE_ALL_S = 15.0
"""Time for all names of one discovery, so that a dead name server does not hold it up."""

RESOLVING_MOST = 3
"""Names resolved at once: each blocks a thread, and others need those threads as well."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why a host name has no address, in words for people."""

    detail: str


async def resolve(names: Iterable[str]) -> dict[str, list[str] | Unresolved]:
    """All addresses of host names, in the resolver's order, or why there are none. Does not block; never raises."""
    answers: dict[str, list[str] | Unresolved] = {}
    waiting = list(dict.fromkeys(names))
    source = iter(waiting)

    async def work() -> None:
        for name in source:
            answers[name] = await _resolve(name)

    try:
        async with asyncio.timeout(RESOLVE_ALL_S), asyncio.TaskGroup() as workers:
            for _ in range(min(RESOLVING_MOST, len(waiting))):
                workers.create_task(work(), name="resolve")
    except TimeoutError:
        late = Unresolved(f"the name server was too slow: not all names had an answer within {RESOLVE_ALL_S:.0f} s")
        answers |= {name: late for name in waiting if name not in answers}
    return answers


async def _resolve(name: str) -> list[str] | Unresolved:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_S):
            entries = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except TimeoutError:
        return Unresolved(f"{name}: no name server answered within {RESOLVE_S:.0f} s")
    except (OSError, UnicodeError) as error:
        return Unresolved(f"{name} has no address ({error}): check its spelling and the name server")
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))
