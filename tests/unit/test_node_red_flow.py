"""docs/node-red/flows.json without Node-RED: whole, readable, within the contract, and nobody's own.

`make test-nodered` runs it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bridge.contract import PUBLISHED, Incoming, Request, Topics, parse
from services.clock import now, text_of

FOLDER = Path(__file__).parents[2] / "docs" / "node-red"
TEXT = (FOLDER / "flows.json").read_text(encoding="utf-8")
NODES: list[dict[str, Any]] = json.loads(TEXT)
BY_ID = {node["id"]: node for node in NODES}
FORMS = {re.sub(r"\{(?!base)\w+\}", "+", topic.address).replace("{base}", "mic2mqtt") for topic in PUBLISHED}


def nodes(*kinds: str) -> list[dict[str, Any]]:
    return [node for node in NODES if node["type"] in kinds]


def could_meet(filter_: str, form: str) -> bool:
    """Whether some topic of this form matches the filter."""
    wanted, levels = filter_.split("/"), form.split("/")
    if wanted[-1] == "#":
        wanted.pop()
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(
        "+" in pair or len(set(pair)) == 1 for pair in zip(wanted, levels, strict=True)
    )


def test_every_wire_ends_at_a_node_and_ids_are_used_once() -> None:
    assert len(BY_ID) == len(NODES)
    for node in NODES:
        for wire in (target for output in node.get("wires", []) for target in output):
            assert BY_ID[wire]["z"] == node["z"], f"{node['id']} -> {wire}"
        for member in node.get("nodes", []):
            assert BY_ID[member]["g"] == node["id"]


def test_every_node_has_a_name_and_stands_inside_a_group_with_a_title() -> None:
    for node in nodes("mqtt in", "mqtt out", "function", "inject", "debug", "comment", "catch"):
        group = BY_ID[node["g"]]
        assert node["name"], node["id"]
        assert group["name"]
        assert group["x"] < node["x"] < group["x"] + group["w"], node["id"]
        assert group["y"] < node["y"] < group["y"] + group["h"], node["id"]


def test_only_nodes_are_used_that_every_node_red_has() -> None:
    known = {"tab", "group", "comment", "mqtt-broker", "mqtt in", "mqtt out", "function", "inject", "debug", "catch"}
    assert {node["type"] for node in NODES} <= known


@pytest.mark.parametrize("node", nodes("mqtt in"), ids=lambda node: node["id"])
def test_what_it_listens_to_is_published(node: dict[str, Any]) -> None:
    assert any(could_meet(node["topic"], form) for form in FORMS), node["topic"]
    assert node["broker"] in BY_ID


@pytest.mark.parametrize("node", nodes("inject"), ids=lambda node: node["id"])
def test_what_it_sends_is_a_command_with_arguments_that_the_verb_takes(node: dict[str, Any]) -> None:
    added = {"request_id": "7", "valid_until": text_of(now() + 30)}  # by the node *ask*
    sent = json.dumps({**json.loads(node["payload"]), **added}).encode()
    request = parse(Incoming(node["topic"], sent, retain=False), Topics(), now=now())
    assert isinstance(request, Request), request


def test_commands_are_never_retained() -> None:
    assert {(node["retain"], node["qos"]) for node in nodes("mqtt out")} == {("false", "1")}


def test_it_names_no_machine_but_this_one_and_holds_no_secret() -> None:
    assert {broker["broker"] for broker in nodes("mqtt-broker")} == {"localhost"}
    assert not [broker for broker in nodes("mqtt-broker") if {"credentials", "user", "password"} & set(broker)]
    assert set(re.findall(r"\d+\.\d+\.\d+\.\d+", TEXT)) <= {"127.0.0.1"}
    assert "://" not in TEXT
    assert not list(FOLDER.glob("*cred*"))


def test_both_versions_of_mqtt_are_shown() -> None:
    assert {broker["protocolVersion"] for broker in nodes("mqtt-broker")} == {"4", "5"}
    code = "\n".join(node["func"] for node in nodes("function"))
    for word in ("responseTopic", "correlationData", "request_id"):
        assert word in code
