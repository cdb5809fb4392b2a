"""Discovery with everything real but the receivers, and those speak their real protocol on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from services.discovery import Adverts, DiscoveryOrchestrationService, Missed, Schedule, ask_places
from services.drivers import Maker, Makers, Sighting, Surroundings, Target, Trace
from services.drivers.shure.driver import ShureDriver, ShureMaker
from services.model import AuditContext, Campus, RangeRecord
from services.store import Store
from tests.integration.house import rack
from tests.integration.wiring import UnitServices
from tests.unit.discovery.household import until
from tests.unit.discovery.test_scan import Collector

STAGE = Campus("default", "stage")
CONTEXT = AuditContext("default", "stage")


class WatchedMaker(ShureMaker):
    """Shure's maker, and the hosts that it was told to look at."""

    def __init__(self, around: Surroundings, looked_at: list[str]) -> None:
        super().__init__(around)
        self._looked_at = looked_at

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        self._looked_at.append(where.host)
        return await super().look(where, trace)


class WatchedShure(ShureDriver):
    """Shure's driver with such a maker."""

    def __init__(self) -> None:
        self.identified: list[str] = []

    @asynccontextmanager
    async def open(self, around: Surroundings) -> AsyncIterator[Maker]:
        yield WatchedMaker(around, self.identified)


class Site(UnitServices):
    """The services of a bridge, without a broker."""

    def __init__(self, store: Store) -> None:
        self.shure = WatchedShure()
        super().__init__(store, Makers({"shure": self.shure}))
        self.discovery = DiscoveryOrchestrationService(
            inventory=self.inventory,
            candidates=self.candidates,
            ignored=self.ignored,
            unidentified=self.unidentified,
            sync=self.sync,
            sessions=self.sessions,
            audit=self.audit,
            makers=self.makers,
            remember=store.put_range,
            forget=store.remove_range,
        )
        self.adverts = Adverts(
            inventory=self.inventory,
            ignored=self.ignored,
            discovery=self.discovery,
            makers=self.makers,
            announced=self.announced,
            default_tenant=STAGE,
        )
        self.schedule = Schedule(
            discovery=self.discovery, inventory=self.inventory, unidentified=self.unidentified, debounce_s=0.05
        )

    def online(self) -> list[str]:
        return sorted(receiver.record.host for receiver in self.inventory.units.values() if receiver.online)


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Site]:
    async with Store.open(f"sqlite:///{folder / 'test.db'}") as store:
        built = Site(store)
        async with built.makers.open(Surroundings("127.0.0.1")):
            services = [asyncio.create_task(built.adverts.run()), asyncio.create_task(built.schedule.run())]
            try:
                yield built
            finally:
                for task in services:
                    task.cancel()
                await asyncio.gather(*services, return_exceptions=True)
                await built.sessions.close()


async def test_a_24_of_simulated_receivers_is_found_and_goes_online(tmp_path: Path) -> None:
    async with site(tmp_path) as bridge, rack("ulxd", count=3, listen="127.31.1.10", still=True):
        result = await bridge.discovery.handle_discovery_requested(context=CONTEXT, networks=["127.31.1.0/24"])
        assert (result.status, result.counts.seen, result.counts.added) == ("succeeded", 3, 3)
        await until(lambda: len(bridge.online()) == 3)
        assert bridge.online() == ["127.31.1.10", "127.31.1.11", "127.31.1.12"]


async def test_a_second_discovery_opens_no_second_session(tmp_path: Path) -> None:
    async with site(tmp_path) as bridge, rack("qlxd", count=2, listen="127.31.2.10", still=True):
        await bridge.discovery.handle_discovery_requested(context=CONTEXT, networks=["127.31.2.8/29"])
        await until(lambda: len(bridge.online()) == 2)
        bridge.shure.identified.clear()
        result = await bridge.discovery.handle_discovery_requested(context=CONTEXT, networks=["127.31.2.8/29"])
        assert sorted(bridge.shure.identified) == ["127.31.2.12", "127.31.2.13", "127.31.2.14", "127.31.2.9"]
        assert (result.counts.seen, result.counts.unchanged, result.counts.added) == (2, 2, 0)
        refreshed = await bridge.discovery.handle_refresh_requested(context=CONTEXT)
        assert (refreshed.status, refreshed.counts.seen) == ("succeeded", 2)


async def test_families_are_told_apart_without_a_store_or_a_broker() -> None:
    async with (
        rack("ulxd", count=1, listen="127.31.3.10", still=True, answers_model=False),
        rack("slxd", count=1, listen="127.31.3.11", still=True),
        rack("axient", count=1, listen="127.31.3.12", still=True),
        rack("slxd", count=1, listen="127.31.3.13", still=True, fault="control_blocked"),
        Makers({"shure": ShureDriver()}).open(Surroundings()) as makers,
    ):
        collector = Collector()
        await ask_places(makers, ["127.31.3.0/24"], collector)
    found = {each.host: each for each in collector.found}
    missed = {one.host: one.code for one in collector.outcomes if isinstance(one, Missed)}
    assert {host: each.identity.family for host, each in found.items()} == {
        "127.31.3.10": "ulxd",
        "127.31.3.11": "slxd",
        "127.31.3.12": "axient",
    }
    assert missed["127.31.3.13"] == "control_blocked"
    assert missed["127.31.3.14"] == "refused"


async def test_what_is_overheard_outside_of_every_range_becomes_a_candidate(tmp_path: Path) -> None:
    async with (
        site(tmp_path) as bridge,
        rack("ulxd", count=1, listen="127.31.4.10", still=True, advertise="127.0.0.1") as (unit,),
    ):
        await until(lambda: bridge.candidates.get(STAGE, "127.31.4.10"))
        candidate = bridge.candidates.get(STAGE, "127.31.4.10")
        assert candidate is not None
        assert (candidate.model, candidate.mac) == ("ULXD4Q", unit.mac)  # type: ignore[attr-defined]
        assert not bridge.inventory.units


async def test_a_receiver_that_comes_back_elsewhere_is_followed_by_what_it_announces(tmp_path: Path) -> None:
    async with site(tmp_path) as bridge:
        bridge.schedule.configure([RangeRecord(STAGE, "127.31.5.8/29", adopt=True, schedule_s=None, manufacturer=None,
                                               source="config")])  # fmt: skip
        async with rack("ulxd", count=1, listen="127.31.5.10", still=True, advertise="127.0.0.1"):
            await until(lambda: any(receiver.record.mac for receiver in bridge.inventory.units.values()))
            await until(bridge.online)
            (receiver,) = bridge.inventory.units.values()
            topic = receiver.address
        await until(lambda: not receiver.online)
        async with rack("ulxd", count=1, listen="127.31.6.10", still=True, advertise="127.0.0.1"):
            await until(lambda: bridge.online() == ["127.31.6.10"])
        assert list(bridge.inventory.units) == [topic]


async def test_a_range_remembers_over_a_restart_that_it_was_searched(tmp_path: Path) -> None:
    wanted = RangeRecord(STAGE, "127.31.7.8/30", adopt=True, schedule_s=None, manufacturer=None, source="config")
    async with site(tmp_path) as bridge:
        assert bridge.schedule.configure([wanted]) == 1
        await until(lambda: bridge.discovery.ranges[0].scanned_at)
    async with site(tmp_path) as again:
        loaded = await again.store.load()
        assert again.schedule.configure([wanted], stored=loaded.ranges) == 0
        assert again.discovery.ranges[0].scanned_at


async def test_a_range_that_left_the_configuration_is_searched_when_it_comes_back(tmp_path: Path) -> None:
    wanted = RangeRecord(STAGE, "127.31.7.12/30", adopt=True, schedule_s=None, manufacturer=None, source="config")
    async with site(tmp_path) as bridge:
        bridge.schedule.configure([wanted])
        await until(lambda: bridge.discovery.ranges[0].scanned_at)
    async with site(tmp_path) as without:
        without.schedule.configure([], stored=(await without.store.load()).ranges)
    async with site(tmp_path) as again:
        assert again.schedule.configure([wanted], stored=(await again.store.load()).ranges) == 1


@asynccontextmanager
async def mixer(host: str) -> AsyncIterator[list[str]]:
    """A console that answers on the receivers' port, as an AD600 and mixers do; the questions that came."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while line := await reader.readuntil(b">"):
                asked.append(line.decode().strip())
                if b"GET MODEL" in line:
                    writer.write(b"< REP MODEL {AD600                           } >")
                else:
                    writer.write(b"< REP DEVICE_ID {Scanner  } >" if b"DEVICE_ID" in line else b"< REP ERR >")
        writer.close()

    server = await asyncio.start_server(serve, host, 2202)
    async with server:
        yield asked
        server.close()


async def test_what_is_no_microphone_is_named_and_not_asked_again_by_a_search_of_networks(tmp_path: Path) -> None:
    async with site(tmp_path) as bridge, mixer("127.31.30.10") as asked:
        for _ in range(2):
            result = await bridge.discovery.handle_discovery_requested(context=CONTEXT, networks=["127.31.30.8/29"])
            assert result.data["strangers"] == [{"host": "127.31.30.10", "what": "AD600"}]
            assert (result.status, result.counts.added, list(bridge.candidates.of(STAGE))) == ("succeeded", 0, [])
        assert sum("GET MODEL" in line for line in asked) == 1
        named = await bridge.discovery.handle_discovery_requested(context=CONTEXT, networks=["127.31.30.10"])
        assert "AD600" in named.errors[0].message
        assert sum("GET MODEL" in line for line in asked) == 2, "whoever names it has it asked"
