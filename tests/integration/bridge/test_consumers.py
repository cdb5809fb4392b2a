"""What consumers with MQTT 5 send beside the payload: odd response topics, correlation data and properties."""

from __future__ import annotations

from typing import Any

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer

CAMPUS = "mic2mqtt/v1/default/stage"
COMMAND = f"{CAMPUS}/receiver/rack/cmd/refresh"

ODD: dict[str, dict[str, Any]] = {
    "response topic is a command": {"ResponseTopic": COMMAND},
    "response topic of another campus": {"ResponseTopic": "mic2mqtt/v1/default/hall/bridge/main/reply/x"},
    "response topic of nobody": {"ResponseTopic": "panel/1"},
    "response topic of the broker": {"ResponseTopic": "$SYS/broker/x"},
    "response topic that is a state": {"ResponseTopic": f"{CAMPUS}/receiver/rack/state"},
    "response topic with dots, which are nothing special": {
        "ResponseTopic": f"{CAMPUS}/receiver/rack/reply/../../state"
    },
    "long response topic": {"ResponseTopic": f"{CAMPUS}/bridge/main/reply/" + "x" * 60_000},
    "binary correlation data": {"CorrelationData": bytes(range(256))},
    "large correlation data": {"CorrelationData": b"x" * 60_000},
    "correlation data alone": {"CorrelationData": b"7"},
    "content type": {"ContentType": "\U0001f399" * 1000, "PayloadFormatIndicator": 1},
    "user properties": {"UserProperty": [("key", "value" * 100)] * 100},
    "expiry": {"MessageExpiryInterval": 1},
}


FORBIDDEN = {
    "long response topic",
    "response topic is a command",
    "response topic of another campus",
    "response topic of nobody",
    "response topic of the broker",
    "response topic that is a state",
}
"""Answered at the usual place, and told why."""


def replies(seen: Observer) -> list[dict[str, Any]]:
    """Wherever below a reply topic they came."""
    return [one.body for one in seen.seen if "/reply/" in one.topic]


def properties(values: dict[str, Any]) -> Properties:
    made = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize("payload", ["", '{"request_id":"odd"}', "{oops"], ids=["empty", "right", "wrong"])
async def test_whatever_comes_beside_a_command_it_is_answered_and_the_next_one_is_performed(
    house: House, payload: str
) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        async with aiomqtt.Client("127.0.0.1", house.broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
            for number, values in enumerate(ODD.values(), 1):
                await client.publish(COMMAND, payload, qos=1, properties=properties(values))
                await seen.until(lambda number=number: len(replies(seen)) == number)  # type: ignore[misc]
        for name, reply in zip(ODD, replies(seen), strict=True):
            assert (reply["error"] is None) == (payload != "{oops"), name
            assert not reply["error"] or (reply["error"]["code"], bool(reply["error"]["detail"])) == ("bad_json", True)
            assert bool(reply["warnings"]) == (name in FORBIDDEN), f"{name}: {reply}"
        assert (await seen.ask("receiver/rack", "refresh"))["status"] == "succeeded"
        assert seen.is_bridge("online")
