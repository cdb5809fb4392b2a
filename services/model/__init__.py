"""The words of the product: addresses, kinds, keys of every state, records, results, errors. PURE.

`address` and `kinds` name resources, `keys` lists every key that they publish, `records` is what the store keeps,
`words` has closed lists of words, `abilities` what a unit can do, `results` and `errors` how work ended. Nothing here
knows the event loop, a socket, the time or the database.
"""

from __future__ import annotations

from services.model.abilities import (
    Abilities,
    Allowed,
)
from services.model.address import (
    ID_PATTERN,
    Address,
    Campus,
    unit_address,
)
from services.model.errors import (
    REJECTIONS,
    RETRYABLE,
    TITLES,
    ErrorCode,
    ServiceError,
    code_of,
)
from services.model.events import (
    Event,
)
from services.model.identity import (
    Identity,
)
from services.model.keys import (
    KEYS,
    Alert,
    AntennaState,
    Key,
    KeyTable,
    Metric,
    SettableRange,
    State,
    Telemetry,
    empty_state,
    state_keys,
)
from services.model.kinds import (
    A_NOUN,
    NOUNS,
    PART_KINDS,
    RESOURCE_KINDS,
    UNIT_KINDS,
    UNIT_NOUNS,
    Facet,
    Kind,
    PartWord,
    UnitKind,
    UnitWord,
    facets_of,
    kind_of_unit,
)
from services.model.parts import (
    UNIT,
    Part,
)
from services.model.records import (
    AuditContext,
    AuditDraft,
    AuditEvent,
    IgnoredIdentity,
    PartRecord,
    PublishedResource,
    RangeRecord,
    TransmitterRecord,
    UnitRecord,
)
from services.model.results import (
    Counts,
    DeviceError,
    Result,
    ResultStatus,
)
from services.model.texts import (
    SHOWN_MOST,
    clean_json,
    clean_text,
    in_words,
    visible,
)
from services.model.words import (
    NEEDS_ATTENTION,
    AvailabilityReason,
    AvailabilityState,
    BayStatus,
    BeltpackStatus,
    EventType,
    IemChannelStatus,
    Source,
    Status,
)

__all__ = [
    "A_NOUN",
    "ID_PATTERN",
    "KEYS",
    "NEEDS_ATTENTION",
    "NOUNS",
    "PART_KINDS",
    "REJECTIONS",
    "RESOURCE_KINDS",
    "RETRYABLE",
    "SHOWN_MOST",
    "TITLES",
    "UNIT",
    "UNIT_KINDS",
    "UNIT_NOUNS",
    "Abilities",
    "Address",
    "Alert",
    "Allowed",
    "AntennaState",
    "AuditContext",
    "AuditDraft",
    "AuditEvent",
    "AvailabilityReason",
    "AvailabilityState",
    "BayStatus",
    "BeltpackStatus",
    "Campus",
    "Counts",
    "DeviceError",
    "ErrorCode",
    "Event",
    "EventType",
    "Facet",
    "Identity",
    "IemChannelStatus",
    "IgnoredIdentity",
    "Key",
    "KeyTable",
    "Kind",
    "Metric",
    "Part",
    "PartRecord",
    "PartWord",
    "PublishedResource",
    "RangeRecord",
    "Result",
    "ResultStatus",
    "ServiceError",
    "SettableRange",
    "Source",
    "State",
    "Status",
    "Telemetry",
    "TransmitterRecord",
    "UnitKind",
    "UnitRecord",
    "UnitWord",
    "clean_json",
    "clean_text",
    "code_of",
    "empty_state",
    "facets_of",
    "in_words",
    "kind_of_unit",
    "state_keys",
    "unit_address",
    "visible",
]
