"""Meters judged by the state beside them: what is a loss, and what is a microphone in its case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.model import Telemetry
from services.rules import Reception

SILENT: Telemetry = {"antenna_a": "inactive", "antenna_b": "inactive", "dropouts": 10, "samples": 10, "rf_dbm": -116}
HEARD: Telemetry = {"antenna_a": "active", "antenna_b": "inactive", "dropouts": 0, "samples": 10, "rf_dbm": -50}
FADES: Telemetry = {**HEARD, "dropouts": 3}
GOES: Telemetry = {**SILENT, "dropouts": 4}


class Channel:
    """A second of meters after the other."""

    def __init__(self) -> None:
        self.reception = Reception()
        self.now = 1000.0
        self.dropouts = 0
        self.interference = False

    def second(self, telemetry: Telemetry, *, present: bool | None) -> int:
        self.now += 1
        judged = self.reception.judge(telemetry, present, self.now)
        assert {**judged, "dropouts": 0, "interference_seen": 0} == {**telemetry, "dropouts": 0, "interference_seen": 0}
        self.dropouts += judged["dropouts"]
        self.interference = self.interference or judged.get("interference_seen", False)
        return int(judged["dropouts"])

    def seconds(self, number: int, telemetry: Telemetry, *, present: bool | None) -> None:
        for _ in range(number):
            self.second(telemetry, present=present)


@pytest.fixture
def channel() -> Channel:
    return Channel()


def test_a_channel_without_a_transmitter_has_no_dropouts(channel: Channel) -> None:
    channel.seconds(600, SILENT, present=False)
    assert channel.dropouts == 0


@pytest.mark.parametrize("present", [True, False, None])
def test_a_transmitter_that_is_reported_seconds_after_its_meters_had_none(
    channel: Channel, present: bool | None
) -> None:
    channel.seconds(60, SILENT, present=False)
    channel.second(FADES, present=present)
    channel.seconds(3, HEARD, present=False)
    channel.seconds(3, HEARD, present=True)
    assert channel.dropouts == 0


def test_a_transmitter_that_is_reported_before_its_meters_has_none_either(channel: Channel) -> None:
    channel.seconds(60, SILENT, present=False)
    channel.seconds(7, SILENT, present=True)
    channel.seconds(3, HEARD, present=True)
    assert channel.dropouts == 0


@pytest.mark.parametrize("lag", [0, 3, 7])
def test_a_transmitter_that_was_switched_off_lost_nothing(channel: Channel, lag: int) -> None:
    channel.seconds(60, HEARD, present=True)
    channel.second(GOES, present=True)
    channel.seconds(lag, SILENT, present=True)
    channel.seconds(60, SILENT, present=False)
    channel.seconds(60, HEARD, present=True)
    assert channel.dropouts == 0


def test_a_transmitter_that_was_switched_off_and_on_again_at_once_lost_nothing(channel: Channel) -> None:
    channel.seconds(60, HEARD, present=True)
    channel.seconds(2, SILENT, present=True)
    channel.second(SILENT, present=False)
    channel.second(SILENT, present=True)
    channel.second(FADES, present=True)
    assert channel.dropouts == 0
    assert channel.second(FADES, present=True) == 3


def test_a_fade_of_a_live_channel_is_counted_when_it_is_over(channel: Channel) -> None:
    channel.seconds(60, HEARD, present=True)
    assert channel.second(FADES, present=True) == 3
    channel.second(GOES, present=True)
    channel.second(SILENT, present=True)
    assert channel.second(HEARD, present=True) == 14


def test_a_fade_without_end_of_a_transmitter_that_stays_is_counted_too(channel: Channel) -> None:
    channel.seconds(60, HEARD, present=True)
    channel.seconds(60, SILENT, present=True)
    assert channel.dropouts == 600


def test_a_transmitter_that_goes_after_a_long_fade_lost_no_more_than_in_that(channel: Channel) -> None:
    channel.seconds(60, HEARD, present=True)
    channel.seconds(20, SILENT, present=True)
    channel.seconds(60, HEARD, present=True)
    before = channel.dropouts
    channel.seconds(5, SILENT, present=True)
    channel.seconds(60, SILENT, present=False)
    assert channel.dropouts == before == 200


def test_a_second_carrier_is_a_carrier(channel: Channel) -> None:
    diversity: Telemetry = {**SILENT, "dropouts": 0, "rf_dbm": -60, "rf_2_a_dbm": -60}
    channel.seconds(5, diversity, present=True)
    assert received(channel)
    assert channel.reception.heard_at == channel.now


def test_interference_on_a_channel_without_a_transmitter_is_nobodys(channel: Channel) -> None:
    channel.seconds(60, {**SILENT, "antenna_a": "interference", "interference_seen": True}, present=False)
    assert not channel.interference
    channel.seconds(3, {**HEARD, "antenna_b": "interference", "interference_seen": True}, present=True)
    assert channel.interference


def test_meters_that_know_nothing_of_antennas_stay_as_they_are(channel: Channel) -> None:
    telemetry: Telemetry = {"rf_dbm": -50, "samples": 1}
    assert channel.reception.judge(telemetry, present=False, now=1.0) is telemetry
    assert channel.reception.received is None


def test_a_carrier_counts_as_received_through_a_fade_and_not_for_longer(channel: Channel) -> None:
    channel.seconds(2, HEARD, present=True)
    channel.seconds(3, SILENT, present=True)
    assert received(channel)
    channel.second(SILENT, present=True)
    assert not received(channel)
    channel.second({**HEARD, "rf_dbm": -118}, present=True)
    assert not received(channel), "an antenna that is active without any level"


@given(
    st.lists(
        st.tuples(st.sampled_from([SILENT, HEARD, FADES, GOES]), st.sampled_from([True, False, None])), max_size=60
    )
)
def test_nothing_is_counted_twice_and_nothing_of_a_channel_without_a_transmitter(
    seconds: list[tuple[Telemetry, bool | None]],
) -> None:
    channel, idle = Channel(), Channel()
    for telemetry, present in seconds:
        channel.second(telemetry, present=present)
        idle.second(telemetry, present=False)
    assert 0 <= channel.dropouts <= sum(telemetry["dropouts"] for telemetry, _ in seconds)
    assert idle.dropouts == 0


def received(channel: Channel) -> bool | None:
    return channel.reception.received
