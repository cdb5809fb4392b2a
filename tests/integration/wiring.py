"""The services of a bridge, wired as `bridge.app` does it and without anything around them: no broker, no schedule."""

from __future__ import annotations

from services.audit import Audit
from services.discovery import AnnouncedHosts, Candidates
from services.drivers import Makers
from services.live import Announcer, Changes, IgnoredUnits, Inventory, StateWriter, UnidentifiedHosts
from services.rules import DEFAULT_RULES
from services.store import Store
from services.units import (
    Availability,
    DeviceSyncService,
    Membership,
    Polling,
    ReadingFold,
    Recognition,
    Sessions,
    UnitQueues,
)


class UnitServices:
    """Everything that a unit's life needs."""

    def __init__(self, store: Store, makers: Makers) -> None:
        self.store = store
        self.makers = makers
        self.changes = Changes()
        self.inventory = Inventory("main", store.epoch)
        self.ignored = IgnoredUnits(store.ignore, store.unignore)
        self.unidentified = UnidentifiedHosts()
        self.announced = AnnouncedHosts()
        self.candidates = Candidates(self.inventory, self.changes)
        self.audit = Audit(store)
        announcer = Announcer(self.changes, self.audit)
        writer = self.writer = StateWriter(self.inventory, self.changes, store, announcer)
        self.availability = Availability(self.inventory, writer, DEFAULT_RULES)
        self.fold = ReadingFold(writer, self.availability, store)
        recognition = Recognition(self.inventory, writer, announcer, self.audit, makers)
        self.queues = UnitQueues()
        self.sessions = Sessions(
            self.inventory, makers, self.fold, self.availability, recognition, self.queues, Polling()
        )
        self.membership = Membership(
            self.inventory, writer, self.fold, self.sessions, self.queues, self.ignored, self.audit
        )
        self.sync = DeviceSyncService(
            self.inventory,
            self.fold,
            self.availability,
            self.membership,
            self.ignored,
            recognition,
            self.audit,
            makers,
        )
