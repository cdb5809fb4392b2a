"""What is on its way to the broker, without any broker."""

from __future__ import annotations

from itertools import count

import pytest

from bridge.mqtt import TOO_LARGE, PublishRefusedError
from bridge.mqtt.outgoing import Limits, Outgoing
from bridge.mqtt.refusals import SUCCESS


def outgoing(limits: Limits) -> Outgoing:
    return Outgoing("5", limits, name="a broker", wake=lambda: None, next_id=count(1).__next__)


async def test_a_broker_without_qos_1_makes_nobody_wait_for_an_acknowledgement() -> None:
    out = outgoing(Limits(10, qos_1=False))
    answers: list[int] = []
    assert out.publish_nowait("a", b"x", qos=1, acked=answers.append)
    await out.publish("a", b"y")
    assert answers == [SUCCESS]
    assert out.in_flight == 0


@pytest.mark.parametrize("qos_1", [True, False])
async def test_what_is_too_large_for_the_broker_is_refused_and_not_sent(*, qos_1: bool) -> None:
    out = outgoing(Limits(10, packet_bytes=20, qos_1=qos_1))
    answers: list[int] = []
    out.publish_nowait("a", bytes(30), qos=1, acked=answers.append)
    with pytest.raises(PublishRefusedError):
        await out.publish("a", bytes(30))
    assert answers == [TOO_LARGE]
    assert not out.has_bytes


async def test_a_message_without_acknowledgement_has_nobody_to_tell() -> None:
    out = outgoing(Limits(10))
    answers: list[int] = []
    out.publish_nowait("a", b"x", acked=answers.append)
    assert answers == []
