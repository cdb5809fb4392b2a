"""Whether a receiver is there, and what time alone does to what it said."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from services import clock
from services.live import Inventory, News, Receiver
from services.model import Address, AuditContext, AvailabilityReason, AvailabilityState, Facet
from services.rules import Situation, StatusRules, rejudge
from services.store import Store


class Availability:
    """Says whether receivers are there. One that goes leaves its last values, marked stale."""

    def __init__(self, inventory: Inventory, store: Store, news: News, rules: StatusRules) -> None:
        self._inventory = inventory
        self._store = store
        self._news = news
        self.rules = rules
        self._lost: dict[Address, float] = {}
        """Channel whose transmitter is lost -> loop time at which that has been so for long enough."""

    def situation(self, receiver: Receiver, now: str, heard_at: str | None = None) -> Situation:
        """What surrounds a receiver's channels now."""
        return Situation(
            now=now,
            now_s=clock.unix_seconds(now),
            online=receiver.online,
            stale=receiver.stale,
            rules=self.rules,
            capabilities=receiver.capabilities,
            heard_at=heard_at,
        )

    def set(
        self,
        receiver: Receiver,
        state: AvailabilityState,
        reason: AvailabilityReason | None,
        *,
        detail: str | None = None,
        context: AuditContext | None = None,
    ) -> None:
        """Say whether a receiver is there, and why not; ``detail`` is for people."""
        if detail is not None:
            receiver.last_error = detail
        was = receiver.available
        if (was, receiver.reason) == (state, reason):
            return
        now = clock.now_text()
        before = {"state": was, "reason": receiver.reason}
        if state != was:
            receiver.since = now
            self.heard(receiver)
        receiver.available, receiver.reason = state, reason
        self._inventory.advance(receiver.availability_version, now)
        bus = self._inventory.bus
        bus.mark(receiver.address, Facet.AVAILABILITY)
        bus.mark(receiver.address, Facet.LINK)
        for channel in receiver.channels.values():
            bus.mark(channel.address, Facet.AVAILABILITY)
        if state != was:
            if state == "offline":
                self._leave_stale(receiver, now)
            self._news.crossed(receiver, before, detail, now, context)
            bus.mark(self._inventory.bridge_address(receiver.address.tenant), Facet.SUMMARY)

    def heard(self, receiver: Receiver) -> None:
        """Keep when a receiver was last heard; kept for ever, whatever happens to it."""
        if receiver.heard_s is None:
            return
        age = asyncio.get_running_loop().time() - receiver.heard_s
        last_seen = clock.text_of(clock.now() - age)
        self._inventory.refile(receiver, replace(receiver.record, last_seen=last_seen))
        self._store.touch(receiver.address, last_seen)

    def pass_time(self, receiver: Receiver, now: str) -> None:
        """Judge again what only time changes: a transmitter that has been lost for long is idle."""
        around = self.situation(receiver, now)
        for channel in receiver.channels.values():
            state = rejudge(channel.state, around, clock.unix_seconds)
            if state is not None:
                channel.state = state
                self._inventory.advance(channel.version, now)
                self._inventory.bus.mark(channel.address, Facet.STATE)
                self._inventory.bus.mark(self._inventory.bridge_address(channel.address.tenant), Facet.SUMMARY)
                self._store.put_channel(channel.record(receiver.address.id))

    def judge_by(self, rules: StatusRules) -> None:
        """Judge everything again, by other thresholds."""
        self.rules = rules
        now = clock.now_text()
        for receiver in self._inventory.receivers.values():
            self.pass_time(receiver, now)

    def hold(self, channel: Address) -> None:
        """A transmitter went: its channel is ``lost`` until it is back, or the hold is over."""
        self._lost[channel] = asyncio.get_running_loop().time() + self.rules.lost_hold_s

    def let_go(self) -> None:
        """Judge channels again whose hold is over."""
        now_s = asyncio.get_running_loop().time()
        for address in [channel for channel, until in self._lost.items() if until <= now_s]:
            del self._lost[address]
            found = self._inventory.channel(address)
            if found is not None:
                self.pass_time(found[0], clock.now_text())

    def _leave_stale(self, receiver: Receiver, now: str) -> None:
        receiver.stale = True
        self._inventory.advance(receiver.version, now)
        self._inventory.bus.mark(receiver.address, Facet.STATE)
        self._inventory.turned(receiver, now)
        around = self.situation(receiver, now)
        for channel in receiver.channels.values():
            channel.stale, channel.telemetry = True, None
            channel.state = rejudge(channel.state, around, clock.unix_seconds) or channel.state
            self._inventory.advance(channel.version, now)
            self._inventory.bus.mark(channel.address, Facet.STATE)
