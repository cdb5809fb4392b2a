"""An audit event names what it is about: a charger is never called a receiver."""

from __future__ import annotations

import pytest

from services.audit import ACTIONS, action_of
from services.audit.actions import OF_OTHER_KINDS
from services.model import RESOURCE_KINDS, Kind


@pytest.mark.parametrize(
    ("action", "kind", "named"),
    [
        ("receiver_online", Kind.RECEIVER, "receiver_online"),
        ("receiver_online", Kind.CHARGER, "unit_online"),
        ("channel_settings_changed", Kind.CHANNEL, "channel_settings_changed"),
        ("channel_settings_changed", Kind.IEM_CHANNEL, "part_settings_changed"),
        ("note", Kind.BAY, "note"),
    ],
)
def test_an_action_is_named_by_the_kind_that_it_is_about(action: str, kind: Kind, named: str) -> None:
    assert action_of(action, kind) == named


def test_every_action_of_a_receiver_has_a_name_for_other_kinds() -> None:
    of_receivers = {action for action in ACTIONS if action.startswith(("receiver_", "channel_"))}
    assert of_receivers == {*OF_OTHER_KINDS}
    assert {action_of(action, kind) for action in ACTIONS for kind in RESOURCE_KINDS} == {*ACTIONS}
