"""Commands as they arrive: bytes on a topic become a request, or a rejection that can be answered. PURE.

What a verb may be sent to and what it takes is the table of `services.verbs`. Nothing here raises, whatever the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bridge.contract.command_mistakes import NAME_SHOWN, OUT_OF_RANGE, misplaced, no_json, sentence
from bridge.contract.messages import Incoming
from bridge.contract.topics import CommandTarget, CommandTopic, Topics
from services.model import ErrorCode, ServiceError, clean_json, clean_text, in_words
from services.verbs import NO_VERB, VERBS, Verb, is_relative, moment

LARGEST: Final = 64 * 1024
"""Bytes of a command's payload."""

DEEPEST: Final = 16
"""Levels of a command's JSON. JSON is read recursively: a command nested a thousand deep is no command."""

_PLAIN_TEXT: Final = re.compile(r"[^{}\[\]\":]{0,64}")
"""What a button sends: ``PRESS``, ``ON``, ``1``. Braces, brackets, quotes and colons are JSON that went wrong."""


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
class ReplyTo:
    """Where the reply goes."""

    topic: str | None = None
    """The response topic; ``None`` is the reply topic of the target."""
    correlation: bytes | None = None
    """Comes back with the reply."""
    refused: str | None = None
    """The response topic that was asked for and may not be used."""


@dataclass(frozen=True, slots=True)
class Request:
    """A command that can be performed."""

    target: CommandTarget
    verb: str
    args: Mapping[str, Any]
    """Exactly the arguments that were given, checked."""
    request_id: str | None = None
    actor: str | None = None
    valid_until: str | None = None
    """RFC 3339, not over when it came; what waits for its turn looks once more."""
    reply_to: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A command that cannot be performed, with all that its reply needs."""

    target: CommandTarget
    verb: str
    topic: str
    error: ServiceError
    request_id: str | None = None
    actor: str | None = None
    reply_to: ReplyTo = field(default_factory=ReplyTo)
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
    reply_to = _reply_to(message, command, topics, prefixes)
    body: Mapping[str, Any] = {}
    try:
        _check_size(message)
        if message.retain:
            with suppress(ServiceError):
                body = _read(message.payload)  # whose request it was
            raise ServiceError("retained_rejected", _RETAINED)
        body = _read(message.payload)
        return _request(command, body, reply_to, now)
    except ServiceError as error:
        return Rejection(
            target=command.target,
            verb=clean_text(command.verb),
            topic=message.topic,
            error=error,
            request_id=_word(body.get("request_id")),
            actor=_word(body.get("actor")),
            reply_to=reply_to,
            args=args if isinstance(args := body.get("args"), dict) else {},
            known_verb=command.verb if command.verb in VERBS else NO_VERB,
        )


_RETAINED: Final = (
    "a retained command would be performed at every start: send it without the retain flag, and empty the topic "
    "(publish nothing to it, retained)"
)


def _check_size(message: Incoming) -> None:
    size = message.dropped_bytes or len(message.payload)
    if size > LARGEST:
        raise ServiceError("payload_too_large", f"a command has at most {LARGEST} bytes, this one {size}")
    if message.dropped_bytes:
        raise ServiceError("busy", "too many bytes of commands wait; try again in a second", retry_after_s=1.0)


def _read(payload: bytes) -> Mapping[str, Any]:
    """The JSON object, or nothing where the payload is empty or a button's word.

    Cleaned here, once: its texts go into replies, the audit, logs, and from there to somebody's terminal.
    """
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        raise ServiceError("bad_json", "the payload is not UTF-8: send a JSON object, or nothing") from None
    if _PLAIN_TEXT.fullmatch(text):
        return {}
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ServiceError("bad_json", no_json(error)) from None
    if _is_deeper(body, DEEPEST):
        raise ServiceError("payload_too_large", f"a command has at most {DEEPEST} levels of objects and lists")
    if not isinstance(body, dict):
        raise ServiceError("bad_json", 'the payload must be a JSON object, for example {"args":{}}, or empty')
    cleaned: Mapping[str, Any] = clean_json(body)
    return cleaned


def _is_deeper(value: object, levels: int) -> bool:
    """Whether objects and lists stand more than ``levels`` deep in each other. Looks no deeper than that."""
    if not isinstance(value, dict | list):
        return False
    if levels == 0:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_is_deeper(one, levels - 1) for one in inner)


def _request(command: CommandTopic, body: Mapping[str, Any], reply_to: ReplyTo, now: float) -> Request:
    verb = _verb(command)
    takes = verb.takes[command.target.scope]
    if (stray := misplaced(body, Envelope, takes)) is not None:
        name = clean_text(stray, NAME_SHOWN)
        raise ServiceError("schema_violation", f'{name} stands in args: {{"args":{{"{name}":...}}}}', field=name)
    envelope = _validate(Envelope, body, "a command")
    valid_until = _in_time(envelope.valid_until, now)
    arguments = _validate(takes, envelope.args, command.verb, "args")
    args = arguments.model_dump(exclude_unset=True)
    if verb.is_control and (key := next((key for key, value in args.items() if is_relative(value)), None)):
        _check_once(envelope, key)
    if command.target.tenant is not None and (named := sorted({"organization", "campus"} & args.keys())):
        detail = f"{named[0]} stands in the topic already; give it only in commands to the process"
        raise ServiceError("schema_violation", detail, field=f"args.{named[0]}")
    return Request(
        target=command.target,
        verb=command.verb,
        args=args,
        request_id=envelope.request_id,
        actor=envelope.actor,
        valid_until=valid_until,
        reply_to=reply_to,
    )


def _check_once(envelope: Envelope, key: str) -> None:
    """A step that is done twice, or late, leads elsewhere than it was meant to."""
    for name in ("request_id", "valid_until"):
        if getattr(envelope, name) is None:
            detail = f"the step or toggle of {key} needs {name}, so that it is done once and in time"
            raise ServiceError("schema_violation", detail, field=name)


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


def _in_time(valid_until: str | None, now: float) -> str | None:
    """The time until which a command is wanted, in one form. Raises `ServiceError` where it is over."""
    if valid_until is None:
        return None
    try:
        until = moment(valid_until)
    except ValueError as error:
        detail = f"valid_until: {error}, not {in_words(valid_until)}"
        raise ServiceError("schema_violation", detail, field="valid_until") from None
    if until.timestamp() < now:
        at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
        detail = f"valid_until was {valid_until}, and it arrived at {at}: are both clocks right?"
        raise ServiceError("expired", detail, field="valid_until")
    return until.isoformat()


Model = TypeVar("Model", bound=BaseModel)


def _validate(model: type[Model], value: Mapping[str, Any], subject: str, path: str = "") -> Model:
    """The value as that model. ``subject`` is who takes it, in the sentence that says what is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as failure:
        failures = failure.errors(include_url=False)
        first = failures[0]
        steps = (clean_text(str(step), NAME_SHOWN) for step in (path, *first["loc"]) if step != "")
        code: ErrorCode = "out_of_range" if first["type"] in OUT_OF_RANGE else "schema_violation"
        raise ServiceError(code, sentence(failures, model, subject), field=".".join(steps) or None) from None


def _reply_to(message: Incoming, command: CommandTopic, topics: Topics, prefixes: Collection[str]) -> ReplyTo:
    wanted = message.response_topic
    if wanted is None or topics.may_reply_to(command.target, wanted, prefixes):
        return ReplyTo(wanted, message.correlation)
    return ReplyTo(None, message.correlation, refused=wanted)


def _word(value: object) -> str | None:
    """A text to repeat in an answer, where it is one; never more than anybody needs."""
    return value[:128] if isinstance(value, str) and value else None
