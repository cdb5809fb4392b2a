"""What simulators of all makers share: their options, their addresses, and time that passes.

A running bridge has no use for it.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from pydantic import BaseModel, ValidationError

Options = TypeVar("Options", bound=BaseModel)
Unit = TypeVar("Unit")

STEP_S = 1.0
"""Between two steps of units that live by themselves."""
REMEDY = "choose an address of this machine (127.0.20.1 always is one) and a port that is free and allowed"
_ENDS = frozenset({0, 255})


def validated(model: type[Options], given: Mapping[str, object]) -> Options:
    """Options by a model. Raises `ValueError` with those that there are."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        known = "\n".join(f"  {name}: {field.description}" for name, field in model.model_fields.items())
        raise ValueError(f"no such option, or not this value: {wrong}\nthere are:\n{known}") from error


def hosts(listen: str, *, shared: bool = False) -> Iterator[str]:
    """``listen`` and the addresses that follow it, without those that end in 0 or 255; or ``listen`` for all."""
    address = ipaddress.ip_address(listen)
    while True:
        if shared or address.packed[-1] not in _ENDS:
            yield str(address)
        address += 0 if shared else 1


async def listening(start: Callable[[], Awaitable[None]], host: str, port: int, remedy: str = REMEDY) -> None:
    """Start a unit. Raises `OSError` with the remedy where its address cannot be had."""
    try:
        await start()
    except OSError as error:
        problem = f"cannot listen on {host} port {port}: {error.strerror}; {remedy}"
        raise OSError(error.errno, problem) from error


@contextmanager
def living(units: Sequence[Unit], step: Callable[[Unit, float], None], time_scale: float = 1.0) -> Iterator[None]:
    """Let time pass for all units, ``time_scale`` times as fast, while the block lasts."""

    async def live() -> None:
        while True:
            await asyncio.sleep(STEP_S)
            for unit in units:
                step(unit, STEP_S * time_scale)

    task = asyncio.create_task(live(), name="simulated units")
    try:
        yield
    finally:
        task.cancel()
