"""Commands as they arrive: bytes on a topic become a request, or a rejection that can be answered. PURE.

What a verb may be sent to and what it takes is the table `VERBS`. Nothing here raises, whatever the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bridge.contract.command_arguments import (
    Arguments,
    Discover,
    LabelsSet,
    NoArguments,
    Note,
    OfReceiver,
    ReceiverAdd,
    ReceiverReplace,
    ReceiverUpdate,
    Refresh,
)
from bridge.contract.messages import Incoming
from bridge.contract.topics import CommandTarget, CommandTopic, Topics
from services.model import RESOURCE_KINDS, ErrorCode, ServiceError

LARGEST: Final = 64 * 1024
"""Bytes of a command's payload."""

_PLAIN_TEXT: Final = re.compile(r"[^{}\[\]\":]{0,64}")
"""What a button sends: ``PRESS``, ``ON``, ``1``. Braces, brackets, quotes and colons are JSON that went wrong."""

HOUSE: Final = frozenset({"process", "bridge"})
"""The process itself, and the bridge as a resource of a campus."""
GEAR: Final = frozenset(kind.value for kind in RESOURCE_KINDS)
"""Units and parts of every kind."""


@dataclass(frozen=True, slots=True)
class Verb:
    """What a verb may be sent to and what it takes there."""

    takes: Mapping[str, type[Arguments]]
    """Arguments by scope: ``process``, ``bridge``, and the kinds of units and parts."""
    about: str
    forbidden: str | None = None
    """Why it is refused for the time being."""


def _to(scopes: Collection[str], takes: type[Arguments]) -> dict[str, type[Arguments]]:
    return dict.fromkeys(sorted(scopes), takes)


_NO_CONTROL: Final = (
    "changing receivers is switched off in this version: the bridge only listens; change it at the receiver itself"
)

VERBS: Final[Mapping[str, Verb]] = {
    "refresh": Verb({**_to(HOUSE, Refresh), **_to(GEAR, NoArguments)}, "Read receivers completely, now."),
    "detail": Verb(_to(GEAR, NoArguments), "Read one receiver and answer with all that is known of it."),
    "discover": Verb(_to(HOUSE, Discover), "Look for receivers; progress is reported."),
    "discover_cancel": Verb(_to(HOUSE, NoArguments), "End a discovery that runs."),
    "republish": Verb(_to(HOUSE, NoArguments), "Publish everything retained again."),
    "reload": Verb(_to(HOUSE, NoArguments), "Read the configuration file again."),
    "receiver_add": Verb(_to(HOUSE, ReceiverAdd), "Add a receiver."),
    "receiver_remove": Verb(_to(HOUSE, OfReceiver), "Remove a receiver, and keep discovery from adding it again."),
    "receiver_update": Verb(_to(HOUSE, ReceiverUpdate), "Change how a receiver is reached or called."),
    "receiver_replace": Verb(_to(HOUSE, ReceiverReplace), "Put new hardware behind an old id."),
    "labels_set": Verb(_to(HOUSE, LabelsSet), "Say where a receiver stands."),
    "note": Verb(_to(HOUSE, Note), "Write something into the audit."),
    "set": Verb(_to(HOUSE | GEAR, Arguments), "Change settings of a live channel.", forbidden=_NO_CONTROL),
    "identify": Verb(_to(GEAR, Arguments), "Make a receiver or transmitter show itself.", forbidden=_NO_CONTROL),
}
"""Every verb. One that is not here is unknown."""

NO_VERB: Final = "unknown"
"""What stands for a verb that is none, where the number of words must be bounded."""


class Envelope(BaseModel):
    """What a command's payload may hold; every key is optional."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    request_id: Annotated[
        str | None,
        Field(min_length=1, max_length=128, description="Comes back in the reply; repeats do nothing twice."),
    ] = None
    valid_until: Annotated[
        str | None, Field(max_length=40, description="RFC 3339; a command that arrives later is not performed.")
    ] = None
    args: Annotated[dict[str, Any], Field(description="The verb's arguments.")] = {}
    actor: Annotated[
        str | None, Field(max_length=128, description="Who asks, for the audit; it is noted and not believed.")
    ] = None


@dataclass(frozen=True, slots=True)
class Request:
    """A command that can be performed."""

    target: CommandTarget
    verb: str
    args: Mapping[str, Any]
    """Exactly the arguments that were given, checked."""
    request_id: str | None = None
    actor: str | None = None
    response_topic: str | None = None
    """Where the reply goes; ``None`` is the reply topic of the target."""
    correlation: bytes | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A command that cannot be performed, and all that is needed to say so."""

    target: CommandTarget
    verb: str
    topic: str
    error: ServiceError
    request_id: str | None = None
    actor: str | None = None
    response_topic: str | None = None
    correlation: bytes | None = None
    args: Mapping[str, Any] = field(default_factory=dict)
    """The arguments as they came, unchecked: for the audit of a command that is not allowed."""
    known_verb: str = field(default=NO_VERB)
    """The verb where it is one, for metrics."""


def parse(
    message: Incoming, topics: Topics, *, now: float, prefixes: Collection[str] = ()
) -> Request | Rejection | None:
    """What a message asks for; ``None`` where its topic is no command topic of this bridge.

    ``now`` is in seconds since 1970; ``prefixes`` are the allow-listed places for replies.
    """
    command = topics.parse_command(message.topic)
    if command is None:
        return None
    body: Mapping[str, Any] = {}
    try:
        _check_size(message)
        if message.retain:
            with suppress(ServiceError):
                body = _read(message.payload)  # whose request it was
            raise ServiceError("retained_rejected", _RETAINED)
        body = _read(message.payload)
        return _request(command, body, message, _response_topic(message, command, topics, prefixes), now)
    except ServiceError as error:
        return Rejection(
            target=command.target,
            verb=command.verb,
            topic=message.topic,
            error=error,
            request_id=_word(body.get("request_id")),
            actor=_word(body.get("actor")),
            response_topic=_response_topic(message, command, topics, prefixes),
            correlation=message.correlation,
            args=args if isinstance(args := body.get("args"), dict) else {},
            known_verb=command.verb if command.verb in VERBS else NO_VERB,
        )


_RETAINED: Final = (
    "a retained command would be performed at every start: send it without the retain flag, and empty the topic "
    "(publish nothing to it, retained)"
)


def _check_size(message: Incoming) -> None:
    if len(message.payload) > LARGEST:
        raise ServiceError(
            "payload_too_large", f"a command has at most {LARGEST} bytes, this one {len(message.payload)}"
        )


def _read(payload: bytes) -> Mapping[str, Any]:
    """The JSON object, or nothing where the payload is empty or a button's word."""
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        raise ServiceError("bad_json", "the payload is not UTF-8: send a JSON object, or nothing") from None
    if _PLAIN_TEXT.fullmatch(text):
        return {}
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ServiceError("bad_json", f"the payload is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise ServiceError("bad_json", 'the payload must be a JSON object, for example {"args":{}}, or empty')
    return body


def _request(
    command: CommandTopic, body: Mapping[str, Any], message: Incoming, response_topic: str | None, now: float
) -> Request:
    verb = _verb(command)
    envelope = _validate(Envelope, body, "")
    _check_time(envelope.valid_until, now)
    if verb.forbidden is not None:
        raise ServiceError("forbidden", verb.forbidden)
    arguments = _validate(verb.takes[command.target.scope], envelope.args, "args")
    args = arguments.model_dump(exclude_unset=True)
    if command.target.tenant is not None and (named := sorted({"organization", "campus"} & args.keys())):
        detail = f"{named[0]} stands in the topic already; give it only in commands to the process"
        raise ServiceError("schema_violation", detail, field=f"args.{named[0]}")
    return Request(
        target=command.target,
        verb=command.verb,
        args=args,
        request_id=envelope.request_id,
        actor=envelope.actor,
        response_topic=response_topic,
        correlation=message.correlation,
    )


def _verb(command: CommandTopic) -> Verb:
    """The verb's row; otherwise what could be sent here, or where it could be sent."""
    scope = command.target.scope
    verb = VERBS.get(command.verb)
    if verb is None:
        here = sorted(name for name, one in VERBS.items() if scope in one.takes)
        raise ServiceError(
            "unknown_verb", f"there is no verb {command.verb[:64]!r}; a {scope} knows: {', '.join(here)}"
        )
    if scope not in verb.takes:
        where = ", ".join(sorted(verb.takes))
        raise ServiceError("unknown_verb", f"{command.verb} cannot be sent to a {scope}, only to: {where}")
    return verb


_TIME: Final = TypeAdapter(AwareDatetime)


def _check_time(valid_until: str | None, now: float) -> None:
    if valid_until is None:
        return
    try:
        until = _TIME.validate_python(valid_until)
    except ValidationError:
        detail = "write it as 2026-11-22T19:30:00Z (RFC 3339, with a time zone)"
        raise ServiceError("schema_violation", detail, field="valid_until") from None
    if until.timestamp() < now:
        at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
        detail = f"it was valid until {valid_until} and arrived at {at}: are both clocks right?"
        raise ServiceError("expired", detail, field="valid_until")


_OUT_OF_RANGE: Final = frozenset({"greater_than_equal", "less_than_equal", "greater_than", "less_than"})


Model = TypeVar("Model", bound=BaseModel)


def _validate(model: type[Model], value: Mapping[str, Any], path: str) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as failure:
        first = failure.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(step) for step in (path, *first["loc"]) if step != "") or None
        code: ErrorCode = "out_of_range" if first["type"] in _OUT_OF_RANGE else "schema_violation"
        raise ServiceError(code, _words(first["type"], first["msg"], model), field=where) from None


def _words(kind: str, message: str, model: type[BaseModel]) -> str:
    """What is wrong, in words that say what would be right."""
    if kind == "missing":
        return "this is needed"
    if kind == "extra_forbidden":
        known = ", ".join(sorted(model.model_fields)) or "nothing"
        return f"this is not known here; known: {known}"
    message = message.removeprefix("Value error, ").removeprefix("Input ")
    return message[:1].lower() + message[1:]


def _response_topic(message: Incoming, command: CommandTopic, topics: Topics, prefixes: Collection[str]) -> str | None:
    wanted = message.response_topic
    if wanted is not None and topics.may_reply_to(command.target, wanted, prefixes):
        return wanted
    return None


def _word(value: object) -> str | None:
    """A text to repeat in an answer, where it is one; never more than anybody needs."""
    return value[:128] if isinstance(value, str) and value else None
