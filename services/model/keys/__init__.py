"""The table of keys: every key of every state, meter, slot and info, one row each. PURE.

`docs/topics.md`, the AsyncAPI document, the payload models, metrics, ``levels``, what is audited and what goes away
with a transmitter come from these rows. A key is added by adding one row.
"""

from __future__ import annotations

from services.model.keys.key import Key, Metric, Role
from services.model.keys.objects import Alert, AntennaState, Labels, SettableRange
from services.model.keys.table import (
    CHANNEL_STATE_KEYS,
    KEYS,
    RECEIVER_STATE_KEYS,
    SLOT_KEYS,
    ChannelState,
    ChannelTelemetry,
    KeyTable,
    ReceiverState,
    Slot,
    State,
    Telemetry,
    empty_state,
    state_keys,
)

__all__ = [
    "CHANNEL_STATE_KEYS",
    "KEYS",
    "RECEIVER_STATE_KEYS",
    "SLOT_KEYS",
    "Alert",
    "AntennaState",
    "ChannelState",
    "ChannelTelemetry",
    "Key",
    "KeyTable",
    "Labels",
    "Metric",
    "ReceiverState",
    "Role",
    "SettableRange",
    "Slot",
    "State",
    "Telemetry",
    "empty_state",
    "state_keys",
]
