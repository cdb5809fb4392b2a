"""What every driver promises of setting: what it says can be set is set, what a unit refuses is said, and no more."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from functools import partial

import pytest

from services.drivers import Link
from services.model import UNIT, Part, SettableRange
from tests.contract.test_driver_contract import Case, Listening, every_family, every_product, target
from tests.contract.test_driver_contract import _cases as all_cases

CONTROLLABLE = [case for case in all_cases() if case.product.abilities.settable or case.product.part_abilities.settable]
every_controllable = pytest.mark.parametrize(
    "case", CONTROLLABLE, ids=lambda case: f"{case.driver.name}-{case.product.name}"
)

NAME = "Vox 9"
ALONE = {"group": "group_channel", "group_channel": "group"}
"""Keys that only a unit with a group takes alone."""


def another(key: str, can: SettableRange, now: object) -> object:
    """A value within the range that the unit does not have now."""
    if choices := can.get("choices"):
        words = {"true": True, "false": False}
        values = [words.get(choice, int(choice) if choice.isdigit() else choice) for choice in choices]
        return next(value for value in values if value != now)
    if "max_length" in can:
        return "".join(sign for sign in NAME if sign in can.get("characters", NAME))
    step = can.get("step", 1)
    if "minimum" not in can:
        assert isinstance(now, float)
        return round(now + step, 3)
    return next(
        value
        for value in (can["minimum"] + 2 * step, can["minimum"] + 3 * step)
        if value != now and (key != "frequency_mhz" or round(value, 3) == value)
    )


def parts_of(reported: Listening) -> Mapping[Part, Mapping[str, SettableRange]]:
    """Everything that can be set at the unit now, by part."""
    found = reported.description
    able = {UNIT: found.abilities, **{Part(number): each for number, each in found.parts.items()}}  # type: ignore[attr-defined]
    return {part: each.settable for part, each in able.items() if each.settable}


def now(reported: Listening, part: Part, key: str) -> object:
    """What the unit reported last."""
    more = {name: value for one in reported.readings if one.part == part for name, value in one.more.items()}
    return reported.value(part, key) if reported.value(part, key) is not None else more.get(key)


def is_now(reported: Listening, part: Part, key: str, value: object) -> bool:
    return now(reported, part, key) == value


@every_controllable
async def test_what_can_be_set_is_set_and_reported(case: Case) -> None:
    async with case.read() as (_, link, reported):
        for part, settable in parts_of(reported).items():
            for key, can in settable.items():
                wanted = {key: another(key, can, now(reported, part, key))}
                if key in ALONE:
                    wanted[ALONE[key]] = 5
                results = await link.set(part, wanted)
                assert {name: (one.outcome, one.reported) for name, one in results.items()} == {
                    name: ("ok", value) for name, value in wanted.items()
                }, results
                await reported.until(partial(is_now, reported, part, key, wanted[key]))


@every_controllable
async def test_a_unit_that_refuses_is_said_to_and_keeps_what_it_has(case: Case) -> None:
    async with case.read() as (unit, link, reported):
        await unit.fault("refuses")
        for part, settable in parts_of(reported).items():
            for key, can in settable.items():
                if key in ALONE:
                    continue
                had = now(reported, part, key)
                (result,) = (await link.set(part, {key: another(key, can, had)})).values()
                assert (result.outcome, result.reported) == ("device_rejected", had)
                assert result.detail
                assert now(reported, part, key) == had
        await unit.fault("none")


@every_product
async def test_what_a_unit_cannot_be_set_to_is_not_sent(case: Case) -> None:
    async with case.read() as (_, link, reported):
        before = reported.values()
        strange = {"no_such_key": 1, "firmware": "9"}
        for part in (UNIT, Part(1), Part(99)):
            assert {one.outcome for one in (await link.set(part, strange)).values()} == {"not_sent"}
        for part, settable in parts_of(reported).items():
            for key, can in settable.items():
                for wrong in beyond(can):
                    (result,) = (await link.set(part, {key: wrong})).values()
                    refused = {"not_sent", "device_rejected"} if key == "frequency_mhz" else {"not_sent"}
                    assert result.outcome in refused, (key, wrong)
                    assert result.detail
        await link.read_all()
        assert reported.values() == before


def beyond(can: SettableRange) -> list[object]:
    """Values of every kind that do not fit."""
    wrong: list[object] = [None, [], {}]
    if "choices" in can:
        wrong.append("no such word")
    if "max_length" in can:
        wrong += ["", "x" * (can["max_length"] + 1), "Ä", "a\r\n", " a", "a " if can["max_length"] > 1 else "", 7]
    if "minimum" in can:
        wrong += [can["minimum"] - 1, can["maximum"] + 1, "loud", True]
    return wrong


@every_product
async def test_what_shows_itself_does_and_what_cannot_says_so(case: Case) -> None:
    async with case.read() as (_, link, reported):
        found = reported.description
        first = min(found.parts)  # type: ignore[attr-defined]
        able = {UNIT: found.abilities, Part(first): found.parts[first]}  # type: ignore[attr-defined]
        for part, each in able.items():
            result = await link.identify(part, on=True)
            assert result.outcome == ("ok" if each.identifies else "not_sent"), result


@every_controllable
async def test_a_unit_that_says_nothing_is_not_said_to_have_taken_it(case: Case) -> None:
    async with case.read(answer_timeout_s=0.3) as (unit, link, reported):
        part, settable = next(iter(parts_of(reported).items()))
        key, can = next(iter(settable.items()))
        wanted = {key: another(key, can, now(reported, part, key))}
        await unit.fault("freeze")
        async with asyncio.timeout(5):
            (result,) = (await link.set(part, wanted)).values()
        assert result.outcome == "device_timeout"
        await unit.fault("none")


METERS_ASKED: Mapping[str, re.Pattern[bytes]] = {
    "shure": re.compile(rb"< SET \d+ METER_RATE \d{1,5} >"),
    "sennheiser": re.compile(rb"Push \d+ \d+ \d+\r"),
    "audio_technica": re.compile(rb"glevel(?:rf|afrx) O [^\r]*\r"),
    "lectrosonics": re.compile(rb"!chstat\(\d\)\?\r"),
}
"""What goes out without being asked for by anybody, by driver: the request for meters."""
SETS: Mapping[str, re.Pattern[bytes]] = {
    "shure": re.compile(rb"[<*] *SET", re.IGNORECASE),
    "sennheiser": re.compile(rb"[A-Za-z]+ [^\r]*\r"),  # a word alone asks, a word with something behind it sets
    "audio_technica": re.compile(rb"(?:^|\r)[^g]|[a-z] S "),  # what asks begins with g and wants no ACK
    "lectrosonics": re.compile(rb"=|(?:^|\r)[^!\r]"),  # what asks ends with a question mark
}


@pytest.mark.parametrize(
    "case",
    [case for case in all_cases() if case.driver.name in SETS],
    ids=lambda case: f"{case.driver.name}-{case.product.name}",
)
async def test_nothing_is_set_that_nobody_asked_for(case: Case) -> None:
    sent: list[bytes] = []

    def trace(direction: str, data: bytes) -> None:
        if direction == ">":
            sent.append(data)

    async with case.unit() as unit, case.maker() as maker:
        await maker.look(target(unit), trace)
        async with maker.connect(target(unit), Listening(), trace) as link:
            await link.read_all()
            link.ask_alive()
            link.meter(None, 0.5)
            await link.read_all()
    wire = b"".join(sent)
    assert wire
    assert SETS[case.driver.name].search(METERS_ASKED[case.driver.name].sub(b"", wire)) is None


@every_controllable
async def test_two_callers_set_one_after_the_other(case: Case) -> None:
    async with case.read() as (_, link, reported):
        part, settable = next(iter(parts_of(reported).items()))
        key, can = next(iter(settable.items()))
        had = now(reported, part, key)
        values = [another(key, can, had), had]
        results = await asyncio.gather(*(link.set(part, {key: value}) for value in values))
        assert [one[key].outcome for one in results] == ["ok", "ok"]
        assert now(reported, part, key) == had


@pytest.mark.parametrize("part", [UNIT, Part(1)])
@every_family
async def test_nothing_can_be_set_before_the_unit_was_read(case: Case, part: Part) -> None:
    async with case.unit() as unit, case.maker() as maker:
        link: Link
        async with maker.connect(target(unit), Listening()) as link:
            assert (await link.set(part, {"name": "x"}))["name"].outcome == "not_sent"
