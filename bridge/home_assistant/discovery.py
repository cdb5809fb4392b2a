"""Publishes discovery for Home Assistant, and figures of each campus for it.

What stands at the broker is in the book of retained topics, with the hash of each payload: what is unchanged is not
sent, over a restart too, and what is gone is emptied. Home Assistant's birth brings everything again: discovery, then
states, then availability.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final, NoReturn

from bridge.contract import Incoming, Topics, encoding
from bridge.home_assistant.keeping import Keeper, page_of
from bridge.home_assistant.overview import overview
from bridge.home_assistant.things import MayControl, Message, Things
from bridge.home_assistant.turns import Turns
from bridge.mqtt import FAILED, Connection
from bridge.publishing import DISCOVERY, BridgeStatus, RetainedBook
from bridge.settings import HomeAssistantSettings
from services import clock
from services.live import Changes, Inventory
from services.model import UNIT_KINDS, Address, Campus, Facet, Kind, PublishedResource

log = logging.getLogger(__name__)

JITTER_S: Final = 3.0
"""A birth is answered after a random part of this, so that several bridges do not answer at once."""

SETTLE_S: Final = 2.0
"""Between discovery and the states after it: Home Assistant subscribes to what it just learnt of."""

MARKED: Final = 20
"""Units and parts whose states are asked for again in one turn of the event loop."""

OVERVIEW_PACE_S: Final = 1.0
"""Between two looks at a campus."""

NAMED: Final = 5
"""Units that one line of the log names."""

STANDS_S: Final = 1.0
"""How long the broker may take to show that our discovery still stands there."""


class Discovery:
    """What Home Assistant was told, brought up to what there is."""

    def __init__(
        self,
        *,
        inventory: Inventory,
        topics: Topics,
        book: RetainedBook,
        changes: Changes,
        status: BridgeStatus,
        tenants: Callable[[], Sequence[Campus]],
        home: Campus,
        allowed: MayControl,
    ) -> None:
        self._inventory = inventory
        self._topics = topics
        self._book = book
        self._changes = changes
        self._status = status
        self._tenants = tenants
        self._home = inventory.bridge_address(home)
        self._things = Things(inventory, topics, home, HomeAssistantSettings(), allowed)
        self._dirty: dict[Address, None] = {}
        self._is_everything_dirty = False
        self._campuses: dict[Address, None] = {}
        """The bridge's addresses in campuses whose figures may have changed."""
        self._wake, self._figures, self._birth = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._basis: dict[Address, object] = {}
        """What the messages of each were made of."""
        self._overviews: dict[Address, object] = {}
        self._refused = False
        self.sent = 0
        """Discovery messages since the start of the process."""

    # -- what others say -------------------------------------------------------------------------------------

    def configure(self, settings: HomeAssistantSettings) -> None:
        """Use other settings, from now on."""
        if settings == self._things.settings:
            return
        self._things.settings = settings
        self._basis.clear()
        self._note_everything()

    def note(self, address: Address, facet: Facet) -> None:
        """Something newer exists; what changed no discovery costs a comparison."""
        if not self._things.settings.enabled:
            return
        is_named = self._things.settings.names == "channel"
        if facet is Facet.INFO or (facet is Facet.STATE and is_named):  # all else that discovery shows stands in info
            self._dirty[address] = None
            self._wake.set()
        elif facet in {Facet.SUMMARY, Facet.OVERVIEW}:
            self._campuses[address] = None
            if facet is Facet.OVERVIEW:
                self._overviews.pop(address, None)
            self._figures.set()

    def again(self) -> None:
        """Send everything again, as at a birth."""
        if self._things.settings.enabled:
            self._birth.set()

    def subscriptions(self) -> Sequence[str]:
        """Where Home Assistant says that it is there."""
        settings = self._things.settings
        return [f"{settings.prefix}/status"] if settings.enabled else []

    def take(self, message: Incoming) -> bool:
        """Take a message of Home Assistant; whether it was one."""
        if message.topic != f"{self._things.settings.prefix}/status":
            return False
        if message.payload == b"online" and self._things.settings.enabled:
            log.info("Home Assistant is there: everything is sent to it again")
            self._birth.set()
        return True

    # -- one connection --------------------------------------------------------------------------------------

    async def run(self, connection: Connection) -> NoReturn:
        """Publish over a connection until cancelled."""
        self._basis.clear()
        self._overviews.clear()
        self._birth.clear()  # all of it goes out now
        keeper = Keeper(connection, self._book.discovery_of, self._lost)
        if self._things.settings.enabled and not await keeper.stands([self._home], STANDS_S):
            await self._send(connection, self._everything(), again=True)
        self._note_everything()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(connection), name="discovery")
            group.create_task(self._follow_figures(connection), name="figures for home assistant")
            group.create_task(self._answer_births(connection), name="births of home assistant")
            group.create_task(keeper.watch(self._everything), name="keeper of discovery")
        raise AssertionError("none of these ends by itself")

    def _lost(self, resources: Sequence[PublishedResource]) -> None:
        """Send again what does not stand there any more."""
        ids = list(dict.fromkeys(one.address.id for one in resources))
        log.warning(
            "discovery was deleted or written over by others and is sent again; "
            "what Home Assistant shall not have is left out in [home_assistant]",
            extra={"ids": ", ".join(ids[:NAMED]), "count": len(ids)},
        )
        for resource in resources:
            self._book.drop(resource)
            self._basis.pop(resource.address, None)
            self._dirty[resource.address] = None
        self._wake.set()

    async def _follow(self, connection: Connection) -> NoReturn:
        while True:
            await self._wake.wait()
            self._wake.clear()
            turns = Turns()
            if self._is_everything_dirty:
                self._is_everything_dirty = False
                for address in (*self._everything(), *self._book.addresses()):
                    self._dirty[address] = None
                    await turns.share()
            dirty, self._dirty = self._dirty, {}
            changed = []
            for address in dirty:
                if self._is_new(address):
                    changed.append(address)
                await turns.share()
            await self._send(connection, sorted(changed, key=_rank))

    async def _follow_figures(self, connection: Connection) -> NoReturn:
        while True:
            await self._figures.wait()
            self._figures.clear()
            campuses, self._campuses = self._campuses, {}
            for address in campuses:
                await self._send_figures(connection, address)
            await asyncio.sleep(OVERVIEW_PACE_S)

    async def _answer_births(self, connection: Connection) -> NoReturn:
        while True:
            await self._birth.wait()
            await asyncio.sleep(random.uniform(0, JITTER_S))
            self._birth.clear()
            await self._send(connection, self._everything(), again=True)
            await asyncio.sleep(SETTLE_S)
            for facet in (Facet.STATE, Facet.AVAILABILITY):
                for number, address in enumerate(self._everything()):
                    if address.kind is not Kind.BRIDGE:
                        self._changes.mark(address, facet)
                    elif facet is Facet.STATE:
                        self.note(address, Facet.OVERVIEW)
                    if number % MARKED == 0:  # the publisher takes them meanwhile: all at once would hold up others
                        await asyncio.sleep(0)
            self._status.repeat(Facet.STATE)

    # -- messages --------------------------------------------------------------------------------------------

    def _note_everything(self) -> None:
        self._is_everything_dirty = True
        self._campuses |= dict.fromkeys(map(self._inventory.bridge_address, self._tenants()))
        self._wake.set()
        self._figures.set()

    def _everything(self) -> list[Address]:
        """The bridge, units and then parts: a device is known before those that hang on it."""
        units = list(self._inventory.units.values())
        return [
            *sorted(map(self._inventory.bridge_address, self._tenants()), key=lambda one: one != self._home),
            *(unit.address for unit in units),
            *(part.address for unit in units for part in unit.parts.values()),
        ]

    def _is_new(self, address: Address) -> bool:
        if address.kind is Kind.BRIDGE:
            return True
        basis = self._things.basis(address)
        if basis is not None and self._basis.get(address) == basis:
            return False
        self._basis[address] = basis
        if basis is None:
            del self._basis[address]
        return True

    async def _send(self, connection: Connection, addresses: Iterable[Address], *, again: bool = False) -> None:
        """Bring what stands there up to date; with ``again`` send what is unchanged, too."""
        turns = Turns()
        for address in addresses:
            try:
                messages = self._things.messages(address)
            except Exception:  # one thing must not keep the others from being found
                log.exception("discovery of a thing cannot be made; please report this", extra={"id": address.id})
                continue
            await self._replace(connection, address, messages, again=again)
            await turns.share()

    async def _replace(
        self, connection: Connection, address: Address, messages: list[Message] | None, *, again: bool
    ) -> None:
        stands = self._book.discovery_of(address)
        wanted = dict(messages or ())
        kept = [topic for topic in stands if messages is None and self._things.is_current(topic)]
        gone = [one for topic, one in stands.items() if topic not in wanted and topic not in kept]
        if gone:
            await self._book.empty(connection, gone)
        for topic, payload in wanted.items():
            page = page_of(topic, payload)
            old = stands.get(topic)
            if old is not None and old.page == page and not again:
                continue
            new = PublishedResource(address, DISCOVERY, page)
            while not connection.publish_nowait(topic, payload, qos=1, retain=True, acked=partial(self._acked, new)):
                await connection.ready()
            self.sent += 1
            if old is not None and old.page != page:
                self._book.drop(old)
            self._book.add(new)

    def _acked(self, resource: PublishedResource, reason: int) -> None:
        if reason < FAILED:
            return
        self._book.drop(resource)
        self._basis.pop(resource.address, None)
        if not self._refused:
            self._refused = True
            topic = resource.page.partition(" ")[2]
            log.error("the broker does not take discovery; let this user write there", extra={"topic": topic})

    async def _send_figures(self, connection: Connection, address: Address) -> None:
        """A campus in a few figures, where they changed."""
        if not self._things.settings.enabled or not self._book.exists(address):
            self._overviews.pop(address, None)
            await self._book.empty(connection, self._book.leftovers(address, Facet.OVERVIEW, ()))
            return
        data = await overview(self._inventory, address.tenant)
        if self._overviews.get(address) == data:
            return
        self._overviews[address] = data
        payload = encoding.overview(address.id, clock.now_text(), data)
        topic = self._topics.of(address, Facet.OVERVIEW)
        while not connection.publish_nowait(topic, payload, qos=1, retain=True):
            await connection.ready()
        self._book.sent(topic, payload)
        self._book.add(PublishedResource(address, Facet.OVERVIEW))


def _rank(address: Address) -> int:
    """The bridge before units, units before their parts."""
    return 0 if address.kind is Kind.BRIDGE else 1 if address.kind in UNIT_KINDS else 2
