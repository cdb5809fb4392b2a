"""Asks for what a unit does not report by itself: what a returned microphone changed meanwhile, and what is in a dock.

Nobody waits for the answers: they are reports like all others.
"""

from __future__ import annotations

import asyncio

from services.drivers.port import Part, Reading
from services.drivers.shure.codec.messages import get
from services.drivers.shure.codec.properties import Scope
from services.drivers.shure.conversation import Conversation
from services.drivers.shure.detection import Probe
from services.drivers.shure.families import WHOLE, WireAddress


class AskingAgain:
    """What of one unit has to be asked for again, and when."""

    def __init__(self, conversation: Conversation, found: Probe) -> None:
        self._conversation = conversation
        self._found = found
        self._away: set[tuple[Part, str]] = set()
        """Parts whose microphone has gone, by each key that tells so."""
        self._timer: asyncio.TimerHandle | None = None

    def note(self, reading: Reading) -> None:
        """Ask for everything of a part whose microphone has come back."""
        back = self._found.family.back
        if back is None:
            return
        for key in back.keys:
            away = (reading.part, key)
            if reading.values.get(key) is False:
                self._away.add(away)
            elif reading.values.get(key) is True and away in self._away:
                self._away.discard(away)
                self._ask([(name, reading.part.number) for name in back.ask])

    def poll(self) -> None:
        """Ask for all parts once a while from now on, where the family has to be polled; a read has just done it."""
        self.stop()
        if self._found.family.polled_s is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._found.family.polled_s, self._poll)

    def stop(self) -> None:
        """Poll no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _poll(self) -> None:
        family = self._found.family
        at_once = {name for name, _ in family.dumps}
        asked: list[WireAddress] = []
        for prop in family.properties:
            if prop.scope is Scope.PART and prop.askable:
                numbers = [WHOLE] if prop.name in at_once else range(1, self._found.most_parts + 1)
                asked += [(prop.name, number) for number in numbers]
        self._ask(asked)
        self.poll()

    def _ask(self, addresses: list[WireAddress]) -> None:
        if self._conversation.connection.open:
            self._conversation.send(get(*address) for address in addresses)
