"""Every mistake with every argument of every verb is answered in a sentence for people, that names the argument."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bridge.contract import CommandTarget, Envelope, Incoming, Rejection, Topics, parse
from services.model import Address, Kind
from services.verbs import VERBS, Arguments

TOPICS = Topics("mic2mqtt", "main")
NOW = 1_795_376_000.0

NEEDED = {"id": "rack1", "text": "x", "reason": "x"}
"""A right value for each argument that some verb needs."""

MISTAKES: dict[str, Any] = {
    "null": None,
    "empty": "",
    "blank": "  ",
    "text": "A b/\x1b[31m",
    "long": "x" * 3000,
    "whole": 7,
    "negative": -1,
    "zero": 0,
    "huge": 10**30,
    "larger": 1e308,
    "fraction": 0.5,
    "switch": True,
    "list": [],
    "numbers": [7],
    "blanks": [""],
    "lists": [["a"]],
    "many": ["x"] * 12_000,
    "object": {},
    "nested": {"a": [{"b": [None, {"c": "d"}]}]},
}

FOR_PROGRAMMERS = re.compile(
    r"this is needed|field required|input should|should be|valid (string|list|dict|boolean|integer|number)|"
    r"string|boolean|integer|dictionary|NoneType|greater than|less than|at least 1 character|extra inputs|"
    r"validation|value error|type=|pydantic|Traceback|\x1b|\bnull is\b",
    re.IGNORECASE,
)

MODELS = list({model: (name, scope) for name, verb in VERBS.items() for scope, model in verb.takes.items()}.items())
"""Each model of arguments once, with a verb and a scope that takes it."""


def send(verb: str, scope: str, body: bytes) -> Rejection | None:
    """What is wrong with this body; ``None`` where nothing is."""
    address = None
    if scope != "process":
        address = Address("acme", "north", Kind(scope), "main" if scope == Kind.BRIDGE else "rack1")
    parsed = parse(Incoming(TOPICS.command(CommandTarget(address), verb), body, False), TOPICS, now=NOW)
    return parsed if isinstance(parsed, Rejection) else None


def check(rejection: Rejection | None, *names: str) -> None:
    """It is answered in words, and one of these names is among them."""
    assert rejection is not None
    detail = rejection.error.detail
    assert not FOR_PROGRAMMERS.search(detail), detail
    assert detail.isprintable()
    assert len(detail) < 400, detail
    assert any(re.search(rf"\b{re.escape(name)}\b", detail) for name in names), f"{names}: {detail}"


def needed(model: type[Arguments]) -> dict[str, Any]:
    return {name: NEEDED[name] for name, info in model.model_fields.items() if info.is_required()}


@pytest.mark.parametrize(("model", "where"), MODELS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_missing_and_an_unknown_argument_are_named(model: type[Arguments], where: tuple[str, str]) -> None:
    verb, scope = where
    for missing in needed(model):
        others = {name: value for name, value in needed(model).items() if name != missing}
        rejection = send(verb, scope, json.dumps({"args": others}).encode())
        check(rejection, missing)
        assert rejection is not None
        assert rejection.error.detail.startswith(f"{verb} needs {missing}: ")
        assert rejection.error.field == f"args.{missing}"
    if model.model_config.get("extra") != "allow":
        for strange in ("nosuch", "no.such\x1b[31m", "x" * 5000):
            rejection = send(verb, scope, json.dumps({"args": {**needed(model), strange: 1}}).encode())
            check(rejection, verb)
            assert rejection is not None
            assert f"does not know {strange[:6]}" in rejection.error.detail.replace("\ufffd", "")
            assert len(rejection.error.field or "") < 100


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize(("model", "where"), MODELS, ids=lambda one: getattr(one, "__name__", ""))
def test_what_is_wrong_with_an_argument_is_said_in_words_that_name_it(
    model: type[Arguments], where: tuple[str, str], mistake: str
) -> None:
    verb, scope = where
    others = needed(model)
    if model.model_config.get("extra") == "allow":
        others["gain_db"] = 6
    for name in model.model_fields:
        rejection = send(verb, scope, json.dumps({"args": {**others, name: MISTAKES[mistake]}}).encode())
        if rejection is not None and rejection.error.field == "args":  # nothing wrong with this one: another lacks
            check(rejection, "host", "id", "location")
        elif rejection is not None:
            check(rejection, name)
            assert (rejection.error.field or "").startswith(f"args.{name}")


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("name", Envelope.model_fields)
def test_what_is_wrong_with_a_command_as_a_whole_is_said_in_words_too(name: str, mistake: str) -> None:
    rejection = send("discover_cancel", "process", json.dumps({name: MISTAKES[mistake]}).encode())
    if rejection is not None:
        inside = MISTAKES[mistake] if name == "args" and isinstance(MISTAKES[mistake], dict) else {}
        check(rejection, name, *inside)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"args":{"id":NaN}}', ("character 15", '"id":NaN', "JSON has no NaN")),
        (b'{"args":{"port":-Infinity}}', ('"port":-Infinity', "no Infinity")),
        (b'{"args":{"port":1e309}}', ('"port":1e309', "too large")),
        (b"{'args':{}}", ("double quotes", "{'args'")),
        (b'{"args":{"id":None}}', ("writes null", '"id":None')),
        ('{"args":{"name":"Sängerin","port":}}'.encode(), ("character 35", '"port":}')),
        (b'{"args":{"name":"' + b"x" * 5000 + b'"', ("...xxx",)),
    ],
)
def test_where_a_payload_stops_being_json_is_shown_with_what_stands_there(body: bytes, words: tuple[str, ...]) -> None:
    rejection = send("receiver_update", "process", body)
    check(rejection, "JSON")
    assert rejection is not None
    assert rejection.error.code == "bad_json"
    assert all(word in rejection.error.detail for word in words), rejection.error.detail


@pytest.mark.parametrize(
    ("verb", "scope", "body", "words"),
    [
        ("set", "channel", {"gain_db": 6}, 'gain_db stands in args: {"args":{"gain_db":...}}'),
        ("receiver_remove", "bridge", {"id": "rack1"}, 'id stands in args: {"args":{"id":...}}'),
        ("set", "channel", {"argz": {"gain_db": 6}}, "does not know argz; did you mean args?"),
        ("set", "channel", {"request-id": "7", "args": {"gain_db": 6}}, "did you mean request_id?"),
        ("refresh", "process", {"args": {"manufactuerer": "shure"}}, "did you mean manufacturer?"),
        ("discover", "bridge", {"args": {"limit": 0}}, "limit must be a whole number from 1 to 65536, not 0"),
        ("discover", "bridge", {"args": {"hosts": "a"}}, 'hosts must be a list, for example ["..."], not "a"'),
        ("discover", "bridge", {"args": {"adopt": None}}, "adopt must be true or false, not null; leave it out"),
        ("refresh", "bridge", {"args": {"tags": ["a", 7]}}, "entry 2 of tags must be a text, not 7"),
        (
            "receiver_remove",
            "bridge",
            {"args": {"Id": "rack1"}},
            "needs id: the receiver's id; it does",
        ),
        ("refresh", "bridge", {"args": []}, "args must be an object"),
        ("refresh", "bridge", {"valid_until": "tomorrow"}, "valid_until: write it as 2026-11-22T19:30:00Z"),
        ("refresh", "bridge", {"valid_until": "2020-01-01T00:00:00Z"}, "valid_until was 2020-01-01T00:00:00Z"),
    ],
)
def test_the_usual_mistakes_read_well(verb: str, scope: str, body: dict[str, Any], words: str) -> None:
    rejection = send(verb, scope, json.dumps(body).encode())
    assert rejection is not None
    assert words in rejection.error.detail
