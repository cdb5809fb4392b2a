"""Keeps one connection to a broker.

`supervisor` connects, backs off and connects again; `client` is one connection, the only file that knows the MQTT
library; `outgoing` is its window of unacknowledged messages and its queue; `packets` and `sockets` write them out;
`endpoint` is a broker's address and what can go wrong there.
"""

from __future__ import annotations

from bridge.mqtt.client import Connection, connect
from bridge.mqtt.endpoint import (
    BrokerError,
    Endpoint,
    MqttConfig,
    PublishRefusedError,
    Trouble,
    Version,
)
from bridge.mqtt.outgoing import FAILED
from bridge.mqtt.packets import SUCCESS, TOO_LARGE
from bridge.mqtt.supervisor import MqttClient, open_once

__all__ = [
    "FAILED",
    "SUCCESS",
    "TOO_LARGE",
    "BrokerError",
    "Connection",
    "Endpoint",
    "MqttClient",
    "MqttConfig",
    "PublishRefusedError",
    "Trouble",
    "Version",
    "connect",
    "open_once",
]
