"""The Shure driver against devices that no simulator plays: old firmware, odd manners, strangers."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from services.drivers import DriverError, Reading, Sighting, Surroundings, Target
from services.drivers.shure import slp_listener
from services.drivers.shure.codec import slp
from services.drivers.shure.codec.framing import Framer
from services.drivers.shure.driver import ShureMaker
from services.model import Identity, Part
from tests.integration.house import simulated

Answers = Callable[[str], str | None]

MAKER = ShureMaker(Surroundings())


async def identify(target: Target) -> Identity:
    (seen,) = await MAKER.look(target)
    return seen.identity


class Scripted:
    """A device that answers by a script. ``asked`` is everything that it was told, in order."""

    def __init__(self, answers: Answers, port: int) -> None:
        self._answers = answers
        self.asked: list[str] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.target = Target("127.0.0.1", port, meter_interval_s=1.0, connect_timeout_s=1.0, answer_timeout_s=1.0)
        self.ended = asyncio.Event()
        self.rate_set = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        framer = Framer()
        while data := await reader.read(4096):
            for body in framer.feed(data):
                question = body.decode()
                self.asked.append(question)
                if (answer := self._answers(question)) is not None:
                    writer.write(answer.encode())
        writer.close()
        self.ended.set()

    def say(self, text: str) -> None:
        for writer in self.writers:
            writer.write(text.encode())


@asynccontextmanager
async def scripted(answers: Answers) -> AsyncIterator[Scripted]:
    device: Scripted | None = None

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert device is not None
        await device.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    device = Scripted(answers, server.sockets[0].getsockname()[1])
    try:
        yield device
    finally:
        server.close()
        for writer in device.writers:
            writer.close()
        await asyncio.sleep(0)


def table(**replies: str) -> Answers:
    """Answers by question, its blanks written as underscores; METER_RATE is answered as every receiver does."""
    known = {question.replace("__", " "): reply for question, reply in replies.items()}

    def answer(question: str) -> str | None:
        words = question.split()
        if "METER_RATE" in words:
            return f"< REP {words[1]} METER_RATE {words[3] if words[0] == 'SET' else '00000'} >"
        return known.get(question)

    return answer


MODEL, DEVICE_ID = "GET__MODEL", "GET__DEVICE_ID"
ALL = "GET__0__ALL"


class Told:
    def __init__(self) -> None:
        self.calls: list[Sequence[Reading]] = []
        self.news = asyncio.Event()

    def __call__(self, readings: Sequence[Reading]) -> None:
        self.calls.append(readings)
        self.news.set()

    def values(self, number: int, slot: int = 0) -> dict[str, object]:
        merged: dict[str, object] = {}
        for reading in (each for call in self.calls for each in call):
            if reading.part == (number, slot):
                merged |= reading.values
        return merged


async def test_one_network_read_is_one_call_with_all_its_readings() -> None:
    told = Told()
    answers = table(
        **{
            MODEL: "< REP MODEL {ULXD4} >",
            DEVICE_ID: "< REP DEVICE_ID {R1} >",
            ALL: "< REP 1 CHAN_NAME {Vox} >< REP 1 AUDIO_GAIN 030 >",
        }
    )
    async with scripted(answers) as device, MAKER.connect(device.target, told) as link:
        await link.read_all()
        told.calls.clear()
        told.news.clear()
        device.say("< REP 1 AUDIO_MUTE ON >< REP 1 BATT_CHARGE 087 >< REP ERR >< REP 1 NONSENSE 1 >")
        await told.news.wait()
    assert told.calls == [[Reading(Part(1), {"receiver_muted": True}), Reading(Part(1), {"battery_percent": 87})]]


async def test_the_meter_rate_has_five_digits_and_is_set_a_channel_never_for_all() -> None:
    answers = table(
        **{MODEL: "< REP MODEL {ULXD4D} >", DEVICE_ID: "< REP DEVICE_ID {R1} >", ALL: "< REP 1 AUDIO_GAIN 030 >"}
    )
    async with scripted(answers) as device:
        async with MAKER.connect(device.target, Told()) as link:
            await link.read_all()
            link.meter(None, 0.01)
            link.meter(None, 10_000)
        await device.ended.wait()
        sets = [question for question in device.asked if question.startswith("SET")]
    assert sets == [
        f"SET {channel} METER_RATE {rate}" for rate in ("01000", "00100", "99999", "00000") for channel in (1, 2)
    ]


async def test_who_only_wants_to_know_who_answers_sets_nothing() -> None:
    async with scripted(table(**{MODEL: "< REP MODEL {SLXD4D} >", DEVICE_ID: "< REP DEVICE_ID {R1} >"})) as device:
        identity = await identify(device.target)
        await device.ended.wait()
        assert not [question for question in device.asked if not question.startswith("GET")]
    assert (identity.family, identity.model, identity.part_count) == ("slxd", "SLXD4D", 2)


async def test_slxd_plus_is_never_asked_for_everything_at_once() -> None:
    answers = table(
        **{
            MODEL: "< REP MODEL {SLXD4D+} >",
            DEVICE_ID: "< REP DEVICE_ID {R1} >",
            "GET__1__ALL": "< REP 1 AUDIO_GAIN 030 >",
            "GET__2__ALL": "< REP 2 AUDIO_GAIN 018 >",
        }
    )
    told = Told()
    async with scripted(answers) as device, MAKER.connect(device.target, told) as link:
        await link.read_all()
        assert "GET 0 ALL" not in device.asked
    assert (told.values(1)["gain_db"], told.values(2)["gain_db"]) == (12, 0)


@pytest.mark.parametrize("refusal", [None, "< REP ERR >"], ids=["silence", "refusal"])
@pytest.mark.parametrize(
    ("mute", "channels", "family", "model"), [(True, 2, "ulxd", "ULXD4D"), (False, 1, "qlxd", "QLXD4")]
)
async def test_old_firmware_without_model_is_known_by_its_keys(
    *, refusal: str | None, mute: bool, channels: int, family: str, model: str
) -> None:
    answers = {DEVICE_ID: "< REP DEVICE_ID {R1} >", "GET__1__TX_TYPE": "< REP 1 TX_TYPE UNKN >"}
    answers["GET__1__FREQUENCY"] = "< REP 1 FREQUENCY 470125 >"
    answers |= {f"GET__{channel}__CHAN_NAME": f"< REP {channel} CHAN_NAME {{}} >" for channel in range(1, channels + 1)}
    if mute:
        answers["GET__1__AUDIO_MUTE"] = "< REP 1 AUDIO_MUTE OFF >"
    known = table(**answers)
    async with scripted(lambda question: known(question) or refusal) as device:
        identity = await identify(device.target)
    assert (identity.family, identity.model, identity.part_count) == (family, model, channels)


async def test_a_device_that_knows_no_dump_is_asked_by_name() -> None:
    told = Told()
    answers = table(
        **{
            MODEL: "< REP MODEL {QLXD4} >",
            DEVICE_ID: "< REP DEVICE_ID {R1} >",
            "GET__1__CHAN_NAME": "< REP 1 CHAN_NAME {Vox} >",
            "GET__1__BATT_BARS": "< REP 1 BATT_BARS 004 >",
        }
    )
    async with scripted(answers) as device, MAKER.connect(device.target, told) as link:
        await link.read_all()
    assert (told.values(1)["name"], told.values(1)["battery_bars"]) == ("Vox", 4)


async def test_a_device_that_does_not_know_the_last_question_is_read_all_the_same() -> None:
    told = Told()
    known = table(
        **{MODEL: "< REP MODEL {QLXD4} >", DEVICE_ID: "< REP DEVICE_ID {R1} >", ALL: "< REP 1 CHAN_NAME {Vox} >"}
    )
    async with (
        scripted(lambda question: None if "METER_RATE" in question else known(question)) as device,
        MAKER.connect(device.target, told) as link,
    ):
        identity = (await link.read_all()).identity
    assert identity.device_id == "R1"
    assert told.values(1)["name"] == "Vox"


async def test_a_dump_that_never_comes_is_a_clear_error() -> None:
    known = table(**{MODEL: "< REP MODEL {QLXD4} >", DEVICE_ID: "< REP DEVICE_ID {R1} >"})
    async with scripted(known) as device:
        with pytest.raises(DriverError, match="did not report anything of its parts") as failure:
            async with MAKER.connect(device.target, Told()) as link:
                await link.read_all()
    assert failure.value.reason == "timeout"


async def test_a_receiver_without_transmitters_is_read_and_channels_that_it_lacks_are_not_invented() -> None:
    told = Told()
    answers = table(
        **{
            MODEL: "< REP MODEL {ULXD4D} >",
            DEVICE_ID: "< REP DEVICE_ID {R1} >",
            ALL: "< REP 1 TX_TYPE UNKN >< REP 2 TX_TYPE UNKN >< REP 7 AUDIO_GAIN 030 >< REP 0 AUDIO_GAIN 030 >",
        }
    )
    async with scripted(answers) as device, MAKER.connect(device.target, told) as link:
        await link.read_all()
        device.say("< SAMPLE 7 ALL AX 050 040 >< SAMPLE 2 ALL AX 050 040 >< REP 1 AUDIO_GAIN 030 >")
        told.news.clear()
        await told.news.wait()
        assert link.take_telemetry(Part(7)) is None
        assert (link.take_telemetry(Part(2)) or {}).get("samples") == 1
    assert {each.part.number for call in told.calls for each in call} == {0, 1, 2}


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (table(**{MODEL: "< REP MODEL {MXA310} >", DEVICE_ID: "< REP DEVICE_ID {C1} >"}), "'MXA310'"),
        (lambda _: "< REPORT ERR >\r\n", "knows no DEVICE_NAME"),
        (lambda _: "HTTP/1.1 400 Bad Request\r\n\r\n<html></html>", r"is a web server \(HTTP\)"),
        (lambda _: "< REP ERR >", "knows no MODEL"),
        (lambda question: f"< {question} >", "repeats what it is sent"),
        (table(**{MODEL: "< REP MODEL {AD600} >", DEVICE_ID: "< REP DEVICE_ID {SPECTRUM} >"}), "'AD600'"),
        (
            table(
                **{
                    DEVICE_ID: "< REP DEVICE_ID {SCM820} >",
                    "GET__1__CHAN_NAME": "< REP 1 CHAN_NAME {Lectern} >",
                    "GET__2__CHAN_NAME": "< REP 2 CHAN_NAME {Table} >",
                    "GET__1__AUDIO_MUTE": "< REP 1 AUDIO_MUTE OFF >",
                }
            ),
            r"calls itself 'SCM820', .*it answered AUDIO_MUTE, CHAN_NAME, DEVICE_ID",
        ),
        (
            table(
                **{
                    DEVICE_ID: "< REP DEVICE_ID {AP} >",
                    "GET__DEVICE_MODEL": "< REP DEVICE_MODEL {MXWANI8} >",
                    "GET__1__CHAN_NAME": "< REP 1 CHAN_NAME {Boundary} >",
                }
            ),
            "'MXWANI8'",
        ),
    ],
    ids=[
        "other gear",
        "other dialect",
        "other protocol",
        "refuses everything",
        "echo",
        "spectrum manager",
        "mixer",
        "relative of an access point",
    ],
)
async def test_a_stranger_is_named(answers: Answers, words: str) -> None:
    async with scripted(answers) as device:
        with pytest.raises(DriverError, match=words) as failure:
            await identify(device.target)
    assert failure.value.reason == "wrong_model"


async def test_another_controllers_metering_rate_is_answered_twice_and_then_left_and_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("services.drivers.shure.metering.AGAIN_AFTER_S", 0.05)
    rates: list[str] = []

    def answers(question: str) -> str | None:
        words = question.split()
        if words[0] == "SET":
            rates.append(words[-1])
            device.rate_set.set()
            return f"< REP {words[1]} METER_RATE {int(words[-1])} >"  # without leading zeros
        return table(
            **{
                MODEL: "< REP MODEL {ULXD4} >",
                DEVICE_ID: "< REP DEVICE_ID {R1} >",
                "GET__0__ALL": "< REP 1 CHAN_NAME {Vox} >< REP 1 METER_RATE 00000 >",
            }
        )(question)

    async with scripted(answers) as device, MAKER.connect(device.target, Told()) as link, asyncio.timeout(5):
        await link.read_all()
        for _ in range(2):
            device.rate_set.clear()
            await asyncio.sleep(0)
            device.say("< REP 1 METER_RATE 60000 >")
            await device.rate_set.wait()
        assert rates == ["01000"] * 3
        device.say("< REP 1 METER_RATE 00000 >< REP 1 CHAN_NAME {Last} >")
        while not link.counters()["foreign_meter_rates"]:  # noqa: ASYNC110 - a log line is no event
            await asyncio.sleep(0.01)
        await link.read_all()
        assert rates == ["01000"] * 3, "no war"
    assert "another controller sets the metering rate" in caplog.text


async def test_a_silent_unit_is_told_to_stop_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.drivers.shure.metering.SILENT_S", 0.2)
    monkeypatch.setattr("services.drivers.shure.metering.STOP_S", 20.0)
    loop = asyncio.get_running_loop()
    async with simulated() as unit:
        async with MAKER.connect(Target(unit.host, unit.port, meter_interval_s=1.0), Told()) as link:
            await link.read_all()
            await unit.fault("freeze")
            while loop.time() - link.last_received < 0.3:  # noqa: ASYNC110 - time passing is no event
                await asyncio.sleep(0.01)
            left = loop.time()
        assert loop.time() - left < 10


LICENSED = [*range(1, 7), 24]


@pytest.mark.parametrize("dump", ["all", "silence"])
async def test_licences_decide_how_many_channels_there_are_and_none_is_a_number(dump: str) -> None:
    """Licences are bought and moved one by one, while it runs."""
    has: list[int] = []

    def answers(question: str) -> str | None:
        match question.split():
            case ["GET", "MODEL"]:
                return "< REP MODEL {ANX4} >"
            case ["GET", "DEVICE_ID"]:
                return "< REP DEVICE_ID {FOH} >"
            case ["GET", "0", "ALL"] if dump == "all":
                return "".join(f"< REP {channel} CHAN_NAME {{Cast {channel}}} >" for channel in has)
            case ["GET", channel, "CHAN_NAME"] if int(channel) in has:
                return f"< REP {channel} CHAN_NAME {{Cast {channel}}} >"
        return "< REP ERR >" if "ALL" not in question else None

    async with scripted(answers) as device, MAKER.connect(device.target, Told()) as link:
        for licensed in ([], [1, 2, 3], [1, 3], LICENSED, []):
            has[:] = licensed
            description = await link.read_all()
            assert [*description.parts] == licensed
            assert description.identity.part_count == len(licensed)


async def test_a_mode_without_slots_is_not_asked_for_them_and_does_not_have_what_goes_with_them() -> None:
    """ANX4 in ULX-D mode (docs/protocols.md#axient-digital); it is switched at the panel."""
    with_slots = False
    asked: list[str] = []

    def answers(question: str) -> str | None:
        asked.append(question)
        channels = range(1, 17)
        match question.split():
            case ["GET", "MODEL"]:
                return "< REP MODEL {ANX4} >"
            case ["GET", "DEVICE_ID"]:
                return "< REP DEVICE_ID {FOH} >"
            case ["GET", "0", "ALL"]:
                return "".join(f"< REP {channel} CHAN_NAME {{Cast {channel}}} >" for channel in channels)
            case ["GET", channel, "SLOT_STATUS", "0"] if with_slots:
                return "".join(f"< REP {channel} SLOT_STATUS {slot} EMPTY >" for slot in range(1, 9))
        return "< REP ERR >" if "ALL" not in question else None

    async with scripted(answers) as device, MAKER.connect(device.target, Told()) as link:
        for with_slots in (False, True, False):
            asked.clear()
            description = await link.read_all()
            part = description.parts[16]
            assert part.slots == (8 if with_slots else 0)
            assert ("quality" in part.telemetry) == with_slots
            assert ("unregistered_transmitter" in part.keys) == with_slots
            assert "quadversity_mode" not in description.abilities.keys, "it has quadversity a channel"
            if not with_slots:
                assert sum("SLOT_" in question for question in asked) <= 2, "one channel is asked, not all of them"
                assert not [question for question in asked if "QUADVERSITY_MODE" in question]


async def test_samples_that_nobody_takes_do_not_pile_up() -> None:
    answers = table(
        **{MODEL: "< REP MODEL {ULXD4} >", DEVICE_ID: "< REP DEVICE_ID {R1} >", ALL: "< REP 1 AUDIO_GAIN 030 >"}
    )
    told = Told()
    async with scripted(answers) as device, MAKER.connect(device.target, told) as link:
        await link.read_all()
        told.news.clear()
        device.say("< SAMPLE 1 ALL AX 050 040 >" * 3000 + "< REP 1 AUDIO_GAIN 018 >")
        await told.news.wait()
        samples = (link.take_telemetry(Part(1)) or {}).get("samples")
        assert isinstance(samples, int)
        assert 600 <= samples < 2000


async def test_antennas_that_double_are_told_when_the_meters_show_it() -> None:
    answers = table(
        **{
            MODEL: "< REP MODEL {AD4D-A} >",
            DEVICE_ID: "< REP DEVICE_ID {R1} >",
            ALL: "< REP 1 ANTENNA_STATUS BB >< REP 1 AUDIO_GAIN 018 >",
        }
    )
    told = Told()
    async with scripted(answers) as device, MAKER.connect(device.target, told) as link:
        await link.read_all()
        assert told.values(1)["antenna_count"] == 2
        told.news.clear()
        device.say("< SAMPLE 1 ALL 005 031 102 102 BBBB 31 083 31 068 31 069 31 072 >< REP 1 AUDIO_GAIN 030 >")
        await told.news.wait()
        told.news.clear()
        calls = len(told.calls)
        link.take_telemetry(Part(1))
        assert len(told.calls) == calls, "whoever takes meters gets no readings in the middle of it"
        await told.news.wait()
    assert (told.values(1)["antenna_count"], told.values(1)["diversity"]) == (4, "quadversity")


async def test_what_a_receiver_no_longer_has_is_taken_back_at_the_next_read() -> None:
    having = {"has": True}
    answers = table(
        **{
            MODEL: "< REP MODEL {AD4D-A} >",
            DEVICE_ID: "< REP DEVICE_ID {R1} >",
            ALL: "< REP 1 FD_MODE FD-C >< REP 1 AUDIO_GAIN 018 >",
        }
    )

    def answer(question: str) -> str | None:
        if question == "GET 1 FREQUENCY2":
            return "< REP 1 FREQUENCY2 0602125 >" if having["has"] else "< REP ERR >"
        return answers(question)

    told = Told()
    async with scripted(answer) as device, MAKER.connect(device.target, told) as link:
        await link.read_all()
        assert told.values(1)["frequency_2_mhz"] == 602.125
        having["has"] = False
        await link.read_all()
        assert told.values(1)["frequency_2_mhz"] is None
        assert told.values(1)["gain_db"] == 0


async def test_a_name_that_cannot_be_resolved_and_a_foreign_local_address_are_clear_errors() -> None:
    with pytest.raises(DriverError, match="cannot be resolved"):
        await identify(Target("no-such-host.invalid"))
    with pytest.raises(DriverError, match=r"from local address 192\.0\.2\.1"):
        await identify(Target("127.0.0.1", 9, interface="192.0.2.1"))


async def test_the_local_address_can_be_chosen() -> None:
    async with scripted(table(**{MODEL: "< REP MODEL {QLXD4} >", DEVICE_ID: "< REP DEVICE_ID {R1} >"})) as device:
        target = device.target
        await identify(Target(target.host, target.port, interface="127.0.0.9"))
        assert device.writers[0].get_extra_info("peername")[0] == "127.0.0.9"


@pytest.fixture
def announcer() -> Iterator[Callable[[bytes], None]]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)

    def announce(datagram: bytes) -> None:
        sock.sendto(datagram, (slp.GROUP, slp.PORT))

    yield announce
    sock.close()


async def test_adverts_are_heard_on_every_interface_and_by_several_listeners(
    announcer: Callable[[bytes], None],
) -> None:
    ears = [ShureMaker(Surroundings(interface)).sightings() for interface in ("", "127.0.0.1")]
    listening = [asyncio.ensure_future(anext(ear)) for ear in ears]
    async with asyncio.timeout(3):
        while not all(task.done() for task in listening):
            announcer(b"garbage")
            announcer(slp.build({"acn-fctn": "WWB6"}))
            announcer(slp.build(slp.attributes_of("QLXD4", "Rack 1", "00:0e:dd:01:02:03", "127.0.0.1")))
            await asyncio.wait(listening, timeout=0.1)
    first, second = (task.result() for task in listening)
    for ear in ears:
        await cast("AsyncGenerator[object]", ear).aclose()
    assert first == second
    assert isinstance(first, Sighting)
    assert (first.identity.model, first.name, first.identity.mac) == ("QLXD4", "Rack 1", "00:0e:dd:01:02:03")


async def test_an_interface_that_comes_later_is_joined_also_while_adverts_pour_in(
    announcer: Callable[[bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slp_listener, "JOIN_AGAIN_S", 0.05)
    there = socket.if_nameindex()
    monkeypatch.setattr(socket, "if_nameindex", list)
    ear = ShureMaker(Surroundings("")).sightings()
    listening = asyncio.ensure_future(anext(ear))
    advert = slp.build(slp.attributes_of("QLXD4", "Rack 1", "00:0e:dd:01:02:03", "127.0.0.1"))
    async with asyncio.timeout(3):
        while not listening.done():
            announcer(advert)
            await asyncio.wait([listening], timeout=0.01)
            monkeypatch.setattr(socket, "if_nameindex", lambda: there)
    await cast("AsyncGenerator[object]", ear).aclose()


HAS_RIGHTS = os.geteuid() == 0 and shutil.which("ip") is not None and shutil.which("unshare") is not None
COME_AND_GO = Path(__file__).with_name("interfaces_that_come_and_go.py")


@pytest.mark.skipif(not HAS_RIGHTS, reason="interfaces are made by root alone, with ip and unshare")
async def test_real_interfaces_that_come_go_and_return_are_joined() -> None:
    process = await asyncio.create_subprocess_exec(
        *("unshare", "--net", sys.executable, COME_AND_GO),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, errors = await process.communicate()
    if b"Operation not permitted" in errors or b"Unknown device type" in errors:
        pytest.skip(f"this machine makes no interfaces: {errors.decode().splitlines()[0]}")
    assert said.decode().split() == ["came", "returned", "still"], errors.decode()


async def test_a_closed_port_names_the_way_through_the_menu() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host, port = free.getsockname()
    with pytest.raises(DriverError, match="Menu > ") as failure:
        await identify(Target(host, port, connect_timeout_s=1.0))
    assert failure.value.reason == "refused"


async def test_a_host_that_never_takes_the_connection_is_given_up_in_time() -> None:
    # a listener with a full queue never answers, on whatever network this test runs
    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        host, port = full.getsockname()
        with pytest.raises(DriverError) as failure:
            async with asyncio.timeout(3):
                await identify(Target(host, port, connect_timeout_s=0.2, answer_timeout_s=0.2))
    assert failure.value.reason == "timeout"
