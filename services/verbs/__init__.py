"""What may be asked, as data: the one table of verbs, whom each is addressed to, what it takes. PURE.

MQTT, the command line, the documents and the services read the same rows. `services.commands` performs them.
"""

from __future__ import annotations

from services.verbs.arguments import PATTERNS_IN_WORDS, Arguments, is_relative, moment
from services.verbs.table import BRIDGE_SCOPES, NO_VERB, PART_SCOPES, RESOURCE_SCOPES, VERBS, Verb, scope_of

__all__ = [
    "BRIDGE_SCOPES",
    "NO_VERB",
    "PART_SCOPES",
    "PATTERNS_IN_WORDS",
    "RESOURCE_SCOPES",
    "VERBS",
    "Arguments",
    "Verb",
    "is_relative",
    "moment",
    "scope_of",
]
