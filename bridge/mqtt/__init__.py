"""Keeps one connection to a broker.

`supervisor` connects, waits (`pauses`) and connects again; `connecting` opens a connection and `client` is one: only
these two know the MQTT library. `outgoing` is a connection's window of unacknowledged messages and its queue,
`refusals` what the broker did not take, `inbox` what arrived and waits for its reader; `packets`, `sockets` and
`trimming` write and read bytes; `endpoint` is a broker's address and what can go wrong there, `tls_words`
what can with TLS.
"""

from __future__ import annotations

from bridge.mqtt.client import Connection
from bridge.mqtt.connecting import connect
from bridge.mqtt.endpoint import (
    BrokerError,
    Endpoint,
    MqttConfig,
    PublishRefusedError,
    Trouble,
    Version,
)
from bridge.mqtt.outgoing import Acked
from bridge.mqtt.refusals import FAILED, NO_ECHO, SUCCESS, TOO_LARGE
from bridge.mqtt.supervisor import MqttClient, open_once
from bridge.mqtt.trimming import KEPT

__all__ = [
    "FAILED",
    "KEPT",
    "NO_ECHO",
    "SUCCESS",
    "TOO_LARGE",
    "Acked",
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
