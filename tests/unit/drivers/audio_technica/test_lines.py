"""Lines of Audio-Technica's units, byte by byte: what they are, what is tolerated, and what never raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.audio_technica.codec.lines import Framer, Joiner, Message, command, fields, parse


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"gmymodel 0000 00 NC ESW-R4180DAN,1", Message("gmymodel", text="ESW-R4180DAN,1")),
        (b'gchname 0000 00 NC 1,"Vox 1   "', Message("gchname", text='1,"Vox 1   "')),
        (b"gmyid 0003 00 NC 5A3F0C91", Message("gmyid", "0003", "5A3F0C91")),
        (b"gmultipairid 0001 00 CS 1,", Message("gmultipairid", "0001", "1,", "CS")),
        (b"MD nchmute 0002 00 NC 1,1", Message("nchmute", "0002", "1,1", notice=True)),
        (b"\x00\xffgchmute 0000 00 NC 1,0", Message("gchmute", text="1,0")),
        (b"gchmute 0000 00 N gchmute 0000 00 NC 1,0", Message("gchmute", text="1,0")),
        (b"gmymodel 0000 00 NC", Message("gmymodel")),
    ],
)
def test_a_line_becomes_a_message(line: bytes, message: Message) -> None:
    assert parse(line) == message


@pytest.mark.parametrize(
    "line", [b"", b"NAK", b"gchname 0000 00 XX 1", b"gchname 000 00 NC 1", b"< REP 1 CHAN_NAME {a} >"]
)
def test_what_is_no_line_is_none(line: bytes) -> None:
    assert parse(line) is None


def test_an_acknowledgement_and_a_refusal_are_told_from_a_value() -> None:
    assert Message("schmute", text="ACK").accepted
    assert Message("glevelbatt", text="NAK 11").refusal == 11
    assert Message("gchname", text='1,"NAK 11"').refusal is None
    assert not Message("gchname", text='1,"ACK"').accepted


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,30", ["1", "30"]),
        ('2,"VOX 2   ",,1', ["2", "VOX 2   ", "", "1"]),
        ('1,"a, b"', ["1", "a, b"]),
        ('1,"not closed, 3', ["1", "not closed, 3"]),
        ("", [""]),
    ],
)
def test_parameters_stand_between_commas_and_names_between_quotes(text: str, found: list[str]) -> None:
    assert fields(text) == found


@pytest.mark.parametrize(
    ("arguments", "data"),
    [
        (("gmymodel", ""), b"gmymodel O 0000 00 NC \r"),
        (("gchname", "8"), b"gchname O 0000 00 NC 8\r"),
    ],
)
def test_a_question_goes_out_as_the_documents_have_it(arguments: tuple[str, str], data: bytes) -> None:
    assert command(*arguments) == data


def test_what_sets_asks_for_an_acknowledgement_and_names_the_linked_receiver() -> None:
    assert command("schmute", "4,1", link="0002", handshake="S") == b"schmute S 0002 00 NC 4,1\r"


@pytest.mark.parametrize("text", ['1,"Ä"', "1\r2", "\n", "x" * 270])
def test_what_no_line_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"characters|bytes"):
        command("schname", text)


def test_the_longest_line_has_287_bytes() -> None:
    assert len(command("a", "x" * (287 - len("a S 0000 00 NC \r")), handshake="S")) == 287


def test_pieces_make_one_message() -> None:
    joiner = Joiner()
    pieces = [b'gchname 0000 00 CS 2,"De', b"gchname 0000 00 CM sk, ri", b'gchname 0000 00 CE ght"']
    found = [joiner.take(message) for line in pieces if (message := parse(line)) is not None]
    assert found == [None, None, Message("gchname", text='2,"Desk, right"')]


def test_a_piece_without_a_head_is_counted_and_hurts_nothing() -> None:
    joiner = Joiner()
    assert joiner.take(Message("gchname", text="x", piece="CE")) is None
    assert joiner.lost == 1
    assert joiner.take(Message("gchname", text="1,a")) == Message("gchname", text="1,a")


def test_a_divided_message_without_an_end_is_given_up() -> None:
    joiner = Joiner()
    joiner.take(Message("nsys20rfscan", piece="CS"))
    for _ in range(100):
        joiner.take(Message("nsys20rfscan", text="x" * 250, piece="CM"))
    assert joiner.lost > 0


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_no_bytes_raise_and_nothing_grows(pieces: list[bytes]) -> None:
    framer, joiner = Framer(), Joiner()
    for piece in pieces:
        for line in framer.feed(piece):
            message = parse(line)
            if message is not None:
                joiner.take(message)
                fields(message.text)


@given(st.lists(st.sampled_from([b"gchmute 0000 00 NC 1,1\r", b"\r", b"\n", b"noise "]), max_size=12), st.data())
def test_how_a_stream_is_cut_changes_nothing(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(lines)
    cut = data.draw(st.integers(0, len(stream)))
    once, twice = Framer(), Framer()
    assert once.feed(stream) == [*twice.feed(stream[:cut]), *twice.feed(stream[cut:])]


def test_a_stream_without_an_end_of_a_line_is_thrown_away_and_counted() -> None:
    framer = Framer()
    assert framer.feed(b"x" * 5000) == []
    assert framer.discarded == 5000
    assert framer.feed(b"gchmute 0000 00 NC 1,1\r") == [b"gchmute 0000 00 NC 1,1"]


def test_a_blank_at_the_seam_of_two_pieces_belongs_to_the_name() -> None:
    joiner = Joiner()
    pieces = [b'gchname 0000 00 CS 1,"Vox ', b'gchname 0000 00 CE 1"']
    found = [joiner.take(message) for line in pieces if (message := parse(line)) is not None]
    assert found[-1] == Message("gchname", text='1,"Vox 1"')
