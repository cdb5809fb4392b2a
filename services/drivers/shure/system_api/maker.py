"""Opens servers and conversations; looks who stands behind a server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from services.drivers.nonsense import UnknownValues
from services.drivers.port import DriverError, Gone, Link, Listener, Sighting, Surroundings, Target, Trace
from services.drivers.shure.system_api.codec.nodes import OFFLINE, Node
from services.drivers.shure.system_api.conversation.link import SystemApiLink
from services.drivers.shure.system_api.gateway import Gateway, list_devices
from services.drivers.shure.system_api.inventory import Inventory
from services.drivers.shure.system_api.options import SystemApiOptions
from services.drivers.shure.system_api.products import identity_of
from services.drivers.shure.system_api.words import OF_A_UNIT, REFUSED, TRIAL, find, names_of
from services.drivers.transport.https import HeaderKey, HttpPool, HttpsSettings, fetch_fingerprint
from services.model import Identity

log = logging.getLogger(__name__)

PORT = 10_000
BASE = "/api/v1"
KEY_HEADER = "x-api-key"

_FIRST_SIGHT = (
    "; it was remembered when it was seen first, since options.fingerprint is not given: give the right one there"
)


@dataclass(slots=True)
class _Open:
    """A server that is spoken to, and by how many conversations."""

    gateway: Gateway
    users: int = 0


class SystemApiMaker:
    """What all units behind all servers share; `services.drivers.port.Maker`."""

    def __init__(self, around: Surroundings, driver: str) -> None:
        self._around = around
        self._driver = driver
        self._unknown = UnknownValues()
        self._stack = AsyncExitStack()
        self._pool: HttpPool | None = None
        self._opening = asyncio.Lock()
        self._open: dict[HttpsSettings, _Open] = {}
        self._seen: dict[tuple[str, int], str] = {}
        """Certificates that were seen first, where neither settings nor an earlier run name one."""
        self._inventory = Inventory(driver)

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Ask a server for its list: the unit that is named, else all that it reads. Raises `DriverError`."""
        settings = await self._settings(where)
        pool = await self._https()
        try:
            async with pool.unit(settings, trace) as http:
                nodes, _ = await list_devices(http)
        except DriverError as error:
            raise self._explained(where, error) from error
        if where.unit:
            nodes = {node.cid: node for node in (find(nodes, where.unit, settings.peer),)}
        there = {node.cid: identity for node in nodes.values() if (identity := identity_of(node)) is not None}
        if not there:
            find(nodes, "", settings.peer)  # says what is there instead
        sightings = [
            self._sighting(where, nodes[cid], replace(identity, certificate=settings.fingerprint))
            for cid, identity in there.items()
            if where.unit or nodes[cid].state != OFFLINE
        ]
        if not sightings:
            words = f"the System API server {settings.peer} has lost all of its units: {names_of(nodes)}"
            raise DriverError("silent", words)
        return sightings

    def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """What the lists of servers say that are spoken to."""
        return self._inventory.sightings()

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation with one unit; leaving the block takes its subscriptions back."""
        return self._converse(where, listener, trace)

    async def close(self) -> None:
        """Close every connection."""
        for opened in list(self._open.values()):
            await opened.gateway.close()
        self._open.clear()
        self._pool = None
        await self._stack.aclose()

    @asynccontextmanager
    async def _converse(self, where: Target, listener: Listener, trace: Trace | None) -> AsyncIterator[Link]:
        settings = await self._settings(where)
        pool = await self._https()
        async with (
            self._gateway(settings) as opened,
            pool.unit(settings, trace) as trial,
            pool.unit(replace(settings, meanings=OF_A_UNIT), trace) as http,
        ):
            gateway = opened.gateway
            link = SystemApiLink(gateway, trial, http, where, listener, trace, self._unknown)
            try:
                cid = where.unit.lower() or (await link.find()).cid
                with gateway.joined(cid, link):  # before its list is read: whoever is spoken to is not announced
                    await link.find()
                    await gateway.listen(trial)
                    try:
                        yield link
                    finally:
                        await link.close(last=opened.users == 1)
            except DriverError as error:
                raise self._explained(where, error) from error

    @asynccontextmanager
    async def _gateway(self, settings: HttpsSettings) -> AsyncIterator[_Open]:
        """The server for the time of the block; with the last one its WebSocket is closed."""
        opened = self._open.get(settings) or self._opened(settings)
        opened.users += 1
        try:
            yield opened
        finally:
            opened.users -= 1
            if not opened.users:
                if self._open.get(settings) is opened:
                    del self._open[settings]
                await opened.gateway.close()

    def _opened(self, settings: HttpsSettings) -> _Open:
        def report(nodes: Mapping[str, Node]) -> None:
            self._inventory.take(settings, nodes, gateway.spoken_to, asyncio.get_running_loop().time())

        gateway = Gateway(settings, self._around.interface, report)
        self._open[settings] = _Open(gateway)
        return self._open[settings]

    async def _https(self) -> HttpPool:
        """The pool, opened when the first server is wanted: it loads a library that others do without."""
        async with self._opening:
            if self._pool is None:
                self._pool = await self._stack.enter_async_context(HttpPool(self._around.interface))
            return self._pool

    async def _settings(self, where: Target) -> HttpsSettings:
        """How a server is reached. Raises `DriverError` where its certificate cannot be seen."""
        options = where.options if isinstance(where.options, SystemApiOptions) else SystemApiOptions()
        port = where.port or PORT
        if where.certificate:  # it is kept with the unit now, and goes with it where the unit is replaced
            self._seen.pop((where.host, port), None)
        fingerprint = options.fingerprint or where.certificate or await self._first_seen(where, port)
        return HttpsSettings(
            where.host,
            port,
            BASE,
            HeaderKey(KEY_HEADER, options.key) if options.key is not None else None,
            fingerprint,
            connect_timeout_s=where.connect_timeout_s,
            answer_timeout_s=where.answer_timeout_s,
            refused_hint=REFUSED,
            meanings=TRIAL,
        )

    async def _first_seen(self, where: Target, port: int) -> str:
        """The certificate of a server that no unit was read through yet; from then on it is the right one."""
        place = where.host, port
        if place not in self._seen:
            found = await fetch_fingerprint(
                where.host, port, timeout=where.connect_timeout_s, interface=self._around.interface
            )
            if self._seen.setdefault(place, found) == found:
                words = {"host": where.host, "port": port, "fingerprint": found}
                log.warning("a certificate is trusted at first sight; give it as options.fingerprint", extra=words)
        return self._seen[place]

    def _explained(self, where: Target, error: DriverError) -> DriverError:
        """An error, with what people have to know of a certificate that no setting names."""
        named = isinstance(where.options, SystemApiOptions) and where.options.fingerprint
        if error.reason != "identity_conflict" or named:
            return error.afresh()
        return DriverError(error.reason, error.detail + _FIRST_SIGHT, again_s=error.again_s)

    def _sighting(self, where: Target, node: Node, identity: Identity) -> Sighting:
        evidence = {"cid": node.cid, "state": node.state}
        return Sighting(self._driver, where.host, identity, where.port, where.unit or node.cid, evidence=evidence)


@asynccontextmanager
async def open_maker(around: Surroundings, *, driver: str) -> AsyncIterator[SystemApiMaker]:
    """A maker for the time of the block; ``driver`` is the name that its sightings carry."""
    maker = SystemApiMaker(around, driver)
    try:
        yield maker
    finally:
        await maker.close()
