"""However the bytes of a stream arrive, the same messages come out."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.shure.codec.framing import LIMIT, TEXT_LIMIT, Framer

NAME = st.text(st.characters(codec="latin-1", exclude_characters="{}"), max_size=31)
PLAIN = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", min_size=1, max_size=20)


def plain_message(word: str) -> bytes:
    return f"REP 1 {word} 030".encode()


def named_message(name: str) -> bytes:
    return b"REP 2 CHAN_NAME {" + name.encode("latin-1") + b"}"


MESSAGE = st.one_of(PLAIN.map(plain_message), NAME.map(named_message), st.just(b"SAMPLE 1 ALL AX 050 040"))
NOISE = st.binary(max_size=40).map(lambda noise: bytes(byte for byte in noise if byte not in b"<{"))
"""Whatever stands between messages. A lone bracket or brace in it is another matter: it may hold text back."""


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[begin:end] for begin, end in itertools.pairwise(places)]


@given(st.lists(st.tuples(MESSAGE, NOISE), max_size=12), st.lists(st.integers(0, 800), max_size=12))
def test_messages_survive_any_fragmentation_and_noise_between_them(
    spoken: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(b"< " + body + b" >" + noise for body, noise in spoken)
    framer = Framer()
    heard = [body for piece in in_pieces(stream, cuts) for body in framer.feed(piece)]
    assert heard == [body for body, _ in spoken]


@given(st.lists(MESSAGE, max_size=8))
def test_byte_by_byte_is_the_same_as_whole(bodies: list[bytes]) -> None:
    stream = b"".join(b"<" + body + b">\r\n" for body in bodies)
    whole, single = Framer(), Framer()
    assert whole.feed(stream) == bodies
    assert [body for byte in stream for body in single.feed(bytes([byte]))] == bodies
    assert whole.discarded == single.discarded == 0


@given(st.lists(st.binary(max_size=60), max_size=30))
def test_garbage_never_raises_and_never_grows_without_bound(reads: list[bytes]) -> None:
    framer = Framer()
    for read in reads:
        framer.feed(read)
        assert len(framer.tail) <= LIMIT + 2


@given(st.lists(st.sampled_from([b"<", b">", b"{", b"}", b"A", b" "]), max_size=300))
def test_brackets_and_braces_in_any_order_come_out_the_same_whole_and_byte_by_byte(marks: list[bytes]) -> None:
    stream = b"".join(marks)
    whole, single = Framer(), Framer()
    assert whole.feed(stream) == [body for mark in marks for body in single.feed(mark)]


MARKS = st.lists(st.sampled_from([b"<", b">", b"{", b"}", b"\x91", b"\xff", b" ", b"\r\n", b"\0", b"7"]), max_size=9)


@given(
    st.lists(st.tuples(MARKS.map(b"".join), MESSAGE), min_size=1, max_size=8), st.lists(st.integers(0, 500), max_size=9)
)
def test_lone_brackets_and_braces_between_messages_hold_nothing_back(
    spoken: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(noise + b"< " + body + b" >" for noise, body in spoken)
    framer = Framer()
    heard = [body for piece in in_pieces(stream, cuts) for body in framer.feed(piece)]
    assert [body for body in heard if body[:1].isalpha()] == [body for _, body in spoken]


def test_brackets_inside_a_name_are_part_of_the_name() -> None:
    assert Framer().feed(b"< REP 1 CHAN_NAME {a>b<c   } >< REP 1 AUDIO_MUTE ON >") == [
        b"REP 1 CHAN_NAME {a>b<c   }",
        b"REP 1 AUDIO_MUTE ON",
    ]


def test_a_message_that_breaks_off_gives_way_to_the_next() -> None:
    assert Framer().feed(b"< REP 1 AUDIO_GA< REP 1 AUDIO_GAIN 030 >") == [b"REP 1 AUDIO_GAIN 030"]


def test_what_stands_before_a_message_is_discarded_and_counted() -> None:
    framer = Framer()
    assert framer.feed(b"xyz > < REP 1 AUDIO_GAIN 030 >\r\n") == [b"REP 1 AUDIO_GAIN 030"]
    assert framer.discarded == len(b"xyz>")


def test_a_lost_closing_brace_costs_one_message_and_no_more() -> None:
    good = [b"REP 1 AUDIO_GAIN %03d" % number for number in range(20)]
    stream = b"< REP 1 CHAN_NAME {Vox > " + b"".join(b"< " + body + b" >" for body in good)
    assert Framer().feed(stream) == good


def test_a_lost_closing_brace_is_noticed_at_the_next_brace() -> None:
    framer = Framer()
    assert framer.feed(b"< REP 1 CHAN_NAME {Vox > < REP 2 CHAN_NAME {Git} >") == [b"REP 2 CHAN_NAME {Git}"]


def test_a_lost_closing_brace_holds_back_no_more_than_the_limit() -> None:
    framer = Framer()
    framer.feed(b"< REP 1 CHAN_NAME {")
    line = b"< SAMPLE 1 ALL AX 050 040 >"
    heard: list[bytes] = []
    fed = 0
    while not heard:
        heard += framer.feed(line)
        fed += len(line)
    assert fed <= TEXT_LIMIT + 2 * len(line)
    assert len(heard) * len(line) == fed


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT * 40])
def test_a_message_beyond_the_limit_is_dropped_and_the_next_one_heard(size: int) -> None:
    stream = b"< REP 1 " + b"A" * size + b" >" + b"< REP 1 AUDIO_MUTE ON >"
    assert Framer().feed(stream) == [b"REP 1 AUDIO_MUTE ON"]
    single = Framer()
    assert [body for byte in stream for body in single.feed(bytes([byte]))] == [b"REP 1 AUDIO_MUTE ON"]


def test_after_a_long_quiet_what_an_open_brace_holds_back_comes_out() -> None:
    framer = Framer()
    assert framer.feed(b"< REP 1 X {\x12< REP 1 AUDIO_GAIN 030 >< REP 1 AUDIO_M") == []
    assert framer.give_up() == [b"REP 1 AUDIO_GAIN 030"]
    assert framer.feed(b"UTE ON >") == [b"REP 1 AUDIO_MUTE ON"]


def test_after_a_long_quiet_a_line_that_is_only_slow_is_not_lost() -> None:
    framer = Framer()
    assert framer.feed(b"< REP 1 AUDIO_") == []
    assert framer.give_up() == []
    assert framer.feed(b"GAIN 030 >") == [b"REP 1 AUDIO_GAIN 030"]
