"""Which units are another bridge's: several may serve one campus, each with a database of its own.

All of them read the commands of the campus. Whoever owns the addressed unit answers; the others find its `info` at the
broker and are silent. Where nothing stands nobody owns it, and it is answered that there is no such unit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from bridge.contract import Topics
from bridge.mqtt import BrokerError, Connection
from services.model import Address, Facet, Kind

log = logging.getLogger(__name__)

LOOK_S: Final = 0.5
"""How long a broker may take to hand out what stands under a topic."""

KNOWN_S: Final = 10.0
"""How long the answer counts."""

LOOKS_MOST: Final = 20
"""Looks at once; what is asked beyond counts as nobody's."""

KNOWN_MOST: Final = 1_000


class Neighbours:
    """Looks at the broker whether a unit or part that is not ours is somebody else's."""

    def __init__(self, topics: Topics, is_ours: Callable[[Address], bool]) -> None:
        self._topics = topics
        self._is_ours = is_ours
        self._connection: Connection | None = None
        self._known: dict[Address, asyncio.Future[bool]] = {}
        self._looking = 0

    def begin(self, connection: Connection) -> None:
        """Look over this connection from now on."""
        self._connection = connection

    def end(self) -> None:
        """The connection is gone."""
        self._connection = None

    def is_strange(self, address: Address | None) -> bool:
        """Whether an address names a unit or part that is not ours."""
        return address is not None and address.kind is not Kind.BRIDGE and not self._is_ours(address)

    async def own(self, address: Address) -> bool:
        """Whether a strange unit or part is another bridge's."""
        answer = self._known.get(address)
        if answer is None:
            if self._connection is None or self._looking >= LOOKS_MOST or len(self._known) >= KNOWN_MOST:
                return False
            answer = self._known[address] = asyncio.ensure_future(self._look(self._connection, address))
        return await asyncio.shield(answer)

    async def _look(self, connection: Connection, address: Address) -> bool:
        topic = self._topics.of(address, Facet.INFO)
        self._looking += 1
        try:
            found = await connection.look_at([topic], LOOK_S)
        except BrokerError as error:
            log.debug("nobody can tell whose %s is: %s", topic, error)
            return False
        finally:
            self._looking -= 1
            self._topics.forget(address)
            asyncio.get_running_loop().call_later(KNOWN_S, self._known.pop, address, None)
        return topic in found  # an empty message too: its owner gave the unit up in this moment, and answers
