"""The dashboard of docs/home-assistant in a real Home Assistant, on the units of the demo."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import yaml

from bridge.cli.demo import Unit, fleet
from services.drivers import SimulatedUnit
from services.model import Kind, Part
from tests.integration.home_assistant.real import ROOT
from tests.integration.home_assistant.stage import Stage, check_quiet, is_whole
from tests.integration.house import simulators

pytestmark = [
    pytest.mark.skipif("MIC2MQTT_TEST_HOMEASSISTANT" not in os.environ, reason="its own: make test-homeassistant"),
    pytest.mark.timeout(500),
]

DASHBOARD = ROOT / "docs" / "home-assistant" / "dashboard.yaml"
STATE = re.compile(r"states\('(\w+\.\w+)'\)")
"""An entity that a template asks for by its id."""


def cards_in(value: object) -> Iterator[dict[str, Any]]:
    """Every card, also one that another one shows its entities with."""
    if isinstance(value, dict):
        if "type" in value:
            yield value
        for one in value.values():
            yield from cards_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from cards_in(one)


def ids_in(value: object) -> Iterator[str]:
    """What it lists as entities, whether or not with a name."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from ids_of(one) if key == "entities" else ids_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from ids_in(one)


def ids_of(entities: list[Any]) -> list[str]:
    return [one if isinstance(one, str) else one["entity"] for one in entities]


async def start_demo(stage: Stage, running: Sequence[tuple[Unit, SimulatedUnit]]) -> None:
    """Have the bridge serve the units of the demo, and Home Assistant know all of them."""
    stage.house.document["units"] = [
        {"host": unit.host, "port": unit.port, "kind": str(about.kind), "id": about.id, "name": about.name}
        for about, unit in running
    ]
    stage.bridge.write(stage.house.document)
    stage.bridge.hang_up()
    names = {
        f"sensor.{about.id.replace('-', '_')}_{number}_name": name
        for about, _ in running
        for number, name in enumerate(about.channels, 1)
    }
    await stage.ha.until(lambda now: all(now.state(entity) == name for entity, name in names.items()))


async def shows(stage: Stage, content: str, pattern: str) -> None:
    """Wait until a card of this content has a line like this."""
    template = f"{{% set text %}}{content}{{% endset %}}{{{{ text is search({json.dumps(pattern)}) }}}}"
    await stage.ha.until_rendered(template, "True")


async def test_it_shows_the_demo_with_cards_that_home_assistant_brings_along(stage: Stage) -> None:
    dashboard = yaml.safe_load(DASHBOARD.read_text("utf-8"))
    types = {card["type"] for card in cards_in(dashboard)}
    assert "markdown" in types
    assert not types - stage.ha.cards()
    texts = {card["title"]: card["content"] for card in cards_in(dashboard) if card["type"] == "markdown"}
    async with stage.ha.running(), fleet(simulators(), still=True, few=True) as running:
        await stage.ha.until(is_whole)
        await start_demo(stage, running)
        for about, _ in running:
            card, more = {
                Kind.RECEIVER: ("Channels", r" [|] [^|]+ [|] [^|]+ [|]"),
                Kind.IEM: ("In-ear monitors", " [|]"),
                Kind.CHARGER: ("Chargers", ""),
            }[about.kind]
            for number, name in enumerate(about.channels, 1):
                await shows(stage, texts[card], rf"\n[|] {about.name} {number} [|] {name} [|] \w+{more}(\n|$)")
            await shows(stage, texts["Units"], rf"\n[|] {about.name} [|] connected [|](\n|$)")
        for bay in (1, 2):
            await shows(stage, texts["Chargers"], rf"\n[|] Dock {bay} [|] charging [|] \d+ % [|] \d+ min [|](\n|$)")
        await shows(stage, texts["Channels"], r"\n[|] Main stage 1 [|] Hamlet [|] good [|] \d+ % [|] \d+ min [|]\n")
        await shows(stage, texts["Channels"], r"\n[|] Choir 1 [|] Soprano [|] good [|] \d bars [|] \d+ min [|]\n")
        await shows(stage, texts["Needs attention"], "Every microphone is fine.")

        dump = await stage.ha.dump()
        asked = {*ids_in(dashboard), *STATE.findall(DASHBOARD.read_text("utf-8"))}
        assert len(asked) > 20
        assert not sorted(asked - set(dump.states))

        main_stage = next(unit for about, unit in running if about.id == "main-stage")
        main_stage.set_value(Part(1), "battery_runtime_minutes", 5)
        await shows(stage, texts["Needs attention"], r"\n- [*][*]Hamlet[*][*]: battery almost empty")
        await main_stage.fault("freeze")
        await shows(stage, texts["Units"], r"\n[|] Main stage [|] [*][*]lost[*][*] [|]\n")
        await shows(stage, texts["Needs attention"], r"\n- [*][*]Main stage[*][*]: does not answer")
        await shows(stage, texts["Channels"], r"\n[|] Main stage 1 [|] . [|] unavailable [|] . [|] . [|]\n")
        await stage.bridge.kill()
        await shows(stage, texts["Needs attention"], "Nothing is known: the bridge or the broker cannot be reached.")
        await shows(stage, texts["Units"], r"\n[|] Main stage [|] unknown [|]\n")
        check_quiet(stage, await stage.ha.dump())
