"""The handler of every verb, collected from the subjects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from services.audit import Audit
from services.commands.command import Handler
from services.commands.reach import Reach
from services.commands.verbs.bridge import BridgeActions, BridgeHandlers
from services.commands.verbs.control import ControlHandlers
from services.commands.verbs.discovery import DiscoveryHandlers
from services.commands.verbs.notes import NoteHandlers
from services.commands.verbs.units import UnitHandlers
from services.control import Controller, Locks
from services.discovery import DiscoveryOrchestrationService
from services.drivers import Makers
from services.live import Inventory
from services.units import DeviceSyncService, Membership, Sessions


class CommandHandlers:
    """Who performs each verb."""

    def __init__(
        self,
        *,
        inventory: Inventory,
        sync: DeviceSyncService,
        discovery: DiscoveryOrchestrationService,
        membership: Membership,
        sessions: Sessions,
        makers: Makers,
        audit: Audit,
        flush: Callable[[], Awaitable[None]],
        reach: Reach,
        controller: Controller,
        locks: Locks,
        bridge: BridgeActions,
    ) -> None:
        """``flush`` waits until all is written."""
        self._subjects = (
            DiscoveryHandlers(inventory, discovery, sessions, reach),
            UnitHandlers(inventory, membership, sessions, sync, makers, reach, bridge.tenants),
            ControlHandlers(inventory, controller, locks, bridge.tenants, audit, flush),
            BridgeHandlers(bridge),
            NoteHandlers(audit, bridge.tenants),
        )

    @property
    def table(self) -> Mapping[str, Handler]:
        """Handlers by verb."""
        return {name: handler for subject in self._subjects for name, handler in subject.handlers.items()}
