"""Asks whether a unit is still there, more than once: one question that was lost is no proof that it is gone."""

from __future__ import annotations

import asyncio

from services.drivers.shure.conversation import Conversation
from services.drivers.shure.families import WireAddress

AGAIN_S = 1.0
"""How long an answer is waited for before the question goes out once more."""
TIMES = 4
"""How often it goes out."""


class SignsOfLife:
    """The question of one conversation, and its repetitions."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._again: asyncio.TimerHandle | None = None

    def ask(self, fence: WireAddress, *, insist: bool) -> None:
        """Send what this unit is known to answer; with ``insist`` again and again until anything comes."""
        self.stop()
        self._ask(fence, self._conversation.last_received, TIMES if insist else 1)

    def stop(self) -> None:
        """Ask no more."""
        if self._again is not None:
            self._again.cancel()
            self._again = None

    def _ask(self, fence: WireAddress, received: float, times: int) -> None:
        self._again = None
        if self._conversation.last_received > received or not self._conversation.connection.open:
            return
        self._conversation.ask_alive(fence)
        if times > 1:
            loop = asyncio.get_running_loop()
            self._again = loop.call_later(AGAIN_S, self._ask, fence, received, times - 1)
