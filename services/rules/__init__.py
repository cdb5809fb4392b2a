"""What follows from a reading: functions of values alone. PURE.

A battery becomes a status here (`status`), readings become a state (`fold`), an identity is recognised (`identity`).
"""

from __future__ import annotations

from services.rules import networks
from services.rules.aggregate import LEVEL_KEYS, Levels
from services.rules.fold import (
    EMPTY_CHANNEL,
    EMPTY_RECEIVER,
    Happening,
    Situation,
    fold_channel,
    fold_receiver,
    rejudge,
    reported_of,
)
from services.rules.identity import is_unit_id, make_id, recognise, same_unit
from services.rules.networks import MAX_ADDRESSES, Expansion, Host, Span, expand, normalise_host, parse
from services.rules.status import DEFAULT_RULES, PRECEDENCE, StatusRules, Threshold

__all__ = [
    "DEFAULT_RULES",
    "EMPTY_CHANNEL",
    "EMPTY_RECEIVER",
    "LEVEL_KEYS",
    "MAX_ADDRESSES",
    "PRECEDENCE",
    "Expansion",
    "Happening",
    "Host",
    "Levels",
    "Situation",
    "Span",
    "StatusRules",
    "Threshold",
    "expand",
    "fold_channel",
    "fold_receiver",
    "is_unit_id",
    "make_id",
    "networks",
    "normalise_host",
    "parse",
    "recognise",
    "rejudge",
    "reported_of",
    "same_unit",
]
