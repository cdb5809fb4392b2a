"""What happens by itself in a simulated rack: batteries, people, radio, voices, and the timer that drives them."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.shure.codec.framing import Framer
from services.drivers.shure.simulation.clock import TICK_S, Clock
from services.drivers.shure.simulation.faults import pieces, with_noise
from services.drivers.shure.simulation.receivers.identity import mac_address
from services.drivers.shure.simulation.receivers.levels import CIRCLE, Condition, circle, pinned
from services.drivers.shure.simulation.receivers.scenario import Change, Scenario, bars


def a_day(seed: str, **options: float) -> list[Change]:
    scenario = Scenario(seed, 4, **options)
    return [*scenario.begin(), *(change for _ in range(24 * 60) for change in scenario.step(60))]


def values(changes: list[Change], channel: int, key: str) -> list[object]:
    return [value for number, name, value in changes if (number, name) == (channel, key)]


def test_the_same_seed_makes_the_same_day_and_another_seed_another() -> None:
    assert a_day("a") == a_day("a")
    assert a_day("a") != a_day("b")


def test_batteries_drain_and_are_charged_only_while_the_transmitter_is_away() -> None:
    for channel in (1, 2, 3, 4):
        here, charge = True, 101
        for number, key, value in a_day("rack"):
            if number == channel and key == "transmitter_present":
                here = bool(value)
            if number == channel and key == "battery_percent" and isinstance(value, int):
                assert value < charge or not here or value == 100
                charge = value


def test_in_a_day_transmitters_go_and_come_are_pressed_muted_and_disturbed() -> None:
    changes = a_day("rack")
    for key, told in {
        "transmitter_present": {True, False},
        "talk_switch": {"pressed", "released"},
        "transmitter_muted": {True, False},
        "interference": {"none", "detected"},
    }.items():
        assert {value for channel in (1, 2, 3, 4) for value in values(changes, channel, key)} == told


def test_time_can_be_made_to_run_faster() -> None:
    slow, fast = Scenario("x", 1), Scenario("x", 1, time_scale=60)
    assert list(slow.begin()) == list(fast.begin())
    assert [change for _ in range(60) for change in slow.step(60)][:5] == [
        change for _ in range(60) for change in fast.step(1)
    ][:5]


def test_a_scenario_without_drain_leaves_batteries_alone() -> None:
    assert len(set(values(a_day("x", drain_per_hour=0), 1, "battery_runtime_minutes"))) == 0


def test_what_is_changed_by_hand_is_where_the_story_goes_on() -> None:
    scenario = Scenario("x", 1, drain_per_hour=60)
    scenario.take_over(1, "transmitter_present", value=True)
    scenario.take_over(1, "battery_percent", 50)
    assert (1, "battery_percent", 49) in [change for _ in range(3) for change in scenario.step(30)]


@pytest.mark.parametrize(("percent", "lit"), [(0, 0), (5, 0), (6, 1), (21, 2), (41, 3), (61, 4), (81, 5), (100, 5)])
def test_bars_follow_the_charge(percent: int, lit: int) -> None:
    assert bars(percent) == lit


def test_radio_fades_smoothly_and_now_and_then_deeply() -> None:
    moments = circle(3, Condition.LIVE, 2)
    assert len(moments) == CIRCLE
    for antenna in (0, 1):
        levels = [moment.rf_dbm[antenna] for moment in moments]
        assert max(abs(a - b) for a, b in pairwise([*levels, levels[0]])) <= 15
        assert max(levels) - min(levels) > 10
        assert all(-110 <= level <= -25 for level in levels)


def test_a_voice_has_pauses_and_a_muted_one_has_none_else() -> None:
    live = [moment.rms_dbfs for moment in circle(1, Condition.LIVE, 2)]
    assert min(live) < -55
    assert max(live) > -35
    assert {moment.peak_dbfs for moment in circle(1, Condition.MUTED, 2)} == {-90}


def test_interference_shows_at_the_antennas() -> None:
    assert any("interference" in moment.antennas for moment in circle(1, Condition.INTERFERENCE, 2))


def test_levels_can_be_fixed_by_hand() -> None:
    levels = pinned(circle(1, Condition.LIVE, 2)[0], rf_a_dbm=-100, rf_b_dbm=-60, audio_peak_dbfs=-3)
    assert (levels.rf_dbm, levels.antennas, levels.peak_dbfs) == ((-100, -60), ("inactive", "active"), -3)


def test_addresses_are_shures_and_depend_on_the_seed() -> None:
    addresses = {mac_address("ulxd", number, seed) for number in range(1, 200) for seed in (0, 1)}
    assert len(addresses) > 390
    assert all(address.startswith("00:0e:dd:") for address in addresses)


@given(st.binary(max_size=200), st.integers())
def test_pieces_are_the_same_bytes_in_one_to_three(data: bytes, seed: int) -> None:
    cut = list(pieces(data, random.Random(seed)))
    assert b"".join(cut) == data
    assert all(1 <= len(piece) <= 3 for piece in cut)


@given(st.integers())
def test_noise_hides_no_message_from_a_good_reader(seed: int) -> None:
    lines = [b"< REP 1 CHAN_NAME {Vox  > 1} >", b"< SAMPLE 1 ALL AX 087 023 >", b"< REP ERR >"] * 3
    noisy = b"".join(with_noise(lines, random.Random(seed)))
    assert [body for body in Framer().feed(noisy) if body] == [line[2:-2] for line in lines]


async def test_one_timer_runs_everything_at_its_own_rate_spread_over_time() -> None:
    clock = Clock(asyncio.get_running_loop())
    beats: dict[int, int] = {}
    moments: set[int] = set()
    done = asyncio.Event()

    def beat(number: int) -> None:
        beats[number] = beats.get(number, 0) + 1
        moments.add(round(asyncio.get_running_loop().time() / TICK_S))
        if beats[number] == 5:
            done.set()

    for number in range(10):
        clock.every(0.04, lambda number=number: beat(number), phase=number / 10)  # type: ignore[misc]
    async with asyncio.timeout(5):
        await done.wait()
    clock.close()
    assert all(4 <= beats[number] <= 5 for number in range(10))
    assert len(moments) > 10


async def test_work_that_fails_costs_its_own_turn_only() -> None:
    loop = asyncio.get_running_loop()
    clock = Clock(loop)
    problems: list[object] = []
    loop.set_exception_handler(lambda _, context: problems.append(context["exception"]))
    turns, done = 0, asyncio.Event()

    def fail() -> None:
        nonlocal turns
        turns += 1
        if turns == 3:
            done.set()
        raise RuntimeError("broken")

    clock.every(0.01, fail)
    async with asyncio.timeout(5):
        await done.wait()
    clock.close()
    assert [str(problem) for problem in problems[:2]] == ["broken", "broken"]


async def test_a_beat_that_is_stopped_runs_no_more() -> None:
    clock = Clock(asyncio.get_running_loop())
    seen: list[str] = []
    stopped = clock.every(0.004, lambda: seen.append("stopped"))
    stopped.stop()
    done = asyncio.Event()
    clock.every(0.02, done.set)
    async with asyncio.timeout(5):
        await done.wait()
    clock.close()
    assert seen == []
