"""Whatever a driver reports, only values of the form that the contract describes are let in."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.contract import models_of
from services import clock
from services.model import KEYS, PART_KINDS, Facet, Identity, Key, Kind, empty_state, state_keys
from services.rules import DEFAULT_RULES, Situation, admitted, checks_for, checks_of, fold_part

NOON = "2026-11-22T12:00:00.000Z"
AROUND = Situation(now=NOON, now_s=clock.unix_seconds(NOON), online=True, stale=False, rules=DEFAULT_RULES)


@pytest.mark.parametrize(
    ("kind", "key", "value", "let_in"),
    [
        (Kind.CHANNEL, "name", "Vox\x1b[2J", "Vox\ufffd[2J"),
        (Kind.CHANNEL, "name", "x" * 500, "x" * 64),
        (Kind.CHANNEL, "name", 7, None),
        (Kind.CHANNEL, "battery_percent", 0, 0),
        (Kind.CHANNEL, "battery_percent", 255, None),
        (Kind.CHANNEL, "battery_percent", True, None),
        (Kind.CHANNEL, "battery_percent", 50.5, None),
        (Kind.CHANNEL, "frequency_mhz", 526, 526),
        (Kind.CHANNEL, "frequency_mhz", math.nan, None),
        (Kind.CHANNEL, "frequency_mhz", math.inf, None),
        (Kind.CHANNEL, "receiver_muted", "yes", None),
        (Kind.CHANNEL, "interference", "a bit", None),
        (Kind.CHANNEL, "gain_db", -32, -32),
        (Kind.BAY, "charge_state", "boiling", None),
        (Kind.BAY, "fault", "check_battery", "check_battery"),
        (Kind.CHANNEL, "of_nobody", b"\xff", b"\xff"),
    ],
)
def test_a_value_that_is_none_of_its_key_is_unknown(kind: Kind, key: str, value: object, let_in: object) -> None:
    assert admitted(checks_of(kind), {key: value}) == {key: let_in}


def test_what_fits_is_handed_on_as_it_is() -> None:
    values = {"name": "Vox 1", "battery_percent": None, "receiver_muted": False}
    assert admitted(checks_of(Kind.CHANNEL), values) is values


def test_slots_and_a_drivers_own_keys_have_checks_too() -> None:
    assert admitted(checks_of(Kind.CHANNEL, slot=True), {"status": "flying", "battery_percent": 101}) == {
        "status": None, "battery_percent": None,
    }  # fmt: skip
    own = checks_for([Key("squelch_db", int, "Squelch.", "dB", 0, 25)])
    assert admitted(own, {"squelch_db": 26}) == {"squelch_db": None}


def test_an_identity_is_clean_wherever_it_comes_from() -> None:
    identity = Identity("shure", "ulxd", model="ULXD4\x1b[2J", device_id="Rack\u202e1", serial="\x00")
    assert (identity.model, identity.device_id, identity.serial) == ("ULXD4\ufffd[2J", "Rack\ufffd1", "\ufffd")


MODELS = models_of(KEYS)

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=80),
    st.binary(max_size=3),
    st.lists(st.none()),
)


@pytest.mark.parametrize("kind", PART_KINDS)
@given(st.data())
def test_whatever_a_driver_reports_can_be_published(kind: Kind, data: st.DataObject) -> None:
    keys = st.sampled_from([name for name in state_keys(kind) if name not in _MADE[kind]])
    reported: Mapping[str, object] = data.draw(st.dictionaries(keys, anything, max_size=8))
    folded = fold_part(kind, empty_state(kind), admitted(checks_of(kind), reported), AROUND)
    state = folded.state if folded else empty_state(kind)
    envelope = {"id": "x", "epoch": 1, "revision": 0, "changed_at": NOON, "stale": True, "schema": f"{kind}.state/1"}
    MODELS[kind, Facet.STATE].model_validate({**envelope, "data": state})


_MADE = {kind: {*KEYS.with_role(kind, "derived"), *KEYS.with_role(kind, "kept"), "more"} for kind in PART_KINDS}
"""Keys that the rules make: a driver's word for them does not count."""
