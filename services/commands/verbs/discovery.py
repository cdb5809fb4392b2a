"""Verbs that look and read: discover, discover_cancel, refresh, detail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from services.commands.command import Command, Handler, Progress
from services.commands.reach import Reach
from services.discovery import DiscoveryOrchestrationService
from services.live import Inventory
from services.model import AuditContext, Campus, Result, ServiceError
from services.units import Sessions, find_unit

_DISCOVERY = frozenset({"networks", "hosts", "manufacturer", "adopt", "limit"})


class DiscoveryHandlers:
    """Performs the verbs that look and read."""

    def __init__(
        self, inventory: Inventory, discovery: DiscoveryOrchestrationService, sessions: Sessions, reach: Reach
    ) -> None:
        self._inventory = inventory
        self._discovery = discovery
        self._sessions = sessions
        self._reach = reach

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Handlers by verb."""
        return {
            "refresh": self._refresh,
            "detail": self._detail,
            "discover": self._discover,
            "discover_cancel": self._discover_cancel,
        }

    async def _refresh(self, command: Command, progress: Progress) -> Mapping[str, object] | Result:
        if command.resource is None:
            return await _in_every_campus(
                command,
                self._inventory.tenants,
                lambda context: self._discovery.handle_refresh_requested(
                    context=context,
                    manufacturer=command.args.get("manufacturer"),
                    tags=command.args.get("tags") or (),
                    progress=progress,
                ),
            )
        unit = find_unit(self._inventory, command.resource)
        await self._sessions.refresh(unit.address)
        return {unit.address.kind.value: unit.address.id, "firmware": unit.record.firmware}

    async def _detail(self, command: Command, _progress: Progress) -> Result:
        if command.resource is None:
            raise ServiceError("unknown_resource", "detail is asked of a unit or of one of its parts")
        return await self._discovery.handle_device_detail_requested(context=command.context, address=command.resource)

    async def _discover(self, command: Command, progress: Progress) -> Result:
        wanted = {key: value for key, value in command.args.items() if key in _DISCOVERY}

        async def discover(context: AuditContext) -> Result:
            return await self._discovery.handle_discovery_requested(context=context, progress=progress, **wanted)

        if wanted.get("networks") or wanted.get("hosts"):
            for key in ("networks", "hosts"):
                for place in wanted.get(key, ()):
                    await self._reach.check(command.context.tenant, place, field=f"args.{key}")
            return await discover(command.context)  # what is named is looked for in one campus
        return await _in_every_campus(command, sorted({record.tenant for record in self._discovery.ranges}), discover)

    async def _discover_cancel(self, command: Command, _progress: Progress) -> Mapping[str, object]:
        tenants = [command.address.tenant] if command.address else None
        return {"cancelled": await self._discovery.cancel(tenants)}


async def _in_every_campus(
    command: Command, tenants: Sequence[Campus], work: Callable[[AuditContext], Awaitable[Result]]
) -> Result:
    """Do the same in every campus that the command reaches; one that fails never hides another."""
    if command.address is not None:
        return await work(command.context)
    total = Result(request_id=command.context.request_id)
    campuses: dict[str, object] = {}
    refused: list[ServiceError] = []
    for tenant in tenants or [command.context.tenant]:
        place = f"{tenant.organization}/{tenant.campus}"
        try:
            result = await work(command.context_in(tenant))
        except ServiceError as error:
            refused.append(error)
            total.counts.seen += 1
            total.fail(place, error.code, error.detail)
            continue
        total.absorb(result)
        campuses[place] = result.as_json()
    if refused and not campuses:
        raise refused[0]
    total.data["campuses"] = campuses
    return total
