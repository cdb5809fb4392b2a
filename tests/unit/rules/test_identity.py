"""Recognising receivers again: what counts, in which order, and what is never merged."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.model import Address, Identity, Kind, UnitRecord
from services.rules import is_unit_id, make_id, recognise
from services.rules.identity import MAX_UNIT_ID

MAC = "00:0e:dd:47:e0:d7"
QUAD = Identity("shure", "ulxd", model="ULXD4Q", mac=MAC, device_id="RACK1")


def record(id_: str = "rack1", host: str = "10.0.0.1", **facts: object) -> UnitRecord:
    known = UnitRecord(
        Address("default", "default", Kind.RECEIVER, id_), "shure", "shure", host, family="ulxd", model="ULXD4Q"
    )
    return replace(known, **facts)  # type: ignore[arg-type]


def test_an_id_is_made_of_model_and_mac() -> None:
    assert make_id(QUAD, "10.0.0.1") == "ulxd4q-000edd47e0d7"


def test_without_a_mac_the_first_address_makes_the_id_and_two_units_differ() -> None:
    plain = replace(QUAD, mac=None)
    assert re.fullmatch(r"ulxd4q-[0-9a-f]{8}", make_id(plain, "10.0.0.1"))
    assert make_id(plain, "10.0.0.1") != make_id(plain, "10.0.0.2")
    assert make_id(plain, "10.0.0.1") == make_id(replace(plain, device_id="other label"), "10.0.0.1")


def test_units_behind_one_gateway_have_ids_that_do_not_depend_on_who_was_found_first() -> None:
    plain = replace(QUAD, mac=None)
    made = [make_id(plain, "10.0.0.1", unit=unit) for unit in ("", "A", "B")]
    assert len({*made}) == len(made)
    assert make_id(plain, "10.0.0.1", made[:1], unit="B") == made[2]


def test_a_unit_without_a_model_is_named_after_its_family_else_after_its_kind() -> None:
    charger = Identity("acme", "", Kind.CHARGER, mac=MAC)
    assert make_id(charger, "10.0.0.1") == "charger-000edd47e0d7"
    assert make_id(replace(charger, family="docks"), "10.0.0.1") == "docks-000edd47e0d7"


def test_a_charger_where_a_receiver_was_is_a_conflict_and_never_that_receiver() -> None:
    match = recognise(Identity("shure", "sbc", Kind.CHARGER), "10.0.0.1", None, [record()])
    assert match.outcome == "conflict"
    assert "charger" in match.why


@given(st.text(max_size=90), st.none() | st.text(max_size=30), st.text(max_size=30))
def test_an_id_can_always_stand_in_a_topic_with_its_channel(model: str, mac: str | None, host: str) -> None:
    made = make_id(Identity("shure", "ulxd", model=model, mac=mac), host)
    assert is_unit_id(made)
    assert len(made) <= MAX_UNIT_ID


def test_the_same_mac_at_the_same_place_is_known() -> None:
    match = recognise(QUAD, "10.0.0.1", None, [record(mac=MAC)])
    assert (match.outcome, match.record and match.record.address.id) == ("duplicate", "rack1")


def test_the_same_mac_at_another_place_has_moved() -> None:
    assert recognise(QUAD, "10.0.0.9", None, [record(mac=MAC)]).outcome == "moved"


def test_a_unit_that_is_heard_at_its_own_place_cannot_have_moved() -> None:
    assert recognise(QUAD, "10.0.0.9", None, [record(mac=MAC)], online=["rack1"]).outcome == "conflict"


def test_a_known_unit_at_the_place_of_another_one_is_a_conflict_at_both() -> None:
    known = [record("old", "10.0.0.1", serial="123"), record("new", "10.0.0.2")]
    match = recognise(replace(QUAD, mac=None, serial="123"), "10.0.0.2", None, known)
    assert (match.outcome, match.record and match.record.address.id) == ("conflict", "new")
    assert match.twin is not None
    assert match.twin.address.id == "old"
    assert all(word in match.why for word in ("new", "old", "10.0.0.1", "10.0.0.2"))


@pytest.mark.parametrize("online", [[], ["rack1"]])
def test_what_the_configuration_places_never_moves(online: list[str]) -> None:
    known = [record(mac=QUAD.mac, source="config")]
    assert recognise(QUAD, "10.0.0.9", None, known, online).outcome == "conflict"


def test_another_mac_at_a_known_place_is_a_conflict_never_a_merge() -> None:
    match = recognise(QUAD, "10.0.0.1", None, [record(mac="00:0e:dd:00:00:01")])
    assert match.outcome == "conflict"
    assert "another unit" in match.why


@pytest.mark.parametrize("label", ["RACK1", "   "])
def test_a_label_never_makes_two_units_one(label: str) -> None:
    known = [record(device_id=label)]
    assert recognise(replace(QUAD, mac=None, device_id=label), "10.0.0.9", None, known).outcome == "new"


def test_another_model_at_a_known_place_is_a_conflict() -> None:
    other = Identity("shure", "qlxd", model="QLXD4")
    assert recognise(other, "10.0.0.1", None, [record()]).outcome == "conflict"


def test_two_units_behind_one_address_are_told_apart_by_port() -> None:
    known = [record("a", "10.0.0.1", port=2202)]
    assert recognise(replace(QUAD, mac=None, device_id=None), "10.0.0.1", 2203, known).outcome == "new"


CID = "dd47e0d7-0000-11dd-a000-000eddcccccc"


@pytest.mark.parametrize("online", [(), ("rack1",)])
@pytest.mark.parametrize("source", ["config", "discovery"])
def test_a_unit_that_is_known_at_its_own_address_and_found_behind_a_gateway_is_one_and_stays(
    online: tuple[str, ...], source: str
) -> None:
    known = record(mac=MAC, source=source)
    match = recognise(replace(QUAD, cid=CID), "10.0.0.60", None, [known], online, unit=CID)
    assert (match.outcome, match.record) == ("both_ways", known)
    assert "10.0.0.1" in match.why


def test_a_unit_that_is_known_behind_a_gateway_and_answers_itself_is_one_in_whatever_case_its_cid_is() -> None:
    known = record(host="10.0.0.60", behind=CID, cid=CID)
    match = recognise(replace(QUAD, mac=None, cid=CID.upper()), "10.0.0.1", None, [known])
    assert (match.outcome, match.record) == ("both_ways", known)


def test_behind_two_gateways_a_unit_is_a_conflict_as_at_two_addresses() -> None:
    known = record(host="10.0.0.60", behind=CID, cid=CID)
    match = recognise(replace(QUAD, mac=None, cid=CID), "10.0.0.61", None, [known], ["rack1"], unit=CID)
    assert match.outcome == "conflict"
