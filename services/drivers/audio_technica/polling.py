"""Asks one unit again and again: meters each interval, what changes by itself every two seconds, settings spread out.

Theory: units answer one command at a time and tell nothing by themselves unless their notices are on, which we never
switch on. So a round is one question after the other, the rest of the time belongs to settings and to whoever sets
something, and a silent unit is left alone for a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from services.drivers.audio_technica.asking import Reply
from services.drivers.audio_technica.families.family import Question, Turn
from services.drivers.audio_technica.families.reading import Reader
from services.drivers.port import DriverError, Part

log = logging.getLogger(__name__)

LIVE_S = 2.0
"""Links, mutes and batteries."""
SETTING_S = 10.0
"""Everything that people choose, in ten seconds once."""
GAP_S = 0.02
"""Between two rounds, however long one took: others want to ask too."""
SILENT_S = 1.0
"""Pause after a question without an answer."""
MISSES_MOST = 2
NEVER = float("inf")


class Asker(Protocol):
    """What asks."""

    async def ask(self, question: Question, part: Part) -> Reply:
        """Ask once. Raises `DriverError` where the conversation ends."""

    async def ask_again(self) -> Reply:
        """Ask what the unit answered last. Raises `DriverError` where the conversation ends."""

    def lost(self, numbers: Sequence[int]) -> None:
        """Nothing is known any more of these parts."""

    def knows(self, question: Question) -> bool:
        """Whether the unit may answer this question."""


class Polling:
    """The questions of one conversation that come back."""

    def __init__(self, asker: Asker, reader: Reader, interval_s: float) -> None:
        self._asker, self._reader = asker, reader
        self._loop = asyncio.get_running_loop()
        self._interval_s = interval_s
        self._parts: Sequence[int] = ()
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._alive = False
        now = self._loop.time()
        self._meter_at, self._live_at, self._setting_at = now, now + LIVE_S, now + SETTING_S / 2
        self._next_place = 0
        self._misses: Counter[str] = Counter()
        """Questions in a row without an answer, by the id of the unit."""

    def run(self, parts: Sequence[int]) -> None:
        """Begin to ask about these parts, or go on with these."""
        self._parts = tuple(parts)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="audio-technica polls")

    async def stop(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def meter(self, seconds: float) -> None:
        """Ask for levels each ``seconds``; 0: not at all."""
        self._interval_s = seconds
        self._meter_at = self._loop.time()
        self._wake.set()

    def ask_alive(self) -> None:
        """Ask something that the unit knows next, whatever is due."""
        self._alive = True
        self._wake.set()

    def look_again(self) -> None:
        """Something changed: ask for what changes by itself next."""
        self._live_at = self._loop.time()
        self._wake.set()

    async def _run(self) -> None:
        try:
            while True:
                self._wake.clear()
                if not await self._round():
                    await self._wait(SILENT_S)
                due = min(self._meter_at if self._interval_s else NEVER, self._live_at, self._setting_at)
                if not self._alive:
                    await self._wait(due - self._loop.time())
        except DriverError as error:
            log.debug("a conversation ended while it was polled: %s", error.detail)
        except Exception:  # a mistake of ours must be seen; the session notices that nothing comes any more
            log.exception("polling ended; please report this")

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(GAP_S, seconds)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _round(self) -> bool:
        """One round of what is due most; whether the unit answered. Raises `DriverError`."""
        now = self._loop.time()
        if self._alive:
            self._alive = False
            return not (await self._asker.ask_again()).silent
        meter_at = self._meter_at if self._interval_s else NEVER
        due = min(meter_at, self._live_at, self._setting_at)  # the oldest first: none keeps the others waiting
        if due > now:
            return True
        if due == meter_at:
            answered = await self._of_parts(self._due(Turn.METER))
            self._meter_at = max(self._meter_at + self._interval_s, self._loop.time() + GAP_S)
            return answered
        return await (self._live(now) if due == self._live_at else self._settings(now))

    async def _live(self, now: float) -> bool:
        """What changes by itself; who came is asked who it is."""
        self._live_at = now + LIVE_S
        before = {number: self._reader.is_occupied(number) for number in self._parts}
        answered = await self._of_parts(self._due(Turn.LIVE))
        came = [number for number in self._parts if before[number] is False and self._reader.is_occupied(number)]
        return answered and await self._of_parts(self._due(Turn.SETTING), came)

    async def _settings(self, now: float) -> bool:
        """What people choose, of one place: the unit, then its parts."""
        places = [0, *self._parts]
        self._setting_at = now + SETTING_S / len(places)
        self._next_place = (self._next_place + 1) % len(places)
        number = places[self._next_place]
        return await self._ask(self._due(Turn.SETTING, of_part=number > 0), Part(number))

    def _due(self, turn: Turn, *, of_part: bool = True) -> list[Question]:
        """The questions of a turn; without meters, those that tell more than levels are asked with the live ones."""
        also = turn is Turn.LIVE and not self._interval_s
        return [
            each
            for each in self._reader.family.questions
            if each.of_part is of_part and (each.turn is turn or (also and each.turn is Turn.METER and each.cells))
        ]

    async def _of_parts(self, questions: Sequence[Question], parts: Sequence[int] | None = None) -> bool:
        answered = True
        for number in self._parts if parts is None else parts:
            answered = answered and await self._ask(questions, Part(number))
        return answered

    async def _ask(self, questions: Sequence[Question], part: Part) -> bool:
        """Ask one after the other until one stays without an answer."""
        for question in questions:
            if not self._asker.knows(question):
                continue
            if question.of_transmitter and self._reader.is_occupied(part.number) is False:
                continue
            if (await self._asker.ask(question, part)).silent:
                return self._missed(part)
            self._misses[self._link(part)] = 0
        return True

    def _missed(self, part: Part) -> bool:
        """A question stayed without an answer; whether the others may be asked all the same.

        A receiver linked behind the first that is silent twice is gone, and the next complete read looks for it again.
        """
        link = self._link(part)
        self._misses[link] += 1
        if link == self._reader.links[0] or self._misses[link] < MISSES_MOST:
            return False
        gone = [number for number in self._parts if self._reader.place(number)[0] == link]
        self._parts = [number for number in self._parts if number not in gone]
        self._asker.lost(gone)
        return True

    def _link(self, part: Part) -> str:
        """The id of the unit that a part belongs to."""
        return self._reader.place(part.number)[0] if part.number else self._reader.links[0]
