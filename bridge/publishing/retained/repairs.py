"""What of ours does not stand at the broker is sent again: others wrote over it, or the broker did not take it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Final, NoReturn

from bridge.contract import Topics
from bridge.mqtt import Connection
from services.live import Mark
from services.model import Address, Facet

log = logging.getLogger(__name__)

REPAIR_S = 10.0
"""How long what others wrote on our topics stands there at most; all of it is answered in one go, so nobody floods."""

REFUSED_AGAIN_S: Final = 20.0
"""Before what the broker did not take is sent again: someone has to change its access rules, or its limits, first."""


class Repairs:
    """Retained topics that are to be sent again."""

    def __init__(
        self,
        topics: Topics,
        *,
        repeat_process: Callable[[Facet], None],
        is_ours: Callable[[Mark], bool],
        send_again: Callable[[Collection[Mark]], None],
    ) -> None:
        """``repeat_process`` has a facet of the process published again.

        ``is_ours`` tells whether a facet is retained and of something that exists here.
        """
        self._topics = topics
        self._repeat_process = repeat_process
        self._is_ours = is_ours
        self._send_again = send_again
        self._overwritten: set[tuple[Address | None, Facet]] = set()
        """What others wrote over or emptied at the broker, and is sent again soon."""
        self.count = 0
        """Retained topics that were sent again because others had changed them, since the start of the process."""

    def overwritten(self, address: Address | None, facet: Facet) -> None:
        """Somebody else changed a retained topic: if it is ours, it is ours again within `REPAIR_S` seconds.

        ``address`` is ``None`` for the process.
        """
        if address is None and facet not in {Facet.INFO, Facet.LOCKS}:
            return  # the state of the process is watched by whoever publishes it, its health comes again anyway
        if address is not None and not self._is_ours((address, facet)):
            return
        if not self._overwritten:
            asyncio.get_running_loop().call_later(REPAIR_S, self._repair)
        self._overwritten.add((address, facet))

    def _repair(self) -> None:
        """Send it again. By now a second process with our id has given way, or this one has."""
        address, facet = next(iter(self._overwritten))
        topic = self._topics.process(facet) if address is None else self._topics.of(address, facet)
        if not self.count:
            log.warning(
                "others write on our retained topics; they are sent again. Let only this user write there",
                extra={"topic": topic, "topics": len(self._overwritten)},
            )
        self.count += len(self._overwritten)
        marks = [(address, facet) for address, facet in self._overwritten if address is not None]
        if len(marks) < len(self._overwritten):
            self._repeat_process(Facet.INFO)
        self._send_again(marks)
        self._overwritten.clear()

    async def send_refused_again(self, connection: Connection) -> NoReturn:
        """Send what the broker did not take again and again, until it does; cancelled with the connection."""
        while True:
            await asyncio.sleep(REFUSED_AGAIN_S)
            marks = {mark for topic in list(connection.refusals) if (mark := self._retry(connection, topic))}
            self._send_again(marks)

    def _retry(self, connection: Connection, topic: str) -> Mark | None:
        """The facet that has to be sent again for a topic; ``None`` where somebody else does it, or nobody can."""
        published = self._topics.parse(topic)
        if published is not None and published.address is None:
            self._repeat_process(published.facet)
            return None
        address = self._topics.resource_of(topic)
        if published is not None and published.facet in {Facet.AUDIT, Facet.AUDIT_HEAD}:
            return None  # the audit relay does
        mark = None if address is None else (address, Facet.STATE if published is None else published.facet)
        if mark is None or not self._is_ours(mark):
            connection.refusals.forget(topic)  # an event has passed; a unit that is gone needs no topic
            return None
        return mark
