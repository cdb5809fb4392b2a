"""The one way for a reading to become stored state: merge, fold, remember, mark, tell. Nothing here waits.

While a receiver is being read for the first time in a session its readings are only kept; `complete` folds all of
them at once against the last known state, so that half a dump never looks like a transmitter that went, and nothing
of a unit that turns out to be another one gets into the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from services import clock
from services.drivers import Reading
from services.live import Channel, Inventory, News, Receiver
from services.model import SLOT_KEYS, AuditContext, ChannelState, Facet, Slot, TransmitterRecord
from services.rules import Situation, fold_channel, fold_receiver, reported_of
from services.store import Store
from services.units.availability import Availability

_RECORD_KEYS = frozenset({"model", "family", "serial", "mac", "device_id", "firmware", "band", "channel_count"})
"""Receiver readings that say who it is; the others are its state."""

_CHANNEL_FACTS = ("antenna_count", "diversity")
"""Channel readings that belong to its info."""

_MISSING = object()


class Intake:
    """Takes readings in, one receiver at a time, on the event loop."""

    def __init__(self, inventory: Inventory, store: Store, news: News, availability: Availability) -> None:
        self._inventory = inventory
        self._bus = inventory.bus
        self._store = store
        self._news = news
        self._availability = availability

    def begin(self, receiver: Receiver) -> list[Reading]:
        """A complete read starts: what comes is kept, in this list, until all of it is there."""
        early: list[Reading] = []
        receiver.early = early
        return early

    def abandon(self, receiver: Receiver, early: list[Reading]) -> None:
        """The complete read of a receiver that stays online failed: what came is taken as any report is."""
        if receiver.early is early:
            receiver.early = None
            self.take(receiver, early)

    def take(
        self,
        receiver: Receiver,
        readings: Sequence[Reading],
        context: AuditContext | None = None,
        *,
        at_once: bool = False,
    ) -> int:
        """Take readings in; the number of snapshots that changed.

        ``at_once`` does not wait for a complete read: somebody else than the session knows something of a receiver.
        """
        if at_once:
            _remember_what_stands(receiver)
        elif receiver.early is not None:
            receiver.early.extend(readings)
            return 0
        return self._take(receiver, readings, context)

    def _take(self, receiver: Receiver, readings: Sequence[Reading], context: AuditContext | None) -> int:
        touched: dict[int, Channel] = {}
        slotted: dict[int, Channel] = {}
        itself = False
        for reading in readings:
            if reading.channel is None:
                itself |= _merge(receiver.reported, reading.values)
                continue
            channel = receiver.channels.get(reading.channel) or self._new_channel(receiver, reading.channel)
            if reading.slot is not None:
                if _merge_slot(channel, reading.slot, reading.values):
                    slotted[channel.number] = channel
            elif _merge(channel.reported, reading.values):
                touched[channel.number] = channel
        now = clock.now_text()
        changed = int(itself and self._fold_receiver(receiver, now, context))
        if touched:
            around = self._availability.situation(receiver, now)
            changed += sum(self._fold(receiver, channel, around, context) for channel in touched.values())
        for channel in slotted.values():
            self._publish_slots(receiver, channel, now)
        return changed + len(slotted)

    def complete(self, receiver: Receiver, context: AuditContext | None = None) -> None:
        """A complete read is here: what was kept becomes the state, and the receiver is online.

        What changed while nobody was looking is told as late.
        """
        now = clock.now_text()
        early, receiver.early = receiver.early or [], None
        was_stale, receiver.stale = receiver.stale, False
        heard_at = receiver.record.last_seen if was_stale else None
        slotted = self._merge_afresh(receiver, early)
        around = replace(self._availability.situation(receiver, now, heard_at), online=True)
        if not self._fold_receiver(receiver, now, context, late=was_stale) and was_stale:
            self._inventory.advance(receiver.version, now)
            self._bus.mark(receiver.address, Facet.STATE)
        for channel in receiver.channels.values():
            channel.stale = False
            if not self._fold(receiver, channel, around, context, late=was_stale) and was_stale:
                self._changed(receiver, channel, now)  # the values stayed, but they are no longer stale
            if channel.number in slotted:
                self._publish_slots(receiver, channel, now)
        if was_stale:
            self._inventory.turned(receiver, now)
        receiver.last_error = None
        self._availability.set(receiver, "online", None, context=context)

    def keep_receiver(self, receiver: Receiver) -> None:
        """Write the receiver's record behind, with its newest state."""
        record = replace(
            receiver.record,
            state=cast("Mapping[str, object]", receiver.state),
            changed_at=receiver.version.changed_at or None,
        )
        self._inventory.refile(receiver, record)
        self._store.put_receiver(record)

    def judge_stored(self, receiver: Receiver) -> None:
        """Say of values that come from an earlier run what they are now: of a receiver that is not heard."""
        self._availability.pass_time(receiver, clock.now_text())

    # -- inside ----------------------------------------------------------------------------------------------

    def _merge_afresh(self, receiver: Receiver, readings: Sequence[Reading]) -> set[int]:
        """What the device said before is no longer evidence, this is; the channels whose slots are others now."""
        receiver.reported.clear()
        for channel in receiver.channels.values():
            channel.reported.clear()
        slotted: set[int] = set()
        for reading in readings:
            if reading.channel is None:
                receiver.reported.update(reading.values)
                continue
            channel = receiver.channels.get(reading.channel) or self._new_channel(receiver, reading.channel)
            if reading.slot is None:
                channel.reported.update(reading.values)
            elif _merge_slot(channel, reading.slot, reading.values):
                slotted.add(channel.number)
        return slotted

    def _new_channel(self, receiver: Receiver, number: int) -> Channel:
        channel = self._inventory.ensure_channel(receiver, number)
        channel.stale = receiver.stale
        self._inventory.mark_membership(receiver.address.tenant)
        now = clock.now_text()
        for version in (channel.info_version, channel.version):
            self._inventory.advance(version, now)
        for facet in (Facet.INFO, Facet.STATE, Facet.AVAILABILITY):
            self._bus.mark(channel.address, facet)
        return channel

    def _fold(
        self,
        receiver: Receiver,
        channel: Channel,
        around: Situation,
        context: AuditContext | None,
        *,
        late: bool = False,
    ) -> bool:
        self._facts(channel, around.now)
        folded = fold_channel(channel.state, channel.reported, around, clock.unix_seconds)
        if folded is None:
            return False
        old, channel.state = channel.state, folded.state
        self._changed(receiver, channel, around.now)
        if any(value is not None for value in folded.before.values()):
            self._news.settings_changed(receiver, channel, folded.before, folded.after, around.now, context, late=late)
        if old["transmitter_present"] and folded.state["transmitter_present"] is False:
            self._availability.hold(channel.address)
        for happening in folded.events:
            self._news.happened(receiver, channel, happening, around.now, context, late=late)
        self._keep_transmitter(receiver, channel, old, around.now)
        return True

    def _changed(self, receiver: Receiver, channel: Channel, now: str) -> None:
        self._inventory.advance(channel.version, now)
        self._bus.mark(channel.address, Facet.STATE)
        self._bus.mark(self._inventory.bridge_address(channel.address.tenant), Facet.SUMMARY)
        self._store.put_channel(channel.record(receiver.address.id))

    def _fold_receiver(self, receiver: Receiver, now: str, context: AuditContext | None, *, late: bool = False) -> bool:
        facts: dict[str, Any] = {key: value for key, value in receiver.reported.items() if key in _RECORD_KEYS}
        news = {key: value for key, value in facts.items() if getattr(receiver.record, key) != value}
        if news:
            self._inventory.refile(receiver, replace(receiver.record, **news))
            self._inventory.advance(receiver.info_version, now)
            self._bus.mark(receiver.address, Facet.INFO)
        reported = {"name": receiver.reported.get("device_id"), **receiver.reported}
        state = fold_receiver(receiver.state, reported)
        if state is not None:
            old, new = cast("Mapping[str, object]", receiver.state), cast("Mapping[str, object]", state)
            changed = [key for key in new if old[key] != new[key] and old[key] is not None]
            receiver.state = state
            self._inventory.advance(receiver.version, now)
            self._bus.mark(receiver.address, Facet.STATE)
            if changed:
                before, after = {key: old[key] for key in changed}, {key: new[key] for key in changed}
                self._news.settings_changed(receiver, None, before, after, now, context, late=late)
        if news or state is not None:
            self.keep_receiver(receiver)
        return state is not None

    def _keep_transmitter(self, receiver: Receiver, channel: Channel, old: ChannelState, now: str) -> None:
        """Remember which transmitter is on the channel, when that is another one than before."""
        state = channel.state
        model = state["transmitter_model"]
        who = (model, state["transmitter_id"])
        if model is None or (old["transmitter_present"] and who == (old["transmitter_model"], old["transmitter_id"])):
            return
        self._store.put_transmitter(
            TransmitterRecord(
                tenant=channel.address.tenant,
                receiver=receiver.address.id,
                channel=channel.number,
                model=model,
                device_id=state["transmitter_id"] or "",
                firmware=state["transmitter_firmware"],
                battery_percent=state["battery_percent"],
                battery_bars=state["battery_bars"],
                last_seen=now,
            )
        )

    def _facts(self, channel: Channel, now: str) -> None:
        for key in _CHANNEL_FACTS:
            value = channel.reported.get(key, _MISSING)
            if value is not _MISSING and getattr(channel, key) != value:
                setattr(channel, key, value)
                self._inventory.advance(channel.info_version, now)
                self._bus.mark(channel.address, Facet.INFO)

    def _publish_slots(self, receiver: Receiver, channel: Channel, now: str) -> None:
        self._inventory.advance(channel.slots_version, now)
        self._bus.mark(channel.address, Facet.SLOTS)
        self._store.put_channel(channel.record(receiver.address.id))


def _remember_what_stands(receiver: Receiver) -> None:
    """Before something is folded onto a receiver that is not heard: its last known values count as reported."""
    if not receiver.stale:
        return
    state = {key: value for key, value in receiver.state.items() if value is not None and key != "name"}
    receiver.reported = {**state, "device_id": receiver.state["name"], **receiver.reported}
    for channel in receiver.channels.values():
        channel.reported = {**reported_of(channel.state), **channel.reported}


def _merge(reported: dict[str, object], values: Mapping[str, object]) -> bool:
    """Merge what was said; whether any of it is new."""
    changed = False
    for key, value in values.items():
        if reported.get(key, _MISSING) != value:
            reported[key] = value
            changed = True
    return changed


def _merge_slot(channel: Channel, number: int, values: Mapping[str, object]) -> bool:
    old = channel.slots.get(number)
    known = cast("dict[str, object]", old) if old is not None else {**dict.fromkeys(SLOT_KEYS), "number": number}
    new = {**known, **{key: value for key, value in values.items() if key in known}}
    if old is not None and new == known:
        return False
    channel.slots[number] = cast("Slot", new)
    return True
