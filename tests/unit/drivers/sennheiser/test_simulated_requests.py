"""A simulated unit refuses what the vendor's document says that a unit refuses (TI 1254 v1.0, examples)."""

from __future__ import annotations

from random import Random

import pytest

from services.drivers.sennheiser.simulation.iem import MonitorTransmitter
from services.drivers.sennheiser.simulation.microphone import Microphone
from services.drivers.sennheiser.simulation.receiver import Receiver
from services.drivers.sennheiser.simulation.requests import answer


def receiver() -> Receiver:
    return Receiver("Vocal 1", "1.8.0", 566_500, Microphone(Random(1), still=True))


def monitor() -> MonitorTransmitter:
    return MonitorTransmitter("Ears", "1.2.0", 566_500, Random(1), still=True)


def reply(panel: Receiver | MonitorTransmitter, request: str) -> str:
    return answer(request, panel.commands)[0]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("AfPOut 24", "1000: Invalid command [ AfPOut 24 ]"),
        ("name", "1000: Invalid command [ name ]"),
        ("Config", "1000: Invalid command [ Config ]"),
        ("AfOut q24", "1010: Invalid parameter [ AfOut q24 ]"),
        ("AfOut 125", "1020: Value out of range [ AfOut 125 ]"),
        ("AfOut 25", "1020: Value out of range [ AfOut 25 ]"),
        ("AfOut 24", "AfOut 24"),
        ("Mute #1", "1030: Relative parameters not supported [ Mute #1 ]"),
        ("Mute 1 5", "1040: Invalid numbers of parameter [ Mute 1 5 ]"),
        ("Squelch 2", "1020: Value out of range [ Squelch 2 ]"),
        ("Squelch 0", "Squelch 0"),
        ("Squelch #1", "Squelch 11"),
        ("Squelch #-9", "Squelch 5"),
        ("Frequency 56 2 9", "1020: Value out of range [ Frequency 56 2 9 ]"),
        ("Frequency #1 5 7", "1040: Invalid numbers of parameter [ Frequency #1 5 7 ]"),
        ("Frequency 566000 1 1", "Frequency 566000 1 1"),
        ("Frequency 566000 150 1", "Frequency 566000 0 0"),
        ("Frequency 566025", "Frequency 566025 0 0"),
        ("Frequency #1", "Frequency 566525 0 0"),
        ("Equalizer 5", "1020: Value out of range [ Equalizer 5 ]"),
        ("Equalizer 2", "Equalizer 2"),
        ("RfConfig", "RfConfig 566000 608000 25"),
        ("Name", "Name Vocal 1"),
        ("Name Vox", "Name Vox"),
        ("FirmwareRevision", "FirmwareRevision 1.8.0"),
        ("Sensitivity", "1000: Invalid command [ Sensitivity ]"),
        ("Mode", "1000: Invalid command [ Mode ]"),
        ("BankList 27", "1020: Value out of range [ BankList 27 ]"),
    ],
)
def test_a_receiver_answers_as_documented(request_: str, expected: str) -> None:
    assert reply(receiver(), request_) == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("Sensitivity -20", "1020: Value out of range [ Sensitivity -20 ]"),
        ("Sensitivity #3", "Sensitivity -12"),
        ("Equalizer 0 -5 3 0 -3 5", "Equalizer 0 -5 3 0 -3 5"),
        ("Equalizer 0 -5 3 6 -3 5", "1020: Value out of range [ Equalizer 0 -5 3 6 -3 5 ]"),
        ("Equalizer 1", "Equalizer 1 0 0 0 0 0"),
        ("Mode 0", "Mode 0"),
        ("Squelch", "1000: Invalid command [ Squelch ]"),
        ("AfOut", "1000: Invalid command [ AfOut ]"),
    ],
)
def test_a_transmitter_answers_as_documented(request_: str, expected: str) -> None:
    assert reply(monitor(), request_) == expected


def test_a_refused_change_changes_nothing_and_a_taken_one_counts() -> None:
    panel = receiver()
    reply(panel, "AfOut 125")
    assert (panel.af_out, panel.counter) == (0, 0)
    reply(panel, "AfOut 12")
    reply(panel, "AfOut 12")
    assert (panel.af_out, panel.counter) == (12, 1)


def test_the_counter_begins_anew_after_999() -> None:
    panel = receiver()
    panel.counter = 999
    reply(panel, "Mute 1")
    assert panel.counter == 0


def test_a_battery_falls_in_the_documented_steps_until_the_microphone_is_off() -> None:
    microphone = Microphone(Random(1), drain_per_hour=100.0)
    seen = []
    for _ in range(70):
        seen.append(microphone.battery)
        microphone.step(60.0)
    assert list(dict.fromkeys(seen)) == ["100", "70", "30", "0", "?"]


def test_a_mute_between_two_cycles_is_latched_and_gone_one_cycle_later() -> None:
    panel = receiver()
    panel.cyclic()
    panel.microphone.on = False
    panel.latch()
    panel.microphone.on = True
    assert "States 4 1" in panel.cyclic()
    assert "States 0 1" in panel.cyclic()


def test_a_microphone_that_stays_off_is_a_mute_of_more_than_a_cycle() -> None:
    panel = receiver()
    panel.cyclic()
    panel.microphone.on = False
    assert "States 4 2" in panel.cyclic()
    assert "States 5 0" in panel.cyclic()
