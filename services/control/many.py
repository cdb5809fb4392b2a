"""One control of many units: those of a campus, or those that have all of some tags."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

from services.control.controller import Controlled, Done, Status
from services.model import REJECTIONS, ServiceError

log = logging.getLogger(__name__)

AT_ONCE: Final = 64
"""Units and parts that are controlled at a time."""


async def control_many(
    those: Sequence[Controlled], control: Callable[[Controlled], Awaitable[Done]], nobody: str
) -> Done:
    """Control all of them; one that fails stops no other.

    The data has what became of each by ``kind/id``. Raises `ServiceError` (unknown_resource) with ``nobody`` where
    there is none.
    """
    if not those:
        raise ServiceError("unknown_resource", nobody)
    turns = asyncio.Semaphore(AT_ONCE)

    async def attempt(one: Controlled) -> Done | ServiceError:
        async with turns:
            try:
                return await control(one)
            except ServiceError as error:
                return error
            except Exception as error:  # one unit's trouble must not hide what became of the others
                log.exception("a unit could not be controlled", extra={"resource": one.address.id})
                return ServiceError("internal", f"{type(error).__name__}; the log of the bridge says more")

    ends = await asyncio.gather(*map(attempt, those))
    data = {f"{one.address.kind}/{one.address.id}": _shown(end) for one, end in zip(those, ends, strict=True)}
    rules = sorted({rule for end in ends if isinstance(end, Done) for rule in end.rules})
    good = sum(isinstance(end, Done) and end.status == "succeeded" for end in ends)
    if good == len(ends):
        return Done("succeeded", {"results": data}, rules)
    error = _first_error(ends)
    refused = [end for end in ends if isinstance(end, ServiceError)]
    if len(refused) == len(ends) and all(end.code != "internal" for end in refused):  # nothing was sent
        status: Status = "rejected" if all(end.code in REJECTIONS for end in refused) else "failed"
        return Done(status, {"results": data}, rules, error, is_sent=False)
    partly = good or any(isinstance(end, Done) and end.status == "partial" for end in ends)
    return Done("partial" if partly else "failed", {"results": data}, rules, error)


def _shown(end: Done | ServiceError) -> Mapping[str, object]:
    error = end if isinstance(end, ServiceError) else end.error
    told: dict[str, object] = {"status": "rejected"} if isinstance(end, ServiceError) else {"status": end.status}
    if isinstance(end, Done):
        told["values"] = dict(end.data)
    if error is not None:
        told |= {"error": error.code, "detail": error.detail}
    return told


def _first_error(ends: Iterable[Done | ServiceError]) -> ServiceError | None:
    errors = (end if isinstance(end, ServiceError) else end.error for end in ends)
    return next((error for error in errors if error is not None), None)
