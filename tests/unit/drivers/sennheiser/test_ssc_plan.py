"""When a subscription of SSC v1 is asked for: in time, by what the unit adopted, and no more often than needed."""

from __future__ import annotations

from itertools import pairwise

import pytest

from services.drivers.sennheiser.ssc.codec.plan import SILENT_S, TRIES, Subscription


def subscription(*addresses: str, every_ms: int = 0) -> Subscription:
    return Subscription(addresses or ("rx1/name",), every_ms=every_ms, lifetime_s=30, count=1000)


def asked(each: Subscription, now: float) -> bool:
    return each.asks(now)


def test_it_is_asked_for_at_once_and_renewed_at_half_of_what_was_adopted() -> None:
    each = subscription()
    assert asked(each, 0.0)
    each.took("rx1/name", {"lifetime": 8, "count": 1000}, 0.1)
    assert each.due_at == pytest.approx(4.1)
    assert not asked(each, 4.0)
    assert asked(each, 4.2)


def test_without_options_in_the_answer_the_default_lifetime_counts() -> None:
    each = subscription()
    asked(each, 0.0)
    each.took("rx1/name", None, 0.0)
    assert each.due_at == pytest.approx(5.0)


def test_meters_are_renewed_before_their_count_is_used_up() -> None:
    each = subscription("m/rx1/rssi", "m/rx1/af", every_ms=100)
    asked(each, 0.0)
    for address in ("m/rx1/rssi", "m/rx1/af"):
        each.took(address, {"lifetime": 60, "count": 200, "min": 100, "max": 100}, 0.0)
    assert each.due_at == pytest.approx(5.0)


def test_a_request_without_an_answer_is_repeated_less_and_less_often_and_then_counts_as_refused() -> None:
    each, now, times = subscription(), 0.0, []
    while each.trouble is None:
        if asked(each, now):
            times.append(now)
        now += 0.01
    assert len(times) == TRIES
    pauses = [later - sooner for sooner, later in pairwise(times)]
    assert pauses == sorted(pauses)
    assert each.due_at - now >= SILENT_S - 1


def test_an_end_asks_anew_but_not_in_a_storm() -> None:
    each = subscription()
    asked(each, 0.0)
    each.took("rx1/name", {"lifetime": 30}, 0.0)
    each.refused("rx1/name", 310, "", 0.1)
    assert not asked(each, 0.2)
    assert asked(each, 0.6)


def test_a_whole_refusal_of_many_asks_for_each_alone() -> None:
    each = subscription("rx1/name", "rx1/nonsense")
    asked(each, 0.0)
    instead = each.refused_whole(400, "", 0.1)
    assert [one.addresses for one in instead] == [["rx1/name"], ["rx1/nonsense"]]
    assert not each.addresses


def test_an_address_that_is_not_there_is_not_asked_for_again() -> None:
    each = subscription("rx1/name", "rx1/nonsense")
    asked(each, 0.0)
    each.took("rx1/name", {"lifetime": 30}, 0.0)
    each.refused("rx1/nonsense", 404, "", 0.0)
    assert (each.addresses, each.settled, each.trouble) == (["rx1/name"], True, None)


def test_a_transmitter_that_is_off_is_no_trouble() -> None:
    each = subscription("mates/tx1/type")
    asked(each, 0.0)
    each.refused("mates/tx1/type", 424, "", 0.0)
    assert (each.settled, each.trouble) == (True, None)


def test_what_a_new_transmitter_does_not_tell_yet_is_asked_for_soon_again() -> None:
    each = subscription("mates/tx1/type", "mates/tx1/battery/lifetime")
    asked(each, 0.0)
    each.refused("mates/tx1/battery/lifetime", 424, "", 0.0)
    each.took("mates/tx1/type", {"lifetime": 30}, 0.0)
    assert each.due_at == pytest.approx(5.0)


def test_a_refusal_of_something_else_at_the_same_address_is_none_of_the_subscription() -> None:
    each = subscription("rx1/gain")
    asked(each, 0.0)
    each.took("rx1/gain", {"lifetime": 30}, 0.0)
    each.refused("rx1/gain", 406, "out of range", 1.0)
    assert each.trouble is None


def test_a_refusal_is_kept_in_words_and_asked_again_after_a_minute() -> None:
    each = subscription()
    asked(each, 0.0)
    each.refused_whole(503, "too many clients", 1.0)
    assert each.trouble == "service not available (503: too many clients)"
    assert each.due_at == pytest.approx(61.0)
