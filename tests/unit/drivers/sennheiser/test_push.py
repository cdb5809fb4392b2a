"""When a unit is asked for its reports."""

from __future__ import annotations

import itertools

import pytest

from services.drivers.sennheiser.media_control.codec.push import (
    EARLY_MOST,
    FLAGS,
    LASTS_S,
    RENEW_S,
    REPEAT_FIRST_S,
    Subscription,
    cycle_ms,
)
from services.model import Kind


def echoed(subscription: Subscription, now: float) -> str:
    """Send what is due, and let the unit confirm it."""
    request = subscription.request(now)
    assert request is not None
    text = request.decode().removeprefix("Push ").strip()
    subscription.echoed(text)
    return text


@pytest.mark.parametrize(
    ("seconds", "milliseconds"), [(0, 0), (0.04, 100), (0.1, 100), (0.25, 200), (0.26, 300), (1, 1000), (90, 60_000)]
)
def test_a_cycle_is_one_that_a_unit_takes(seconds: float, milliseconds: int) -> None:
    assert cycle_ms(seconds) == milliseconds
    assert cycle_ms(seconds) % 100 == 0


def test_reports_are_renewed_long_before_they_end() -> None:
    subscription = Subscription(FLAGS[Kind.RECEIVER])
    subscription.want(0, 100.0)
    assert echoed(subscription, 100.0) == "60 0 7"
    assert subscription.request(100.0 + RENEW_S - 0.1) is None
    assert subscription.due_at == 100.0 + RENEW_S
    assert 2 * RENEW_S < LASTS_S


def test_a_request_without_echo_is_repeated_with_longer_pauses() -> None:
    subscription = Subscription(FLAGS[Kind.RECEIVER])
    subscription.want(1000, 0.0)
    sent = [now / 10 for now in range(600) if subscription.request(now / 10) is not None]
    pauses = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert pauses[0] == pytest.approx(REPEAT_FIRST_S)
    assert pauses == sorted(pauses)
    assert max(pauses) == pytest.approx(20.0)


def test_an_echo_of_another_request_confirms_nothing() -> None:
    subscription = Subscription(FLAGS[Kind.RECEIVER])
    subscription.want(1000, 0.0)
    assert subscription.request(0.0) == b"Push 60 1000 7\r"
    subscription.echoed("60 500 7")
    assert subscription.due_at == REPEAT_FIRST_S


def test_cyclic_data_that_fails_to_come_is_asked_for_early_but_not_for_ever() -> None:
    subscription = Subscription(FLAGS[Kind.RECEIVER])
    subscription.want(400, 0.0)
    sent = []
    for tenth in range(int(RENEW_S) * 10):
        now = tenth / 10
        if now >= subscription.due_at:
            sent.append(now)
            echoed(subscription, now)
    assert len(sent) == 1 + EARLY_MOST
    assert sent[1] == pytest.approx(1.5)


def test_while_cyclic_data_comes_nothing_is_asked_before_the_renewal() -> None:
    subscription = Subscription(FLAGS[Kind.RECEIVER])
    subscription.want(400, 0.0)
    echoed(subscription, 0.0)
    for tenth in range(4, 196, 4):
        assert subscription.request(tenth / 10) is None
        subscription.received(tenth / 10)


def test_a_unit_that_refuses_is_asked_for_less_and_a_doubled_refusal_counts_once() -> None:
    subscription = Subscription(FLAGS[Kind.RECEIVER])
    subscription.want(1000, 0.0)
    assert subscription.request(0.0) == b"Push 60 1000 7\r"
    subscription.refused("60 1000 7", 0.1)
    subscription.refused("60 1000 7", 0.1)
    assert subscription.request(0.1) == b"Push 60 1000 3\r"
    subscription.refused("60 1000 7", 0.2)
    assert subscription.request(0.2) is None


def test_a_transmitter_is_never_asked_for_what_only_a_receiver_has() -> None:
    assert all(flags < 4 for flags in FLAGS[Kind.IEM])


def test_another_cycle_is_asked_for_at_once() -> None:
    subscription = Subscription(FLAGS[Kind.IEM])
    subscription.want(1000, 0.0)
    echoed(subscription, 0.0)
    subscription.want(200, 5.0)
    assert echoed(subscription, 5.0) == "60 200 3"


def test_nothing_is_asked_before_anybody_wants_anything() -> None:
    subscription = Subscription(FLAGS[Kind.IEM])
    assert subscription.request(1e9) is None
    assert not subscription.active
