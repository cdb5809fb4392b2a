from __future__ import annotations

import asyncio
import errno
import resource
from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from services.discovery import Found, Missed, ScanOutcome, ask_places
from services.discovery.scan import Budget, ScanQuestion, affordable, ask, patience, sockets_of, sweep
from services.drivers import Door, DriverError, Makers, Sighting, Target, Trace, make_target
from tests.unit.discovery.answering import Answer, AnsweringDriver, makers_of, unit


class Collector:
    """Keeps every outcome."""

    def __init__(self) -> None:
        self.outcomes: list[ScanOutcome] = []

    def take(self, outcome: ScanOutcome) -> None:
        self.outcomes.append(outcome)

    def leave(self, host: str, port: int | None) -> None:
        raise AssertionError(host, port)

    @property
    def found(self) -> list[Sighting]:
        return [seen for outcome in self.outcomes if isinstance(outcome, Found) for seen in outcome.sightings]


async def found_in(*targets: str, **drivers: AnsweringDriver) -> list[Sighting]:
    collector = Collector()
    await ask_places(makers_of(*drivers.values()), targets, collector)
    return collector.found


async def test_a_scan_finds_what_answers_and_nothing_else() -> None:
    driver = AnsweringDriver(answers={"10.20.0.9": unit("s9"), "10.20.0.200": unit("s200")})
    found = await found_in("10.20.0.0/24", acme=driver)
    assert sorted(found, key=lambda each: each.host) == [
        Sighting("acme", "10.20.0.200", unit("s200")),
        Sighting("acme", "10.20.0.9", unit("s9")),
    ]
    assert sorted(driver.hosts) == sorted(f"10.20.0.{n}" for n in range(1, 255))


async def test_all_doors_are_knocked_at_together_and_the_first_answer_ends_it() -> None:
    silent = AnsweringDriver("silent")
    silent.silent = {"10.20.0.9"}
    other = AnsweringDriver("other", {"10.20.0.9": unit("s9", maker="other")})
    async with asyncio.timeout(0.5):  # nobody waits for the one that stays silent
        assert [each.driver for each in await found_in("10.20.0.9", silent=silent, other=other)] == ["other"]
    assert (silent.hosts, silent.under_way) == (["10.20.0.9"], 0)


async def test_a_door_that_needs_a_secret_is_never_knocked_at_by_a_scan() -> None:
    locked = AnsweringDriver("locked", {"10.20.0.9": unit("s9")})
    locked.doors = (Door("https", 443, needs_secret=True),)
    assert await found_in("10.20.0.9", locked=locked, acme=AnsweringDriver()) == []
    assert not locked.asked


async def test_every_unit_behind_a_gateway_is_found() -> None:
    behind = [Sighting("acme", "10.20.0.9", unit(f"s{number}"), unit=f"u{number}") for number in (1, 2)]
    assert await found_in("10.20.0.9", acme=AnsweringDriver(answers={"10.20.0.9": tuple(behind)})) == behind


async def test_a_driver_that_fails_hides_no_other_maker() -> None:
    broken = AnsweringDriver("broken", {"10.20.0.9": RuntimeError("a bug")})
    acme = AnsweringDriver("acme", {"10.20.0.9": unit("s9")})
    assert [each.driver for each in await found_in("10.20.0.9", broken=broken, acme=acme)] == ["acme"]


async def test_a_driver_that_cannot_ask_addresses_is_not_asked() -> None:
    listed = AnsweringDriver("listed")
    listed.doors = ()
    assert await found_in("10.20.0.9", listed=listed) == []
    assert not listed.asked


async def test_a_bug_of_a_driver_is_told_as_ours() -> None:
    broken = AnsweringDriver("broken", {"h": RuntimeError("a bug")})
    outcome = await ask(makers_of(broken, AnsweringDriver()), ScanQuestion(make_target("h"), ("broken", "acme")))
    assert isinstance(outcome, Missed)
    assert outcome.code == "internal"
    assert "a bug" in outcome.detail


async def test_of_several_failures_the_one_that_can_be_mended_is_told() -> None:
    blocked = AnsweringDriver("blocked", {"h": DriverError("control_blocked", "Menu > Network > Allow")})
    makers = makers_of(AnsweringDriver("refusing"), blocked)
    outcome = await ask(makers, ScanQuestion(make_target("h"), ("refusing", "blocked")))
    assert outcome == Missed("h", None, "blocked", "control_blocked", "Menu > Network > Allow")


async def test_never_more_questions_are_under_way_than_allowed() -> None:
    driver = AnsweringDriver()
    driver.silent = {f"10.20.0.{n}" for n in range(1, 5)}
    outcomes: list[ScanOutcome] = []
    questions = (
        ScanQuestion(make_target(f"10.20.0.{n}", answer_timeout_s=0.01, connect_timeout_s=0.01), ("acme",))
        for n in range(1, 40)
    )
    await sweep(questions, makers_of(driver), Budget(4), outcomes.append)
    assert driver.most_under_way == 4
    assert len(outcomes) == 39
    assert sum(isinstance(each, Missed) and each.code == "timeout" for each in outcomes) == 4


async def test_two_scans_share_one_budget() -> None:
    driver = AnsweringDriver()
    budget = Budget(3)
    parts = [[ScanQuestion(make_target(f"10.20.{part}.{n}"), ("acme",)) for n in range(9)] for part in range(2)]
    await asyncio.gather(*(sweep(part, makers_of(driver), budget, lambda _: None) for part in parts))
    assert len(driver.asked) == 18
    assert driver.most_under_way <= 3


async def test_a_scan_that_is_cancelled_ends_its_questions() -> None:
    driver = AnsweringDriver()
    driver.silent = {f"10.20.0.{n}" for n in range(1, 255)}
    scan = asyncio.create_task(found_in("10.20.0.0/24", acme=driver))
    await driver.reached_silent.wait()
    scan.cancel()
    await asyncio.wait({scan})
    assert driver.under_way == 0


async def test_a_name_is_asked_at_its_address_and_a_port_is_kept() -> None:
    driver = AnsweringDriver(answers={"127.0.0.1": unit("s1")})
    found = await found_in("localhost:2203", acme=driver)
    assert Sighting("acme", "127.0.0.1", unit("s1"), 2203) in found


async def test_a_name_without_address_is_told_and_hides_nothing() -> None:
    driver = AnsweringDriver(answers={"10.20.0.9": unit("s9")})
    collector = Collector()
    await ask_places(makers_of(driver), ["no-such-host.invalid", "10.20.0.9"], collector)
    assert [each.host for each in collector.found] == ["10.20.0.9"]
    (missed,) = [each for each in collector.outcomes if isinstance(each, Missed)]
    assert (missed.host, missed.code) == ("no-such-host.invalid", "never_seen")


async def test_a_target_that_is_none_is_refused_before_anything_is_asked() -> None:
    driver = AnsweringDriver()
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/8"):
        await found_in("10.20.0.9", "10.0.0.0/8", acme=driver)
    assert not driver.asked


async def test_a_machine_that_is_out_of_sockets_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.discovery.scan._STARVED_PAUSE_S", 0)
    answers: list[Answer] = [OSError(errno.EMFILE, "too many open files"), unit("s9")]
    driver = AnsweringDriver(answers={"10.20.0.9": answers})
    assert [each.identity for each in await found_in("10.20.0.9", acme=driver)] == [unit("s9")]


def test_scarce_file_descriptors_make_a_scan_narrower_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1000, 1000))
    narrow, note = affordable(1000, reserved=300)
    assert 16 <= narrow < 640
    assert "1000" in note
    assert "ulimit -n" in note
    assert affordable(100) == (100, "")
    assert affordable(1000, reserved=5000)[0] == 16
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert affordable(1000) == (1000, "")


def test_many_addresses_get_less_time_each_than_a_few() -> None:
    few, many = patience(make_target("h"), 254, 256), patience(make_target("h"), 65_534, 1000)
    assert few.connect_timeout_s > many.connect_timeout_s
    assert 65_534 / 1000 * many.connect_timeout_s < 90
    assert few.connect_timeout_s + few.answer_timeout_s < 3


class TimeTravel(asyncio.SelectorEventLoop):
    """A loop that does not wait: where nothing is ready, its clock goes on to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        waiting = self._selector.select  # type: ignore[attr-defined]

        def select(timeout: float | None = None) -> object:
            ready = waiting(0)
            if not ready and timeout:
                self.now += timeout
            return ready

        self._selector.select = select  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.now


class Dead(AnsweringDriver):
    """A door that is closed, or filtered: then it costs its whole time limit."""

    def __init__(self, name: str, door: Door, *, filtered: bool) -> None:
        super().__init__(name)
        self.doors = (door,)
        self._filtered = filtered

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        if self._filtered:
            await asyncio.sleep(where.connect_timeout_s if self.doors[0].transport == "tcp" else where.answer_timeout_s)
        raise DriverError("timeout" if self._filtered else "refused", "nobody")


def six_makers(*, filtered: bool) -> Makers:
    tcp = [Dead(f"tcp{n}", Door("tcp", 2200 + n), filtered=filtered) for n in range(2)]
    udp = [Dead(f"udp{n}", Door("udp", 53212 + n, sockets=0), filtered=True) for n in range(4)]
    return makers_of(*tcp, *udp)


@pytest.mark.parametrize("filtered", [False, True], ids=["refused", "filtered"])
@pytest.mark.parametrize(("network", "within_s"), [("10.20.0.0/24", 3.0), ("10.20.0.0/20", 90.0 / 16)])
def test_six_makers_cost_no_more_time_than_one(network: str, within_s: float, *, filtered: bool) -> None:
    """A /16 has sixteen times as many addresses as a /20, at the same pace."""
    loop = TimeTravel()
    collector = Collector()
    try:
        loop.run_until_complete(ask_places(six_makers(filtered=filtered), [network], collector))
    finally:
        loop.close()
    assert loop.now < within_s
    assert len(collector.outcomes) == ip_network(network).num_addresses - 2, "each address is reported once"


def test_the_sockets_of_all_doors_count() -> None:
    makers = six_makers(filtered=True)
    assert sockets_of(makers, makers) == 2
