"""Who is told of what, and until when: subscriptions of a simulated unit. They end by lifetime and by count.

How many clients a unit serves is documented (8); with which code it refuses the ninth is not, here it is 503. That a
subscription to what depends on a transmitter is not kept while there is none is decided here, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.drivers.sennheiser.simulation.ssc.tree import Answers, Node, Ordered, Refused, grown, leaves

CLIENTS_MOST = 8
LIFETIME_S, LIFETIME_MOST_S, COUNT = 10.0, 60.0, 1000
FORGET_S = 1.0
PERIOD_LEAST_MS = 50

Address = tuple[str, int]


@dataclass
class Told:
    """One address that one client is told of."""

    ends_at: float
    left: int
    every_ms: int
    last: object = None
    refused: int = 0


@dataclass
class Client:
    """Everything that one client is told."""

    told: dict[str, Told] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None
    due: dict[int, float] = field(default_factory=dict)


class Listeners:
    """The clients of one unit. ``send`` takes one datagram to one of them."""

    def __init__(self, nodes: Mapping[str, Node], answers: Answers, send: Callable[[Address, bytes], None]) -> None:
        self._nodes = nodes
        self._answers = answers
        self._send = send
        self._loop = asyncio.get_running_loop()
        self.clients: dict[Address, Client] = {}
        self.strangers = 0
        """Other controllers that hold a place each."""
        self.forgetful = False
        self.served = 0
        """Clients that came with a subscription since the unit was started."""
        self.cancelled: list[str] = []
        """Addresses whose subscriptions clients ended, for tests."""

    def request(self, client: Address, items: object, xid: object) -> None:
        """Take a list of subscriptions: acknowledge each with what was adopted, then tell its values."""
        known = self.clients.get(client)
        if known is None and 0 < self._answers.dialect.clients_in_all <= self.served:
            return
        self.served += known is None
        if known is None and len(self.clients) + self.strangers >= CLIENTS_MOST:
            self._send(client, self._answers.write((), {}, xid, whole=503))
            return
        if not isinstance(items, list) or isinstance(items, Ordered):
            self._send(client, self._answers.write((), {}, xid, whole=400))
            return
        for item in items:
            if isinstance(item, Ordered):
                self._one(client, item, xid)
        if (mine := self.clients.get(client)) is not None:
            if mine.told:
                self._schedule(client, mine)
            else:
                del self.clients[client]

    def _one(self, client: Address, item: Ordered, xid: object) -> None:
        first = item[0] if item else ("", None)
        options = dict(first[1]) if first[0] == "#" and isinstance(first[1], Ordered) else {}
        addresses = [address for address, _ in leaves(Ordered(pair for pair in item if pair[0] != "#"))]
        strange = [each for each in addresses if each not in self._nodes or not self._nodes[each].subscribable]
        if strange:
            refused = {} if len(addresses) > 1 else dict.fromkeys(strange, 404)
            self._send(client, self._answers.write((), refused, xid, whole=0 if refused else 400))
            return
        mine = self.clients.setdefault(client, Client())
        if options.get("cancel"):
            for address in addresses:
                mine.told.pop(address, None)
            self.cancelled += addresses
            self._acknowledge(client, addresses, {"cancel": True}, xid)
            return
        adopted = self._adopt(options)
        self._acknowledge(client, addresses, adopted if options else None, xid)
        self._begin(client, mine, addresses, adopted)

    def _adopt(self, options: Mapping[str, object]) -> dict[str, object]:
        """What a unit makes of the options; the period is the longer of the two, since a document has them reversed."""
        lifetime = _number(options.get("lifetime"), LIFETIME_S)
        periods = [_number(options.get(word), 0) for word in ("min", "max")]
        period = max(PERIOD_LEAST_MS, *periods) if any(periods) else 0
        return {
            "min": int(period),
            "max": int(period),
            "lifetime": FORGET_S if self.forgetful else min(LIFETIME_MOST_S, max(1.0, lifetime)),
            "count": int(_number(options.get("count"), COUNT)),
        }

    def _acknowledge(self, client: Address, addresses: list[str], options: object, xid: object) -> None:
        values = self._values(addresses) if self._answers.filled() else dict.fromkeys(addresses)
        item = {**({"#": options} if options is not None else {}), **grown(values.items())}
        framework = {**({} if xid is None else {"xid": xid}), "state": {"subscribe": [item]}}
        self._send(client, self._answers.bytes(framework))

    def _values(self, addresses: list[str]) -> dict[str, object]:
        found: dict[str, object] = {}
        for address in addresses:
            try:
                found[address] = self._nodes[address].read()
            except Refused:
                found[address] = None
        return found

    def _begin(self, client: Address, mine: Client, addresses: list[str], adopted: Mapping[str, object]) -> None:
        values: list[tuple[str, object]] = []
        refused: dict[str, int] = {}
        for address in addresses:
            try:
                value = self._nodes[address].read()
            except Refused as refusal:
                refused[address] = refusal.code
                mine.told.pop(address, None)
                continue
            values.append((address, value))
            ends_at = self._loop.time() + _number(adopted["lifetime"], LIFETIME_S)
            mine.told[address] = Told(
                ends_at, int(_number(adopted["count"], COUNT)), int(_number(adopted["min"], 0)), value
            )
        self._tell(client, mine, values, refused)

    def changed(self) -> None:
        """Tell every client what is not as it was told last."""
        for client, mine in list(self.clients.items()):
            values: list[tuple[str, object]] = []
            refused: dict[str, int] = {}
            for address, told in list(mine.told.items()):
                if told.every_ms:
                    continue
                try:
                    value = self._nodes[address].read()
                except Refused as refusal:
                    refused[address] = refusal.code
                    del mine.told[address]
                    continue
                if value != told.last:
                    told.last = value
                    values.append((address, value))
            self._tell(client, mine, values, refused)

    def forget(self) -> None:
        """The unit is started anew: everybody is forgotten, without a word."""
        self.served = 0
        for mine in self.clients.values():
            if mine.timer is not None:
                mine.timer.cancel()
        self.clients.clear()

    # -- inside ----------------------------------------------------------------------------------------------

    def _tell(
        self, client: Address, mine: Client, values: list[tuple[str, object]], refused: Mapping[str, int]
    ) -> None:
        if values:
            self._send(client, self._answers.write(values, {}))
        if refused:
            self._send(client, self._answers.write((), refused))
        ended = {}
        for address, _ in values:
            if (told := mine.told.get(address)) is not None:
                told.left -= 1
                if told.left <= 0:
                    ended[address] = 310
        self._end(client, mine, ended)

    def _end(self, client: Address, mine: Client, ended: Mapping[str, int]) -> None:
        for address in ended:
            del mine.told[address]
        if ended:
            self._send(client, self._answers.write((), ended))

    def _schedule(self, client: Address, mine: Client) -> None:
        if mine.timer is not None:
            mine.timer.cancel()
        now = self._loop.time()
        periods = {told.every_ms for told in mine.told.values() if told.every_ms}
        mine.due = {every: mine.due.get(every, now + every / 1000) for every in periods}
        times = [*mine.due.values(), *(told.ends_at for told in mine.told.values())]
        if times:
            mine.timer = self._loop.call_at(max(now + 0.005, min(times)), self._tick, client, mine)
        elif self.clients.get(client) is mine:
            del self.clients[client]

    def _tick(self, client: Address, mine: Client) -> None:
        now = self._loop.time()
        self._end(client, mine, {address: 310 for address, told in mine.told.items() if told.ends_at <= now})
        for every, at in list(mine.due.items()):
            if at <= now:
                mine.due[every] = now + every / 1000
                addresses = [address for address, told in mine.told.items() if told.every_ms == every]
                self._tell(client, mine, [(each, self._nodes[each].read()) for each in addresses], {})
        self._schedule(client, mine)


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else otherwise
