"""Whatever arrives on a command topic becomes a request or a rejection that says what is wrong."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.contract import CommandTarget, Incoming, Rejection, Request, Topics, parse
from bridge.contract.command_parsing import LARGEST, ReplyTo
from services.model import RESOURCE_KINDS, Address, ErrorCode, Kind
from services.verbs import PATTERNS_IN_WORDS, VERBS

TOPICS = Topics("mic2mqtt", "main")
PROCESS = CommandTarget(None)
CAMPUS = CommandTarget(Address("acme", "north", Kind.BRIDGE, "main"))
RECEIVER = CommandTarget(Address("acme", "north", Kind.RECEIVER, "rack1"))
CHANNEL = CommandTarget(Address("acme", "north", Kind.CHANNEL, "rack1-1"))
TARGETS = {"process": PROCESS, "bridge": CAMPUS, "receiver": RECEIVER, "channel": CHANNEL}
NOW = 1_795_376_000.0  # 2026-11-22T19:33:20Z


def send(
    target: CommandTarget, verb: str, payload: object = b"", *, retain: bool = False, **more: Any
) -> Request | Rejection:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    parsed = parse(Incoming(TOPICS.command(target, verb), raw, retain, **more), TOPICS, now=NOW, prefixes=["flows"])
    assert parsed is not None
    return parsed


def accepted(target: CommandTarget, verb: str, payload: object = b"", **more: Any) -> Request:
    parsed = send(target, verb, payload, **more)
    assert isinstance(parsed, Request), f"{parsed.error.code}: {parsed.error.detail} ({parsed.error.field})"
    return parsed


def rejected(target: CommandTarget, verb: str, payload: object = b"", **more: Any) -> tuple[str, str | None, str]:
    parsed = send(target, verb, payload, **more)
    assert isinstance(parsed, Rejection)
    return parsed.error.code, parsed.error.field, parsed.error.detail


@pytest.mark.parametrize(
    "payload", [b"", b"  \n", b"PRESS", b"press", b"ON", b"1", b"true", b"null", "grün".encode(), b"{}"]
)
@pytest.mark.parametrize("target", TARGETS.values())
def test_an_empty_payload_or_a_buttons_word_is_a_request_without_arguments(
    target: CommandTarget, payload: bytes
) -> None:
    request = accepted(target, "refresh", payload)
    assert (request.target, request.verb, dict(request.args)) == (target, "refresh", {})
    assert (request.request_id, request.actor) == (None, None)


def test_every_key_of_a_request_is_carried_over() -> None:
    request = accepted(
        CAMPUS,
        "refresh",
        {
            "request_id": "r1",
            "actor": "node-red/lobby",
            "valid_until": "2026-11-22T20:33:21+01:00",
            "args": {"tags": ["vocals"]},
        },
    )
    until = "2026-11-22T20:33:21+01:00"
    assert request == Request(CAMPUS, "refresh", {"tags": ["vocals"]}, "r1", "node-red/lobby", until)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"{", "bad_json"),
        (b'{"args":', "bad_json"),
        (b"[1]", "bad_json"),
        (b'"PRESS"', "bad_json"),
        (b"args: all", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b"x" * 65, "bad_json"),
        (b'{"a":' * 5000, "bad_json"),
        (b" " * (LARGEST + 1), "payload_too_large"),
    ],
)
def test_what_is_no_json_object_is_rejected(payload: bytes, code: str) -> None:
    assert rejected(PROCESS, "refresh", payload)[0] == code


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"request_id": 7}, "schema_violation", "request_id"),
        ({"request_id": ""}, "schema_violation", "request_id"),
        ({"actor": []}, "schema_violation", "actor"),
        ({"args": []}, "schema_violation", "args"),
        ({"arguments": {}}, "schema_violation", "arguments"),
        ({"valid_until": "tomorrow"}, "schema_violation", "valid_until"),
        ({"valid_until": "2026-11-22T19:33:21"}, "schema_violation", "valid_until"),
        ({"valid_until": "2026-11-22T19:33:19Z"}, "expired", "valid_until"),
        ({"valid_until": "0001-01-01T00:00:00+14:00"}, "expired", "valid_until"),
        ({"args": {"manufactuerer": "shure"}}, "schema_violation", "args.manufactuerer"),
        ({"args": {"tags": "vocals"}}, "schema_violation", "args.tags"),
        ({"args": {"tags": ["vocals", 7]}}, "schema_violation", "args.tags.1"),
    ],
)
def test_the_field_that_is_wrong_is_named(body: dict[str, Any], code: str, field: str) -> None:
    assert rejected(PROCESS, "refresh", body)[:2] == (code, field)


@pytest.mark.parametrize(
    ("verb", "args", "code", "field", "words"),
    [
        ("discover", {"networks": ["10.0.0.0/24", "10.0.0/24"]}, "schema_violation", "args.networks.1", "10.20.0.0/24"),
        ("discover", {"networks": ["10.0.0.0/8"]}, "schema_violation", "args.networks.0", "/16"),
        ("discover", {"adopt": "yes"}, "schema_violation", "args.adopt", "true or false"),
        ("receiver_add", {}, "schema_violation", "args", "host, or an id"),
        ("receiver_add", {"host": "a b"}, "schema_violation", "args.host", "without blanks"),
        ("receiver_add", {"id": "Rack 1"}, "schema_violation", "args.id", "lower-case letters"),
        ("receiver_add", {"id": "x" * 59}, "schema_violation", "args.id", "lower-case letters"),
        ("receiver_add", {"host": "a", "port": 0}, "out_of_range", "args.port", "from 1 to 65535"),
        ("receiver_add", {"host": "a", "port": 65536}, "out_of_range", "args.port", "from 1 to 65535"),
        ("receiver_add", {"host": "a", "campus": "A"}, "schema_violation", "args.campus", "lower-case letters"),
        ("receiver_remove", {}, "schema_violation", "args.id", "receiver_remove needs id: the receiver's id"),
        ("receiver_update", {"id": "rack1"}, "schema_violation", "args", "nothing to change"),
        ("receiver_update", {"id": "rack1", "unit": "A"}, "schema_violation", "args.unit", ""),
        ("unit_update", {"id": "rack1"}, "schema_violation", "args", "unit"),
        ("receiver_update", {"id": "rack1", "meter_interval": 0.01}, "out_of_range", "args.meter_interval", "0.1 to"),
        ("receiver_update", {"id": "rack1", "interface": "eth0"}, "schema_violation", "args.interface", "address"),
        ("receiver_update", {"id": "rack1", "meter_interval": 61}, "out_of_range", "args.meter_interval", "60"),
        ("labels_set", {"id": "rack1"}, "schema_violation", "args", "nothing to set"),
        ("labels_set", {"id": "rack1", "rom": "A"}, "schema_violation", "args.rom", "room"),
        ("note", {}, "schema_violation", "args.text", "note needs text: what to write"),
        ("note", {"text": " \n "}, "schema_violation", "args.text", "text: this has nothing that can be shown"),
        ("note", {"text": "x", "resource": "rack1"}, "schema_violation", "args.resource", "receiver/rack1"),
        ("reload", {"now": True}, "schema_violation", "args.now", "known: nothing"),
    ],
)
def test_arguments_are_checked_and_the_answer_says_what_would_be_right(
    verb: str, args: dict[str, Any], code: str, field: str, words: str
) -> None:
    found_code, found_field, detail = rejected(PROCESS, verb, {"args": args})
    assert (found_code, found_field) == (code, field)
    assert words in detail


def test_each_argument_that_is_needed_says_what_it_is_and_each_pattern_has_words() -> None:
    models = {model for verb in VERBS.values() for model in verb.takes.values()}
    schemas = json.dumps([model.model_json_schema() for model in models])
    patterns = {json.loads(pattern) for pattern in re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', schemas)}
    assert patterns
    assert patterns <= PATTERNS_IN_WORDS.keys()
    assert not [
        (model.__name__, name)
        for model in models
        for name, field in model.model_fields.items()
        if field.is_required() and not field.description
    ]


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        (
            "discover",
            {"networks": ["10.0.0.0/24", "10.0.0.1-10.0.0.9"], "hosts": ["rack1.example.org"], "adopt": False},
        ),
        ("discover", {"manufacturer": "shure"}),
        ("receiver_add", {"host": "10.0.0.1", "port": 2202, "name": "Rack 1", "tags": ["a"], "campus": "north"}),
        ("receiver_add", {"id": "rack1"}),
        ("receiver_remove", {"id": "rack1"}),
        ("receiver_update", {"id": "rack1", "name": None}),
        ("receiver_update", {"id": "rack1", "meter_interval": 0}),
        ("receiver_replace", {"id": "rack1", "host": "10.0.0.2"}),
        ("labels_set", {"id": "rack1", "room": None, "tags": []}),
        ("note", {"text": "Battery door broken", "resource": "channel/rack1-1"}),
    ],
)
def test_arguments_arrive_exactly_as_they_were_given(verb: str, args: dict[str, Any]) -> None:
    assert dict(accepted(PROCESS, verb, {"args": args}).args) == args


def test_a_campus_topic_is_confined_to_its_campus() -> None:
    code, field, detail = rejected(CAMPUS, "receiver_remove", {"args": {"id": "rack1", "campus": "south"}})
    assert (code, field) == ("schema_violation", "args.campus")
    assert "the topic" in detail


@pytest.mark.parametrize("target", TARGETS.values())
def test_an_unknown_verb_is_answered_with_those_that_are_known(target: CommandTarget) -> None:
    code, _, detail = rejected(target, "explode")
    assert code == "unknown_verb"
    assert "refresh" in detail


def test_a_verb_for_something_else_says_where_it_belongs() -> None:
    assert rejected(CHANNEL, "discover")[0] == "unknown_verb"
    assert "only to: bridge, process" in rejected(CHANNEL, "discover")[2]
    assert f"only to: {', '.join(sorted(RESOURCE_KINDS))}" in rejected(PROCESS, "detail")[2]


@pytest.mark.parametrize("missing", ["request_id", "valid_until"])
@pytest.mark.parametrize("change", [{"step": 3}, {"toggle": True}])
def test_a_step_needs_what_makes_it_happen_once_and_in_time(missing: str, change: object) -> None:
    body: dict[str, object] = {"request_id": "1", "valid_until": "2100-01-01T00:00:00Z", "args": {"gain_db": change}}
    assert accepted(CHANNEL, "set", body).args == {"gain_db": change}
    del body[missing]
    code, field, detail = rejected(CHANNEL, "set", body)
    assert (code, field) == ("schema_violation", missing)
    assert f"gain_db needs {missing}" in detail


def test_keys_of_a_set_are_taken_as_they_are_and_at_least_one_is_needed() -> None:
    request = accepted(CHANNEL, "set", {"args": {"gain_db": 6, "lowcut_hz": 120}})
    assert request.args == {"gain_db": 6, "lowcut_hz": 120}
    assert rejected(CHANNEL, "set", {"args": {}})[0] == "schema_violation"
    assert rejected(PROCESS, "set", {"args": {"tags": ["choir"]}})[0] == "schema_violation"
    many = {f"key_{number}": number for number in range(33)}
    assert rejected(CHANNEL, "set", {"args": many})[0] == "schema_violation"


def test_a_retained_command_is_rejected_and_told_how_to_mend_it() -> None:
    code, _, detail = rejected(PROCESS, "refresh", b"", retain=True)
    assert code == "retained_rejected"
    assert "empty the topic" in detail


def test_a_topic_that_is_no_command_of_ours_is_nobodys() -> None:
    for topic in ("mic2mqtt/v1/bridge/main/state", "mic2mqtt/v1/bridge/other/cmd/refresh", "elsewhere/cmd/refresh"):
        assert parse(Incoming(topic, b"", False), TOPICS, now=NOW) is None


@pytest.mark.parametrize("payload", [b"{}", b'{"args":{"nonsense":1}}'])
@pytest.mark.parametrize(
    ("topic", "used"),
    [
        ("mic2mqtt/v1/acme/north/channel/rack1-1/reply/mine", True),
        ("flows/7", True),
        ("mic2mqtt/v1/acme/south/channel/rack1-1/reply/mine", False),
        ("mic2mqtt/v1/acme/north/channel/rack1-1/state", False),
    ],
)
def test_the_reply_goes_where_the_sender_may_send_it(payload: bytes, topic: str, used: bool) -> None:
    parsed = send(CHANNEL, "refresh", payload, response_topic=topic, correlation=b"\x00\xff")
    assert parsed.reply_to == ReplyTo(topic if used else None, b"\x00\xff", refused=None if used else topic)


def test_a_rejection_can_be_answered() -> None:
    parsed = send(PROCESS, "refresh", {"request_id": "r1", "actor": "me", "args": {"x": 1}})
    assert isinstance(parsed, Rejection)
    assert (parsed.request_id, parsed.actor, parsed.verb, parsed.known_verb) == ("r1", "me", "refresh", "refresh")
    assert parsed.topic == "mic2mqtt/v1/bridge/main/cmd/refresh"


def test_a_verb_of_somebodys_invention_does_not_become_a_word_of_ours() -> None:
    parsed = send(PROCESS, "x" * 200, {"request_id": "y" * 500})
    assert isinstance(parsed, Rejection)
    assert (parsed.known_verb, len(parsed.error.detail) < 500, len(parsed.request_id or "")) == ("unknown", True, 128)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["id", "host", "port", "networks", "hosts", "tags", "text", "adopt", "valid_until", "x"])
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "request_id": JSON,
        "valid_until": JSON | st.datetimes().map(str) | st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
        "actor": JSON,
        "args": JSON | st.dictionaries(KEYS, JSON, max_size=4),
    },
)


@given(
    st.sampled_from(list(TARGETS.values())),
    st.sampled_from([*VERBS, "nonsense", ""]),
    st.binary(max_size=200)
    | BODIES.map(lambda body: json.dumps(body).encode())
    | JSON.map(lambda j: json.dumps(j).encode()),
    st.booleans(),
    st.none() | st.text(max_size=40),
)
def test_no_bytes_whatever_make_it_fail(
    target: CommandTarget, verb: str, payload: bytes, retain: bool, response_topic: str | None
) -> None:
    parsed = send(target, verb, payload, retain=retain, response_topic=response_topic)
    if isinstance(parsed, Rejection):
        assert parsed.error.code in get_args(ErrorCode)
        assert parsed.error.detail
    else:
        assert not retain
        assert parsed.verb in VERBS


HOSTILE = "a\x1b[2J\x9b31m\x07\u202eb\u2066\x00"


@pytest.mark.parametrize("verb", ["note", "set", HOSTILE])
def test_nothing_that_a_terminal_would_obey_comes_in_with_a_command(verb: str) -> None:
    body: dict[str, object] = {
        "request_id": HOSTILE,
        "actor": HOSTILE,
        "args": {"text": HOSTILE, HOSTILE: [{HOSTILE: HOSTILE}]},
    }
    parsed = send(CAMPUS, verb, body)
    assert isinstance(parsed, Rejection)
    words = [parsed.verb, parsed.request_id, parsed.actor, parsed.error.field, parsed.error.detail, str(parsed.args)]
    assert [text for text in words if text is not None and not text.isprintable()] == []
    assert parsed.request_id == "a\ufffd[2J\ufffd31m\ufffd\ufffdb\ufffd\ufffd"


@pytest.mark.parametrize("payload", [b'{"args":' * 300 + b"1" + b"}" * 300, b"[" * 400 + b"]" * 400])
def test_a_command_that_is_nested_too_deep_is_refused_whatever_its_verb(payload: bytes) -> None:
    code, _, detail = rejected(CHANNEL, "set", payload)
    assert code == "payload_too_large"
    assert "16 levels" in detail
    assert send(CHANNEL, "set", payload).args == {}, "nothing of it gets into the audit"


def test_a_command_may_have_as_many_levels_as_any_argument_needs() -> None:
    deep: Any = "x"
    for _ in range(14):
        deep = {"a": deep}
    assert rejected(CHANNEL, "refresh", {"args": deep})[0] == "schema_violation"
