"""One connection to a broker, kept: packets, window, back-off, TLS."""

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
