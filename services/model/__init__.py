"""The words of the product: addresses, kinds, keys of every state, records, results, errors. PURE.

Everything else is written in these words. Nothing here knows the event loop, a socket, the time or the database.
"""

from __future__ import annotations

from services.model.abilities import Abilities, Capabilities
from services.model.errors import RETRYABLE, TITLES, ErrorCode, ServiceError, code_of
from services.model.events import Event
from services.model.identity import Identity
from services.model.keys import (
    CHANNEL_STATE_KEYS,
    RECEIVER_STATE_KEYS,
    SLOT_KEYS,
    Address,
    AntennaState,
    AvailabilityReason,
    AvailabilityState,
    Campus,
    ChannelInfo,
    ChannelState,
    ChannelTelemetry,
    EventType,
    Facet,
    Kind,
    ReceiverInfo,
    ReceiverLink,
    ReceiverState,
    SettableRange,
    Slot,
    Source,
    Status,
)
from services.model.parts import UNIT, Part
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
from services.model.results import Counts, DeviceError, Result, ResultStatus

__all__ = [
    "CHANNEL_STATE_KEYS",
    "RECEIVER_STATE_KEYS",
    "RETRYABLE",
    "SLOT_KEYS",
    "TITLES",
    "UNIT",
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
    "UnitRecord",
    "code_of",
]
