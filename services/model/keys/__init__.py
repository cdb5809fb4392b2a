"""The table of keys: every key of every state, meter, slot and info, one row each. PURE.

`docs/topics.md`, the AsyncAPI document, the payload models, metrics, ``levels``, what is audited and what goes away
with a transmitter come from these rows. A key is added by adding one row.
"""

from __future__ import annotations

from services.model.keys.key import Key, Metric, Role
from services.model.keys.objects import Alert, AntennaState, Labels, SettableRange
from services.model.keys.table import (
    KEYS,
    KeyTable,
    State,
    Telemetry,
    empty_state,
    state_keys,
)

__all__ = [
    "KEYS",
    "Alert",
    "AntennaState",
    "Key",
    "KeyTable",
    "Labels",
    "Metric",
    "Role",
    "SettableRange",
    "State",
    "Telemetry",
    "empty_state",
    "state_keys",
]
