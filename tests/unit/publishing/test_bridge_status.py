"""What the bridge does where the broker holds another state of it than its own."""

from __future__ import annotations

from typing import Any, cast

import orjson
import pytest

from bridge.contract import Published, Topics
from bridge.publishing import BridgeStatus
from services.model import Facet

EPOCH = 1000
STATE = Published(None, "main", Facet.STATE)


class Broker:
    """Takes every message and remembers it."""

    version = "5"

    def __init__(self) -> None:
        self.states: list[Any] = []

    def publish_nowait(self, topic: str, payload: bytes, **_: object) -> bool:
        if topic.endswith("/state"):
            self.states.append(orjson.loads(payload))
        return True


async def online() -> tuple[BridgeStatus, Broker]:
    broker = Broker()
    status = BridgeStatus(Topics("mic2mqtt", "main"), "main", EPOCH, info=dict, health=dict, trouble=lambda: None)
    await status.publish_state(cast("Any", broker), "online")
    broker.states.clear()
    return status, broker


def held(epoch: int, state: str) -> bytes:
    return orjson.dumps({"epoch": epoch, "state": state})


@pytest.mark.parametrize("payload", [held(EPOCH - 1, "offline"), held(EPOCH, "offline"), b"", b"rubbish", b"[]"])
async def test_an_older_will_is_overwritten(payload: bytes) -> None:
    status, broker = await online()
    await status.check_own_state(cast("Any", broker), STATE, payload)
    assert [state["state"] for state in broker.states] == ["online"]


async def test_the_own_state_that_comes_back_is_no_reason_to_repeat_it() -> None:
    status, broker = await online()
    await status.check_own_state(cast("Any", broker), STATE, held(EPOCH, "online"))
    assert not broker.states


async def test_a_later_process_with_the_same_id_is_named_once_and_never_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    status, broker = await online()
    for _ in range(3):
        await status.check_own_state(cast("Any", broker), STATE, held(EPOCH + 1, "online"))
    assert not broker.states
    assert caplog.text.count("another process publishes as this bridge") == 1
