"""Adding a key is adding one row: everything that is made from the key table has it then."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.contract import models_of
from bridge.http import metrics
from scripts.doc_tables import keys_of
from services.model import KEYS, RESOURCE_KINDS, Facet, Key, KeyTable, Kind, Metric, empty_state, facets_of, state_keys

HUMIDITY = Key(
    "humidity_percent",
    int,
    "Humidity in the bay.",
    "%",
    0,
    100,
    kinds=frozenset({Kind.BAY}),
    role="setting",
    audited=True,
    gone_with="occupied",
    metric=Metric("bay_humidity_ratio", "Humidity in the bay, 0 to 1.", factor=0.01),
)
CLIPPING = Key(
    "clipping_dbfs", float, "How far it clips.", kinds=frozenset({Kind.CHANNEL}), role="meter", recorded=True
)
TABLE = KeyTable((*KEYS.rows, HUMIDITY, CLIPPING))
NO_PROCESS = metrics.Process(dict, dict, dict, dict)


def test_a_new_row_stands_in_the_payload_with_its_limits() -> None:
    schema = models_of(TABLE)[Kind.BAY, Facet.STATE].model_json_schema()["$defs"]["BayState"]
    assert schema["properties"]["humidity_percent"]["anyOf"][0] == {"maximum": 100, "minimum": 0, "type": "integer"}
    assert "humidity_percent" in schema["required"]
    assert "humidity_percent" not in models_of(KEYS)[Kind.BAY, Facet.STATE].model_json_schema()["$defs"]["BayState"]


def test_a_new_row_stands_in_the_documentation() -> None:
    assert (
        "| `humidity_percent` | integer 0..100, null | Humidity in the bay. |"
        in keys_of(Kind.BAY, Facet.STATE, TABLE)()
    )


def test_a_new_row_is_a_metric_when_it_names_one() -> None:
    assert "mic2mqtt_bay_humidity_ratio" in {one.name for one in metrics.described(NO_PROCESS, TABLE)}


def test_a_new_meter_is_summed_up_when_it_is_recorded() -> None:
    assert "clipping_dbfs" in TABLE.recorded(Kind.CHANNEL)
    levels = models_of(TABLE)[Kind.CHANNEL, Facet.LEVELS].model_json_schema()["$defs"]["LevelsData"]
    assert {"clipping_dbfs_min", "clipping_dbfs_max", "clipping_dbfs_mean"} <= {*levels["properties"]}


def test_a_new_row_is_audited_and_goes_away_as_it_says() -> None:
    assert "humidity_percent" in TABLE.audited(Kind.BAY)
    assert "humidity_percent" in TABLE.gone_with(Kind.BAY, "occupied")
    assert TABLE.empty_state(Kind.BAY)["humidity_percent"] is None


def test_a_key_stands_once_in_a_facet() -> None:
    with pytest.raises(ValueError, match="twice"):
        KeyTable((*KEYS.rows, HUMIDITY, HUMIDITY))


def test_a_row_of_a_form_that_nobody_can_read_is_refused() -> None:
    with pytest.raises(TypeError, match="no type of a key"):
        Key("secret", bytes)


@pytest.mark.parametrize("kind", RESOURCE_KINDS)
def test_every_kind_has_the_keys_of_its_facets_and_no_others(kind: Kind) -> None:
    told = {facet for facet in Facet if KEYS.of(kind, facet)}
    assert told <= {*facets_of(kind)}
    assert told >= {*facets_of(kind)} & {Facet.INFO, Facet.STATE, Facet.LINK, Facet.TELEMETRY, Facet.SLOTS}


@pytest.mark.parametrize("kind", RESOURCE_KINDS)
def test_nothing_known_is_a_state_that_can_be_published(kind: Kind) -> None:
    model = models_of(KEYS)[kind, Facet.STATE]
    envelope = {"id": "x", "epoch": 1, "revision": 0, "changed_at": "2026-11-22T19:30:00.120Z", "stale": True}
    made = model.model_validate({**envelope, "schema": f"{kind}.state/1", "data": empty_state(kind)})
    assert tuple(empty_state(kind)) == state_keys(kind)
    assert made.model_dump()["data"]["more"] == {}


def test_a_row_tells_its_unit_where_its_name_does() -> None:
    units = {
        "_mhz": "MHz",
        "_db": "dB",
        "_dbm": "dBm",
        "_dbfs": "dBFS",
        "_percent": "%",
        "_minutes": "min",
        "_mw": "mW",
    }
    for row in KEYS.rows:
        for ending, unit in units.items():
            if row.name.endswith(ending):
                assert row.unit == unit, row.name


def test_what_a_key_is_derived_from_and_goes_with_is_a_key_too() -> None:
    for row in KEYS.rows:
        for kind in row.kinds:
            assert {*row.derived_from} <= KEYS.reportable(kind), row.name
            assert not row.gone_with or row.gone_with in state_keys(kind), row.name


def test_no_key_is_listed_by_hand_in_the_rules() -> None:
    rules = (Path(__file__).parents[3] / "services" / "rules" / "channels.py").read_text("utf-8")
    assert '"battery_temperature_c"' not in rules
