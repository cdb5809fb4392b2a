"""Lines of Executive Elite, byte by byte: what they mean, what is tolerated, and what never raises."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.port import UNIT, Part
from services.drivers.yamaha.codec.fields import UnknownValueError, decode
from services.drivers.yamaha.codec.lines import ALL, LINE_MOST, Lines, Message, get, is_ours, parse, set_, wire
from services.drivers.yamaha.codec.microphones import Base, numbers_of
from services.drivers.yamaha.codec.prompts import is_occupied, is_refusal, prompt
from services.drivers.yamaha.codec.replaying import replay
from services.drivers.yamaha.codec.telnet import Telnet


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("val batterystatus ch 5 98", Message("batterystatus", 5, "98")),
        ("get batterystatus ch 5 98", Message("batterystatus", 5, "98")),
        ("VAL MicStatus CH5 1", Message("micstatus", 5, "1")),
        ("> val fw 3.2.1 b", Message("fw", None, "3.2.1 b")),
        ("val mute ch A 1", Message("mute", ALL, "1")),
        ("notify set_mute_status ch2 1,0,0", Message("set_mute_status", 2, "1,0,0", notify=True)),
        ("notify status_change_antenna_link 0", Message("status_change_antenna_link", None, "0", notify=True)),
        ("val shutdownmic ch A", Message("shutdownmic", ALL, "")),
    ],
)
def test_a_line_of_the_guides_becomes_a_message(line: str, message: Message) -> None:
    assert parse(line) == message


@pytest.mark.parametrize("line", ["get batterystatus ch 5", "set mute ch 1 1", "get fw", "regnotify"])
def test_a_request_that_a_terminal_sends_back_is_no_message(line: str) -> None:
    assert parse(line) is None
    assert is_ours(line)


def test_what_is_asked_and_set_ends_with_a_carriage_return() -> None:
    assert wire(get("micstatus", 3)) == b"get micstatus ch 3\r"
    assert wire(get("fw")) == b"get fw\r"
    assert wire(set_("mute", 3, 1)) == b"set mute ch 3 1\r"


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("val micstatus ch 1 4", {"status": "out_of_range"}),
        ("val mictype ch 1 10", {"type": "handheld"}),
        ("val mictype ch 1 11", {"type": None}),
        ("val batterystatus ch 1 100%", {"battery": 100}),
        ("val mutestatus ch 1 1,2,1", {"muted": True, "mute_mode": "push_to_talk", "mute_locked": True}),
        ("val mutestatus ch 1 0, 1, 0", {"muted": False, "mute_mode": "tabletop", "mute_locked": False}),
        ("val mute ch 1 0", {"muted": False}),
        ("val mute ch 1 1", {"muted": True}),
        ("val mute ch 1 2", {"muted": True}),
        ("val mute ch 1 5", {}),
        ("val gain ch 1 80", {"gain_db": -20}),
        ("val gain ch 1 120", {"gain_db": 0}),
        ("notify property_change_gain ch1 -7", {"gain_db": -7}),
        ("val outputgain ch 1 5", {"output_db": 5}),
        ("notify status_change_antenna_link 1", {"antenna_linked": True}),
        ("val chairmanmic ch 1 1", {}),
    ],
)
def test_values_are_read_by_the_numbers_of_the_guides(line: str, values: Mapping[str, object]) -> None:
    message = parse(line)
    assert message is not None
    assert decode(message) == values


@pytest.mark.parametrize(
    "line",
    [
        "val micstatus ch 1 9",
        "val batterystatus ch 1 101",
        "val batterystatus ch 1 -1",
        "val batterystatus ch 1 \N{ARABIC-INDIC DIGIT THREE}",
        "val mutestatus ch 1 1,0",
        "val mutestatus ch 1 1,3,0",
        "val gain ch 1 79",
        "val outputgain ch 1 6",
    ],
)
def test_a_number_that_no_guide_has_is_unknown(line: str) -> None:
    message = parse(line)
    assert message is not None
    with pytest.raises(UnknownValueError):
        decode(message)


def test_a_line_about_a_place_that_it_cannot_have_is_told_from_one_that_is_not_read() -> None:
    assert decode(Message("batterystatus", None, "5")) is None
    assert decode(Message("fw", 2, "1")) is None


@pytest.mark.parametrize(("channel", "numbers"), [(None, [0]), (ALL, [1, 2]), (2, [2]), (3, []), (0, [])])
def test_a_message_is_about_channels_that_the_base_has(channel: int | None, numbers: list[int]) -> None:
    assert [*numbers_of(Message("x", channel, ""), 2)] == numbers


def test_what_goes_with_a_microphone_is_unknown_while_it_charges() -> None:
    base = Base()
    base.take(1, {"status": "on", "battery": 40, "muted": True, "type": "wearable"})
    assert base.reading(1).values["battery_percent"] == 40
    base.take(1, {"status": "charging"})
    reading = base.reading(1)
    assert reading.part == Part(1)
    assert (reading.values["transmitter_present"], reading.values["battery_percent"]) == (False, None)
    assert (reading.values["transmitter_muted"], reading.values["transmitter_docked"]) == (None, True)
    assert (reading.more["charging_percent"], reading.more["microphone_type"]) == (40, "wearable")


def test_a_channel_of_which_the_status_is_unknown_has_no_claim_about_its_microphone() -> None:
    base = Base()
    base.take(2, {"battery": 40})
    assert base.reading(2).values["transmitter_present"] is None
    assert base.reading(2).values["battery_percent"] is None


@pytest.mark.parametrize(
    ("data", "text", "answer"),
    [
        (b"login: ", b"login: ", b""),
        (b"\xff\xfd\x18login", b"login", b"\xff\xfc\x18"),
        (b"\xff\xfb\x01a\xff\xfb\x01b", b"ab", b"\xff\xfe\x01"),
        (b"\xff\xfc\x01\xff\xfe\x03x", b"x", b""),
        (b"a\xff\xffb", b"a\xffb", b""),
        (b"\xff\xfa\x18\x01\xff\xf0x", b"x", b""),
        (b"\xff\xf1x", b"x", b""),
    ],
)
def test_negotiation_is_taken_out_and_refused_once(data: bytes, text: bytes, answer: bytes) -> None:
    assert Telnet().feed(data) == (text, answer)
    telnet = Telnet()
    pieces = [telnet.feed(data[at : at + 1]) for at in range(len(data))]
    assert (b"".join(each[0] for each in pieces), b"".join(each[1] for each in pieces)) == (text, answer)


def test_a_subnegotiation_without_an_end_does_not_swallow_everything() -> None:
    text, _ = Telnet().feed(b"\xff\xfa" + b"x" * 1100 + b"val fw 1\r")
    assert text.endswith(b"val fw 1\r")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("login: ", "user"),
        ("elite login:", "user"),
        ("Username: ", "user"),
        ("User name:", "user"),
        ("Password: ", "password"),
        ("password for revolabs: ", "password"),
        ("Last login: Fri Nov 27", None),
        ("login: revo", None),
        ("val fw 1", None),
        ("Welcome", None),
    ],
)
def test_a_question_for_user_or_password_is_known(text: str, kind: str | None) -> None:
    assert prompt(text) == kind


def test_words_of_refusal_and_of_another_client_are_known() -> None:
    assert is_refusal("Login incorrect")
    assert not is_refusal("Welcome to Executive Elite")
    assert is_occupied("Another user is logged in.")


def test_lines_are_found_in_whatever_pieces_they_come() -> None:
    data = b"val fw 1\r\nval mute ch 1 0\r\r\nnotify x ch1 2\rrest"
    lines = Lines()
    found = [line for at in range(len(data)) for line in lines.feed(data[at : at + 1])]
    assert found == ["val fw 1", "val mute ch 1 0", "notify x ch1 2"]
    assert lines.tail == "rest"


def test_a_line_without_an_end_takes_no_room() -> None:
    lines = Lines()
    for _ in range(100):
        lines.feed(b"x" * 1000)
    assert len(lines.tail) == LINE_MOST
    assert lines.discarded == 100_000 - LINE_MOST


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    replay(8, data)


@given(
    st.lists(
        st.sampled_from([b"val ", b"get ", b"notify ", b"ch", b" ", b"5", b"A", b"micstatus", b"\r", b"\xff", b","])
    )
)
def test_no_words_raise(words: list[bytes]) -> None:
    for reading in replay(2, b"".join(words)):
        assert reading.part in {UNIT, Part(1), Part(2)}
