"""Makes messages of marks and events: reads the newest snapshot of what is marked, and sends it.

On every connection everything retained goes out in the contract's order; afterwards only what is marked. A broker
that does not keep up costs nothing but age: marks wait in their set, telemetry is dropped and counted.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import NoReturn, Protocol

from bridge.contract import Topics
from bridge.mqtt import Connection
from bridge.publishing.audit_relay import AuditRelay
from bridge.publishing.bridge_status import BridgeStatus
from bridge.publishing.campus_pages import Rendered
from bridge.publishing.plain_values import PlainValues
from bridge.publishing.rendering import Renderer
from bridge.publishing.retained import FormerTopics, Repairs, RetainedBook, StandingTopics
from services import clock
from services.live import Changes, Inventory, Mark
from services.model import PART_KINDS, UNIT_KINDS, Address, Campus, Event, Facet, Kind, PublishedResource

log = logging.getLogger(__name__)

RETAINED: Mapping[Facet, int] = {
    Facet.INFO: 1,
    Facet.STATE: 1,
    Facet.SLOTS: 1,
    Facet.AVAILABILITY: 1,
    Facet.LINK: 0,
    Facet.INVENTORY: 1,
    Facet.SUMMARY: 1,
    Facet.OVERVIEW: 1,
    Facet.CANDIDATES: 1,
}
"""Facets that stay at the broker, with their QoS, in the order in which they go out: who, what, whether it is there."""

CAMPUS_FACETS = (Facet.INVENTORY, Facet.SUMMARY, Facet.CANDIDATES)
"""The retained facets of the bridge in a campus; the other retained ones are of units and parts."""

RANK: Mapping[Facet, int] = {facet: rank for rank, facet in enumerate(RETAINED)}

TELEMETRY_EXPIRY_S = 10
"""Contract, section 1: on MQTT 5 an old meter value is worth nothing."""

PROCESS_TOPICS = 2
"""``info`` and ``state`` of the process."""

PACED = frozenset({Facet.SUMMARY, Facet.CANDIDATES})
"""What changes with every unit of a campus, and what anybody on the network can make change."""
PACE_S = 1.0
"""Seconds between two of each, a campus."""

_TIME = re.compile(rb'"time":"[^"]*"')

YIELD_EVERY = 40
"""Messages after which the event loop gets a turn: about a millisecond of work."""


class Companion(Protocol):
    """Publishes for others what follows from the same snapshots: discovery and figures for Home Assistant."""

    def note(self, address: Address, facet: Facet) -> None:
        """Something newer of it exists."""
        ...

    def again(self) -> None:
        """Send everything again, soon."""
        ...

    async def run(self, connection: Connection) -> NoReturn:
        """Publish over a connection until cancelled."""
        ...


class Publisher:
    """Sends what changed, over whatever connection there is."""

    def __init__(
        self, *, inventory: Inventory, changes: Changes, topics: Topics, renderer: Renderer,
        relay: AuditRelay, status: BridgeStatus, book: RetainedBook, former: FormerTopics, standing: StandingTopics,
        tenants: Callable[[], Sequence[Campus]], companion: Companion, value_topics: bool,
    ) -> None:  # fmt: skip
        self._inventory = inventory
        self._changes = changes
        self._topics = topics
        self._renderer = renderer
        self._relay = relay
        self._status = status
        self._tenants = tenants
        self._value_topics = value_topics
        self._companion = companion
        self._book = book
        self._former = former
        self._standing = standing
        self._values = PlainValues(topics, renderer, self._book, standing)
        self._paced_at: dict[Mark, float] = {}
        """When what changes with every unit of a campus was sent last."""
        self._paced: set[Mark] = set()
        """What waits for its turn."""
        self._pages: dict[tuple[Mark, str], int] = {}
        """Pages as they were sent last over this connection, without their time."""
        self._paging = asyncio.Lock()
        self._again = asyncio.Event()
        self.repairs = Repairs(topics, repeat_process=status.repeat, is_ours=self._is_ours, send_again=self._send_again)
        self.sent: Counter[str] = Counter()
        """Messages by facet, since the start of the process."""
        self.telemetry_dropped = 0
        """Telemetry that a broker did not take because it does not keep up, likewise."""
        self.unwritable = 0
        """Messages that were left out because their values cannot be written as JSON, likewise."""
        self._skipped: set[Mark] = set()
        self._events: dict[str, Event] = {}
        """Events on their way, by id: a connection that breaks gives them back."""

    def campuses_changed(self) -> None:
        """Have what stands in campuses that are no longer served emptied, soon."""
        for address in self._book.places():
            if not self._book.exists(address):
                self._changes.mark(address, Facet.INVENTORY)

    def republish(self, tenant: Campus | None) -> int:
        """Send everything retained again, soon; of one campus, or of all and the process. The number of topics."""
        everything = [mark for mark in self._everything() if tenant is None or mark[0].tenant == tenant]
        if tenant is None:
            self._again.set()
            self._companion.again()
            return len(everything) + PROCESS_TOPICS
        self._send_again(everything)
        return len(everything)

    def _send_again(self, marks: Collection[Mark]) -> None:
        """Send what is marked soon, and whole: the broker does not have it."""
        for address, facet in marks:
            self._pages.clear()
            self._values.forget(address)
            self._changes.mark(address, facet)

    # -- one connection --------------------------------------------------------------------------------------

    async def serve(self, connection: Connection) -> None:
        """Publish over this connection until it is lost."""
        self._standing.connected(connection)
        try:
            await self._publish_everything(connection)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow(connection), name="publish changes")
                group.create_task(self._relay.run(connection), name="relay audit")
                group.create_task(self._status.pulse(connection), name="health")
                group.create_task(self._republish_on_request(connection), name="republish")
                group.create_task(self._standing.watch(connection, self.repairs.overwritten), name="standing topics")
                group.create_task(self._companion.run(connection), name="home assistant")
                group.create_task(self._former.clear(connection), name="former topics")
                group.create_task(self.repairs.send_refused_again(connection), name="refused topics")
        finally:
            self._changes.give_back(list(self._events.values()))
            self._events.clear()

    async def _publish_everything(self, connection: Connection) -> None:
        """Everything retained, in the contract's order, and only then that the bridge is online."""
        await self._status.publish_info(connection)
        if not self._status.announced:
            await self._status.publish_state(connection, "starting")
        self._book.connected()
        self._former.note_place()
        self._changes.take_marks()  # all of it goes out now anyway; the events that waited follow
        self._values.forget()
        self._pages.clear()
        for number, (address, facet) in enumerate(self._everything()):
            self._changes.unmark(address, facet)
            if facet in PACED:
                self._paced_at[address, facet] = asyncio.get_running_loop().time()
            await self._send(connection, address, facet)
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        await self._sweep(connection)
        await self._status.publish_state(connection, "online")

    async def _follow(self, connection: Connection) -> None:
        while True:
            await self._changes.wait()
            marks, events = self._changes.take()
            self._events |= {event.event_id: event for event in events}
            changed = [mark for mark in marks if mark[1] is not Facet.TELEMETRY]
            if len(changed) > 1:
                changed.sort(key=lambda mark: RANK.get(mark[1], len(RANK)))
            await self._send_marks(connection, changed)
            for event in events:
                await self._send_event(connection, event)
            if len(changed) < len(marks):
                await self._send_telemetry(
                    connection, [address for address, facet in marks if facet is Facet.TELEMETRY]
                )

    async def _send_marks(self, connection: Connection, marks: Sequence[Mark]) -> None:
        for number, (address, facet) in enumerate(marks, 1):
            if facet in PACED and not self._is_due((address, facet)):
                continue
            await self._send(connection, address, facet)
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)

    async def _republish_on_request(self, connection: Connection) -> None:
        while True:
            await self._again.wait()
            self._again.clear()
            await self._publish_everything(connection)

    # -- one message -----------------------------------------------------------------------------------------

    async def _send(self, connection: Connection, address: Address, facet: Facet) -> None:
        """Send the newest snapshot of a facet; where the resource is gone, empty its retained topics instead."""
        self._companion.note(address, facet)
        if facet is Facet.OVERVIEW:
            return  # it is the companion's own
        if facet not in PACED:
            await self._send_newest(connection, address, facet)
            return
        async with self._paging:  # it is made over several turns: an older one may not overtake a newer one
            await self._send_newest(connection, address, facet)

    async def _send_newest(self, connection: Connection, address: Address, facet: Facet) -> None:
        retained, qos = facet in RETAINED, RETAINED.get(facet, 0)
        while qos and connection.congested:
            await connection.ready()  # before it is rendered: nothing older may overtake what another task sent
        try:
            gone = address.kind is Kind.BRIDGE and not self._book.exists(address)
            rendered = [] if gone else await self._render(address, facet)
        except Exception as error:  # noqa: BLE001 - one value must not keep the others from going out
            self._skip(address, facet, error)
            return
        if retained:
            await self._book.empty(connection, self._book.leftovers(address, facet, {page for page, _ in rendered}))
            if not rendered and not self._book.exists(address):
                self._renderer.forget(address)
                self._values.forget(address)
        for page, payload in rendered:
            if facet in PACED and self._was_sent(((address, facet), page), payload):
                await asyncio.sleep(0)  # a page is 120 KB, and looking at it takes its time
                continue
            topic = self._topics.of(address, facet, page)
            while not connection.publish_nowait(topic, payload, qos=qos, retain=retained):
                if not qos:
                    return
                await connection.ready()
            self.sent[facet] += 1
            if retained:
                self._standing.sent(topic, payload)
                self._book.add(PublishedResource(address, facet, page))
        if self._value_topics and facet is Facet.STATE and address.kind in PART_KINDS:
            await self._values.publish(connection, address)

    async def _render(self, address: Address, facet: Facet) -> list[Rendered]:
        """The newest snapshot; that of a large campus is made a little at a time, so that nothing waits for it."""
        if facet is not Facet.SUMMARY:
            return self._renderer.render(address, facet)
        rendered = []
        for step in self._renderer.steps(address, facet):
            if step is not None:
                rendered.append(step)
            await asyncio.sleep(0)
        return rendered

    async def _send_telemetry(self, connection: Connection, addresses: Sequence[Address]) -> None:
        """Meters of many channels: nothing of them waits for anything, and what the broker does not take is gone."""
        for begin in range(0, len(addresses), YIELD_EVERY):
            if begin:
                await asyncio.sleep(0)
            now, taken = clock.now_text(), 0
            for address in addresses[begin : begin + YIELD_EVERY]:
                try:
                    payload = self._renderer.telemetry(address, now)
                except Exception as error:  # noqa: BLE001 - likewise
                    self._skip(address, Facet.TELEMETRY, error)
                    continue
                if payload is not None:
                    topic = self._topics.of(address, Facet.TELEMETRY)
                    if connection.publish_nowait(topic, payload, expiry_s=TELEMETRY_EXPIRY_S):
                        taken += 1
                    else:
                        self.telemetry_dropped += 1
            self.sent[Facet.TELEMETRY] += taken

    async def _send_event(self, connection: Connection, event: Event) -> None:
        topic = self._topics.of(event.address, Facet.EVENT)
        try:
            payload = self._renderer.event(event)
        except Exception as error:  # noqa: BLE001 - likewise
            self._skip(event.address, Facet.EVENT, error)
            self._end_event(event.event_id, 0)
            return
        while not connection.publish_nowait(topic, payload, qos=1, acked=partial(self._end_event, event.event_id)):
            await connection.ready()
        self.sent[Facet.EVENT] += 1

    def _end_event(self, event_id: str, _reason: int) -> None:
        """The broker has the event, or refused it, which the connection counts."""
        self._events.pop(event_id, None)

    def _skip(self, address: Address, facet: Facet, error: Exception) -> None:
        """Leave out a message that cannot be written; the log has it once for each topic."""
        self.unwritable += 1
        if (address, facet) not in self._skipped:
            self._skipped.add((address, facet))
            log.error(
                "a message cannot be written and is left out; please report this",
                extra={"resource": f"{address.kind}/{address.id}", "facet": facet},
                exc_info=error,
            )

    # -- what is retained -------------------------------------------------------------------------------------

    def _everything(self) -> Iterator[Mark]:
        units = list(self._inventory.units.values())
        for facet in (facet for facet in RETAINED if facet not in CAMPUS_FACETS):
            for unit in units:
                kind = UNIT_KINDS[unit.address.kind]
                if facet in kind.unit_facets:
                    yield unit.address, facet
                if facet in kind.part_facets:
                    yield from ((part.address, facet) for part in unit.parts.values())
        for tenant in self._tenants():
            for facet in CAMPUS_FACETS:
                yield self._inventory.bridge_address(tenant), facet

    def _is_ours(self, mark: Mark) -> bool:
        address, facet = mark
        return facet in RETAINED and self._book.exists(address)

    async def _sweep(self, connection: Connection) -> None:
        """Empty what earlier runs left at the broker of resources that are no more."""
        for number, (address, gone) in enumerate(self._book.outdated(values=self._value_topics), 1):
            await self._book.empty(connection, gone)
            if number % YIELD_EVERY == 0 or address.kind is Kind.BRIDGE:  # whether a campus is served takes longer
                await asyncio.sleep(0)

    def _was_sent(self, page: tuple[Mark, str], payload: bytes) -> bool:
        """Whether nothing but the time of a page is new; one changed channel of thousands sends its own page."""
        content = hash(_TIME.sub(b"", payload, count=1))
        if self._pages.get(page) == content:
            return True
        self._pages[page] = content
        return False

    def _is_due(self, mark: Mark) -> bool:
        """At most one a second: a later mark comes back when its time has come."""
        loop = asyncio.get_running_loop()
        due = self._paced_at.get(mark, 0.0) + PACE_S
        if loop.time() >= due:
            self._paced_at[mark] = loop.time()
            return True
        if mark not in self._paced:
            self._paced.add(mark)
            loop.call_at(due, self._mark_again, mark)
        return False

    def _mark_again(self, mark: Mark) -> None:
        self._paced.discard(mark)
        self._changes.mark(*mark)
