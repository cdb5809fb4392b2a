"""The blueprints of docs/home-assistant agree with themselves.

Whether Home Assistant takes them and what they do is for tests/integration/home_assistant/test_blueprints.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

BLUEPRINTS = sorted((Path(__file__).parents[3] / "docs" / "home-assistant" / "blueprints").glob("*.yaml"))


@dataclass(frozen=True)
class Input:
    """``!input NAME``: the place of what a person chooses."""

    name: str


class Loader(yaml.SafeLoader):
    """YAML with the one tag that blueprints have beside it."""


Loader.add_constructor("!input", lambda _, node: Input(str(node.value)))


@pytest.fixture(params=BLUEPRINTS, ids=lambda file: file.stem)
def blueprint(request: pytest.FixtureRequest) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(request.param.read_text("utf-8"), Loader)
    return document


def inputs_in(value: object) -> Iterator[str]:
    if isinstance(value, Input):
        yield value.name
    elif isinstance(value, dict):
        for one in value.values():
            yield from inputs_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from inputs_in(one)


def test_there_are_four() -> None:
    assert [file.stem for file in BLUEPRINTS] == [
        "battery_low_during_show",
        "microphone_left_charger",
        "microphone_needs_attention",
        "receiver_lost",
    ]


def test_it_says_what_it_is_and_from_which_release_on(blueprint: dict[str, Any]) -> None:
    about = blueprint["blueprint"]
    assert about["name"].startswith("mic2mqtt: ")
    assert len(about["description"]) > 100
    assert about["domain"] == "automation"
    assert about["homeassistant"]["min_version"] == "2024.3.0"


def test_its_keys_are_those_that_the_oldest_release_knows(blueprint: dict[str, Any]) -> None:
    assert set(blueprint) - {"condition"} == {
        "blueprint",
        "mode",
        "max",
        "trigger",
        "variables",
        "action",
    }
    assert all("platform" in trigger for trigger in blueprint["trigger"])


def test_every_input_has_a_name_and_a_selector_and_is_used_and_no_other_is(blueprint: dict[str, Any]) -> None:
    inputs = blueprint["blueprint"]["input"]
    for key, one in inputs.items():
        assert one["name"], key
        assert len(one["selector"]) == 1, key
    used = set(inputs_in({key: value for key, value in blueprint.items() if key != "blueprint"}))
    assert used == set(inputs)


def test_what_to_do_and_whether_a_show_is_on_are_a_persons_choice(blueprint: dict[str, Any]) -> None:
    inputs = blueprint["blueprint"]["input"]
    assert inputs["actions"]["selector"] == {"action": {}}
    assert inputs["show"]["default"] == []
    assert inputs["how_long"]["selector"] == {"duration": {}}
