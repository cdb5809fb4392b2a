"""Keeps one unit telling: gives `plan.Subscription` the event loop's time, and sends what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf

from services.drivers.sennheiser.ssc.codec import wire
from services.drivers.sennheiser.ssc.codec.plan import Subscription
from services.drivers.sennheiser.ssc.families.family import Family

GAP_S = 0.01
"""Between two requests: a unit is a small computer."""
STOP_TRIES, STOP_S = 3, 0.1
"""How often, and how long each time, a close waits for the unit to confirm that it tells no more."""

Place = tuple[int, str]
"""Part and branch of the addresses of one subscription."""


class Subscriptions:
    """All subscriptions at one unit.

    ``send`` takes one datagram and returns whether the system took it; ``troubled`` is called when the unit begins to
    refuse them, and when it ends that.
    """

    def __init__(
        self, send: Callable[[bytes], bool], numbers: Iterator[int], family: Family, troubled: Callable[[], None]
    ) -> None:
        self._send = send
        self._troubled = troubled
        self._numbers = numbers
        self._family = family
        self._loop = asyncio.get_running_loop()
        self._all: dict[Place, list[Subscription]] = {}
        self._by_xid: dict[int, Subscription] = {}
        self._index: dict[str, list[Subscription]] | None = None
        """Subscriptions by address; ``None`` where it has to be made anew."""
        self._timer: asyncio.TimerHandle | None = None
        self._stopping: set[str] | None = None
        """Addresses of which the end was not confirmed yet, while it closes."""
        self._news = asyncio.Event()
        self._gap_until = 0.0
        self.pending: set[str] = set()
        """Addresses that were asked for and not acknowledged yet."""
        self._known_trouble: tuple[str | None, int] = (None, 0)

    @property
    def trouble(self) -> str | None:
        """Why the unit refuses a subscription, in words; ``None`` while it refuses none."""
        return next((each.trouble for each in self._each() if each.trouble is not None), None)

    @property
    def refused(self) -> tuple[str, ...]:
        """Addresses whose changes the unit will not tell, without meters."""
        return self._refused(meters=False)

    @property
    def refused_meters(self) -> tuple[str, ...]:
        """Levels that the unit will not tell."""
        return self._refused(meters=True)

    def follow(self, places: Mapping[Place, Sequence[str]]) -> None:
        """Be told of changes at these addresses from now on, and of no others."""
        for place in [place for place, known in self._all.items() if place not in places and not known[0].every_ms]:
            self._index = None
            for each in self._all.pop(place):
                self._cancel(each)
        for place, addresses in places.items():
            if place not in self._all:
                self._add(place, addresses, 0)
        self._tick()

    def meter(self, place: Place, addresses: Sequence[str], every_ms: int) -> None:
        """Be told of these levels each so many milliseconds; 0 ends it."""
        known = self._all.get(place, [])
        if known and every_ms:
            for each in known:
                if each.every_ms != every_ms:
                    each.every_ms = every_ms
                    each.again(self._loop.time())
        elif known:
            del self._all[place]
            self._index = None
            for each in known:
                self._cancel(each)
        elif every_ms:
            self._add(place, addresses, every_ms)
        self._tick()

    def again(self, number: int) -> None:
        """Subscribe anew to everything of a part that the unit may have ended on its own."""
        for place, subscriptions in self._all.items():
            if place[0] == number:
                for each in subscriptions:
                    if not each.every_ms:
                        each.again(self._loop.time())
        self._tick()

    def accepted(self, message: wire.Accepted) -> None:
        """The unit accepted a subscription, or confirms its end."""
        if self._stopping is not None:
            self._stopping.discard(message.address)
        elif not (message.options or {}).get("cancel") and not self._took(message.address, message.options):
            return  # the other addresses of that request are still to come, and nothing is due before
        self._changed()

    def told(self, address: str) -> None:
        """A level came."""
        for each in self._at(address):
            each.told(address, self._loop.time())
        self._changed()

    def refusal(self, message: wire.Refusal, xid: int | None) -> bool:
        """A refusal came; whether it is about a subscription, as far as that can be told."""
        if message.address in ("", wire.SUBSCRIBE):
            return self._refused_whole(message, xid)
        if self._stopping is not None:
            self._stopping.discard(message.address)
        found = self._at(message.address)
        for each in found:
            each.refused(message.address, message.code, message.said, self._loop.time())
        self._changed()
        return bool(found)

    async def settled(self, seconds: float) -> None:
        """Wait until the unit has said of everything what becomes of it, for so many seconds at most."""
        try:
            async with asyncio.timeout(seconds):
                while not all(each.settled for each in self._each()):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return

    def cancel(self) -> None:
        """Send nothing more by itself."""
        self._stopping = set()
        if self._timer is not None:
            self._timer.cancel()

    async def stop(self) -> None:
        """Ask the unit to tell no more, and wait briefly until it has confirmed that."""
        self.cancel()
        wanted = [each for each in self._each() if each.accepted and each.addresses]
        self._stopping = {address for each in wanted for address in each.addresses}
        for _ in range(STOP_TRIES):
            for each in wanted:
                if not self._stopping.isdisjoint(each.addresses) and not self._cancel(each):
                    return
            try:
                async with asyncio.timeout(STOP_S):
                    while self._stopping:
                        self._news.clear()
                        await self._news.wait()
                return
            except TimeoutError:
                continue

    def _took(self, address: str, options: Mapping[str, object] | None) -> bool:
        """Note an acknowledgement, of which a renewal brings one an address; whether a request is done with it."""
        now, done = self._loop.time(), False
        for each in self._at(address):
            before = each.due_at, each.trouble
            each.took(address, options, now)
            done = done or before != (each.due_at, each.trouble)
        self.pending.discard(address)
        return done

    # -- inside ----------------------------------------------------------------------------------------------

    def _each(self) -> list[Subscription]:
        return [each for subscriptions in self._all.values() for each in subscriptions]

    def _refused(self, *, meters: bool) -> tuple[str, ...]:
        return tuple(
            address for each in self._each() if bool(each.every_ms) is meters
            for address in (*each.dropped, *(each.addresses if each.trouble is not None else ()))
        )  # fmt: skip

    def _at(self, address: str) -> list[Subscription]:
        if self._index is None:
            self._index = {}
            for each in self._each():
                for one in each.addresses:
                    self._index.setdefault(one, []).append(each)
        return [each for each in self._index.get(address, ()) if address in each.addresses]

    def _add(self, place: Place, addresses: Sequence[str], every_ms: int) -> None:
        family = self._family
        self._index = None
        self._all[place] = [
            Subscription(
                addresses,
                every_ms=every_ms,
                lifetime_s=family.lifetime_s,
                count=family.count,
                now=self._loop.time(),
            )
        ]

    def _refused_whole(self, message: wire.Refusal, xid: int | None) -> bool:
        meant = self._by_xid.get(xid) if xid is not None else None
        if meant is None and (message.address or xid is None):
            meant = next((each for each in self._each() if not each.settled), None)
        if meant is None:
            return False
        instead = meant.refused_whole(message.code, message.said, self._loop.time())
        self._index = None
        for subscriptions in self._all.values():
            if meant in subscriptions and instead:
                subscriptions[:] = [each for each in subscriptions if each is not meant] + instead
        self._changed()
        return True

    def _cancel(self, subscription: Subscription) -> bool:
        return not subscription.addresses or self._send(
            wire.subscribe(subscription.addresses, {"cancel": True}, next(self._numbers))
        )

    def _changed(self) -> None:
        self.pending = {address for each in self._each() for address in each.unanswered}
        self._news.set()
        self._tick()

    def _tick(self) -> None:
        """Send one that is due, and come back when the next one is."""
        if self._timer is not None:
            self._timer.cancel()
        if self._stopping is not None:
            return
        now = self._loop.time()
        if self._timer is not None and self._gap_until > now:
            self._timer = self._loop.call_at(self._gap_until, self._tick)
            return
        for each in self._each():
            if each.asks(now):
                xid = next(self._numbers)
                self._by_xid = {number: one for number, one in self._by_xid.items() if one is not each} | {xid: each}
                self._send(wire.subscribe(each.addresses, each.options(), xid))
                self.pending.update(each.unanswered)
                self._gap_until = now + GAP_S
                self._timer = self._loop.call_at(self._gap_until, self._tick)
                return
        trouble = self.trouble, sum(len(each.dropped) for each in self._each())
        if trouble != self._known_trouble:  # one was given up
            self._known_trouble = trouble
            self._loop.call_soon(self._troubled)
        self._news.set()
        due_at = min((each.due_at for each in self._each() if each.addresses), default=inf)
        if due_at < inf:
            self._timer = self._loop.call_at(max(due_at, now + GAP_S), self._tick)
