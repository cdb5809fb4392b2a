"""What Home Assistant is told of each thing, held against files that a person has read.

A wanted change rewrites them: `MIC2MQTT_TEST_REWRITE=1 pytest tests/unit/home_assistant`.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.contract import Topics
from bridge.home_assistant.entities import (
    BRIDGE_ENTITIES,
    CAMPUS_ENTITIES,
    ENTITIES,
    TRIGGERS,
    Device,
    Places,
    Style,
    bridge_device,
    campus_device,
    controls,
    entities_of,
    messages_of,
    part_device,
    unit_device,
)
from services.drivers.sennheiser.keys import MORE
from services.model import KEYS, UNIT_KINDS, Address, Allowed, Campus, Facet, Key, Kind, SettableRange, state_keys

GOLDEN = Path(__file__).parent / "golden"
HOME = Campus("default", "default")
PLACES = Places(Topics(), HOME)
ORIGIN = {"name": "mic2mqtt", "sw_version": "9.9.9"}
UNITS = {kind.part: kind.unit for kind in UNIT_KINDS.values()}

ULXD = frozenset(
    {"name", "status", "battery_percent", "battery_bars", "battery_runtime_minutes", "transmitter_present"}
    | {"receiver_muted", "transmitter_muted", "interference", "encryption_fault", "frequency_mhz", "gain_db"}
    | {"rf_dbm", "audio_peak_dbfs", "tx_power_level", "transmitter_last_seen"}
)
SETTABLE: dict[str, SettableRange] = {
    "name": {"max_length": 8},
    "gain_db": {"minimum": -18, "maximum": 42, "step": 1, "unit": "dB"},
    "receiver_muted": {},
    "fd_mode": {"choices": ["off", "fd_c"]},
}


def address(kind: Kind, id_: str = "rack1-2", tenant: Campus = HOME) -> Address:
    return Address(*tenant, kind, id_)


def device_of(kind: Kind, unit: str = "rack1", tenant: Campus = HOME) -> Device:
    if kind in UNITS.values():
        return unit_device(PLACES, address(kind, unit, tenant), name="Rack 1", facts={"model": "ULXD4Q"})
    part = address(kind, f"{unit}-2", tenant)
    return part_device(PLACES, part, address(UNITS[kind], unit, tenant), 2, name="Rack 1 2", facts={})


def rendered(
    kind: Kind,
    keys: frozenset[str],
    style: Style = "device",
    settable: dict[str, SettableRange] | None = None,
    *,
    identify: bool = False,
    more: Sequence[Key] = (),
) -> dict[str, Any]:
    messages = messages_of(
        style,
        "homeassistant",
        ORIGIN,
        device_of(kind),
        [(entity, entity.is_on(keys)) for entity in entities_of(kind, keys)],
        triggers=TRIGGERS.get(kind, ()),
        controls=controls(
            kind, Allowed(settable or {}, identify), {entity.key: entity for entity in ENTITIES[kind]}, more
        ),
        kind=kind,
        more=more,
    )
    return {topic: json.loads(payload) for topic, payload in messages}


def components(kind: Kind, keys: frozenset[str], **more: Any) -> dict[str, Any]:
    (payload,) = rendered(kind, keys, **more).values()
    found: dict[str, Any] = payload["components"]
    return found


def every_key(kind: Kind) -> frozenset[str]:
    return frozenset(state_keys(kind)) | frozenset(KEYS.names(kind, Facet.TELEMETRY))


@pytest.mark.parametrize(
    ("name", "kind", "keys", "style"),
    [
        ("channel", Kind.CHANNEL, ULXD, "device"),
        ("channel_single", Kind.CHANNEL, ULXD, "single"),
        ("bay", Kind.BAY, every_key(Kind.BAY), "device"),
        ("iem_channel", Kind.IEM_CHANNEL, every_key(Kind.IEM_CHANNEL), "device"),
        ("receiver", Kind.RECEIVER, every_key(Kind.RECEIVER), "device"),
    ],
)
def test_what_is_sent_is_what_somebody_read(name: str, kind: Kind, keys: frozenset[str], style: Style) -> None:
    compare(name, rendered(kind, keys, style, SETTABLE if kind is Kind.CHANNEL else None))


def test_the_bridge_and_a_campus_are_what_somebody_read() -> None:
    said = [
        messages_of("device", "homeassistant", ORIGIN, device, [(entity, entity.on) for entity in entities])
        for device, entities in (
            (bridge_device(PLACES, "9.9.9"), BRIDGE_ENTITIES),
            (campus_device(PLACES, address(Kind.BRIDGE, "main")), CAMPUS_ENTITIES),
        )
    ]
    compare("bridge", {topic: json.loads(payload) for messages in said for topic, payload in messages})


def compare(name: str, found: dict[str, Any]) -> None:
    file = GOLDEN / f"{name}.json"
    if "MIC2MQTT_TEST_REWRITE" in os.environ:
        file.write_text(json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    assert found == json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", ENTITIES)
def test_every_entity_reads_a_key_that_its_kind_has(kind: Kind) -> None:
    known = every_key(kind)
    for entity in ENTITIES[kind]:
        if not entity.always:
            assert known.issuperset(entity.needs or {entity.key}), entity.key


@pytest.mark.parametrize("kind", ENTITIES)
def test_no_two_entities_share_an_id_or_a_name(kind: Kind) -> None:
    made = [one for one in components(kind, every_key(kind)).values() if "unique_id" in one]
    for field in ("unique_id", "default_entity_id", "name"):
        counts = Counter(one[field] for one in made)
        assert not [value for value, count in counts.items() if count > 1], field


def test_about_ten_entities_of_a_channel_and_a_handful_of_a_bay_are_on() -> None:
    def on(kind: Kind, keys: frozenset[str]) -> list[str]:
        return [
            key for key, one in components(kind, keys).items() if one.get("name") and "enabled_by_default" not in one
        ]

    assert 9 <= len(on(Kind.CHANNEL, every_key(Kind.CHANNEL))) <= 12
    assert 3 <= len(on(Kind.BAY, every_key(Kind.BAY) - {"battery_bars"})) <= 7
    assert 3 <= len(on(Kind.IEM_CHANNEL, every_key(Kind.IEM_CHANNEL))) <= 6


def test_bars_are_on_where_a_unit_gives_no_percentage() -> None:
    assert components(Kind.CHANNEL, ULXD)["battery_bars"]["enabled_by_default"] is False
    assert "enabled_by_default" not in components(Kind.CHANNEL, ULXD - {"battery_percent"})["battery_bars"]


def test_what_a_unit_lacks_is_taken_away_by_name() -> None:
    lacking = components(Kind.CHANNEL, ULXD - {"battery_percent"})
    assert lacking["battery_percent"] == {"platform": "sensor"}
    assert lacking["gain_db_set"] == {"platform": "number"}


def test_a_control_appears_with_what_may_be_set_and_sends_the_command_of_the_contract() -> None:
    made = components(Kind.CHANNEL, ULXD, settable=SETTABLE)
    gain = made["gain_db_set"]
    assert (gain["platform"], gain["min"], gain["max"], gain["step"]) == ("number", -18, 42, 1)
    assert gain["command_topic"] == "mic2mqtt/v1/default/default/channel/rack1-2/cmd/set"
    assert gain["command_template"] == '{"args":{"gain_db":{{ value }}}}'
    assert made["receiver_muted_set"]["payload_on"] == '{"args":{"receiver_muted":true}}'
    assert made["name_set"]["max"] == 8
    assert made["fd_mode_set"]["options"] == ["off", "fd_c"]


def test_a_group_is_set_by_itself_only_where_the_unit_has_one() -> None:
    ranges: dict[str, SettableRange] = {key: {"minimum": 1, "maximum": 99} for key in ("group", "gain_db")}
    made = components(Kind.CHANNEL, ULXD, settable=ranges)
    assert "data.group is not none" in made["group_set"]["availability"][-1]["value_template"]
    assert len(made["group_set"]["availability"]) == 3
    assert "availability" not in made["gain_db_set"]


def test_the_connection_of_the_bridge_is_told_when_it_is_gone() -> None:
    device = bridge_device(PLACES, "9.9.9")
    ((_, payload),) = messages_of("device", "homeassistant", ORIGIN, device, [(one, one.on) for one in BRIDGE_ENTITIES])
    made = json.loads(payload)["components"]
    assert made["connectivity"]["availability"][0]["value_template"] == "{{ 'online' }}"
    assert "offline" in made["problem"]["availability"][0]["value_template"]


def test_a_number_without_limits_is_no_control() -> None:
    assert not controls(Kind.CHANNEL, Allowed({"gain_db": {"minimum": 3, "maximum": 3}}), {})


def test_what_can_show_itself_gets_a_button_where_a_rule_allows_it() -> None:
    for kind, target in ((Kind.CHANNEL, "channel/rack1-2"), (Kind.CHARGER, "charger/rack1")):
        made = components(kind, every_key(kind), identify=True)["identify"]
        assert (made["platform"], made["device_class"], made["entity_category"]) == ("button", "identify", "config")
        assert made["command_topic"] == f"mic2mqtt/v1/default/default/{target}/cmd/identify"
        assert made["payload_press"] == '{"args":{"on":true}}'
        assert made["default_entity_id"] == f"button.{'rack1_2' if kind is Kind.CHANNEL else 'rack1'}_identify"
        assert components(kind, every_key(kind))["identify"] == {"platform": "button"}


def test_a_unit_has_controls_of_its_own() -> None:
    made = components(Kind.CHARGER, every_key(Kind.CHARGER), settable={"storage_mode": {}})["storage_mode_set"]
    assert (made["platform"], made["name"]) == ("switch", "Storage mode")
    assert made["command_topic"] == "mic2mqtt/v1/default/default/charger/rack1/cmd/set"


def test_a_makers_own_keys_are_controls_too() -> None:
    squelch = {"squelch_db": SettableRange(minimum=5, maximum=25, step=2, unit="dB")}
    made = components(Kind.CHANNEL, ULXD, settable=squelch, more=MORE)["squelch_db_set"]
    assert (made["platform"], made["name"], made["min"], made["max"], made["step"]) == (
        "number",
        "Squelch",
        5,
        25,
        2,
    )
    assert "data.more" in made["value_template"]
    assert components(Kind.CHANNEL, ULXD, more=MORE)["squelch_db_set"] == {"platform": "number"}
    assert "equalizer_low_set" not in components(Kind.CHANNEL, ULXD, more=MORE)


def test_ids_differ_where_words_could_run_together() -> None:
    ids = [
        device_of(Kind.RECEIVER, "b", Campus("a_a", "c")).id,
        device_of(Kind.RECEIVER, "b", Campus("a", "a_c")).id,
        device_of(Kind.RECEIVER, "rack1-2").id,
        device_of(Kind.RECEIVER, "rack1_2").id,
        device_of(Kind.CHANNEL, "rack1").id,
        bridge_device(PLACES, "1").id,
        campus_device(PLACES, address(Kind.BRIDGE, "main")).id,
    ]
    assert len(set(ids)) == len(ids)


def test_an_entity_id_names_the_campus_only_away_from_home() -> None:
    assert device_of(Kind.CHANNEL).proposed == "rack1_2"
    assert device_of(Kind.CHANNEL, tenant=Campus("default", "stage")).proposed == "default_stage_rack1_2"


def test_older_releases_get_neither_words_nor_times_that_they_cannot_leave_unknown() -> None:
    for payload in rendered(Kind.CHANNEL, every_key(Kind.CHANNEL), "single").values():
        assert payload.get("device_class") not in {"enum", "timestamp"}
        assert "default_entity_id" not in payload
