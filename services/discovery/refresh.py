"""Reading units again, completely: many at a time, none hiding another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.discovery.search import PROGRESS_S, Progress
from services.live import Unit
from services.model import Address, AuditContext, Result, ServiceError

log = logging.getLogger(__name__)

REFRESHED_AT_ONCE = 64
"""Units that are read again at the same time: a dump is 10 to 20 KB, and the network is other people's too."""


class Reader(Protocol):
    """What a refresh needs of `Sessions`."""

    async def refresh(self, address: Address) -> None:
        """Read one unit again, whole. Raises `ServiceError`."""


def choose(
    units: Iterable[Unit], manufacturer: str | None, tags: Sequence[str], ids: Sequence[str] | None
) -> tuple[list[Unit], list[str]]:
    """Units of a maker, that carry all of the tags, of those with these ids; and the ids that there are not."""
    by_id = {unit.address.id: unit for unit in units}
    wanted = list(by_id) if ids is None else list(dict.fromkeys(ids))
    chosen = [
        unit
        for unit in (by_id[name] for name in wanted if name in by_id)
        if manufacturer in {None, unit.record.manufacturer} and {*tags} <= unit.record.tags
    ]
    return chosen, [name for name in wanted if name not in by_id]


@dataclass(frozen=True, slots=True)
class Refresher:
    """Reads units again through their sessions."""

    sessions: Reader

    async def read(self, chosen: Sequence[Unit], context: AuditContext, progress: Progress | None) -> Result:
        """Read all of them; the result has one for each manufacturer in its data."""
        loop = asyncio.get_running_loop()
        started = reported = loop.time()
        results = {
            maker: Result(manufacturer=maker, request_id=context.request_id)
            for maker in sorted({unit.record.manufacturer for unit in chosen})
        }
        done = 0
        source = iter(chosen)

        async def work() -> None:
            nonlocal done, reported
            for unit in source:
                await self._read_one(unit, results[unit.record.manufacturer])
                done += 1
                now = loop.time()
                if progress is not None and now - reported >= PROGRESS_S:
                    reported = now
                    eta = (now - started) / done * (len(chosen) - done)
                    progress({"done": done, "total": len(chosen), "found": done, "eta_s": round(eta, 1)})

        async with asyncio.TaskGroup() as workers:
            for _ in range(min(REFRESHED_AT_ONCE, len(chosen))):
                workers.create_task(work(), name="refresh")
        total = Result(request_id=context.request_id)
        for result in results.values():
            total.absorb(result)
        total.data["manufacturers"] = {maker: result.as_json() for maker, result in results.items()}
        total.duration_s = loop.time() - started
        return total

    async def _read_one(self, unit: Unit, result: Result) -> None:
        before = _newest_revision(unit)
        result.counts.seen += 1
        try:
            await self.sessions.refresh(unit.address)
        except ServiceError as error:
            result.counts.offline += error.code == "device_offline"
            result.fail(unit.address.id, error.code, error.detail)
        except Exception as error:  # one unit's trouble must not hide the others
            log.exception("a unit could not be read again", extra={"unit": unit.address.id})
            result.fail(unit.address.id, "internal", f"{type(error).__name__}: {error}; the log says more")
        else:
            changed = _newest_revision(unit) != before
            result.counts.updated += changed
            result.counts.unchanged += not changed


def _newest_revision(unit: Unit) -> int:
    parts = unit.parts.values()
    return max(
        unit.version.revision,
        unit.info_version.revision,
        *(part.version.revision for part in parts),
        *(part.slots_version.revision for part in parts),
    )
