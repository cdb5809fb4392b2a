"""One System API server: its list of devices, and the WebSocket that all conversations with units behind it share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol
from urllib.parse import quote

from services.drivers.port import DriverError
from services.drivers.shure.system_api.codec.events import STATE_CHANGE, Event, Transport, parse_message
from services.drivers.shure.system_api.codec.nodes import Node, Page, parse_devices, parse_node
from services.drivers.transport.failures import failure
from services.drivers.transport.https import Answer, HttpsSettings, HttpUnit
from services.drivers.transport.websocket import WebSocket
from services.drivers.transport.websocket import connect as open_websocket

log = logging.getLogger(__name__)

DEVICES = "/devices"
EVENTS = "/subscriptions/websocket/create"
PAGES_MOST = 100
"""Pages of the list that are asked for."""
LIST_MOST_BYTES = 16 << 20
FRESH_S = 2.0
"""A list that is younger is not asked for again: units behind one server read it one after the other."""
AGAIN_S = 2.0
"""After a WebSocket could not be opened the next unit gets the same answer for so long."""
AT_ONCE = 3
"""Questions to one server at the same time."""


class Conversation(Protocol):
    """What a gateway needs of a conversation with one unit."""

    def heard(self, event: Event, raw: str | bytes) -> None:
        """An event about its unit."""

    def seen(self, node: Node) -> None:
        """What the server knows of its unit now."""

    def lost(self, error: DriverError) -> None:
        """The server cannot be heard any more."""


class Gateway:
    """One server, for as long as anybody speaks to a unit behind it."""

    def __init__(self, settings: HttpsSettings, interface: str, report: Callable[[Mapping[str, Node]], None]) -> None:
        self.settings = settings
        self._interface = interface
        self._report = report
        self._places = asyncio.Semaphore(AT_ONCE)
        self._listing = asyncio.Lock()
        self._opening = asyncio.Lock()
        self._nodes: dict[str, Node] = {}
        self._listed_at = -FRESH_S
        self._conversations: dict[str, set[Conversation]] = {}
        self._socket: WebSocket | None = None
        self._transport: asyncio.Future[str] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._failed: tuple[float, DriverError] | None = None
        self._strange = 0

    @property
    def peer(self) -> str:
        """For people."""
        return self.settings.peer

    @property
    def strange(self) -> int:
        """Messages and entries of the list that made no sense."""
        return self._strange

    @property
    def transport_id(self) -> str:
        """The id for subscriptions; empty while there is none."""
        there = self._transport
        return there.result() if there is not None and there.done() and not there.cancelled() else ""

    async def ask(self, http: HttpUnit, method: str, path: str, *, json: object = None) -> Answer:
        """One question about a unit; an answer of almost any status is returned. Raises `DriverError`."""
        async with self._places:
            return await http.request(method, path, json=json, expected=ANY_STATUS)

    async def nodes(self, http: HttpUnit) -> Mapping[str, Node]:
        """The devices by CID, from the server or fresh from memory. Raises `DriverError`."""
        loop = asyncio.get_running_loop()
        async with self._listing:
            if loop.time() - self._listed_at >= FRESH_S:
                async with self._places:
                    self._nodes, strange = await list_devices(http)
                self._strange += strange
                self._listed_at = loop.time()
                self._report(self._nodes)
            return self._nodes

    @contextmanager
    def joined(self, cid: str, conversation: Conversation) -> Iterator[None]:
        """Hand what comes about a unit to a conversation, for the time of the block."""
        self._conversations.setdefault(cid, set()).add(conversation)
        try:
            yield
        finally:
            those = self._conversations[cid]
            those.discard(conversation)
            if not those:
                del self._conversations[cid]

    @property
    def spoken_to(self) -> frozenset[str]:
        """CIDs of the units behind it that are spoken to."""
        return frozenset(self._conversations)

    async def listen(self, http: HttpUnit) -> None:
        """Have the WebSocket open, and changes of devices' states subscribed. Raises `DriverError`."""
        async with self._opening:
            if self._socket is not None and self._socket.open and self.transport_id:
                return
            now = asyncio.get_running_loop().time()
            if self._failed is not None and now < self._failed[0]:
                raise self._failed[1].afresh()
            await self._hang_up()
            try:
                await self._open(http)
            except DriverError as error:
                self._failed = now + AGAIN_S, error.afresh()
                await self._hang_up()
                raise

    async def close(self) -> None:
        """Close the WebSocket: all subscriptions end with it."""
        async with self._opening:
            await self._hang_up()

    async def _open(self, http: HttpUnit) -> None:
        transport = self._transport = asyncio.get_running_loop().create_future()
        socket = self._socket = await open_websocket(self.settings, EVENTS, self._receive, interface=self._interface)
        ended = asyncio.ensure_future(socket.wait_closed())
        try:
            async with asyncio.timeout(self.settings.answer_timeout_s):
                await asyncio.wait({transport, ended}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError as error:
            words = f"{self.peer} opened a WebSocket and named no transport: check the server's version"
            raise failure("wrong_model", words) from error
        finally:
            ended.cancel()
        if not transport.done():
            raise await socket.wait_closed()
        self._watching = asyncio.create_task(self._watch(socket), name="system api events")
        answer = await self.ask(http, "POST", f"{DEVICES}/subscription/{quote(transport.result(), safe='')}")
        if answer.status not in SUCCESS:
            log.warning(
                "a System API server refuses to tell of units that come and go; they are seen when they are read",
                extra={"host": self.settings.host, "status": answer.status},
            )

    async def _watch(self, socket: WebSocket) -> None:
        error = await socket.wait_closed()
        for those in list(self._conversations.values()):
            for conversation in list(those):
                conversation.lost(error.afresh())

    async def _hang_up(self) -> None:
        socket, self._socket, self._transport = self._socket, None, None
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        if socket is not None:
            await socket.close()

    def _receive(self, raw: str | bytes) -> None:
        message = parse_message(raw)
        if isinstance(message, Transport):
            if self._transport is not None and not self._transport.done():
                self._transport.set_result(message.id)
        elif message is None:
            self._strange += 1
        elif message.name == STATE_CHANGE:
            self._change(message, raw)
        else:
            for conversation in list(self._conversations.get(message.cid, ())):
                conversation.heard(message, raw)

    def _change(self, event: Event, raw: str | bytes) -> None:
        """A device came, went, or is another one now; where the event does not say how, the list is asked anew."""
        node = parse_node(event.body)
        if node is None or not node.state:
            self._listed_at = -FRESH_S
        else:
            self._nodes = {**self._nodes, node.cid: node}
            self._report(self._nodes)
        for conversation in list(self._conversations.get(event.cid, ())):
            conversation.heard(event, raw)
            if node is not None and node.state:
                conversation.seen(node)


SUCCESS = range(200, 300)
ANY_STATUS = frozenset(range(200, 600)) - {401, 429, 503}
"""What a unit answers is looked at; 401 is of the key, 429 and 503 are of a server that has too much to do."""


async def list_devices(http: HttpUnit) -> tuple[dict[str, Node], int]:
    """All pages of the list, by CID, and how many entries were no device. Raises `DriverError`."""
    found: dict[str, Node] = {}
    strange, after = 0, ""
    for _ in range(PAGES_MOST):
        path = f"{DEVICES}?after={quote(after, safe='')}" if after else DEVICES
        page = _page(await http.request("GET", path, most_bytes=LIST_MOST_BYTES))
        strange += page.strange
        news = {node.cid: node for node in page.nodes if node.cid not in found}
        found |= news
        if not page.after or page.after == after or not news:
            break
        after = page.after
    return found, strange


def _page(answer: Answer) -> Page:
    try:
        return parse_devices(answer.json())
    except ValueError as error:
        words = f"{answer.source}: something answers there that is no System API server ({error}): check host and port"
        raise failure("wrong_model", words) from error
