"""Which units answer through one connection, and which channels or ports they have."""

from __future__ import annotations

import asyncio

from services.drivers.audio_technica.asking import Asking, Reply
from services.drivers.audio_technica.codec.lines import EMPTY_PORT, NO_LINK
from services.drivers.audio_technica.families.reading import Reader
from services.model import Kind

PROBE_S = 1.0
"""For an answer of what may not be there: a unit linked behind the first, a second channel, a port."""
MODEL = "gmymodel"
FIRST = 1
"""The part that every unit has."""


class Parts:
    """The parts of one unit, or of several that answer through one connection."""

    def __init__(self, asking: Asking, reader: Reader) -> None:
        self._asking, self._reader = asking, reader
        self.links = reader.links[:1]
        """Ids of the units that answered."""
        self.numbers: list[int] = []
        self.probing = False
        """Whether something is asked about that may not be there: then nothing of the answer is reported."""

    async def find_first(self) -> None:
        """Find out what the first unit listens to: a System 20 that is alone may know no RxLink id."""
        own = self._reader.family.links[0]
        if own != NO_LINK and self._reader.links[0] == own:
            is_own = (await self.probe(MODEL, link=own)).answered
            if not is_own and (await self.probe(MODEL, link=NO_LINK)).answered:
                self._reader.links[0] = NO_LINK

    async def find_links(self) -> None:
        """Find the units; the first always counts, and nobody is asked behind one that is silent."""
        await self.find_first()
        links = self._reader.links[:1]
        for link in self._reader.links[1:]:
            reply = await self.probe(MODEL, link=link)
            if reply.silent:
                break
            if reply.answered:
                links.append(link)
        self.links = links

    async def find(self) -> None:
        """Find channels or ports. A port that was there once stays until the conversation ends."""
        family = self._reader.family
        each = range(1, family.parts // len(family.links) + 1)
        if not family.counts:
            self.numbers = [self._reader.number(link, own) for link in self.links for own in each]
            return
        found = [own for own in each if await self._has(family.counts, own)]
        self.numbers = sorted({*found, *self.numbers})

    async def _has(self, counts: str, own: int) -> bool:
        """Whether the unit has a part. A dock has the ports that its name says, and others once they are occupied."""
        reply = await self.probe(counts, str(own), link=self.links[0])
        if reply.refusal == EMPTY_PORT or (reply.answered and self._reader.is_occupied(own) is False):
            model = self._reader.facts.get("model") or ""
            is_named = self._reader.family.kind is Kind.CHARGER and model[-1:].isdecimal()
            return not is_named or own <= int(model[-1])
        return reply.answered or own == FIRST

    async def probe(self, word: str, text: str = "", *, link: str) -> Reply:
        """Ask something that may stay without an answer, not for long. Raises `DriverError`."""
        self.probing = True
        try:
            async with asyncio.timeout(PROBE_S):
                return await self._asking.ask(word, text, link=link)
        except TimeoutError:
            return Reply()
        finally:
            self.probing = False
