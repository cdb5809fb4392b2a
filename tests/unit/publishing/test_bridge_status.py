"""What the bridge does where the broker holds another state of it than its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import orjson
import pytest

from bridge.contract import Published, Topics
from bridge.mqtt import BrokerError
from bridge.publishing import BridgeStatus, LastWords, StandingTopics, Succession
from services.model import Facet

EPOCH = 1000
STATE = Published(None, "main", Facet.STATE)
TOPICS = Topics("mic2mqtt", "main")


@dataclass
class Ours:
    """Holds the epoch of this process."""

    epoch: int = EPOCH


class Broker:
    """Takes every message and remembers it."""

    version = "5"

    def __init__(self) -> None:
        self.states: list[Any] = []
        self.left: list[str] = []
        self.newest = b""

    def publish_nowait(self, topic: str, payload: bytes, **_: object) -> bool:
        if topic.endswith("/state"):
            self.states.append(orjson.loads(payload))
            self.newest = payload
        return True

    def leave(self, reason: BrokerError) -> None:
        self.left.append(reason.trouble)


async def never(_other: int) -> int:
    raise AssertionError("no new epoch is needed")


def succession() -> Succession:
    return Succession(TOPICS, Ours(), never)


QUIET: Any = {"info": dict, "health": dict, "trouble": lambda: None, "locks": list}


async def online(ours: Succession) -> tuple[BridgeStatus, Broker]:
    broker = Broker()
    status = BridgeStatus(
        TOPICS, "main", ours, StandingTopics(TOPICS), info=dict, health=dict, trouble=lambda: None, locks=list
    )
    await status.publish_state(cast("Any", broker), "online")
    broker.states.clear()
    return status, broker


def held(epoch: int, state: str) -> bytes:
    return orjson.dumps({"epoch": epoch, "state": state})


@pytest.mark.parametrize("payload", [held(EPOCH - 1, "offline"), held(EPOCH, "offline"), b"", b"rubbish", b"[]"])
async def test_an_older_will_is_overwritten(payload: bytes) -> None:
    status, broker = await online(succession())
    await status.check_own_state(cast("Any", broker), STATE, payload)
    assert [state["state"] for state in broker.states] == ["online"]


async def test_the_own_state_that_comes_back_is_no_reason_to_repeat_it() -> None:
    status, broker = await online(succession())
    await status.check_own_state(cast("Any", broker), STATE, broker.newest)
    assert not broker.states


async def test_a_state_of_ours_that_somebody_repeats_later_is_overwritten() -> None:
    status, broker = await online(succession())
    first = broker.newest
    await status.publish_state(cast("Any", broker), "starting")
    newest = broker.newest
    broker.states.clear()
    status._outdone_at = float("inf")
    for echo in (first, newest):
        await status.check_own_state(cast("Any", broker), STATE, echo)
    assert not broker.states
    await status.check_own_state(cast("Any", broker), STATE, first)
    assert len(broker.states) == 1


async def above(other: int) -> int:
    return other + 1


async def test_a_later_process_is_noticed_before_anything_else_is_published() -> None:
    ours, broker = succession(), Broker()
    status = BridgeStatus(
        TOPICS, "main", ours, StandingTopics(TOPICS), info=dict, health=dict, trouble=lambda: None, locks=list
    )
    await status.check_own_state(cast("Any", broker), STATE, held(EPOCH + 1, "offline"))
    assert ours.stands_by, "its last will may be of a connection that we threw out, with its client id"


async def test_the_epoch_of_a_process_that_was_stopped_is_outdone_at_once() -> None:
    ours, broker = Succession(TOPICS, Ours(), above), Broker()
    status = BridgeStatus(
        TOPICS, "main", ours, StandingTopics(TOPICS), info=dict, health=dict, trouble=lambda: None, locks=list
    )
    stopped = orjson.dumps({"epoch": EPOCH + 5, "state": "offline", "expected": True})
    await status.check_own_state(cast("Any", broker), STATE, stopped)
    assert not ours.stands_by
    assert ours.epoch > EPOCH + 5
    assert broker.left == ["superseded"], "the connection is made anew"


async def test_of_two_processes_with_one_epoch_each_takes_another() -> None:
    ours = Succession(TOPICS, Ours(), above)
    status, broker = await online(ours)
    for _ in range(3):
        await status.check_own_state(cast("Any", broker), STATE, held(EPOCH, "online"))
    assert ours.epoch > EPOCH
    assert broker.left == ["superseded"], "the connection is made anew, once"


async def test_whoever_overwrites_the_state_all_the_time_is_answered_once_a_second(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    status, broker = await online(succession())
    for _ in range(1000):
        await status.check_own_state(cast("Any", broker), STATE, held(EPOCH - 1, "online"))
    assert len(broker.states) == 1
    assert caplog.text.count("the broker held another state") == 1


async def test_to_a_later_process_with_the_same_id_this_one_gives_way(caplog: pytest.LogCaptureFixture) -> None:
    ours = succession()
    status, broker = await online(ours)
    for _ in range(3):
        await status.check_own_state(cast("Any", broker), STATE, held(EPOCH + 1, "online"))
    assert not broker.states
    assert broker.left[0] == "superseded"
    assert ours.stands_by
    assert caplog.text.count("another process publishes as this bridge") == 1


def test_the_last_will_does_not_know_when_it_will_be_spoken() -> None:
    words = LastWords(TOPICS, "main", succession())
    will, farewell = words.will(), words.farewell()
    assert will is not None
    assert farewell is not None
    assert orjson.loads(will.payload)["since"] is None
    assert orjson.loads(farewell.payload)["since"] is not None


def test_a_process_that_gave_way_leaves_no_last_words() -> None:
    ours = succession()
    ours.give_way(cast("Any", Broker()), EPOCH + 1)
    words = LastWords(TOPICS, "main", ours)
    assert words.will() is None
    assert words.farewell() is None
