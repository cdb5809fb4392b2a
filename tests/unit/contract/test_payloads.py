"""The bytes that are published are those that the models describe, and the AsyncAPI document holds together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import orjson
import pytest
from jsonschema import Draft202012Validator

from bridge.contract import PUBLISHED, document, encoding
from bridge.contract.envelopes import MOST_BYTES
from bridge.contract.payloads import MODELS, Reply, read
from services.model import (
    TITLES,
    Address,
    AuditDraft,
    AuditEvent,
    Campus,
    ErrorCode,
    Event,
    Facet,
    Kind,
    ServiceError,
    empty_state,
)
from services.verbs import VERBS

NOW = "2026-11-22T19:30:00.120Z"
CHANNEL = Address("default", "default", Kind.CHANNEL, "rack1-1")
LABELS = {"location": None, "building": None, "room": "A", "rack": None, "position": None, "tags": ["vocals"]}
ROW = {
    "id": "rack1-1",
    "name": "Vox 1",
    "status": "good",
    "status_reasons": [],
    "battery_percent": 80,
    "battery_bars": 4,
    "battery_runtime_minutes": None,
    "muted": False,
    "room": "A",
    "who": None,
}
SLOT = {
    "number": 1,
    "status": "linked_active",
    "transmitter_model": "AD2",
    "transmitter_id": "SPARE",
    "battery_percent": 90,
    "battery_bars": 5,
    "battery_runtime_minutes": 300,
    "battery_health_percent": 99,
    "battery_cycles": 7,
    "battery_type": "lithium_ion",
    "tx_input_pad_db": 0,
    "tx_offset_db": None,
    "tx_polarity": "positive",
    "transmitter_rf_muted": False,
    "tx_power_mw": 10,
    "tx_power_level": None,
    "showlink_quality": 5,
}
HEALTH = {
    "uptime_s": 30,
    "loop_lag_s": 0.001,
    "dirty_resources": 0,
    "events_dropped": 0,
    "outbox_depth": 0,
    "outbox_oldest_s": None,
    "unidentified_hosts": 1,
    "receivers": 1,
    "receivers_online": 1,
    "channels": 4,
    "units": 2,
    "units_online": 2,
    "parts": 6,
    "database_error": None,
    "unidentified": [{"host": "10.0.0.9", "reason": "timeout", "since": NOW, "detail": ""}],
}
DRAFT = AuditDraft(
    "0191", NOW, Campus("default", "default"), "receiver_online", "receiver/rack1", after={"state": "online"}
)


def name_of(payload: bytes) -> str:
    body = orjson.loads(payload)
    return f"{body['schema']} {body.get('status', '')}".strip()


EMPTY = empty_state(Kind.CHANNEL)
PAYLOADS = [
    encoding.bridge_state("main", 1_795_370_000, "online", None, NOW, expected=True),
    encoding.encode({"schema": "bridge.health/1", "id": "main", "time": NOW, "data": HEALTH}),
    encoding.resource("channel.state", "rack1-1", 1, 7, NOW, empty_state(Kind.CHANNEL), stale=False),
    encoding.resource("receiver.state", "rack1", 1, 7, NOW, empty_state(Kind.RECEIVER), stale=True),
    encoding.resource("channel.slots", "rack1-1", 1, 7, NOW, {"slots": [SLOT]}, stale=False),
    encoding.availability("rack1", 1, 3, "offline", "closed_by_device", NOW),
    encoding.plain_resource(
        "channel.telemetry", "rack1-1", NOW, {"rf_a_dbm": -60, "rf_dbm": -60.0, "dropouts": 0, "samples": 10}
    ),
    encoding.plain_resource(
        "channel.levels", "rack1-1", NOW, {"intervals": 30, "rf_dbm_min": -80, "rf_dbm_mean": -61.2}
    ),
    encoding.plain_resource(
        "receiver.link",
        "rack1",
        NOW,
        {"last_seen": NOW, "data_age_s": 0.1, "session": "live", "reconnects_24h": 0, "last_error": None},
    ),
    encoding.event(Event("0191", "transmitter_on", NOW, CHANNEL, {"transmitter_id": "BP1"})),
    encoding.audit(AuditEvent("s1", 1, DRAFT)),
    encoding.inventory("main", [{"receiver": "rack1", "channels": ["rack1-1"]}])[0][1],
    next(encoding.summary("main", NOW, [encoding.encode(ROW)]))[1],
    encoding.candidates(
        "main",
        NOW,
        [{"host": "h", "manufacturer": "shure", "model": None, "name": None, "mac": None, "why": "x", "seen_at": NOW}],
    ),
    encoding.reply("r1", "discover", "succeeded", 0.84, {"seen": 3}, ["slow"], None),
    encoding.reply(None, "refresh", "rejected", 0.0, {}, [], ServiceError("expired", "too late", field="valid_until")),
]


@pytest.mark.parametrize("payload", PAYLOADS, ids=name_of)
def test_what_is_encoded_is_what_the_model_describes(payload: bytes) -> None:
    model = read(payload)
    assert orjson.loads(payload)["schema"] in MODELS
    assert json.loads(model.model_dump_json(by_alias=True, exclude_unset=True)) == json.loads(payload)
    keys = list(json.loads(payload))
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b"{}",
        b"nonsense",
        b'{"schema":"channel.state/2"}',
        encoding.availability("rack1", 1, 3, "broken", None, NOW),
        encoding.availability("rack1", 1, 3, "offline", "tired", NOW),
        encoding.availability("rack1", 1, 3, "offline", None, "2026-11-22T19:30:00Z"),
        encoding.availability("Rack 1", 1, 3, "offline", None, NOW),
        encoding.resource("channel.state", "rack1-1", 1, 7, NOW, {**EMPTY, "colour": "red"}, stale=False),
        encoding.resource(
            "channel.state",
            "rack1-1",
            1,
            7,
            NOW,
            {k: v for k, v in EMPTY.items() if k != "gain_db"},
            stale=False,
        ),
        encoding.resource("channel.state", "rack1-1", 1, 7, NOW, {**EMPTY, "battery_bars": 255}, stale=False),
        encoding.plain_resource("channel.levels", "rack1-1", NOW, {"intervals": 30, "colour_min": 1}),
        encoding.plain_resource("channel.telemetry", "rack1-1", NOW, {"quality": 9}),
        next(encoding.summary("main", NOW, [encoding.encode({**ROW, "name": "x" * MOST_BYTES})]))[1],
    ],
)
def test_what_breaks_the_contract_is_noticed(payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's, orjson's and ours alike
        read(payload)


def test_four_thousand_channels_are_summed_up_in_messages_below_the_limit() -> None:
    rows = [{**ROW, "id": f"rack{number // 4}-{number % 4 + 1}", "name": "ü" * 31} for number in range(4000)]
    pages = list(encoding.summary("main", NOW, map(encoding.encode, rows)))
    read_back = []
    for number, (part, payload) in enumerate(pages):
        assert part == (str(number) if number else "")
        assert len(payload) < MOST_BYTES
        body = json.loads(payload)
        assert (body["page"], body["pages"]) == (number, len(pages))
        read(payload)
        read_back += body["channels"]
    assert [row["id"] for row in read_back] == [row["id"] for row in rows]


def test_an_empty_campus_has_one_empty_page() -> None:
    assert [part for part, _ in encoding.summary("main", NOW, [])] == [""]
    assert [part for part, _ in encoding.inventory("main", [])] == ["0"]


def test_the_inventory_has_pages_of_five_hundred_ids() -> None:
    receivers = [
        {"receiver": f"rack{number}", "channels": [f"rack{number}-{channel}" for channel in range(1, 5)]}
        for number in range(1000)
    ]
    pages = [json.loads(payload) for _, payload in encoding.inventory("main", receivers)]
    assert [receiver for page in pages for receiver in page["receivers"]] == receivers
    for page in pages:
        assert sum(1 + len(receiver["channels"]) for receiver in page["receivers"]) <= 500
        assert page["pages"] == len(pages) == 10


# -- the AsyncAPI document ---------------------------------------------------------------------------------------------

DOCUMENT = document("1.2.3")


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(reference: str) -> Any:
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_every_reference_of_the_document_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 80
    for reference in found:
        assert resolve(reference)


def test_the_document_has_what_asyncapi_3_asks_for() -> None:
    assert DOCUMENT["asyncapi"].startswith("3.")
    assert DOCUMENT["info"]["version"] == "1.2.3"
    for channel in DOCUMENT["channels"].values():
        levels = channel["address"].split("/")
        assert len(levels) <= 8
        assert {level[1:-1] for level in levels if level.startswith("{")} == set(channel["parameters"])
        assert channel["messages"]
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert operation["bindings"]["mqtt"]["qos"] in {0, 1}
    addresses = [channel["address"] for channel in DOCUMENT["channels"].values()]
    assert len(set(addresses)) == len(addresses)
    json.dumps(DOCUMENT)


def test_the_document_leaves_no_facet_verb_or_payload_out() -> None:
    assert {topic.facet for topic in PUBLISHED} == {*Facet, "reply"}
    assert {topic.model for topic in PUBLISHED} == set(MODELS.values())
    for name, verb in VERBS.items():
        for scope in verb.takes:
            assert f"receive_{scope}_cmd_{name}" in DOCUMENT["operations"]


@pytest.mark.parametrize("payload", PAYLOADS, ids=name_of)
def test_published_payloads_fit_the_schemas_of_the_document(payload: bytes) -> None:
    name = MODELS[json.loads(payload)["schema"]].__name__
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(json.loads(payload))


def test_every_error_code_can_stand_in_a_reply() -> None:
    assert set(TITLES) == set(get_args(ErrorCode))
    for code in TITLES:
        model = read(encoding.reply("r", "refresh", "failed", 0.0, {}, [], ServiceError(code, "why")))
        assert isinstance(model, Reply)
        assert model.error is not None
        assert model.error.code == code


@pytest.mark.parametrize("hosts", [1, 300, 10_000])
def test_an_answer_stays_below_what_every_broker_takes_and_says_how_much_it_leaves_out(hosts: int) -> None:
    errors = [{"device": f"10.9.0.{number}", "code": "refused", "message": "x" * 400} for number in range(hosts)]
    data = {"errors": errors, "manufacturers": {"shure": {"errors": errors, "counts": {"failed": hosts}}}}
    payload = encoding.reply("r", "refresh", "failed", 0.1, data, [], ServiceError("device_offline", "away"))
    assert len(payload) < MOST_BYTES
    told = read(payload).model_dump()["data"]
    assert len(told["errors"]) + told.get("errors_left_out", 0) == hosts
    assert told["manufacturers"]["shure"]["counts"] == {"failed": hosts}
    assert told["errors"], "the first of them are always told"
