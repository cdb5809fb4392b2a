"""The table of verbs, and what arguments become."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from services.commands import CommandService
from services.model import UNIT_KINDS, Kind, UnitWord
from services.verbs import BRIDGE_SCOPES, RESOURCE_SCOPES, VERBS, Arguments


def read(verb: str, scope: str = "bridge", **args: Any) -> dict[str, Any]:
    return VERBS[verb].takes[scope].model_validate(args).model_dump(exclude_unset=True)


def test_every_verb_is_addressed_to_something_that_exists() -> None:
    for verb in VERBS.values():
        assert verb.takes, verb.name
        assert set(verb.takes) <= BRIDGE_SCOPES | RESOURCE_SCOPES, verb.name
        assert all(issubclass(model, Arguments) for model in verb.takes.values())


def test_a_verb_without_a_handler_is_noticed_before_the_bridge_starts() -> None:
    with pytest.raises(ValueError, match="refresh"):
        CommandService({}, audit=None, flush=None)  # type: ignore[arg-type]  # it gets no further


def test_the_kinds_that_can_be_added_are_those_that_there_are() -> None:
    assert set(get_args(UnitWord)) == {kind.value for kind in UNIT_KINDS}


@pytest.mark.parametrize("action", ["add", "remove", "update", "replace"])
def test_what_may_be_asked_for_receivers_may_be_asked_for_units_of_every_kind(action: str) -> None:
    units, receivers = VERBS[f"unit_{action}"].takes, VERBS[f"receiver_{action}"].takes
    assert set(receivers) == BRIDGE_SCOPES
    assert set(receivers) <= set(units)
    assert set(receivers["bridge"].model_fields) == set(units["bridge"].model_fields) - {"kind", "unit"}


def test_a_unit_is_named_by_its_own_topic_or_by_its_id_never_by_both() -> None:
    assert read("unit_update", "charger", name="Dock") == {"name": "Dock"}
    with pytest.raises(ValidationError):
        read("unit_update", "charger", id="dock-1", name="Dock")
    with pytest.raises(ValidationError):
        read("unit_update", "bridge", name="Dock")


def test_texts_lose_control_characters_and_hosts_are_written_in_one_way() -> None:
    added = read("unit_add", host="Rack1.Example.ORG.", name="Vox\x1b[31m\u202e 1 ", room="Stage\nleft", kind="charger")
    assert added["host"] == "rack1.example.org"
    assert added["room"] == "Stage left"
    assert added["name"].isprintable()
    assert Kind(added["kind"]) is Kind.CHARGER
    assert read("receiver_update", id="rack", host="010.020.000.011")["host"] == "10.20.0.11"
    assert "\x07" not in read("note", text="ring\x07ring")["text"]
    assert read("labels_set", id="rack", tags=["vocals\x00"])["tags"][0].isprintable()


def test_a_tag_of_nothing_that_can_be_shown_is_refused() -> None:
    with pytest.raises(ValidationError, match="nothing that can be shown"):
        read("labels_set", id="rack", tags=[" \t"])
