"""The words of the product: addresses, kinds, keys of every state, records, results, errors. PURE.

Everything else is written in these words. Nothing here knows the event loop, a socket, the time or the database.
"""

from __future__ import annotations

from services.model.abilities import (
    Abilities,
    Capabilities,
)
from services.model.address import (
    ID_PATTERN,
    Address,
    Campus,
    unit_address,
)
from services.model.errors import (
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
    CHANNEL_STATE_KEYS,
    RECEIVER_STATE_KEYS,
    SLOT_KEYS,
    AntennaState,
    ChannelInfo,
    ChannelState,
    ChannelTelemetry,
    ReceiverInfo,
    ReceiverLink,
    ReceiverState,
    SettableRange,
    Slot,
)
from services.model.kinds import (
    NOUNS,
    PART_KINDS,
    RESOURCE_KINDS,
    UNIT_KINDS,
    Facet,
    Kind,
    UnitKind,
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
    clean_text,
)
from services.model.words import (
    AvailabilityReason,
    AvailabilityState,
    EventType,
    Source,
    Status,
)

__all__ = [
    "CHANNEL_STATE_KEYS",
    "ID_PATTERN",
    "NOUNS",
    "PART_KINDS",
    "RECEIVER_STATE_KEYS",
    "RESOURCE_KINDS",
    "RETRYABLE",
    "SHOWN_MOST",
    "SLOT_KEYS",
    "TITLES",
    "UNIT",
    "UNIT_KINDS",
    "Abilities",
    "Address",
    "AntennaState",
    "AuditContext",
    "AuditDraft",
    "AuditEvent",
    "AvailabilityReason",
    "AvailabilityState",
    "Campus",
    "Capabilities",
    "ChannelInfo",
    "ChannelState",
    "ChannelTelemetry",
    "Counts",
    "DeviceError",
    "ErrorCode",
    "Event",
    "EventType",
    "Facet",
    "Identity",
    "IgnoredIdentity",
    "Kind",
    "Part",
    "PartRecord",
    "PublishedResource",
    "RangeRecord",
    "ReceiverInfo",
    "ReceiverLink",
    "ReceiverState",
    "Result",
    "ResultStatus",
    "ServiceError",
    "SettableRange",
    "Slot",
    "Source",
    "Status",
    "TransmitterRecord",
    "UnitKind",
    "UnitRecord",
    "clean_text",
    "code_of",
    "facets_of",
    "kind_of_unit",
    "unit_address",
]
