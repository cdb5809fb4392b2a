"""Finds units, and keeps the manners that units with one place for a client ask for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.audio_technica.asking import HELD, HELD_AGAIN_S
from services.drivers.audio_technica.codec.lines import NO_LINK, Message
from services.drivers.audio_technica.families.catalogue import FAMILIES
from services.drivers.audio_technica.families.family import MANUFACTURER, Family
from services.drivers.audio_technica.families.system20 import SYSTEM_20
from services.drivers.audio_technica.link import AudioTechnicaLink
from services.drivers.audio_technica.notices import GROUP, PORT, Notices
from services.drivers.nonsense import UnknownValues
from services.drivers.port import (
    DriverError,
    Gone,
    Identity,
    Link,
    Listener,
    Reading,
    Sighting,
    Surroundings,
    Target,
    Trace,
)
from services.drivers.transport.names import Unresolved, addresses_of

log = logging.getLogger(__name__)

PORTS: tuple[int, ...] = tuple(dict.fromkeys(family.port for family in FAMILIES))

ONE_CLIENT = "takes one client at a time: while the bridge is connected, control systems are refused, and the reverse"
OVERHEARD_S = 600.0
"""How long a notice proves that there is a unit: only levels are sent again and again."""

SAID_AGAIN_S = 5.0
"""A unit may send notices ten times a second."""

LEFT_S = 3.0
"""So long a refusal may be our own doing: the unit has not noticed yet that we left its only place."""
LEFT_PAUSE_S = 0.25
"""So long nobody of us comes back to a place that we left."""
LEFT_MOST = 5000
"""Places that are remembered."""

_ONLY: dict[str, str] = {"nlevelbatt": "esw_dock", "nlevelall": "esw", "narlv": "atw_5000", "nprch": "atw_5000"}
"""Notices that one line alone sends; the RxLink id tells a System 20."""


class Options(BaseModel):
    """A unit's own settings in the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stay_away: bool = Field(
        False,
        description="Never connect to this unit, because a control system needs its only place for a client.",
    )


class AudioTechnicaMaker:
    """Each unit has a connection of its own; shared are the ear for notices and what manners ask for."""

    def __init__(self, around: Surroundings, *, driver: str) -> None:
        self._driver = driver
        self._notices = Notices(around.interface)
        self._unknown = UnknownValues()
        self._warned: set[str] = set()
        """Hosts of which the log says that they take one client."""
        self._avoided: set[str] = set()
        """Hosts that we were told to stay away from: a search that knows no options must not go there either."""
        self._left: dict[tuple[str, int], float] = {}
        """When we left a place."""

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Connect, find out who answers, disconnect; asks only. Raises `DriverError`."""
        async with self._opened(where, _nobody, trace, is_known=False) as (link, port):
            identity, name = await link.recognise()
        told = None if where.port is None and port == PORTS[0] else port
        return [Sighting(self._driver, where.host, identity, told, name=name, evidence={"manners": ONE_CLIENT})]

    async def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """Units whose notices are overheard. What they are is a guess until they are asked."""
        said: dict[str, float] = {}
        async with aclosing(self._notices.strangers()) as strangers:  # type: ignore[type-var]
            async for host, message in strangers:
                family, now = family_of_notice(message), asyncio.get_running_loop().time()
                if family is not None and host not in self._avoided and now - said.get(host, 0.0) >= SAID_AGAIN_S:
                    said = {one: at for one, at in said.items() if now - at < SAID_AGAIN_S} | {host: now}
                    identity = Identity(MANUFACTURER, family.name, family.kind)
                    heard = {"overheard": f"notice {message.word} to {GROUP}:{PORT}", "manners": ONE_CLIENT}
                    yield Sighting(self._driver, host, identity, lasts_s=OVERHEARD_S, evidence=heard)

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation; leaving the block leaves the unit's only place. Raises `DriverError`."""
        return self._conversation(where, listener, trace)

    def hear(self, data: bytes, host: str) -> None:
        """A datagram with notices that came from a host."""
        self._notices.receive(data, host)

    async def close(self) -> None:
        """Hear no notices any more."""
        await self._notices.close()

    # -- inside ----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _conversation(self, where: Target, listener: Listener, trace: Trace | None) -> AsyncIterator[Link]:
        async with self._opened(where, listener, trace, is_known=True) as (link, _):
            addresses = await addresses_of(where.host)
            hosts = [] if isinstance(addresses, Unresolved) else addresses
            with self._notices.of(hosts, link.hear):
                yield link

    @asynccontextmanager
    async def _opened(
        self, where: Target, listener: Listener, trace: Trace | None, *, is_known: bool
    ) -> AsyncIterator[tuple[AudioTechnicaLink, int]]:
        """A link at the port where somebody listens. Raises `DriverError`."""
        await self._check_wanted(where, is_known=is_known)
        failures: list[DriverError] = []
        for port in ports_of(where):
            await self._let_go(where.host, port)
            held_again_s = LEFT_S if self._since_left(where.host, port) < LEFT_S else HELD_AGAIN_S
            link = AudioTechnicaLink(where, port, listener, trace, self._unknown, held_again_s=held_again_s)
            try:
                await link.open()
            except DriverError as error:
                failures.append(error)
                if error.reason == "refused":
                    continue  # somebody is there, who may listen at the other port
                break
            try:
                yield link, port
            finally:
                await self._leave(link, where.host, port)
            return
        try:
            raise _all_refused(where.host, failures) or failures[-1]
        finally:
            failures.clear()  # an error holds this frame, and the frame the error

    def _since_left(self, host: str, port: int) -> float:
        """Seconds since we left a place."""
        return asyncio.get_running_loop().time() - self._left.get((host, port), float("-inf"))

    async def _let_go(self, host: str, port: int) -> None:
        """Give a unit that we left just now a moment to notice it: its only place is ours until then."""
        if (since := self._since_left(host, port)) < LEFT_PAUSE_S:
            await asyncio.sleep(LEFT_PAUSE_S - since)

    async def _leave(self, link: AudioTechnicaLink, host: str, port: int) -> None:
        try:
            await link.close()
        finally:
            now = asyncio.get_running_loop().time()
            if len(self._left) >= LEFT_MOST:
                self._left = {place: at for place, at in self._left.items() if now - at < LEFT_S}
            self._left[host, port] = now

    async def _check_wanted(self, where: Target, *, is_known: bool) -> None:
        """Raises `DriverError` for a unit that we were told to stay away from; a search was told nothing."""
        stay_away = isinstance(where.options, Options) and where.options.stay_away
        if is_known or where.options is not None:
            addresses = await addresses_of(where.host)
            hosts = {where.host, *(() if isinstance(addresses, Unresolved) else addresses)}
            self._avoided = self._avoided | hosts if stay_away else self._avoided - hosts
        if where.host in self._avoided:
            told = f"the bridge was told to leave {where.host} alone (options.stay_away = true)"
            detail = f"{told}, because the unit {ONE_CLIENT}"
            raise DriverError("control_blocked", detail, again_s=None)
        if is_known and where.host not in self._warned:
            self._warned.add(where.host)
            words = f"a unit {ONE_CLIENT}; options.stay_away = true leaves it to them"
            log.warning(words, extra={"host": where.host})


def ports_of(where: Target) -> Sequence[int]:
    """Where a unit may listen: where it is said to, or first where its line does."""
    if where.port is not None:
        return (where.port,)
    last = {family.name: family.port for family in FAMILIES}.get(where.family)
    return sorted(PORTS, key=lambda port: port != last)


def family_of_notice(message: Message) -> Family | None:
    """The line of a unit that sent a notice; ``None`` for notices that units of other kinds send too."""
    by_name = {family.name: family for family in FAMILIES}
    if message.word in _ONLY:
        return by_name[_ONLY[message.word]]
    if message.link in SYSTEM_20.links or message.word == "nsys20levelall":
        return SYSTEM_20
    known = {each.notice for each in by_name["esw"].questions if each.of_part}
    return by_name["esw"] if message.word in known and message.link == NO_LINK else None


def _all_refused(host: str, failures: Sequence[DriverError]) -> DriverError | None:
    """One error for several ports that refuse."""
    if len(failures) < 2 or any(each.reason != "refused" for each in failures):  # noqa: PLR2004 - several
        return None
    detail = f"{host} refuses TCP {' and '.join(map(str, PORTS))}: no Audio-Technica unit is there, or {HELD}"
    return DriverError("refused", detail, again_s=max(each.again_s or 0.0 for each in failures))


def _nobody(readings: Sequence[Reading]) -> None:
    """Nobody listens: who answers is all that is wanted."""
