"""Bytes of datagrams to messages, for whatever may arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.sennheiser.media_control.codec.lines import Refusal, Report, line, parse, push
from services.drivers.sennheiser.media_control.codec.replay import replay
from services.model import Kind

WORDS = st.sampled_from(
    [
        "RF1",
        "RF2",
        "RF",
        "AF",
        "Af",
        "States",
        "Bat",
        "Msg",
        "Config",
        "Name",
        "Frequency",
        "RfConfig",
        "Mute",
        "Squelch",
        "AfOut",
        "Equalizer",
        "Mode",
        "Sensitivity",
        "FirmwareRevision",
        "Push",
        "Other",
    ]
)
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
NUMBERS = st.lists(st.integers(-5, 10**12), max_size=8).map(lambda found: " ".join(map(str, found)))


@given(st.lists(st.tuples(WORDS, TEXTS), max_size=12))
def test_each_line_of_a_datagram_arrives_in_its_order(lines: list[tuple[str, str]]) -> None:
    datagram = "".join(f"{word} {text}\r" for word, text in lines).encode()
    assert parse(datagram) == [Report(word.lower(), text) for word, text in lines]


@given(st.binary(max_size=600))
def test_no_datagram_raises(datagram: bytes) -> None:
    parse(datagram)


@given(
    st.sampled_from([Kind.RECEIVER, Kind.IEM]),
    st.lists(st.tuples(WORDS, st.one_of(TEXTS, NUMBERS)), max_size=20),
)
def test_no_line_of_the_protocol_raises_whatever_stands_behind_its_word(
    kind: Kind, lines: list[tuple[str, str]]
) -> None:
    replay(kind, "".join(f"{word} {text}\r" for word, text in lines).encode())


def test_a_word_alone_is_told_from_a_word_with_nothing_behind_it() -> None:
    assert parse(b"Name\rName \r") == [Report("name", None), Report("name", "")]


def test_a_last_line_without_its_end_counts_too() -> None:
    assert parse(b"Bat 70\rMsg OK") == [Report("bat", "70"), Report("msg", "OK")]


def test_line_feeds_nuls_and_blank_lines_do_not_matter() -> None:
    assert parse(b"Bat 70\r\n\r\n  \rMsg OK\r\n\0") == [Report("bat", "70"), Report("msg", "OK")]


def test_a_line_of_control_characters_is_no_message_and_its_neighbours_are() -> None:
    assert parse(b"Bat 70\rN\x01me x\rMsg OK\r") == [Report("bat", "70"), None, Report("msg", "OK")]


@pytest.mark.parametrize(
    ("line", "refusal", "word"),
    [
        ("1000: Invalid command [ AfPOut 24 ] ", Refusal(1000, "Invalid command", "AfPOut 24"), "afpout"),
        ("1020: Value out of range [Equalizer 5 ]", Refusal(1020, "Value out of range", "Equalizer 5"), "equalizer"),
        ("1050: Incorrect termination [ Squelch ]", Refusal(1050, "Incorrect termination", "Squelch"), "squelch"),
    ],
)
def test_a_refusal_names_what_was_refused(line: str, refusal: Refusal, word: str) -> None:
    assert parse(f"{line}\r".encode()) == [refusal]
    assert refusal.word == word


@pytest.mark.parametrize("line", ["9999", "[ ]", "12345: no [ such", "", "=", "RF1-", "1000: no brackets"])
def test_what_is_no_sentence_of_the_protocol_is_none(line: str) -> None:
    assert parse(f"{line}\r".encode()) in ([None], [])


def test_a_line_without_end_is_none() -> None:
    assert parse(b"Name " + b"x" * 65_000) == [None]


def test_requests_are_lines_that_a_unit_takes() -> None:
    assert line("RfConfig") == b"RfConfig\r"
    assert push(60, 400, 7) == b"Push 60 400 7\r"
