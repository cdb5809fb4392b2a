"""Sentences of the contract, as somebody sees them who knows nothing but the topics."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from services.drivers import make_target
from services.model import Address, AuditContext, Part
from services.units import DeviceSnapshot
from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer, observing


def stale(seen: Observer) -> dict[str, bool]:
    """What the retained messages of the receiver and its first channel say of their age."""
    facets = ("receiver/rack info", "receiver/rack state", "channel/rack-1 info", "channel/rack-1 state")
    said = {facet: seen.newest(*facet.split()) for facet in (*facets, "channel/rack-1 slots")}
    return {facet: body["stale"] for facet, body in said.items() if body}


async def test_every_facet_says_that_a_receiver_is_lost_and_that_it_is_back(house: House) -> None:
    async with simulated("axient") as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: len(stale(seen)) == 5 and not any(stale(seen).values()))
        await unit.fault("drop")
        await seen.until(lambda: all(stale(seen).values()))
        await seen.live("rack")
        await seen.until(lambda: not any(stale(seen).values()))


def words(seen: Observer, verb: str, request_id: str) -> list[str]:
    """The status of every reply to a request, in order."""
    return [one.body["status"] for one in seen.all(f"reply/{verb}") if one.body["request_id"] == request_id]


@pytest.mark.parametrize("resource", ["", "bridge/main"])
async def test_what_is_refused_is_not_accepted_first(house: House, resource: str) -> None:
    async with house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        for verb in ("discover", "refresh"):
            answer = await seen.ask(resource, verb, request_id=f"no-{verb}", manufacturer="acme")
            assert (answer["status"], answer["error"]["field"]) == ("rejected", "args.manufacturer")
            assert words(seen, verb, f"no-{verb}") == ["rejected"]
        await seen.ask(resource, "refresh", request_id="yes")
        assert words(seen, "refresh", "yes") == ["accepted", "succeeded"]


async def test_a_long_command_is_accepted_then_reports_then_ends(house: House) -> None:
    async with house.serve(discovery={"concurrency": 16}).running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        await seen.ask("bridge/main", "discover", request_id="long", networks=["127.77.0.0/22"], seconds=45)
        assert words(seen, "discover", "long")[:2] == ["accepted", "progress"]
        assert set(words(seen, "discover", "long")[1:-1]) == {"progress"}
        times = [one.at for one in seen.all("reply/discover")]
        assert len(times) - 2 <= times[-1] - times[0] + 1, "progress comes at most once a second"


async def test_every_command_is_audited_with_who_asked_and_how_it_ended(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.ask("channel/rack-1", "set", request_id="s", name="X")
        await seen.ask("receiver/rack", "refresh", request_id="r")
        await seen.ask("bridge/main", "note", request_id="n", text="one")
        await seen.ask("bridge/main", "receiver_remove", request_id="x", id="rack")
        await seen.until(lambda: len(seen.audit("command")) >= 4)
        ended = {
            event["request_id"]: (event["after"]["verb"], event["after"]["error"]) for event in seen.audit("command")
        }
    assert ended == {
        "s": ("set", "forbidden"),
        "r": ("refresh", None),
        "n": ("note", None),
        "x": ("receiver_remove", "forbidden"),
    }
    refused = next(event for event in seen.audit("command") if event["request_id"] == "s")
    assert refused["after"]["args"] == {"name": "X"}
    assert (refused["claimed_actor"], refused["resource"]) == ("tests", "channel/rack-1")


async def test_bad_input_is_audited_once_in_a_while_with_its_number(house: House) -> None:
    async with house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        for _ in range(5):
            await seen.ask("bridge/main", "note", wrong=1)
        await seen.ask("bridge/main", "note", text="the end")
        await seen.until(lambda: seen.audit("note"))
        (bad,) = seen.audit("bad_input")
    assert (bad["claimed_actor"], bad["after"]["code"]) == ("tests", "schema_violation")


ANNEX = {"id": "listed", "driver": "manual", "campus": "annex"}
"""An entry of the configuration that founds a campus."""


async def test_the_configuration_founds_campuses_and_no_command_does(house: House) -> None:
    async with simulated() as unit, house.serve(ANNEX).running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        place: dict[str, Any] = {"id": "rack", "host": unit.host, "port": unit.port}
        others: list[dict[str, Any]] = [{"campus": "elsewhere"}, {"organization": "others"}, {"organization": "bridge"}]
        for tenant in others:
            refused = await seen.ask("", "receiver_add", **place, **tenant)
            assert refused["error"]["code"] in {"unknown_resource", "schema_violation"}, refused
        assert [address.id for address in app.inventory.units] == ["listed"]
        added = await seen.ask("", "receiver_add", **place, campus="annex")
        assert added["status"] == "succeeded", added
        async with observing(house.broker.port, "default/annex") as annex:
            await annex.live("rack")
            assert (await annex.ask("receiver/rack", "refresh"))["status"] == "succeeded"
            for facet in ("inventory/0", "summary"):
                await annex.until(partial(annex.newest, "bridge/main", facet))


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("receiver_add", {"id": "x", "host": "169.254.169.254", "port": 80}),
        ("receiver_add", {"id": "x", "host": "10.1.2.3"}),
        ("receiver_add", {"host": "127.0.0.9", "port": 9100}),
        ("unit_add", {"id": "x", "kind": "receiver", "host": "no-such-host.invalid"}),
        ("receiver_update", {"id": "rack", "host": "10.1.2.3"}),
        ("receiver_update", {"id": "rack", "port": 22}),
        ("receiver_replace", {"id": "rack", "host": "10.1.2.3"}),
        ("discover", {"networks": ["10.1.2.0/24"]}),
        ("discover", {"networks": ["127.0.0.0/24"]}),
        ("discover", {"hosts": ["127.0.0.8:9100"]}),
        ("discover", {"hosts": ["127.0.0.8", "10.1.2.3"]}),
    ],
)
async def test_a_command_reaches_no_address_and_no_port_that_the_configuration_does_not_give_its_campus(
    house: House, verb: str, args: dict[str, Any]
) -> None:
    ranges = [
        {"network": "127.0.0.8-127.0.0.9", "schedule": "manual"},
        {"network": "127.0.0.0/24", "campus": "annex", "schedule": "manual"},
    ]
    allowed = {"allow": [], "allow_ports": [], "ranges": ranges}
    async with simulated() as unit, house.serve(entry(unit), discovery=allowed).running() as (_, seen):
        await seen.live("rack")
        refused = await seen.ask("bridge/main", verb, **args)
        assert refused["error"]["code"] == "forbidden", refused
        assert "[discovery] allow" in refused["error"]["detail"]
        own = await seen.ask("bridge/main", "discover", networks=["127.0.0.8-127.0.0.9"])
        assert own["error"] is None or own["error"]["code"] != "forbidden"


@pytest.mark.parametrize("host", ["0.0.0.0", "224.0.0.1", "255.255.255.255", "ff02::1", "::", "host:80", "a/b"])
async def test_a_command_names_a_host_that_a_unit_can_have(house: House, host: str) -> None:
    async with house.serve().running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        refused = await seen.ask("bridge/main", "receiver_add", id="x", host=host)
        assert (refused["error"]["code"], refused["error"]["field"]) == ("schema_violation", "args.host"), refused
        assert not app.inventory.units


async def test_what_is_done_to_a_receiver_stands_in_the_audit_of_its_campus(house: House) -> None:
    async with simulated() as unit, house.serve(ANNEX).running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        place: dict[str, Any] = {"id": "rack", "campus": "annex"}
        await seen.ask("", "receiver_add", host=unit.host, port=unit.port, **place)
        await seen.ask("", "labels_set", room="Hall", **place)
        await seen.ask("", "receiver_update", name="Rack", **place)
        await seen.ask("", "receiver_replace", **place)
        await seen.ask("", "receiver_remove", **place)
        for action in ("receiver_added", "labels_set", "receiver_updated", "receiver_replaced", "receiver_removed"):
            event = (await seen.until(partial(seen.audit, action)))[-1]  # the one before is of the configuration
            assert (event["campus"], event["resource"], event["claimed_actor"]) == ("annex", "receiver/rack", "tests")
            assert event["request_id"]


async def test_one_unit_is_one_receiver_with_one_session(house: House) -> None:
    async with simulated() as unit, simulated("qlxd", seed=3) as spare, house.serve(ANNEX).running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        place: dict[str, Any] = {"host": unit.host, "port": unit.port}
        first = (await seen.ask("bridge/main", "receiver_add", **place))["data"]["receiver"]
        await seen.live(first)
        again = await seen.ask("bridge/main", "receiver_add", **place)
        assert (again["status"], again["data"]["receiver"], again["data"]["counts"]["unchanged"]) == (
            "succeeded",
            first,
            1,
        )
        taken = await seen.ask("bridge/main", "receiver_add", id="other", **place)
        assert (taken["error"]["code"], taken["error"]["field"]) == ("duplicate_conflict", "args.host")
        assert first in taken["error"]["detail"]
        elsewhere = await seen.ask("", "receiver_add", campus="annex", **place)
        assert elsewhere["error"]["code"] == "duplicate_conflict"
        await seen.ask("bridge/main", "receiver_add", id="other", host=spare.host, port=spare.port)
        await seen.live("other")
        moved = await seen.ask("bridge/main", "receiver_update", id="other", **place)
        assert moved["error"]["code"] == "duplicate_conflict"
        homeless = await seen.ask("bridge/main", "receiver_add", id="homeless")
        assert (homeless["error"]["code"], homeless["error"]["field"]) == ("schema_violation", "args.host")
        by_hand = await seen.ask("bridge/main", "receiver_add", id="by-hand", driver="manual")
        assert by_hand["status"] == "succeeded"
        assert {address.id for address in app.inventory.units} == {first, "other", "listed", "by-hand"}


async def test_an_id_in_the_file_takes_over_what_discovery_had_found_there(house: House) -> None:
    async with simulated() as unit, house.serve().running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        found = await seen.ask("bridge/main", "discover", hosts=[f"{unit.host}:{unit.port}"])
        assert found["data"]["counts"]["added"] == 1
        (old,) = {address.id for address in app.inventory.units}
        await seen.live(old)
        house.serve(entry(unit, "rack1"))
        assert (await seen.ask("", "reload"))["status"] == "succeeded"
        await seen.live("rack1")
        await seen.until(lambda: not [topic for topic in seen.retained if f"/{old}" in topic])
        assert {address.id for address in app.inventory.units} == {"rack1"}
        await seen.until(lambda: seen.audit("receiver_removed"))


async def test_what_is_found_where_it_is_known_is_audited_as_a_duplicate(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        (sighting,) = await app.makers.maker("shure").look(make_target(unit.host, unit.port))
        identity = sighting.identity
        result = await app.sync.bulk_sync_devices(
            manufacturer="shure",
            devices=[DeviceSnapshot(unit.host, unit.port, identity, "shure")],
            complete=False,
            context=AuditContext("default", "stage", "tests"),
        )
        assert (result.counts.added, result.counts.unchanged) == (0, 1)
        (event,) = await seen.until(lambda: seen.audit("receiver_duplicate"))
    assert (event["resource"], event["after"]["host"]) == ("receiver/rack", unit.host)


async def test_a_reload_that_changes_nothing_is_no_change_and_one_that_does_is_told(house: House) -> None:
    async with house.serve().running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        before = seen.retained[seen.process("info")].body["data"]["configuration_digest"]
        assert (await seen.ask("", "reload"))["data"] == {"changed": [], "need_restart": []}
        house.serve(audit={"keep": "7d"}, bridge={"campus": "elsewhere"})
        assert (await seen.ask("", "reload"))["data"] == {"changed": ["audit", "bridge"], "need_restart": ["bridge"]}
        await seen.until(lambda: seen.retained[seen.process("info")].body["data"]["configuration_digest"] != before)
        (event,) = await seen.until(lambda: seen.audit("configuration_changed"))
        assert event["before"] == {"digest": before}
        assert event["after"]["sections"] == ["audit", "bridge"]
        assert [campus.campus for campus in app.tenants()] == ["stage"], "that takes a restart"
        assert app.retention.keep_s == 7 * 86_400


async def test_a_refusal_names_what_is_wrong_and_where_to_change_it(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).process() as process, house.observer() as seen:
        await seen.live("rack")
        refused = (await seen.ask("bridge/main", "labels_set", id="rack", room="X"))["error"]
        assert refused["code"] == "forbidden"
        assert str(process.config) in refused["detail"]
        assert "[[receivers]]" in refused["detail"]
        unknown = (await seen.ask("bridge/main", "receiver_remove", id="nobody"))["error"]
        assert (unknown["code"], unknown["field"]) == ("unknown_resource", "args.id")
        nowhere = (await seen.ask("", "note", text="x", campus="nowhere"))["error"]
        assert (nowhere["code"], nowhere["field"]) == ("unknown_resource", "args.campus")


async def test_a_discovery_that_leaves_a_removed_unit_alone_has_done_all_of_its_work(house: House) -> None:
    async with simulated() as unit, house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        hosts = [f"{unit.host}:{unit.port}"]
        await seen.ask("bridge/main", "discover", hosts=hosts)
        (adopted,) = await seen.until(lambda: seen.audit("receiver_adopted"))
        await seen.ask("bridge/main", "receiver_remove", id=adopted["resource"].removeprefix("receiver/"))
        again = await seen.ask("bridge/main", "discover", hosts=hosts)
        assert (again["status"], again["data"]["counts"]["added"]) == ("succeeded", 0)
        assert "removed by hand" in again["warnings"][0]
        short = await seen.ask("bridge/main", "discover", networks=["127.77.0.0/29"], limit=2)
        assert short["status"] == "partial"


async def test_a_transmitter_that_goes_is_lost_for_as_long_as_it_was_said_and_then_the_channel_is_idle(
    house: House,
) -> None:
    async with (
        simulated("axient") as unit,
        house.serve(entry(unit), status={"lost_hold": "2s"}).running() as (_, seen),
    ):
        await seen.live("rack")
        await seen.until(lambda: seen.data("rack-1")["transmitter_present"])
        await unit.fault("transmitter_off")
        await seen.until(lambda: seen.shows("rack-1", status="lost", status_reasons=["transmitter_lost"]))
        await seen.until(lambda: seen.shows("rack-1", status="idle", status_reasons=[]), 6)
        (event,) = [event for event in seen.audit("transmitter_lost") if event["resource"] == "channel/rack-1"]
        assert (event["before"], event["after"]) == ({"transmitter_present": True}, {"transmitter_present": False})
        assert not seen.audit("channel_settings_changed"), "a transmitter that goes takes its values along"


async def test_a_battery_that_crosses_a_threshold_is_audited_with_its_figures_before_and_after(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        unit.set_value(Part(1), "battery_runtime_minutes", 25)
        (event,) = await seen.until(lambda: seen.audit("battery_critical"))
        assert event["before"]["battery_runtime_minutes"] > 25
        assert event["after"]["battery_runtime_minutes"] == 25


async def test_a_removed_unit_that_is_added_at_another_address_is_no_longer_ignored(house: House) -> None:
    async with simulated() as unit, simulated() as elsewhere, house.serve().running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        added = await seen.ask("bridge/main", "receiver_add", host=unit.host, port=unit.port)
        rack = added["data"]["receiver"]
        await seen.live(rack)
        await seen.ask("bridge/main", "receiver_remove", id=rack)
        assert [gone.unit for gone in app.ignored] == [rack]
        app.ignored._gone[0] = replace(app.ignored._gone[0], host="10.0.0.1")  # it had another address then
        back = await seen.ask("bridge/main", "receiver_add", host=elsewhere.host, port=elsewhere.port)
        assert back["data"]["receiver"] == rack, "the same unit, by its MAC address"
        assert not list(app.ignored)


async def test_a_configuration_that_was_changed_between_two_runs_is_audited_at_the_start(house: House) -> None:
    async with house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
    async with house.running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        await seen.ask("bridge/main", "note", text="the end")
        await seen.until(lambda: seen.audit("note"))
        assert not seen.audit("configuration_changed"), "it is the same"
    async with house.serve(audit={"keep": "7d"}).running() as (_, seen):
        (event,) = await seen.until(lambda: seen.audit("configuration_changed"))
        assert event["late"]
        assert event["before"]["digest"] != event["after"]["digest"]


async def test_another_interface_counts_at_once_for_connections_and_adverts(house: House) -> None:
    nobody = "192.0.2.1"  # no address of any machine (RFC 5737)
    async with (
        simulated(listen="127.0.21.7", advertise="127.0.0.1") as unit,
        simulated("qlxd") as known,
        house.serve(entry(known), discovery={"interface": nobody}).running() as (app, seen),
    ):
        await seen.offline("rack")
        await seen.until(lambda: seen.newest("bridge/main", "candidates").get("candidates") == [])
        before = seen.retained[seen.process("info")].body["data"]["configuration_digest"]
        figures = app.metrics()
        house.serve(entry(known), discovery={"interface": ""})
        answer = await seen.ask("", "reload")
        assert answer["data"] == {"changed": ["discovery"], "need_restart": []}
        await seen.live("rack")
        await seen.until(lambda: unit.host in str(seen.newest("bridge/main", "candidates")))
        await seen.until(lambda: seen.retained[seen.process("info")].body["data"]["configuration_digest"] != before)
        after = seen.retained[seen.process("info")].body["data"]["configuration_digest"]
        assert figures.info()["configuration_digest"] == after, "a scrape says the same"


async def test_of_two_reloads_at_once_the_newer_file_wins(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        ending, go = asyncio.Event(), asyncio.Event()
        stop = app.sessions.stop

        async def stop_slowly(address: Address) -> None:
            ending.set()
            await go.wait()
            await stop(address)

        monkeypatch.setattr(app.sessions, "stop", stop_slowly)
        house.serve()
        first = asyncio.create_task(app.reload())
        await ending.wait()
        house.serve(entry(unit), entry(unit, "late", driver="manual", host="10.9.9.9"))
        second, third = asyncio.create_task(app.reload()), asyncio.create_task(app.reload())
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(first, second, third)
        assert {address.id for address in app.inventory.units} == {"rack", "late"}
        assert first.result()["changed"] == second.result()["changed"] == ["receivers"]
        assert second.result() is third.result(), "those who wait share one reading of the file"
