"""`mic2mqtt run` is killed at any moment, under load: what it committed is there, numbered without a gap, and once.

A short run belongs to every test run; `make test-faults` does it 500 times (``MIC2MQTT_TEST_KILLS``). The moments are
drawn from ``MIC2MQTT_TEST_SEED``, which a failure prints.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import pytest

from services.drivers import SimulatedUnit
from services.model import Part
from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer

KILLS = int(os.environ.get("MIC2MQTT_TEST_KILLS", "5"))
SEED = int(os.environ.get("MIC2MQTT_TEST_SEED", str(time.time_ns() % 1_000_000)))
PATIENCE_S = 30.0
"""Processes that start again and again are slow on a busy machine, and not what is asked here."""
LONGEST_LIFE_S = 1.8
"""From the bridge's start: about half of the kills come before it is at the broker."""


class Load:
    """A receiver that changes and a client that commands, whether the bridge is there or not."""

    def __init__(self, unit: SimulatedUnit, seen: Observer) -> None:
        self._unit = unit
        self._seen = seen
        self.name = ""
        self._asked = 0
        self._unanswered: deque[str] = deque()
        self._looked_at = 0
        self._over = False
        self.answers: set[str] = set()

    async def change(self) -> None:
        number = 0
        while not self._over:
            number += 1
            self.name = f"Name {number}"
            self._unit.set_value(Part(1 + number % 4), "name", self.name)
            await asyncio.sleep(0.003)

    async def command(self) -> None:
        """Ask, and ask again with the same request id where no answer came, as a client does that wants to be sure."""
        turn = 0
        while not self._over:
            turn += 1
            if turn % 3 and self._unanswered:
                request = self._unanswered.popleft()
                if request in self._answered():
                    continue
            else:
                self._asked += 1
                request = f"r{self._asked}"
            self._unanswered.append(request)
            body = {"request_id": request, "actor": "load", "args": {"text": request}}
            await self._seen.publish(self._seen.topic("bridge/main", "cmd/note"), json.dumps(body))
            await asyncio.sleep(0.005)

    def _answered(self) -> set[str]:
        new, self._looked_at = self._seen.seen[self._looked_at :], len(self._seen.seen)
        self.answers |= {one.body["request_id"] for one in new if one.facet == "reply/note"}
        return self.answers

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.change())
            group.create_task(self.command())
            try:
                yield
            finally:
                self._over = True  # a cancellation could be lost in the client's `wait_for`


@pytest.mark.timeout(90 + 6 * KILLS)
async def test_a_kill_at_any_moment_loses_nothing_committed_and_does_nothing_twice(house: House) -> None:
    chance = random.Random(SEED)
    print(f"MIC2MQTT_TEST_SEED={SEED}")  # noqa: T201 - shown with a failure
    async with simulated() as unit, house.serve(entry(unit)).observer() as seen:
        load = Load(unit, seen)
        async with house.process() as bridge:
            await seen.live("rack", seconds=PATIENCE_S)
            async with load.running():
                await seen.until(lambda: replies(seen), PATIENCE_S)
                for _ in range(KILLS):
                    await asyncio.sleep(chance.uniform(0, LONGEST_LIFE_S))
                    await bridge.kill()
                    await bridge.start()
                online = len(seen.all("state", "bridge/main"))
                await seen.until(partial(is_online_again, seen, online), PATIENCE_S)
            unit.set_value(Part(1), "name", "The end")
            await seen.until(partial(seen.shows, "rack-1", name="The end"), PATIENCE_S)
            answer = await seen.ask("bridge/main", "note", text="the end", seconds=PATIENCE_S)
            assert answer["status"] == "succeeded"
            await seen.until(
                lambda: [e for e in seen.audit("command") if e["request_id"] == answer["request_id"]], PATIENCE_S
            )
            assert await bridge.stop() == 0
        check(house.database, seen)


def is_online_again(seen: Observer, before: int) -> bool:
    return any(one.body["state"] == "online" for one in seen.all("state", "bridge/main")[before:])


def replies(seen: Observer) -> set[str]:
    """Requests that were answered with success."""
    bodies = [one.body for one in seen.all("reply/note")]
    return {body["request_id"] for body in bodies if body["status"] == "succeeded"}


def check(database: Path, seen: Observer) -> None:
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        columns = "seq, event_id, stream, action, request_id"
        events = connection.execute(f"SELECT {columns} FROM audit_events ORDER BY position").fetchall()
    assert not list(database.parent.glob("*.damaged-*"))
    assert len({event[2] for event in events}) == 1
    assert [event[0] for event in events] == list(range(1, len(events) + 1)), "numbers have no gap"
    stored = {event[1]: event[0] for event in events}
    assert len(stored) == len(events)
    delivered = {event["event_id"]: event["seq"] for event in seen.audit()}
    assert delivered == stored, "what was committed is there and reaches the broker, however often it was killed"
    done = Counter(event[4] for event in events if event[3] == "note")
    assert set(done.values()) == {1}, "no command was done twice"
    assert replies(seen) <= done.keys(), "what was answered with success is done"
