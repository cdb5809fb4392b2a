from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from bridge.publishing.campus_pages import CampusPages
from services.drivers import DriverError, Sighting
from services.model import AuditContext, Campus, Facet, IgnoredIdentity, Kind, ServiceError
from services.rules import MAX_ADDRESSES
from tests.unit.discovery.answering import AnsweringDriver, OpenMakers, unit
from tests.unit.discovery.household import CONTEXT, STAGE, Site, configured, put


async def test_what_answers_in_a_named_network_is_added() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit("s9"), "10.20.0.20": unit("s20")}))
    result = await site.discover(networks=["10.20.0.0/24"])
    assert site.shelf.hosts == ["10.20.0.20", "10.20.0.9"]
    assert (result.status, result.counts.seen, result.counts.added, result.request_id) == ("succeeded", 2, 2, "r1")
    assert result.data["addresses"] == result.data["asked"] == 254


async def test_without_a_word_everything_that_is_configured_for_the_campus_is_searched() -> None:
    driver = AnsweringDriver(answers={"10.20.0.9": unit("s9")})
    elsewhere = replace(configured("10.30.0.0/30"), tenant=Campus("default", "elsewhere"))
    site = Site(driver, ranges=[configured("10.20.0.8/30"), configured("10.20.1.1"), elsewhere])
    await site.discover()
    assert sorted(driver.hosts) == ["10.20.0.10", "10.20.0.9", "10.20.1.1"]
    assert {record.network for record in site.remembered} == {"10.20.0.8/30", "10.20.1.1"}
    assert all(record.scanned_at for record in site.remembered)


async def test_a_range_that_does_not_adopt_makes_candidates() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit("s9")}), ranges=[configured("10.20.0.8/30", adopt=False)])
    result = await site.discover()
    assert not site.shelf.handed
    assert "unit_add" in site.candidates()["10.20.0.9"]
    assert result.data["candidates"] == 1
    assert (site.inventory.bridge_address(STAGE), Facet.CANDIDATES) in site.changes.take()[0]


async def test_a_candidate_has_the_name_that_the_unit_gives_itself() -> None:
    named = Sighting("acme", "10.20.0.9", unit("s9"), name="Wedge left")
    site = Site(AnsweringDriver(answers={"10.20.0.9": (named,)}), ranges=[configured("10.20.0.8/30", adopt=False)])
    await site.discover()
    assert site.candidate(STAGE, "10.20.0.9").name == "Wedge left"


async def test_a_request_can_adopt_what_the_range_does_not_and_the_reverse() -> None:
    answers = {"10.20.0.9": unit("s9")}
    eager = Site(AnsweringDriver(answers=answers), ranges=[configured("10.20.0.8/30", adopt=False)])
    await eager.discover(adopt=True)
    assert eager.shelf.hosts == ["10.20.0.9"]
    careful = Site(AnsweringDriver(answers=answers))
    await careful.discover(networks=["10.20.0.8/30"], adopt=False)
    assert not careful.shelf.handed
    assert list(careful.candidates()) == ["10.20.0.9"]


async def test_a_candidate_that_is_added_leaves_the_list() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit("s9")}))
    await site.discover(networks=["10.20.0.8/30"], adopt=False)
    await site.discover(networks=["10.20.0.8/30"])
    assert not site.candidates()


async def test_a_removed_receiver_is_no_candidate() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit("s9")}))
    site.ignored.add(
        IgnoredIdentity(STAGE, "rack1", "acme", "s9", None, "A1", None, "10.20.0.9", "2026-11-22T19:30:00.000Z")
    )
    await site.discover(networks=["10.20.0.8/30"], adopt=False)
    assert not site.candidates()


async def test_a_known_receiver_in_a_range_that_does_not_adopt_is_followed_all_the_same() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit("s9")}))
    put(site.inventory, "rack1", "10.20.0.200", serial="s9")
    await site.discover(networks=["10.20.0.8/30"], adopt=False)
    assert site.shelf.hosts == ["10.20.0.9"]
    assert not site.candidates()


async def test_a_receiver_that_is_heard_is_counted_and_not_asked() -> None:
    driver = AnsweringDriver(answers={"10.20.0.9": unit("s9")})
    site = Site(driver)
    put(site.inventory, "rack1", "10.20.0.9", online=True)
    put(site.inventory, "rack2", "10.20.0.10", online=False)
    result = await site.discover(networks=["10.20.0.8/30"])
    assert driver.hosts == ["10.20.0.10"]
    assert (result.counts.seen, result.counts.unchanged) == (1, 1)


async def test_a_receiver_that_is_being_read_for_the_first_time_is_left_alone() -> None:
    driver = AnsweringDriver()
    site = Site(driver)
    put(site.inventory, "rack1", "10.20.0.9").link_state.session = "reading"
    await site.discover(networks=["10.20.0.9"])
    assert not driver.asked


async def test_a_heard_receiver_that_is_known_by_name_is_left_alone_at_its_address() -> None:
    driver = AnsweringDriver()
    site = Site(driver)
    put(site.inventory, "rack1", "localhost", online=True)
    result = await site.discover(networks=["127.0.0.0/30"])
    assert driver.hosts == ["127.0.0.2"]
    assert result.counts.unchanged == 1


async def test_another_port_of_the_same_host_is_another_receiver() -> None:
    driver = AnsweringDriver(answers={"127.0.0.1": unit("s2")})
    site = Site(driver)
    put(site.inventory, "rack1", "127.0.0.1", online=True, port=2203)
    await site.discover(hosts=["127.0.0.1:2204", "127.0.0.1:2203"])
    assert [target.port for target in driver.asked] == [2204]


async def test_a_host_that_was_named_stays_known_by_its_name() -> None:
    site = Site(AnsweringDriver(answers={"127.0.0.1": unit("s1"), "::1": unit("s1")}))
    result = await site.discover(hosts=["localhost"])
    assert site.shelf.hosts == ["localhost"]
    assert result.status == "succeeded"


async def test_a_host_that_was_named_and_does_not_answer_is_an_error_that_hides_nothing() -> None:
    driver = AnsweringDriver(answers={"10.20.0.9": unit("s9")})
    site = Site(driver)
    result = await site.discover(hosts=["10.20.0.9", "10.20.0.10", "no-such-host.invalid"])
    assert result.status == "partial"
    assert {(error.device, error.code) for error in result.errors} == {
        ("10.20.0.10", "refused"),
        ("no-such-host.invalid", "never_seen"),
    }
    assert site.shelf.hosts == ["10.20.0.9"]


async def test_a_configured_host_is_listed_until_it_answers() -> None:
    driver = AnsweringDriver()
    site = Site(driver, ranges=[configured("10.20.0.9"), configured("10.20.0.8/30")])
    await site.discover()
    listed = site.unidentified["10.20.0.9"]
    assert (listed.reason, listed.tenant) == ("refused", STAGE)
    await site.discover()
    assert site.unidentified["10.20.0.9"].since == listed.since
    driver.answers["10.20.0.9"] = unit("s9")
    await site.discover()
    assert not site.unidentified


async def test_a_host_that_is_only_asked_for_once_is_not_listed() -> None:
    site = Site(AnsweringDriver())
    await site.discover(hosts=["10.20.0.9"])
    assert not site.unidentified


async def test_a_dead_maker_hides_no_other() -> None:
    broken = AnsweringDriver("broken", {f"10.20.0.{n}": RuntimeError("a bug") for n in range(255)})
    acme = AnsweringDriver("acme", {"10.20.0.9": unit("s9")})
    site = Site(broken, acme)
    result = await site.discover(networks=["10.20.0.0/24"])
    makers = result.data["manufacturers"]
    assert isinstance(makers, dict)
    assert sorted(makers) == ["acme", "broken"]
    assert makers["acme"]["status"] == "succeeded"
    assert makers["acme"]["counts"]["added"] == 1


async def test_a_broken_driver_is_told_a_few_times_and_then_counted() -> None:
    broken = AnsweringDriver("broken", {f"10.20.0.{n}": RuntimeError("a bug") for n in range(255)})
    result = await Site(broken).discover(networks=["10.20.0.0/24"])
    assert result.status == "failed"
    assert len(result.errors) == 3
    assert any("251" in warning for warning in result.warnings)


async def test_receivers_of_one_maker_that_cannot_be_taken_over_hide_no_other() -> None:
    acme = AnsweringDriver("acme", {"10.20.0.9": unit("s9")})
    other = AnsweringDriver("other", {"10.20.0.10": unit("s10", maker="other")})
    site = Site(acme, other)
    site.shelf.broken.add("acme")
    result = await site.discover(networks=["10.20.0.8/30"])
    assert result.status == "partial"
    assert [error.code for error in result.errors] == ["internal"]
    assert site.shelf.hosts == ["10.20.0.10"]


async def test_blocked_control_is_told_with_its_remedy_and_listed_as_a_candidate() -> None:
    words = "control is blocked: Menu > Advanced > Network > Allow Third-Party Controls"
    site = Site(AnsweringDriver(answers={"10.20.0.9": DriverError("control_blocked", words)}))
    result = await site.discover(networks=["10.20.0.8/30"])
    assert [(error.device, error.code, error.message) for error in result.errors] == [
        ("10.20.0.9", "control_blocked", words)
    ]
    assert site.candidates() == {"10.20.0.9": words}


async def test_one_unit_at_two_addresses_is_taken_once() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit("s9"), "10.20.0.10": unit("s9")}))
    result = await site.discover(networks=["10.20.0.8/30"])
    assert len(site.shelf.handed) == 1
    assert any("same unit" in warning for warning in result.warnings)


async def test_only_the_drivers_of_the_wanted_maker_are_asked() -> None:
    acme, other = AnsweringDriver("acme"), AnsweringDriver("other")
    ranges = [configured("10.20.0.9"), replace(configured("10.20.0.10"), manufacturer="other")]
    site = Site(acme, other, ranges=ranges)
    await site.discover(manufacturer="acme")
    assert (acme.hosts, other.hosts) == (["10.20.0.9"], [])
    acme.asked.clear()
    await site.discover()
    assert (acme.hosts, sorted(other.hosts)) == (["10.20.0.9"], ["10.20.0.10", "10.20.0.9"])


async def test_an_unknown_maker_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ServiceError, match="acme") as caught:
        await Site(AnsweringDriver()).discover(manufacturer="lectrosonics")
    assert (caught.value.code, caught.value.field) == ("schema_violation", "args.manufacturer")


async def test_a_network_that_is_too_large_is_an_error() -> None:
    site = Site(AnsweringDriver())
    with pytest.raises(ServiceError, match=str(MAX_ADDRESSES)) as caught:
        await site.discover(networks=["10.0.0.0/8"])
    assert (caught.value.code, caught.value.field) == ("schema_violation", "args.networks")
    assert not site.diary.entries


async def test_a_wrong_network_hides_no_right_one() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit("s9")}))
    result = await site.discover(networks=["10.0.0.0/8", "10.20.0.8/30"])
    assert result.status == "partial"
    assert [error.device for error in result.errors] == ["10.0.0.0/8"]
    assert site.shelf.hosts == ["10.20.0.9"]


async def test_too_many_addresses_are_a_searched_prefix_and_a_clear_word() -> None:
    driver = AnsweringDriver(answers={"10.20.0.2": unit("s2")})
    site = Site(driver)
    result = await site.discover(networks=["10.20.0.0/24"], limit=10)
    assert sorted(driver.hosts) == sorted(f"10.20.0.{n}" for n in range(1, 11))
    assert result.counts.added == 1
    assert result.status == "partial"
    (warning,) = result.warnings
    assert "244" in warning
    assert not site.remembered


@pytest.mark.parametrize("limit", [0, -1, MAX_ADDRESSES + 1])
async def test_a_limit_has_limits(limit: int) -> None:
    with pytest.raises(ServiceError) as caught:
        await Site(AnsweringDriver()).discover(networks=["10.20.0.0/24"], limit=limit)
    assert caught.value.code == "out_of_range"


async def test_nothing_to_search_is_said() -> None:
    result = await Site(AnsweringDriver()).discover()
    assert result.status == "partial"
    assert "discovery.ranges" in result.warnings[0]


async def test_a_discovery_is_audited_with_its_start_and_its_outcome() -> None:
    site = Site(AnsweringDriver(answers={"10.20.0.9": unit("s9")}))
    await site.discover(networks=["10.20.0.8/30"])
    assert site.diary.actions == ["discovery_started", "discovery_finished"]
    assert site.diary.entries[0][1]["places"] == ["10.20.0.8/30"]
    assert site.diary.entries[1][1]["status"] == "succeeded"


def never_answering() -> AnsweringDriver:
    driver = AnsweringDriver(answers={"10.20.0.1": unit("s1")})
    driver.silent = {f"10.20.0.{n}" for n in range(2, 255)}
    return driver


async def test_a_second_discovery_of_the_campus_is_busy_and_says_with_what() -> None:
    driver = never_answering()
    site = Site(driver)
    first = asyncio.create_task(site.discover(networks=["10.20.0.0/24"]))
    await driver.reached_silent.wait()
    with pytest.raises(ServiceError, match=r"10\.20\.0\.0/24.*discover_cancel") as caught:
        await site.discover(hosts=["10.20.0.9"])
    assert caught.value.code == "busy"
    other = AuditContext("default", "other")
    await site.discovery.handle_discovery_requested(context=other, hosts=["10.30.0.1"])
    assert await site.discovery.cancel() == 1
    await first


async def test_a_cancelled_discovery_keeps_what_was_found_and_says_so() -> None:
    driver = never_answering()
    site = Site(driver, ranges=[configured("10.20.0.0/24")])
    running = asyncio.create_task(site.discover())
    await driver.reached_silent.wait()
    assert await site.discovery.cancel([Campus("default", "other")]) == 0
    assert await site.discovery.cancel([STAGE]) == 1
    result = await running
    assert driver.under_way == 0
    assert site.shelf.hosts == ["10.20.0.1"]
    assert result.status == "partial"
    assert result.data["cancelled"] is True
    assert "cancelled" in result.warnings[0]
    assert not site.remembered
    assert site.diary.actions == ["discovery_started", "discovery_finished"]
    assert await site.discovery.cancel() == 0


async def test_a_stopped_bridge_leaves_no_question_behind() -> None:
    driver = never_answering()
    site = Site(driver)
    running = asyncio.create_task(site.discover(networks=["10.20.0.0/24"]))
    await driver.reached_silent.wait()
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    assert driver.under_way == 0
    assert site.diary.actions == ["discovery_started", "discovery_finished"]
    assert site.discovery.running(STAGE) is None


async def test_progress_is_told_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.discovery.search.PROGRESS_S", 0.01)
    driver = never_answering()
    site = Site(driver)
    reports: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    running = asyncio.create_task(site.discover(networks=["10.20.0.0/24"], progress=reports.put_nowait))
    while (report := await reports.get())["found"] == 0:
        pass
    assert (report["done"], report["total"], report["found"]) == (1, 254, 1)
    assert site.shelf.hosts == ["10.20.0.1"]
    await site.discovery.cancel()
    await running


async def test_a_refresh_reads_every_receiver_of_the_campus_and_none_hides_another() -> None:
    site = Site(AnsweringDriver())
    for n in range(1, 4):
        put(site.inventory, f"rack{n}", f"10.20.0.{n}", online=True)
    put(site.inventory, "rack9", "10.30.0.9", Campus("default", "elsewhere"), online=True)
    site.readings.outcomes = {
        "rack1": ServiceError("device_offline", "receiver rack1 is offline"),
        "rack2": RuntimeError("a bug"),
    }
    result = await site.discovery.handle_refresh_requested(context=CONTEXT)
    assert sorted(site.readings.read) == ["rack1", "rack2", "rack3"]
    assert result.status == "partial"
    assert {(error.device, error.code) for error in result.errors} == {
        ("rack1", "device_offline"),
        ("rack2", "internal"),
    }
    assert (result.counts.seen, result.counts.failed, result.counts.offline, result.counts.unchanged) == (3, 2, 1, 1)


async def test_a_refresh_chooses_by_maker_tags_and_id() -> None:
    site = Site(AnsweringDriver("acme"), AnsweringDriver("other"))
    put(site.inventory, "rack1", "10.20.0.1", labels={"tags": ["vocals", "left"]})
    put(site.inventory, "rack2", "10.20.0.2", labels={"tags": ["vocals"]})
    put(site.inventory, "rack3", "10.20.0.3", manufacturer="other")

    async def read(**wishes: object) -> list[str]:
        site.readings.read.clear()
        await site.discovery.handle_refresh_requested(context=CONTEXT, **wishes)  # type: ignore[arg-type]
        return sorted(site.readings.read)

    assert await read(manufacturer="other") == ["rack3"]
    assert await read(tags=["vocals"]) == ["rack1", "rack2"]
    assert await read(tags=["vocals", "left"]) == ["rack1"]
    assert await read(units=["rack2", "rack3"]) == ["rack2", "rack3"]
    result = await site.discovery.handle_refresh_requested(context=CONTEXT, units=["rack2", "gone"])
    assert [(error.device, error.code) for error in result.errors] == [("gone", "unknown_resource")]
    with pytest.raises(ServiceError, match="acme, other"):
        await read(manufacturer="lectrosonics")


async def test_detail_tells_everything_of_a_receiver_and_of_a_channels_receiver() -> None:
    site = Site(AnsweringDriver())
    receiver = put(site.inventory, "rack1", "10.20.0.1", online=True, serial="s1")
    for address in (receiver.address, receiver.parts[1].address):
        result = await site.discovery.handle_device_detail_requested(context=CONTEXT, address=address)
        detail = result.data["receiver"]
        assert isinstance(detail, dict)
        assert detail["info"]["serial"] == "s1"
        assert detail["availability"]["state"] == "online"
        assert [channel["id"] for channel in detail["channels"]] == ["rack1-1"]


async def test_each_unit_behind_a_gateway_is_a_candidate_of_its_own() -> None:
    behind = tuple(Sighting("acme", "10.20.0.9", unit(f"s{name}"), unit=name) for name in ("A", "B"))
    site = Site(AnsweringDriver(answers={"10.20.0.9": behind}), ranges=[configured("10.20.0.0/24", adopt=False)])
    site.listed.put(STAGE, "10.20.0.9", manufacturer="acme", why="needs a password")
    await site.discover()
    assert [(one.host, one.unit) for one in site.listed.of(STAGE)] == [("10.20.0.9", "A"), ("10.20.0.9", "B")]
    (page,) = CampusPages(site.inventory, site.listed).candidates(STAGE)
    assert [row["unit"] for row in json.loads(page[1])["candidates"]] == ["A", "B"]
    site.listed.drop(STAGE, "10.20.0.9", "A")
    assert [one.unit for one in site.listed.of(STAGE)] == ["B"]


async def test_a_candidate_that_answers_itself_has_no_unit_in_its_row() -> None:
    site = Site(AnsweringDriver())
    site.listed.put(STAGE, "10.20.0.9", manufacturer="acme", why="announces itself")
    (page,) = CampusPages(site.inventory, site.listed).candidates(STAGE)
    assert "unit" not in json.loads(page[1])["candidates"][0]


@pytest.mark.parametrize(
    ("kind", "word", "missing"),
    [
        (Kind.RECEIVER, "channels", set()),
        (Kind.IEM, "iem_channels", {"antenna_count", "diversity", "slots"}),
        (Kind.CHARGER, "bays", {"antenna_count", "diversity", "slots", "telemetry"}),
    ],
)
async def test_detail_lists_parts_under_the_word_of_their_kind_with_the_keys_of_their_kind(
    kind: Kind, word: str, missing: set[str]
) -> None:
    site = Site(AnsweringDriver())
    one = put(site.inventory, "rack1", "10.20.0.1", kind=kind)
    result = await site.discovery.handle_device_detail_requested(context=CONTEXT, address=one.address)
    detail = result.data[kind.value]
    assert isinstance(detail, dict)
    assert {"channels", "iem_channels", "bays"} & detail.keys() == {word}
    (part,) = detail[word]
    keys = {"id", "number", "antenna_count", "diversity", "state", "slots", "telemetry", "stale", "reported"}
    assert part.keys() == keys - missing


async def test_detail_names_a_unit_and_its_driver_as_info_does() -> None:
    site = Site(AnsweringDriver())
    dock = put(site.inventory, "dock", "10.20.0.1", kind=Kind.CHARGER)
    dock.state, dock.driver = {**dock.state, "name": "Dock left"}, "shure"
    result = await site.discovery.handle_device_detail_requested(context=CONTEXT, address=dock.address)
    detail = result.data["charger"]
    assert isinstance(detail, dict)
    assert (detail["info"]["name"], detail["info"]["driver"]) == ("Dock left", "shure")
    assert "bay_count" in detail["info"]
    assert "channel_count" not in detail["info"]


async def test_detail_of_what_is_not_there_is_an_error() -> None:
    site = Site(AnsweringDriver())
    receiver = put(site.inventory, "rack1", "10.20.0.1")
    for address in (receiver.address._replace(id="gone"), receiver.parts[1].address._replace(id="gone-1")):
        with pytest.raises(ServiceError) as caught:
            await site.discovery.handle_device_detail_requested(context=CONTEXT, address=address)
        assert caught.value.code == "unknown_resource"


async def test_every_campus_that_is_searched_or_has_receivers_is_known() -> None:
    site = Site(AnsweringDriver(), ranges=[configured("10.20.0.0/24")])
    put(site.inventory, "rack9", "10.30.0.9", Campus("default", "elsewhere"))
    assert site.discovery.tenants == [Campus("default", "elsewhere"), STAGE]


class Closed(OpenMakers):
    """One of the makers cannot open."""

    @property
    def trouble(self) -> Mapping[str, str]:
        return {"other": "its port is taken: end the other program"}


async def test_a_driver_that_cannot_work_is_named_once_and_not_at_every_address() -> None:
    acme, other = AnsweringDriver("acme", {"10.20.0.9": unit("s9")}), AnsweringDriver("other")
    site = Site(acme, other)
    site.discovery._runner._makers = Closed(site.drivers)
    result = await site.discover(networks=["10.20.0.0/28"])
    assert result.counts.added == 1
    assert not other.asked
    assert [text for text in result.warnings if "its port is taken" in text] == result.warnings
    assert len(result.warnings) == 1
