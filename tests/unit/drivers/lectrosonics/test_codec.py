"""Lines of a DSQD to values and back, for whatever may arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.lectrosonics.codec.controls import CONTROLS, NAME_CHARACTERS
from services.drivers.lectrosonics.codec.lines import (
    LINE_MOST,
    Answer,
    Lines,
    Refusal,
    get,
    numbers,
    parse,
    quote,
    set_,
    unquote,
)
from services.drivers.lectrosonics.codec.meters import Meters
from services.drivers.lectrosonics.codec.replay import replay
from services.drivers.lectrosonics.codec.state import UnitState
from services.drivers.lectrosonics.codec.status import Status, read_status
from services.drivers.lectrosonics.codec.words import BY_NAME, TABLE

WRITE = {control.word: control.write for control in CONTROLS}
LINKED = "{1,1,1,-40,160,0,1,0,0,125,1,1,0,1,14,22}"
LOST = "{1,1,0,-120,8,0,0,0,1,0,0,0,0,0,0,0}"
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


def read(word: str, text: str) -> dict[str, object]:
    found = BY_NAME[word]
    return dict(zip(found.keys, found.read(text), strict=True))


def status(text: str) -> Status:
    return read_status(text)


def test_requests_begin_with_a_bang_and_end_with_a_return() -> None:
    assert [get("id"), get("chstat", 1), set_("rxmute", 4, "1")] == [b"!id?\r", b"!chstat(1)?\r", b"!rxmute(4)=1\r"]


def test_an_answer_is_read_with_and_without_its_number() -> None:
    assert parse('OK rxname(3)="Vox = 1"') == Answer("rxname", 3, '"Vox = 1"')
    assert parse("OK rxfreq=471200") == Answer("rxfreq", None, "471200")
    assert parse("OK rxfreq(*)={471200,471600}") == Answer("rxfreq", None, "{471200,471600}")
    assert parse("OK") == Answer("", None, "")
    assert parse("ERROR") == Refusal("ERROR")


@pytest.mark.parametrize("line", ["471200", "NOK rxname=1", "OK =", "OKAY", "", "OK rxname(1)" + "x" * 2000])
def test_what_is_no_answer_is_none(line: str) -> None:
    assert parse(line) is None


def test_lines_are_put_together_from_pieces() -> None:
    lines = Lines()
    found = [line for piece in (b"OK i", b'd="DSQD"\r', b"\nOK a=1\r\n") for line in lines.feed(piece)]
    assert found == ['OK id="DSQD"', "OK a=1"]


def test_a_line_that_never_ends_is_not_kept() -> None:
    lines = Lines()
    lines.feed(b"x" * (LINE_MOST + 1))
    assert lines.feed(b"OK a=1\r\n") == ["OK a=1"]
    assert lines.discarded == LINE_MOST + 1


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_a_text_survives_its_quotes(text: str) -> None:
    assert unquote(quote(text)) == text


def test_escapes_of_a_text_are_read() -> None:
    assert unquote(r'"a\"b\\c\x41\t"') == 'a"b\\cA\t'
    with pytest.raises(ValueError, match="quotes"):
        unquote('"a"b"')


@pytest.mark.parametrize("text", ["1,-2,3", "{1,-2,3}", "[1 -2 3]", "( 1, -2,3 )", "{ 1,-2 3 }"])
def test_an_array_is_read_however_it_is_written(text: str) -> None:
    assert numbers(text) == (1, -2, 3)


@given(st.binary(max_size=600))
def test_no_bytes_raise(data: bytes) -> None:
    replay(data)


@given(
    st.lists(
        st.tuples(st.sampled_from([*(word.name for word in TABLE), "chstat"]), st.integers(0, 9), TEXTS), max_size=9
    )
)
def test_no_answer_raises_whatever_stands_behind_its_sign(answers: list[tuple[str, int, str]]) -> None:
    replay(b"\r\n".join(f"OK {word}({number})={text}".encode() for word, number, text in answers))


@given(st.lists(st.integers(-(10**6), 10**6), max_size=20))
def test_no_status_raises_but_for_its_length(raw: list[int]) -> None:
    replay(f"OK chstat(1)={{{','.join(map(str, raw))}}}\r\n".encode())


@pytest.mark.parametrize(
    ("word", "text", "values"),
    [
        ("rxname", '"Actor 1"', {"name": "Actor 1"}),
        ("rxname", '""', {"name": None}),
        ("rxfreq", "471200", {"frequency_mhz": 471.2}),
        ("rxalevel", "-35", {"gain_db": -35}),
        ("rxmute", "1", {"receiver_muted": True}),
        ("rxmode", "3", {"compatibility_mode": "digital_hybrid"}),
        ("rxdivmode", "2", {"diversity_mode": "frequency"}),
        ("txbatt", "4", {"battery_type": "lithium_ion"}),
        ("txbatt", "3", {"battery_type": "lithium_primary"}),
        ("txbwarn", "4", {"battery_warning_cause": "timer"}),
        ("txkeygood", "0", {"encryption_fault": True}),
        ("macaddr", '"00-24-34-32-00-22"', {"mac": "00:24:34:32:00:22"}),
        ("desc", '"Rack 1"', {"device_id": "Rack 1", "name": "Rack 1"}),
        ("hwstat", "1", {"antenna_supply_short": True}),
        ("fplock", "1", {"lock": "all"}),
    ],
)
def test_values_mean_what_the_notes_say(word: str, text: str, values: dict[str, object]) -> None:
    assert read(word, text) == values


@pytest.mark.parametrize(
    ("word", "text"),
    [("rxalevel", "9"), ("rxmute", "2"), ("txbwarn", "3"), ("rxfreq", "999999"), ("rxfreq", "1,2"), ("rxname", '"a')],
)
def test_what_has_no_meaning_is_unknown_and_takes_the_old_value_away(word: str, text: str) -> None:
    state = UnitState()
    state.take_status(1, status(LINKED), 0.0)
    assert state.take(Answer(word, None, text), 1) is False
    assert state.value(1, BY_NAME[word].keys[0]) is None


def test_a_status_has_sixteen_numbers_in_their_places() -> None:
    found = status(LINKED)
    assert (found.link, found.audio, found.rf, found.antenna, found.timer) == (1, -40, 160, 1, 125)
    assert (found.warning, found.panel_lock, found.clip, found.tenth_volts, found.percent) == (1, 1, 1, 14, 22)
    assert found.complete
    with pytest.raises(ValueError, match="3 numbers"):
        status("{1,1,1}")


def test_a_number_of_a_status_beyond_its_limits_is_unknown_and_the_others_stay() -> None:
    found = status("{1,1,1,-200,900,0,7,0,0,125,1,1,0,1,14,255}")
    assert (found.audio, found.rf, found.antenna, found.percent, found.timer) == (None, None, None, None, 125)
    assert not found.complete


def test_what_a_transmitter_said_goes_with_it_and_a_fade_takes_nothing() -> None:
    state = UnitState()
    state.take_status(1, status(LINKED), 0.0)
    state.take(Answer("txname", None, '"DBu"'), 1)
    assert state.value(1, "battery_percent") == 22
    state.take_status(1, status(LOST), 1.0)
    assert (state.value(1, "transmitter_present"), state.value(1, "transmitter_id")) == (True, "DBu")
    state.take_status(1, status(LOST), 4.1)
    assert state.value(1, "transmitter_present") is False
    assert {state.value(1, key) for key in ("battery_percent", "battery_volts", "transmitter_id")} == {None}


def test_numbers_of_a_transmitter_do_not_count_without_a_link() -> None:
    state = UnitState()
    state.take_status(1, status("{1,1,0,-120,8,0,0,0,1,125,1,1,0,1,14,22}"), 0.0)
    state.take(Answer("txname", None, '"Old"'), 1)
    assert {state.value(1, key) for key in ("battery_percent", "battery_timer_minutes", "transmitter_id")} == {None}


def test_a_key_is_at_fault_in_digital_mode_alone() -> None:
    state = UnitState()
    state.take_status(1, status(LINKED), 0.0)
    state.take(Answer("txkeygood", None, "0"), 1)
    for mode, fault in (("3", None), ("0", True)):
        state.take(Answer("rxmode", None, mode), 1)
        (_, channel) = state.everything([1])
        assert channel.values["encryption_fault"] is fault


def test_a_channel_that_is_switched_off_has_no_levels() -> None:
    meters = Meters()
    meters.add(status(LINKED))
    meters.add(status("{1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}"))
    assert meters.take() is None


def test_levels_are_summed_up_by_their_highest_and_newest() -> None:
    meters = Meters()
    for text in (LINKED, LOST, "{1,1,1,-80,100,0,2,0,0,125,1,1,0,0,14,22}"):
        meters.add(status(text))
    assert meters.take() == {
        "antenna_a": "inactive",
        "antenna_b": "active",
        "audio_overload": True,
        "audio_peak_dbfs": -20.0,
        "dropouts": 1,
        "rf_dbuv": 25.0,
        "rf_min_dbuv": 2.0,
        "samples": 3,
    }
    assert meters.take() is None


@pytest.mark.parametrize(
    ("word", "value", "text"),
    [
        ("rxname", 'A"b\\', '"A\\"b\\\\"'),
        ("rxmute", False, "0"),
        ("rxalevel", -35, "-35"),
        ("rxfreq", 471.225, "471225"),
    ],
)
def test_what_is_set_is_written_as_the_notes_say(word: str, value: object, text: str) -> None:
    assert WRITE[word](value) == text


@given(st.text(NAME_CHARACTERS, min_size=1, max_size=15).filter(lambda text: text == text.strip()))
def test_a_name_comes_back_as_it_was_set(name: str) -> None:
    assert read("rxname", WRITE["rxname"](name)) == {"name": name}


@pytest.mark.parametrize(
    ("word", "value"), [("rxname", "x" * 16), ("rxname", "Ä"), ("rxfreq", 999.999), ("rxalevel", 9), ("rxmute", 1)]
)
def test_what_cannot_be_written_is_refused(word: str, value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        WRITE[word](value)
