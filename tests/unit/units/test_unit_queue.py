from __future__ import annotations

import asyncio

import pytest

from services.model import Address, Kind, ServiceError
from services.units.unit_queue import UnitQueues

RACK = Address("default", "stage", Kind.RECEIVER, "rack")
OTHER = RACK._replace(id="other")


class Work:
    """Notes when it begins and ends; ends when it is let go."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.go = asyncio.Event()
        self.begun = asyncio.Event()

    async def do(self, name: str) -> str:
        self.steps.append(f"{name} begins")
        self.begun.set()
        await self.go.wait()
        self.steps.append(f"{name} ends")
        return name


async def test_what_is_done_to_one_unit_is_done_in_the_order_in_which_it_was_asked() -> None:
    queues, work = UnitQueues(), Work()
    tasks = [asyncio.create_task(queues.run(RACK, lambda name=name: work.do(name))) for name in "abc"]  # type: ignore[misc]
    await work.begun.wait()
    assert work.steps == ["a begins"]
    work.go.set()
    assert await asyncio.gather(*tasks) == ["a", "b", "c"]
    assert work.steps == ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]


async def test_one_unit_does_not_wait_for_another() -> None:
    queues, work = UnitQueues(), Work()
    slow = asyncio.create_task(queues.run(RACK, lambda: work.do("slow")))
    await work.begun.wait()

    async def quick() -> str:
        return "quick"

    assert await queues.run(OTHER, quick) == "quick"
    work.go.set()
    await slow


async def test_a_unit_that_has_too_much_to_do_says_when_to_ask_again() -> None:
    queues, work = UnitQueues(most=2), Work()
    tasks = [asyncio.create_task(queues.run(RACK, lambda: work.do("x"))) for _ in range(2)]
    await work.begun.wait()
    with pytest.raises(ServiceError) as refused:
        await queues.run(RACK, lambda: work.do("y"))
    assert refused.value.code == "busy"
    assert refused.value.retry_after_s
    tasks.append(asyncio.create_task(queues.run(RACK, lambda: work.do("reload"), internal=True)))
    work.go.set()
    assert await asyncio.gather(*tasks) == ["x", "x", "reload"]


async def test_work_that_fails_or_is_given_up_does_not_hold_up_the_next() -> None:
    queues, work = UnitQueues(most=3), Work()

    async def fail() -> None:
        raise ZeroDivisionError

    first = asyncio.create_task(queues.run(RACK, lambda: work.do("first")))
    await work.begun.wait()
    given_up = asyncio.create_task(queues.run(RACK, lambda: work.do("given up")))
    failing = asyncio.create_task(queues.run(RACK, fail))
    await asyncio.sleep(0)
    given_up.cancel()
    work.go.set()
    assert await first == "first"
    with pytest.raises(ZeroDivisionError):
        await failing
    assert await queues.run(RACK, lambda: work.do("last")) == "last"
    assert "given up begins" not in work.steps
