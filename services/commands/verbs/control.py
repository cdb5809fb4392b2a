"""Verbs that change units: set, identify, meter_boost; and those that forbid it: lock, unlock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from services.audit import Audit
from services.commands.command import Command, Handler, Outcome, Progress, check_tenant
from services.control import Controlled, Controller, Done, Locks, control_many
from services.live import Inventory
from services.model import Campus, Kind, ServiceError
from services.store import StoreError
from services.verbs import is_relative

KEPT_WITHIN_S: Final = 5.0
"""How long a step waits for the database."""

_SELECTION: Final = frozenset({"organization", "campus", "tags", "kinds"})
"""Arguments of ``set`` that say whom it is for; all others are keys."""


class ControlHandlers:
    """Performs controls."""

    def __init__(
        self,
        inventory: Inventory,
        controller: Controller,
        locks: Locks,
        tenants: Callable[[], Sequence[Campus]],
        audit: Audit,
        flush: Callable[[], Awaitable[None]],
    ) -> None:
        """``flush`` waits until all is written."""
        self._inventory = inventory
        self._controller = controller
        self._locks = locks
        self._tenants = tenants
        self._audit = audit
        self._flush = flush

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Handlers by verb."""
        return {
            "set": self._set,
            "identify": self._identify,
            "meter_boost": self._boost,
            "lock": self._lock,
            "unlock": self._unlock,
        }

    async def _set(self, command: Command, _progress: Progress) -> Outcome:
        if command.resource is not None:
            one = self._controller.controlled(command.resource)
            before = self._before(command)
            return _outcome(await self._controller.set(one, command.args, until=command.valid_until, before=before))
        check_tenant(command.tenant, self._tenants())
        wanted = {key: value for key, value in command.args.items() if key not in _SELECTION}
        if not wanted:
            raise ServiceError("schema_violation", 'give what to set, for example {"tags":["choir"],"gain_db":6}')

        before = self._before(command)

        async def control(one: Controlled) -> Done:
            return await self._controller.set(
                one,
                {key: wanted[key] for key in wanted if key in one.abilities.settable},
                until=command.valid_until,
                before=before,
            )

        those = [one for one in self._selected(command) if _may_take(one, wanted)]
        nobody = f"no unit of these tags and kinds can be set so: {', '.join(wanted)}"
        return _outcome(await control_many(those, control, nobody))

    def _before(self, command: Command) -> Callable[[], Awaitable[None]] | None:
        """What has to be done before a step or toggle is sent, once a command: keep that it will be."""
        if not any(map(is_relative, command.args.values())):
            return None
        kept: asyncio.Future[None] | None = None

        async def keep() -> None:
            nonlocal kept
            if kept is None:
                after = {"verb": command.verb, "args": dict(command.args)}
                self._audit.record("control_begun", context=command.context, resource=command.resource, after=after)
                kept = asyncio.ensure_future(self._flush())
            try:
                async with asyncio.timeout(KEPT_WITHIN_S):
                    await asyncio.shield(kept)
            except (TimeoutError, StoreError) as error:
                why = str(error) or "it is busy"
                detail = f"the database does not keep that it begins, so it could be done twice ({why}): give the value"
                raise ServiceError("busy", detail, retry_after_s=KEPT_WITHIN_S) from error

        return keep

    def _selected(self, command: Command) -> list[Controlled]:
        """Units of the campus that have all tags, and their parts."""
        tags, kinds = {*command.args.get("tags", ())}, {*command.args.get("kinds", ())}
        units = [
            unit
            for unit in self._inventory.units.values()
            if unit.address.tenant == command.tenant
            and tags <= unit.record.tags
            and (not kinds or unit.address.kind in map(Kind, kinds))
        ]
        return [
            one
            for unit in units
            for one in (Controlled(unit), *(Controlled(unit, part) for part in unit.parts.values()))
        ]

    async def _identify(self, command: Command, _progress: Progress) -> Outcome:
        on, until = command.args.get("on", True), command.valid_until
        return await self._of_one(command, lambda one: self._controller.identify(one, on=on, until=until))

    async def _boost(self, command: Command, _progress: Progress) -> Outcome:
        interval_s, for_s = command.args.get("interval", 0.1), command.args.get("duration", 60.0)
        return await self._of_one(command, lambda one: self._controller.boost(one, interval_s, for_s))

    async def _of_one(self, command: Command, control: Callable[[Controlled], Awaitable[Done]]) -> Outcome:
        if command.resource is None:
            raise ServiceError("unknown_resource", f"{command.verb} is for one unit or part")
        return _outcome(await control(self._controller.controlled(command.resource)))

    async def _lock(self, command: Command, _progress: Progress) -> Mapping[str, object]:
        tenant, args = command.tenant, command.args
        check_tenant(tenant, self._tenants())
        lock = self._locks.lock(tenant, _tags(args), args["reason"], args.get("until"), command.context_in(tenant))
        return {"tags": list(lock.tags), "until": lock.until, "reason": lock.reason}

    async def _unlock(self, command: Command, _progress: Progress) -> Mapping[str, object]:
        tenant = command.tenant
        check_tenant(tenant, self._tenants())
        lock = self._locks.unlock(tenant, _tags(command.args), command.context_in(tenant))
        return {"tags": list(lock.tags), "reason": lock.reason}


def _may_take(one: Controlled, wanted: Mapping[str, object]) -> bool:
    """Whether it has one of these keys; a unit that was never read may have, and is answered for as offline."""
    if one.part is None and one.unit.abilities is None:
        return True
    return not one.abilities.settable.keys().isdisjoint(wanted)


def _tags(args: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags of a lock, in one order: whoever names them otherwise means the same lock."""
    return tuple(sorted({*args.get("tags", ())}))


def _outcome(done: Done) -> Outcome:
    audited = {"result": done.data, "rules": list(done.rules)} if done.is_sent else {}
    return Outcome(done.status, done.data, error=done.error, audited=audited)
