"""A System API server on a real socket, with its key, its certificate, and what goes wrong with it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from services.drivers import Gone, Link, Maker, Reading, Sighting, Surroundings, Target, make_target
from services.drivers.port import DriverError
from services.drivers.shure.simulation.system_api import server as server_module
from services.drivers.shure.simulation.system_api.api import SOCKET, Api, Response
from services.drivers.shure.simulation.system_api.fleet import KEY, simulate_servers
from services.drivers.shure.simulation.system_api.server import Server
from services.drivers.shure.system_api import gateway as gateway_module
from services.drivers.shure.system_api.conversation import link as link_module
from services.drivers.shure.system_api.driver import system_api
from services.drivers.shure.system_api.options import SystemApiOptions
from services.model import UNIT, Kind, Part

FORBIDDEN = {"audio-mute", "battery-level", "battery-health", "mute"}
"""What an ADTQ does not list."""


class Listening:
    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self._news = asyncio.Event()

    def __call__(self, readings: Sequence[Reading]) -> None:
        self.readings += readings
        self._news.set()

    def value(self, part: Part, key: str) -> object:
        found: object = None
        for reading in self.readings:
            if reading.part == part:
                found = {**reading.values, **reading.more}.get(key, found)
        return found

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():
                self._news.clear()
                await self._news.wait()


async def comes_true(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - of what has no event to wait for
            await asyncio.sleep(0.01)


@asynccontextmanager
async def server(**options: Any) -> AsyncIterator[Server]:
    async with simulate_servers("adtq", count=1, listen="127.0.0.1", port=0, still=True, **options) as (only,):
        yield only


@asynccontextmanager
async def maker() -> AsyncIterator[Maker]:
    async with system_api.open(Surroundings("127.0.0.1")) as opened:
        yield opened


def target(there: Server, unit: str | None = None, **changed: object) -> Target:
    given: dict[str, object] = {"options": there.options, "answer_timeout_s": 1.0, "connect_timeout_s": 1.0}
    return make_target(there.host, there.port, unit=there.unit if unit is None else unit, **{**given, **changed})  # type: ignore[arg-type]


@asynccontextmanager
async def reading(there: Server, opened: Maker, unit: str | None = None) -> AsyncIterator[tuple[Link, Listening]]:
    heard = Listening()
    async with opened.connect(target(there, unit), heard) as link:
        await link.read_all()
        yield link, heard


def asked(there: Server, method: str, end: str) -> list[str]:
    return [where for how, where in there.api.asked if how == method and end in where]


async def test_a_unit_is_read_by_what_it_lists_and_nothing_else_is_asked() -> None:
    async with server() as there, maker() as opened, reading(there, opened) as (_, heard):
        assert heard.value(UNIT, "name") == "ADTQ 1"
        assert [heard.value(Part(number), "name") for number in range(1, 5)] == ["Ch 1", "Ch 2", "Ch 3", "Ch 4"]
        assert heard.value(Part(1), "audio_activity") == "low"
        assert not {part for _, where in there.api.asked for part in where.split("/")} & FORBIDDEN


async def test_an_in_ear_transmitter_has_no_mute_and_no_meters() -> None:
    async with server() as there, maker() as opened, opened.connect(target(there), Listening()) as link:
        found = await link.read_all()
        assert found.identity.kind is Kind.IEM
        assert {*found.parts[1].settable} == {"name", "audio_gain_db"}
        assert found.parts[1].settable["audio_gain_db"] == {"minimum": -20, "maximum": 16, "step": 1, "unit": "dB"}
        assert link.take_telemetry(Part(1)) is None


async def test_a_receiver_behind_the_server_is_a_receiver_and_can_be_muted() -> None:
    async with server(behind="ANX4") as there, maker() as opened:
        receiver = there.api.devices[1]
        async with opened.connect(target(there, receiver.device_id), Listening()) as link:
            found = await link.read_all()
            assert (found.identity.kind, len(found.parts)) == (Kind.RECEIVER, 12)
            assert (await link.set(Part(12), {"receiver_muted": True}))["receiver_muted"].outcome == "ok"
            assert receiver.channels[11].values["mute"] is True


@pytest.mark.parametrize("options", [{"page_size": 2}, {"shape": "items"}, {"shape": "array"}], ids=str)
async def test_all_units_are_found_however_the_list_is_written(options: dict[str, object]) -> None:
    async with server(behind="ADTD,AD8C,ANX4,SBRC", **options) as there, maker() as opened:
        seen = await opened.look(target(there, ""))
        assert [each.identity.model for each in seen] == ["ADTQ", "ADTD", "ANX4", "SBRC"]
        assert [each.unit for each in seen] == [there.api.devices[place].device_id for place in (0, 1, 3, 4)]


async def test_a_refused_key_is_sent_once_and_a_new_one_is_tried() -> None:
    async with server() as there, maker() as opened:
        wrong = SystemApiOptions(key=SecretStr("wrong"), fingerprint=there.options.fingerprint)
        for _ in range(3):
            with pytest.raises(DriverError, match=r"options\.key") as failure:
                async with opened.connect(target(there, options=wrong), Listening()):
                    pass
            assert (failure.value.reason, failure.value.again_s) == ("auth_failed", None)
            assert "wrong" not in failure.value.detail
        assert len(there.api.asked) == 1
        async with reading(there, opened):
            pass


async def test_a_key_that_is_changed_at_the_server_ends_in_one_refusal() -> None:
    async with server() as there, maker() as opened, reading(there, opened) as (link, _):
        await there.fault("key_refused")
        with pytest.raises(DriverError) as failure:
            await link.read_all()
        assert failure.value.reason == "auth_failed"
        before = len(there.api.asked)
        with pytest.raises(DriverError):
            await link.read_all()
        assert len(there.api.asked) == before


@pytest.mark.parametrize("known", ["options", "record", "first sight"])
async def test_another_certificate_gets_no_key(known: str) -> None:
    async with server() as there, maker() as opened:
        bare = SystemApiOptions(key=there.options.key)
        where = target(there, options=there.options if known == "options" else bare)
        if known == "record":
            where = target(there, options=bare, certificate=there.options.fingerprint)
        (seen,) = await opened.look(where)
        assert seen.identity.certificate == there.options.fingerprint
        await there.fault("swap")
        there.api.asked.clear()
        with pytest.raises(DriverError, match=r"certificate|fingerprint") as failure:
            await opened.look(where)
        assert failure.value.reason == "identity_conflict"
        assert not there.api.asked


async def test_the_key_is_in_no_trace() -> None:
    traced: list[bytes] = []
    async with server() as there, maker() as opened:
        async with opened.connect(target(there), Listening(), lambda _direction, data: traced.append(data)) as link:
            await link.read_all()
            there.set_value(Part(1), "name", "Lead")
            await comes_true(lambda: any(b"Lead" in data for data in traced))
        assert not any(KEY.encode() in data for data in traced)


async def test_units_behind_one_server_share_its_websocket() -> None:
    async with server(behind="ADTD") as there, maker() as opened:
        other = there.api.devices[1].device_id
        async with reading(there, opened) as (_, heard):
            async with reading(there, opened, other) as (_, theirs):
                assert asked(there, "GET", SOCKET) == [SOCKET]
                assert theirs.value(UNIT, "name") == "ADTD 2"
            (subscribed,) = there.api.subscriptions.values()
            assert {device for device, _, _ in subscribed} == {"", there.unit}
            there.set_value(Part(2), "name", "Keys")
            await heard.until(lambda: heard.value(Part(2), "name") == "Keys")
        await comes_true(lambda: not there.api.subscriptions)


async def test_nothing_is_subscribed_with_a_body_or_a_content_type() -> None:
    async with server() as there, maker() as opened, reading(there, opened):
        (subscribed,) = there.api.subscriptions.values()
        assert len(subscribed) == 1 + 2 + 4 * 3  # states, the unit's name and identify, three of each channel


async def test_what_cannot_be_subscribed_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "POLL_S", 0.1)
    async with server(fault="refuses_subscriptions") as there, maker() as opened, reading(there, opened) as (_, heard):
        there.set_value(Part(1), "audio_activity", "clipping")
        await heard.until(lambda: heard.value(Part(1), "audio_activity") == "clipping")


@pytest.mark.parametrize(
    ("state", "reason", "words"), [("OFFLINE", "silent", "lost"), ("DISCOVERED", "control_blocked", "does not read it")]
)
async def test_a_unit_that_the_server_loses_is_gone_at_once_and_read_when_it_is_back(
    state: str, reason: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server() as there, maker() as opened:
        async with reading(there, opened) as (link, _):
            there.set_state(state)
            async with asyncio.timeout(2):
                error = await link.wait_closed()
            assert error.reason == reason
        with pytest.raises(DriverError, match=words):
            async with opened.connect(target(there), Listening()):
                pass
        there.set_state("ONLINE")
        monkeypatch.setattr(gateway_module, "FRESH_S", 0.0)
        async with reading(there, opened) as (_, heard):
            assert heard.value(UNIT, "name") == "ADTQ 1"


@pytest.mark.parametrize("notices", ["read", "keepalive"])
async def test_a_unit_that_is_in_the_list_no_more_is_gone(notices: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "FRESH_S", 0.0)
    async with server(behind="ADTD") as there, maker() as opened, reading(there, opened) as (link, _):
        del there.api.devices[0]
        if notices == "keepalive":
            link.ask_alive()
        else:
            with pytest.raises(DriverError, match="knows no device"):
                await link.read_all()
        async with asyncio.timeout(2):
            assert (await link.wait_closed()).reason == "wrong_model"


async def test_a_server_that_has_too_much_to_do_takes_no_value_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async with server() as there, maker() as opened, reading(there, opened) as (link, heard):
        monkeypatch.setattr(Api, "_device", lambda *_: Response(429, {"message": "Too many requests"}))
        with pytest.raises(DriverError) as failure:
            await link.read_all()
        assert failure.value.reason == "refused"
        assert heard.value(Part(1), "name") == "Ch 1"


async def test_a_unit_that_restarts_is_asked_for_what_changed_meanwhile() -> None:
    async with server() as there, maker() as opened, reading(there, opened) as (_, heard):
        there.device.channels[0].values["name"] = "Renamed"
        there.set_state("ONLINE")
        await heard.until(lambda: heard.value(Part(1), "name") == "Renamed")


async def test_a_dropped_websocket_ends_all_conversations_and_the_next_one_opens_another() -> None:
    async with server(behind="ADTD") as there, maker() as opened:
        async with (
            reading(there, opened) as (link, _),
            reading(there, opened, there.api.devices[1].device_id) as (other, _),
        ):
            await there.fault("socket_dropped")
            async with asyncio.timeout(2):
                reasons = {(await each.wait_closed()).reason for each in (link, other)}
            assert reasons == {"closed_by_device"}
        async with reading(there, opened):
            assert len(asked(there, "GET", SOCKET)) == 2


@pytest.mark.parametrize(("fault", "reason"), [("no_socket", "wrong_model"), ("mute_socket", "wrong_model")])
async def test_a_server_without_events_is_told_of(fault: str, reason: str) -> None:
    async with server(fault=fault) as there, maker() as opened:
        with pytest.raises(DriverError) as failure:
            async with reading(there, opened):
                pass
        assert failure.value.reason == reason


async def test_nonsense_between_events_is_counted_and_changes_nothing() -> None:
    async with server(fault="garbage") as there, maker() as opened, reading(there, opened) as (link, heard):
        for number in range(20):
            there.set_value(Part(1), "name", f"Vox {number}")
        await heard.until(lambda: heard.value(Part(1), "name") == "Vox 19")
        assert link.counters()["unintelligible"] > 0


async def test_a_word_that_nobody_knows_is_unknown_and_counted() -> None:
    async with server() as there, maker() as opened, reading(there, opened) as (link, heard):
        there.set_value(Part(1), "audio_activity", "deafening")
        await heard.until(lambda: heard.value(Part(1), "audio_activity") is None)
        assert link.counters()["unknown_values"] == 1


async def test_a_slow_server_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "SLOW_S", 0.05)
    async with server(fault="slow", behind="") as there, maker() as opened:
        heard = Listening()
        async with asyncio.timeout(20), opened.connect(target(there), heard) as link:
            await link.read_all()
        assert heard.value(Part(4), "name") == "Ch 4"


async def test_the_list_announces_others_where_they_are() -> None:
    async with server(behind="ADTD,ANX4,AD8C") as there, maker() as opened:
        hearing = opened.sightings()
        async with reading(there, opened):
            async with asyncio.timeout(2):
                first, second = await anext(hearing), await anext(hearing)
        assert isinstance(first, Sighting)
        assert isinstance(second, Sighting)
        assert (first.host, first.unit, first.identity.model) == (there.host, there.api.devices[1].device_id, "ADTD")
        assert (second.host, second.unit, second.identity.model) == ("192.168.10.103", "", "ANX4")
        assert second.identity.cid == there.api.devices[2].device_id


async def test_a_unit_that_left_the_list_is_announced_as_gone() -> None:
    async with server(behind="ADTD") as there, maker() as opened:
        hearing = opened.sightings()
        async with reading(there, opened):
            async with asyncio.timeout(2):
                await anext(hearing)
            there.set_state("OFFLINE", there.api.devices[1])
            async with asyncio.timeout(2):
                gone = await anext(hearing)
        assert gone == Gone("shure", there.host, there.port, there.api.devices[1].device_id)


async def test_what_is_no_system_api_server_is_named_as_such() -> None:
    async with server() as there, maker() as opened:
        there.api.devices.clear()
        with pytest.raises(DriverError, match="there are: none") as failure:
            await opened.look(target(there, "dd000000-0000-11dd-a000-000eddcccccc"))
        assert failure.value.reason == "wrong_model"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("POST /api/v1/devices/subscription/x HTTP/1.1\r\nContent-Type: application/json\r\n", 400),
        ("POST /api/v1/devices/subscription/x HTTP/1.1\r\n", 404),
        ("GET /api/v1/devices/{unit}/battery-level HTTP/1.1\r\n", 405),
        ("GET /api/v1/devices/{unit}/name HTTP/1.1\r\n", 200),
        ("GET /api/v1/devices/{unit}/reboot HTTP/1.1\r\n", 404),
    ],
)
async def test_the_simulated_server_answers_as_the_real_one(head: str, status: int) -> None:
    async with server() as there:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        reader, writer = await asyncio.open_connection(there.host, there.port, ssl=context)
        writer.write(f"{head.replace('{unit}', there.unit)}x-api-key: {KEY}\r\n\r\n".encode())
        line = await reader.readline()
        writer.transport.abort()
        assert int(line.split(b" ")[1]) == status
