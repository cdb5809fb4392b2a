"""What every published message looks like, as models. PURE.

The bytes are made in `bridge/contract/encoding.py` without these models, for speed; tests hold what was published
against them, and the AsyncAPI document and `docs/topics.md` are made from them. Unknown is null, never missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, cast, is_typeddict

import orjson
from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from services.model import (
    ID_PATTERN,
    AvailabilityReason,
    AvailabilityState,
    ChannelInfo,
    ChannelState,
    ChannelTelemetry,
    ErrorCode,
    EventType,
    ReceiverInfo,
    ReceiverLink,
    ReceiverState,
    ResultStatus,
    Slot,
    Status,
)
from services.rules import LEVEL_KEYS

MOST_BYTES: Final = 128 * 1024
"""No published payload is larger: every broker takes that much."""

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Time = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", examples=["2026-11-22T19:30:00.120Z"]),
]
Epoch = Annotated[int, Field(ge=1, description="Rises at every start, take-over and hand-over.")]
Revision = Annotated[int, Field(ge=0, description="Rises with every change within an epoch.")]


class Payload(BaseModel):
    """A JSON object with no key too many."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _data_is_closed(cls, value: Any) -> Any:
        """Typed dictionaries let unknown keys pass; the contract does not."""
        field = cls.model_fields.get("data")
        if field is not None and is_typeddict(field.annotation) and isinstance(value, Mapping):
            unknown = sorted(set(value.get("data") or {}) - set(field.annotation.__annotations__))
            if unknown:
                raise ValueError(f"data has unknown keys: {', '.join(unknown)}")
        return value


class Resource(Payload):
    """The envelope of what a resource is: it changes seldom and is retained."""

    id: Id
    epoch: Epoch
    revision: Revision
    changed_at: Time
    stale: Annotated[bool, Field(description="The values are the last known, not live.")]


class Measured(Payload):
    """The envelope of what is measured again and again."""

    id: Id
    time: Time


class BridgeState(Payload):
    """How the process is; also its last will. Within an epoch the last to arrive counts."""

    schema_: Annotated[Literal["bridge.state/1"], Field(alias="schema")]
    id: Id
    epoch: Epoch
    state: Literal["starting", "online", "degraded", "offline"]
    reason: str | None
    since: Time
    expected: Annotated[bool, Field(description="False when the broker says it for a bridge that vanished.")]


class BridgeInfoData(Payload):
    """What runs."""

    version: str
    contract: Annotated[str, Field(description="Major version of this contract.", examples=["v1"])]
    mqtt_version: Literal["5", "3.1.1"]
    python: str
    drivers: list[str]
    configuration_digest: Annotated[str, Field(description="Changes when the configuration does.")]
    database: Annotated[str, Field(examples=["sqlite"])]


class BridgeInfo(Payload):
    """What runs, said once a connection."""

    schema_: Annotated[Literal["bridge.info/1"], Field(alias="schema")]
    id: Id
    epoch: Epoch
    data: BridgeInfoData


class UnidentifiedHost(Payload):
    """A configured host that never answered and has no id."""

    host: str
    reason: AvailabilityReason
    since: str
    detail: str


class BridgeHealthData(Payload):
    """Figures of the process."""

    uptime_s: int
    loop_lag_s: Annotated[float, Field(description="Longest delay of the event loop since the last message.")]
    dirty_resources: int
    events_dropped: int
    outbox_depth: Annotated[int, Field(description="Audit events that are stored and not yet published.")]
    outbox_oldest_s: float | None
    receivers: int
    receivers_online: int
    channels: int
    database_error: str | None
    unidentified_hosts: Annotated[int, Field(description="Configured hosts that never answered and have no id.")]
    unidentified: Annotated[list[UnidentifiedHost], Field(description="The first 150 of them.")]


class BridgeHealth(Measured):
    """How the process does, every 30 s."""

    schema_: Annotated[Literal["bridge.health/1"], Field(alias="schema")]
    data: BridgeHealthData


class ReceiverInfoPayload(Resource):
    """Who a receiver is."""

    schema_: Annotated[Literal["receiver.info/1"], Field(alias="schema")]
    data: ReceiverInfo


class ReceiverStatePayload(Resource):
    """A receiver's slow state."""

    schema_: Annotated[Literal["receiver.state/1"], Field(alias="schema")]
    data: ReceiverState


class ReceiverLinkPayload(Measured):
    """How the connection to a receiver stands, every 30 s."""

    schema_: Annotated[Literal["receiver.link/1"], Field(alias="schema")]
    data: ReceiverLink


class ChannelInfoPayload(Resource):
    """Who a channel is."""

    schema_: Annotated[Literal["channel.info/1"], Field(alias="schema")]
    data: ChannelInfo


class ChannelStatePayload(Resource):
    """A channel's slow state."""

    schema_: Annotated[Literal["channel.state/1"], Field(alias="schema")]
    data: ChannelState


class Slots(Payload):
    """All slots of a channel."""

    slots: list[Slot]


class ChannelSlots(Resource):
    """The transmitter slots of a channel, where the family has them."""

    schema_: Annotated[Literal["channel.slots/1"], Field(alias="schema")]
    data: Slots


class ChannelTelemetryPayload(Measured):
    """A channel's meters over one interval."""

    schema_: Annotated[Literal["channel.telemetry/1"], Field(alias="schema")]
    data: ChannelTelemetry


LevelsData = create_model(
    "LevelsData",
    __base__=Payload,
    __doc__="Extremes and mean of the meters over 30 s; only the keys that the family can tell.",
    intervals=(Annotated[int, Field(ge=1, description="Telemetry intervals that went in.")], ...),
    **{f"{key}_{figure}": (float | None, None) for key in LEVEL_KEYS for figure in ("min", "max", "mean")},  # type: ignore[call-overload]
)


class ChannelLevels(Measured):
    """The same as telemetry over 30 s: for recorders and Home Assistant."""

    schema_: Annotated[Literal["channel.levels/1"], Field(alias="schema")]
    data: LevelsData


class Availability(Payload):
    """Whether a resource is there."""

    schema_: Annotated[Literal["availability/1"], Field(alias="schema")]
    id: Id
    epoch: Epoch
    revision: Revision
    state: AvailabilityState
    reason: AvailabilityReason | None
    since: Time


class _Event(Payload):
    event_id: Annotated[str, Field(description="UUIDv7; repeats can be told by it.")]
    event_type: EventType
    time: Time
    id: Id
    data: dict[str, Any]


class ReceiverEvent(_Event):
    """Something happened once to a receiver; best effort, the audit is the record."""

    schema_: Annotated[Literal["receiver.event/1"], Field(alias="schema")]


class ChannelEvent(_Event):
    """Something happened once on a channel; best effort, the audit is the record."""

    schema_: Annotated[Literal["channel.event/1"], Field(alias="schema")]


class InventoryReceiver(Payload):
    """A receiver and its channels, by id."""

    receiver: Id
    channels: list[Id]


class Inventory(Payload):
    """All receivers and channels of a campus that this bridge serves, ids only, in pages."""

    schema_: Annotated[Literal["bridge.inventory/1"], Field(alias="schema")]
    id: Id
    page: Annotated[int, Field(ge=0)]
    pages: Annotated[int, Field(ge=1)]
    receivers: list[InventoryReceiver]


class SummaryRow(Payload):
    """One channel, for a wall."""

    id: Id
    name: str | None
    status: Status
    status_reasons: list[str]
    battery_percent: int | None
    battery_bars: int | None
    battery_runtime_minutes: int | None
    muted: bool | None
    room: str | None
    who: str | None


class Summary(Payload):
    """All channels of a campus, in pages below 128 KB; the first page's topic has no number."""

    schema_: Annotated[Literal["bridge.summary/1"], Field(alias="schema")]
    id: Id
    time: Time
    page: Annotated[int, Field(ge=0)]
    pages: Annotated[int, Field(ge=1)]
    channels: list[SummaryRow]


class CandidateRow(Payload):
    """Something that discovery saw."""

    host: str
    manufacturer: str
    model: str | None
    name: str | None
    mac: str | None
    why: Annotated[str, Field(description="Why it was not adopted.")]
    seen_at: Time


class Candidates(Payload):
    """What discovery saw and did not adopt."""

    schema_: Annotated[Literal["bridge.candidates/1"], Field(alias="schema")]
    id: Id
    time: Time
    candidates: list[CandidateRow]


class AuditPayload(Payload):
    """Something that someone may have to explain later."""

    schema_: Annotated[Literal["audit/1"], Field(alias="schema")]
    event_id: Annotated[str, Field(description="UUIDv7; delivery is at least once, repeats are told by it.")]
    stream: Annotated[str, Field(description="Made with the database; seq counts within it.")]
    seq: Annotated[int, Field(ge=1, description="Without a gap within stream, organization and campus.")]
    time: Time
    organization: Id
    campus: Id
    claimed_actor: str | None
    request_id: str | None
    action: str
    resource: Annotated[str | None, Field(description="Kind, slash, id; null for the campus.")]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    late: Annotated[bool, Field(description="It happened while the bridge was not looking.")]


class ReplyError(Payload):
    """Why a request was not fulfilled."""

    code: ErrorCode
    title: str
    detail: Annotated[str, Field(description="What happened, and what to do about it.")]
    retryable: bool
    retry_after_s: float | None
    field: Annotated[str | None, Field(description="The argument that is wrong, for example args.networks.0.")]


class Reply(Payload):
    """The answer to a command: ``accepted`` and ``progress`` may come before the one final answer."""

    schema_: Annotated[Literal["reply/1"], Field(alias="schema")]
    request_id: str | None
    verb: str
    status: Literal["accepted", "progress", "rejected"] | ResultStatus
    duration_ms: Annotated[int, Field(ge=0)]
    data: dict[str, Any]
    warnings: list[str]
    error: ReplyError | None


def schema_of(model: type[Payload]) -> str:
    """The ``schema`` word that stands in a model's payloads."""
    (word,) = model.model_fields["schema_"].annotation.__args__  # type: ignore[union-attr]
    return cast("str", word)


MODELS: Final[Mapping[str, type[Payload]]] = {
    schema_of(model): model
    for model in (
        *(BridgeState, BridgeInfo, BridgeHealth, Inventory, Summary, Candidates, AuditPayload, Reply, Availability),
        *(ReceiverInfoPayload, ReceiverStatePayload, ReceiverLinkPayload, ReceiverEvent),
        *(ChannelInfoPayload, ChannelStatePayload, ChannelSlots, ChannelTelemetryPayload, ChannelLevels, ChannelEvent),
    )
}
"""Every published payload by its ``schema``."""


def read(payload: bytes) -> Payload:
    """A published payload, checked. Raises `ValueError` (also pydantic's and orjson's) with what is wrong."""
    body = orjson.loads(payload)
    if not isinstance(body, dict):
        raise ValueError("the payload is no JSON object")  # noqa: TRY004  # a wrong value, whoever sent it
    model = MODELS.get(str(body.get("schema")))
    if model is None:
        raise ValueError(f"there is no schema {body.get('schema')!r}")
    if len(payload) > MOST_BYTES:
        raise ValueError(f"the payload has {len(payload)} bytes, at most {MOST_BYTES} are allowed")
    return model.model_validate(body)
