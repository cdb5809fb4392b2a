"""Server-sent events, read as the standard says, however the network cuts them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.transport.https.server_sent_events import Event, EventParser

ENDS = st.sampled_from(["\n", "\r", "\r\n"])
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12)
FIELDS = st.sampled_from(["data", "event", "id", "retry", "", "Data", "other", "data "])
LINES = st.one_of(
    st.just(""),
    st.just(""),
    st.builds("{}:{}".format, FIELDS, VALUES),
    st.builds("{}: {}".format, FIELDS, VALUES),
    st.builds("retry: {}".format, st.integers(0, 10**8)),
    FIELDS,
    VALUES,
)
STREAMS = st.builds(
    lambda bom, lines, rest: (bom + "".join(line + end for line, end in lines) + rest).encode(),
    st.sampled_from(["", "\ufeff"]),
    st.lists(st.tuples(LINES, ENDS), max_size=30),
    VALUES,
)
CUTS = st.lists(st.integers(0, 400), max_size=20)


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut for cut in cuts if cut <= len(stream)), len(stream)]
    return [stream[start:end] for start, end in pairwise(places)]


def parsed(parser: EventParser, chunks: list[bytes]) -> list[Event]:
    return [event for chunk in chunks for event in parser.feed(chunk)]


def by_the_standard(stream: bytes) -> tuple[list[Event], int | None]:
    """The standard's own steps over the whole text, slow and plain."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    data, kind, last_id, retry = "", "", "", None
    events = []
    for line in text.split("\n")[:-1]:
        if line == "":
            if data != "":
                events.append(Event(kind or "message", data[:-1], last_id))
            data, kind = "", ""
            continue
        if line[0] == ":":
            continue
        name, value = line, ""
        if ":" in line:
            name, value = line.split(":", 1)
            if value[:1] == " ":
                value = value[1:]
        if name == "data":
            data += value + "\n"
        elif name == "event":
            kind = value
        elif name == "id" and "\0" not in value:
            last_id = value
        elif name == "retry" and value and set(value) <= set("0123456789") and len(value) < 10:
            retry = int(value)
    return events, retry


@given(STREAMS, CUTS)
def test_events_are_those_of_the_standard_however_the_bytes_are_cut(stream: bytes, cuts: list[int]) -> None:
    parser = EventParser()
    events, retry = by_the_standard(stream)
    assert parsed(parser, pieces(stream, cuts)) == events
    assert parser.retry_ms == retry
    assert parser.oversize == 0


@given(st.binary(max_size=300), CUTS, st.integers(0, 40))
def test_any_bytes_are_survived_and_the_cuts_change_nothing(stream: bytes, cuts: list[int], most: int) -> None:
    whole, cut = EventParser(most), EventParser(most)
    assert parsed(whole, [stream]) == parsed(cut, pieces(stream, cuts))
    assert (whole.oversize, whole.retry_ms) == (cut.oversize, cut.retry_ms)


@given(STREAMS, CUTS, st.integers(0, 20))
def test_events_that_are_too_long_are_counted_and_the_others_kept(stream: bytes, cuts: list[int], most: int) -> None:
    bounded = EventParser(most)
    events = parsed(bounded, pieces(stream, cuts))
    every = by_the_standard(stream)[0]
    assert all(len(event.data.encode()) <= most for event in events)
    for event in events:  # in their order; the identifier may come from an event that was dropped
        while every.pop(0)[:2] != event[:2]:
            pass
    assert bounded.oversize or not every


def test_an_endless_line_needs_no_memory() -> None:
    parser = EventParser(most_bytes=100)
    for _ in range(1000):
        assert parser.feed(b"data: " + bytes(1000)) == []
    assert len(parser._line) < 200
    assert parser.feed(b"\n\ndata: short\n\n") == [Event("message", "short", "")]
    assert parser.oversize == 1


def test_what_a_unit_of_sennheiser_sends_becomes_events() -> None:
    stream = (
        b'event: open\r\ndata: {"path":"/api/ssc/state/subscriptions/1"}\r\n\r\n'
        b": keep alive\r\n\r\n"
        b'data: {"/api/device/site":\r\ndata: {"deviceName":"Bj\xc3\xb6rn"}}\r\n\r\n'
        b"event: close\r\ndata\r\n\r\n"
        b"data: incomplete\r\n"
    )
    assert EventParser().feed(stream) == [
        Event("open", '{"path":"/api/ssc/state/subscriptions/1"}', ""),
        Event("message", '{"/api/device/site":\n{"deviceName":"Björn"}}', ""),
        Event("close", "", ""),
    ]


@pytest.mark.parametrize("value", ["", "-1", "1.5", "1e3", "١٢", "9" * 5000])
def test_a_pause_that_is_no_number_is_left_out(value: str) -> None:
    parser = EventParser()
    parser.feed(f"retry: 200\nretry: {value}\n\n".encode())
    assert parser.retry_ms == 200
