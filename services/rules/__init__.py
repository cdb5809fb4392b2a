"""What follows from a reading: functions of values alone. PURE.

`admission` checks what a driver reports. `fold` makes a state of readings; what only channels or bays have is in
`channels` and `bays`. `battery` makes a level of battery values (replace, critical), `status` makes one status word of
a state. `reception` judges meters by the state beside them, `aggregate` makes ``levels`` of meters. `identity`
recognises a unit, `networks` parses what may be searched, `allowed` says whether an address is among those that may be
named.
"""

from __future__ import annotations

from services.rules import networks
from services.rules.admission import Check, admitted, checks_for, checks_of
from services.rules.aggregate import RECORDED, TelemetryAggregate
from services.rules.allowed import AllowedPlace, AllowedPlaces, parse_allowed, parse_ports
from services.rules.battery import DEFAULT_RULES, BatteryLevel, StatusRules, Threshold, stored_level
from services.rules.fold import fold_part, fold_unit, last_seen, rejudge, reported_of
from services.rules.folded import Folded, Happening, Situation
from services.rules.identity import Match, is_unit_id, make_id, recognise, same_unit
from services.rules.networks import MAX_ADDRESSES, Expansion, Host, Span, expand, normalise_host, parse
from services.rules.reception import Reception
from services.rules.status import PRECEDENCE

__all__ = [
    "DEFAULT_RULES",
    "MAX_ADDRESSES",
    "PRECEDENCE",
    "RECORDED",
    "AllowedPlace",
    "AllowedPlaces",
    "BatteryLevel",
    "Check",
    "Expansion",
    "Folded",
    "Happening",
    "Host",
    "Match",
    "Reception",
    "Situation",
    "Span",
    "StatusRules",
    "TelemetryAggregate",
    "Threshold",
    "admitted",
    "checks_for",
    "checks_of",
    "expand",
    "fold_part",
    "fold_unit",
    "is_unit_id",
    "last_seen",
    "make_id",
    "networks",
    "normalise_host",
    "parse",
    "parse_allowed",
    "parse_ports",
    "recognise",
    "rejudge",
    "reported_of",
    "same_unit",
    "stored_level",
]
