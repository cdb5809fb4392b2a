"""How long the broker is left alone: told in troubles, without any broker and without time."""

from __future__ import annotations

import pytest

from bridge.mqtt import BrokerError, MqttConfig, Trouble
from bridge.mqtt.pauses import Pauses

CONFIG = MqttConfig(url="mqtt://broker", client_id="us")


def error(trouble: Trouble) -> BrokerError:
    return BrokerError(trouble, trouble)


@pytest.mark.parametrize(
    "trouble", ["refused", "timeout", "unreachable", "silent", "closed_early", "name_not_resolved"]
)
def test_however_long_the_broker_is_away_it_is_tried_again_within_a_second(trouble: Trouble) -> None:
    pauses = Pauses(CONFIG)
    assert max(pauses.after(error(trouble), None) for _ in range(500)) <= 1.0


@pytest.mark.parametrize("trouble", ["bad_credentials", "not_authorised", "tls_not_trusted", "tls_failed", "rejected"])
def test_what_somebody_has_to_mend_first_is_tried_every_five_seconds_at_last(trouble: Trouble) -> None:
    pauses = Pauses(CONFIG)
    waits = [pauses.after(error(trouble), None) for _ in range(50)]
    assert max(waits) <= 5.0
    assert min(waits[10:]) >= 2.5


def test_a_connection_that_is_taken_again_and_again_is_left_longer_and_longer() -> None:
    pauses = Pauses(CONFIG)
    waits = [pauses.after(error("taken_over"), 0.1) for _ in range(10)]
    assert waits[0] >= 1.0
    assert waits[-1] >= 30.0
    assert max(waits) <= 60.0


def test_a_broker_that_gives_no_reason_is_believed_in_a_fight_after_some_brief_connections() -> None:
    pauses = Pauses(CONFIG)
    assert max(pauses.after(error("lost"), 0.1) for _ in range(3)) <= 1.0
    assert pauses.after(error("lost"), 0.1) >= 1.0
    assert pauses.after(error("lost"), 31.0) <= 1.0, "a connection that held ends the fight"


def test_a_broker_that_restarts_often_is_not_taken_for_a_fight() -> None:
    pauses = Pauses(CONFIG)
    for _ in range(20):
        assert pauses.after(error("lost"), 5.0) <= 1.0
        assert pauses.after(error("refused"), None) <= 1.0
    assert max(pauses.after(error("stopping"), 5.0) for _ in range(20)) <= 1.0
