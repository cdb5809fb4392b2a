"""What every published message looks like, as models. PURE.

Those of units and parts are made from the key table in `bridge/contract/resource_payloads.py`.

The bytes are made in `bridge/contract/encoding.py` without these models, for speed; tests hold what was published
against them, and the AsyncAPI document and `docs/topics.md` are made from them. Unknown is null, never missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

import orjson
from pydantic import Field

from bridge.contract.envelopes import MOST_BYTES, Epoch, Id, Measured, Payload, Revision, Time
from bridge.contract.resource_payloads import RESOURCES
from services.model import (
    KEYS,
    NEEDS_ATTENTION,
    UNIT_KINDS,
    AvailabilityReason,
    AvailabilityState,
    ErrorCode,
    Kind,
    ResultStatus,
    Status,
)


class BridgeState(Payload):
    """How the process is; also its last will. Within an epoch the last to arrive counts."""

    schema_: Annotated[Literal["bridge.state/1"], Field(alias="schema")]
    id: Id
    epoch: Epoch
    state: Literal["starting", "online", "degraded", "offline"]
    reason: str | None
    since: Annotated[Time | None, Field(description="Null in the last will: then it is the time of its arrival.")]
    expected: Annotated[bool, Field(description="False when the broker published it for a bridge that vanished.")]


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
    """What runs, published once a connection."""

    schema_: Annotated[Literal["bridge.info/1"], Field(alias="schema")]
    id: Id
    epoch: Epoch
    data: BridgeInfoData


Behind = Annotated[str, Field(description="The unit behind a gateway at the host; left out where there is no gateway.")]


class UnidentifiedHost(Payload):
    """A configured host that never answered and has no id."""

    host: str
    reason: AvailabilityReason
    since: str
    detail: str
    unit: Behind = ""


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
    units: Annotated[int, Field(description="Units of every kind.")]
    units_online: int
    parts: Annotated[int, Field(description="Parts of every kind.")]
    database_error: str | None
    unidentified_hosts: Annotated[int, Field(description="Configured hosts that never answered and have no id.")]
    unidentified: Annotated[list[UnidentifiedHost], Field(description="The first 150 of them.")]


class BridgeHealth(Measured):
    """How the process does, every 30 s."""

    schema_: Annotated[Literal["bridge.health/1"], Field(alias="schema")]
    data: BridgeHealthData


class ControlLock(Payload):
    """One lock: it forbids set, identify and meter_boost."""

    organization: Id
    campus: Id
    tags: Annotated[list[str], Field(description="Units that have all of these; empty: the whole campus.")]
    reason: str
    since: Time
    until: Annotated[str | None, Field(description="It ends by itself then; null: when somebody unlocks.")]
    by: Annotated[str | None, Field(description="Who locked; noted and not believed.")]


class BridgeLocksData(Payload):
    """All locks that hold."""

    locks: list[ControlLock]


class BridgeLocks(Payload):
    """What forbids control now."""

    schema_: Annotated[Literal["bridge.locks/1"], Field(alias="schema")]
    id: Id
    epoch: Epoch
    data: BridgeLocksData


class Availability(Payload):
    """Whether a resource is there."""

    schema_: Annotated[Literal["availability/1"], Field(alias="schema")]
    id: Id
    epoch: Epoch
    revision: Revision
    state: AvailabilityState
    reason: AvailabilityReason | None
    since: Time


_LATER: Final = tuple(kind for kind in UNIT_KINDS.values() if kind.unit is not Kind.RECEIVER)
"""Kinds that came after receivers and channels: those stand in lists of their own."""
if TYPE_CHECKING:
    UnitKindWord = str
    PartKindWord = str
    PartStatus = str
else:
    UnitKindWord = Literal[tuple(kind.unit.value for kind in _LATER)]
    PartKindWord = Literal[tuple(kind.part.value for kind in _LATER)]
    PartStatus = Literal[
        tuple(
            dict.fromkeys(
                word for kind in _LATER for row in KEYS.of(kind.part) if row.name == "status" for word in row.choices
            )
        )
    ]
_LATER_UNITS: Final = f"Units of other kinds: {', '.join(kind.noun for kind in _LATER)}."
_LATER_PARTS: Final = f"Parts of other kinds: {', '.join(kind.part_noun for kind in _LATER)}."


class InventoryReceiver(Payload):
    """A receiver and its channels, by id."""

    receiver: Id
    channels: list[Id]


class InventoryUnit(Payload):
    """A unit that is no receiver, and its parts, by id."""

    kind: UnitKindWord
    unit: Id
    parts: list[Id]


class Inventory(Payload):
    """All receivers and channels of a campus that this bridge serves, ids only, in pages."""

    schema_: Annotated[Literal["bridge.inventory/1"], Field(alias="schema")]
    id: Id
    page: Annotated[int, Field(ge=0)]
    pages: Annotated[int, Field(ge=1)]
    receivers: list[InventoryReceiver]
    units: Annotated[list[InventoryUnit], Field(description=_LATER_UNITS)]


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


class SummaryPart(Payload):
    """One part of another kind than a channel, for a wall; null where its kind does not have it."""

    kind: PartKindWord
    id: Id
    number: Annotated[int, Field(ge=1)]
    name: str | None
    status: PartStatus
    status_reasons: list[str]
    occupied: bool | None
    connected: bool | None
    charge_state: str | None
    battery_percent: int | None
    battery_bars: int | None
    time_to_full_minutes: int | None
    rf_muted: bool | None
    room: str | None


class Summary(Payload):
    """All channels of a campus, in pages below 128 KB; the first page's topic has no number."""

    schema_: Annotated[Literal["bridge.summary/1"], Field(alias="schema")]
    id: Id
    time: Time
    page: Annotated[int, Field(ge=0)]
    pages: Annotated[int, Field(ge=1)]
    channels: list[SummaryRow]
    parts: Annotated[list[SummaryPart], Field(description=_LATER_PARTS)]


class NeedingRow(Payload):
    """A microphone that somebody should look at."""

    id: Id
    name: str | None
    status: Status


class NextBattery(Payload):
    """The transmitter on the air whose battery ends first."""

    id: Id
    name: str | None
    label: Annotated[str, Field(description="Name and what is left, for people.")]
    battery_runtime_minutes: int | None
    battery_percent: int | None


class OverviewData(Payload):
    """A campus in a few figures."""

    attention: Annotated[
        int, Field(ge=0, description=f"Microphones whose status is one of {', '.join(NEEDS_ATTENTION)}.")
    ]
    needing: Annotated[list[NeedingRow], Field(description="The first 20 of them, most urgent first.")]
    next_battery: NextBattery | None


class Overview(Payload):
    """The same, for Home Assistant."""

    schema_: Annotated[Literal["bridge.overview/1"], Field(alias="schema")]
    id: Id
    time: Time
    data: OverviewData


class CandidateRow(Payload):
    """Something that discovery saw."""

    host: str
    manufacturer: str
    model: str | None
    name: str | None
    mac: str | None
    why: Annotated[str, Field(description="Why it was not adopted.")]
    seen_at: Time
    unit: Behind = ""


class Candidates(Payload):
    """What discovery saw and did not adopt."""

    schema_: Annotated[Literal["bridge.candidates/1"], Field(alias="schema")]
    id: Id
    time: Time
    candidates: list[CandidateRow]
    candidates_left_out: Annotated[
        int | None, Field(ge=1, description="Candidates that are not listed, because they would not fit; else absent.")
    ] = None


class AuditPayload(Payload):
    """Something that someone may have to explain later."""

    schema_: Annotated[Literal["audit/1"], Field(alias="schema")]
    event_id: Annotated[str, Field(description="UUIDv7; delivery is at least once, repeats are recognised by it.")]
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


_OF_BRIDGE: Final[tuple[type[Payload], ...]] = (
    *(
        BridgeState,
        BridgeInfo,
        BridgeHealth,
        BridgeLocks,
        Inventory,
        Summary,
        Overview,
        Candidates,
        AuditPayload,
        Reply,
        Availability,
    ),
)

MODELS: Final[Mapping[str, type[Payload]]] = {schema_of(model): model for model in (*_OF_BRIDGE, *RESOURCES.values())}
"""Every published payload by its ``schema``."""


def read(payload: bytes) -> Payload:
    """A published payload, checked. Raises `ValueError` (also pydantic's and orjson's) with what is wrong."""
    body = orjson.loads(payload)
    if not isinstance(body, dict):
        raise ValueError("the payload is no JSON object")  # noqa: TRY004  # a wrong value of the sender
    model = MODELS.get(str(body.get("schema")))
    if model is None:
        raise ValueError(f"there is no schema {body.get('schema')!r}")
    if len(payload) > MOST_BYTES:
        raise ValueError(f"the payload has {len(payload)} bytes, at most {MOST_BYTES} are allowed")
    return model.model_validate(body)
