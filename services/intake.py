"""The one way for a reading to become stored state: merge, fold, remember, mark, tell. Nothing here waits.

While a receiver is being read for the first time in a session its readings are only merged; `complete` folds all of
them at once against the last known state, so that half a dump never looks like a transmitter that went.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from services import clock
from services.availability import Availability
from services.driver_api import Reading
from services.inventory import Channel, Inventory, Receiver
from services.model import SLOT_KEYS, ChannelState, Facet, Slot
from services.news import News
from services.records import AuditContext, TransmitterRecord
from services.state import Situation, fold_channel, fold_receiver
from services.store import Store

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

    def begin(self, receiver: Receiver) -> None:
        """A new session starts: what the device said in the one before is no longer evidence."""
        receiver.reported.clear()
        for channel in receiver.channels.values():
            channel.reported.clear()

    def take(self, receiver: Receiver, readings: Sequence[Reading], context: AuditContext | None = None) -> int:
        """Take readings in; the number of snapshots that changed."""
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
        if receiver.stale:
            return 0
        now = clock.now_text()
        changed = int(itself and self._fold_receiver(receiver, now, context))
        if touched:
            around = self._availability.situation(receiver, now)
            changed += sum(self._fold(receiver, channel, around, context) for channel in touched.values())
        for channel in slotted.values():
            self._publish_slots(receiver, channel, now)
        return changed + len(slotted)

    def complete(self, receiver: Receiver, context: AuditContext | None = None) -> None:
        """The first complete read is here: what was merged becomes the state, and the receiver is online."""
        now = clock.now_text()
        heard_at = receiver.record.last_seen
        receiver.stale = False
        around = replace(self._availability.situation(receiver, now, heard_at), online=True)
        self._fold_receiver(receiver, now, context, late=True)
        self._inventory.advance(receiver.version, now)
        self._bus.mark(receiver.address, Facet.STATE)
        for channel in receiver.channels.values():
            channel.stale = False
            if not self._fold(receiver, channel, around, context, late=True):
                self._changed(receiver, channel, now)  # the values stayed, but they are no longer stale
            if channel.slots:
                self._publish_slots(receiver, channel, now)
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

    # -- inside ----------------------------------------------------------------------------------------------

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
        for event, data in folded.events:
            self._news.happened(receiver, channel, event, data, around.now, context, late=late)
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
