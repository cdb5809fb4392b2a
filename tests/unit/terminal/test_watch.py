from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bridge.contract import Topics
from bridge.terminal import Board, Row, words
from bridge.terminal.board import TELEMETRY_HOLDS_S
from bridge.terminal.screen import screen
from services.model import Address, Facet, Kind

TOPICS = Topics()

STATE = {
    "name": "Vox 1",
    "status": "good",
    "status_reasons": [],
    "frequency_mhz": 526.225,
    "battery_bars": 4,
    "battery_percent": 78,
    "battery_runtime_minutes": 250,
    "transmitter_present": True,
    "transmitter_model": "ULXD2",
    "transmitter_id": "TX0001",
    "receiver_muted": False,
    "transmitter_muted": False,
}
TELEMETRY = {"rf_dbm": -52.0, "audio_peak_dbfs": -12.0, "antenna_a": "active", "antenna_b": "inactive"}


def channel(id_: str = "rack1-1", campus: str = "default") -> Address:
    return Address("default", campus, Kind.CHANNEL, id_)


def receiver(id_: str = "rack1") -> Address:
    return Address("default", "default", Kind.RECEIVER, id_)


def tell(board: Board, address: Address, facet: Facet, message: object, now: float = 0.0) -> None:
    payload = b"" if message is None else json.dumps(message).encode()
    board.take(TOPICS.of(address, facet), payload, now)


def state(**changed: object) -> dict[str, object]:
    return {"stale": False, "data": {**STATE, **changed}}


@pytest.fixture
def board() -> Board:
    board = Board(TOPICS)
    tell(board, receiver(), Facet.INFO, {"data": {"name": "Rack 1"}})
    tell(board, channel(), Facet.STATE, state())
    tell(board, channel(), Facet.AVAILABILITY, {"state": "online", "reason": None})
    tell(board, channel(), Facet.TELEMETRY, {"data": TELEMETRY})
    board.take(TOPICS.process(Facet.STATE), b'{"state":"online"}', 0.0)
    return board


def only(board: Board, now: float = 0.0) -> Row:
    (row,) = board.rows(now)
    return row


def shown(board: Board, now: float = 0.0, *, height: int = 40, width: int = 160, trouble: str | None = None) -> str:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    console.print(screen(board, board.rows(now), (width, height), trouble))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_channel_is_a_row_with_all_that_a_technician_looks_for(board: Board) -> None:
    text = shown(board)
    for word in ("Rack 1", "Vox 1", "good", "526.225", "▮▮▮▮▯ 78 % 4:10", "-52", "-12", "●○", "ULXD2 TX0001"):
        assert word in text
    assert "bridge main is online" in text
    assert "1 good" in text


def test_rows_stand_in_the_order_of_receivers_and_numbers() -> None:
    board = Board(TOPICS)
    for id_ in ("rack2-1", "rack1-10", "rack1-2", "choir-1"):
        tell(board, channel(id_), Facet.STATE, state())
    assert [(row.unit, row.number) for row in board.rows(0.0)] == [
        ("choir", 1), ("rack1", 2), ("rack1", 10), ("rack2", 1),
    ]  # fmt: skip


def test_a_lost_receivers_channels_are_offline_with_the_reason_and_keep_their_values(board: Board) -> None:
    tell(board, channel(), Facet.STATE, {**state(), "stale": True})
    tell(board, channel(), Facet.AVAILABILITY, {"state": "offline", "reason": "silent"})
    row = only(board)
    assert (row.status, row.reasons, row.stale) == ("offline", "silent", True)
    assert words.frequency(row) == "526.225"


def test_old_meters_are_not_shown(board: Board) -> None:
    assert words.rf(only(board, TELEMETRY_HOLDS_S - 1))[1] == "-52"
    assert words.rf(only(board, TELEMETRY_HOLDS_S + 1)) == ("", "")


def test_a_transmitter_that_went_away_leaves_its_last_battery_in_brackets(board: Board) -> None:
    gone = dict.fromkeys(("battery_bars", "battery_percent", "battery_runtime_minutes"))
    tell(
        board, channel(), Facet.STATE, state(transmitter_present=False, last_battery_percent=12, status="lost", **gone)
    )
    row = only(board)
    assert words.battery(row) == "(12 %)"
    assert words.transmitter(row) == "-"


def test_battery_zero_is_zero_and_unknown_is_nothing(board: Board) -> None:
    tell(board, channel(), Facet.STATE, state(battery_bars=0, battery_percent=0, battery_runtime_minutes=0))
    assert words.battery(only(board)) == "▯▯▯▯▯ 0 % 0:00"
    tell(board, channel(), Facet.STATE, state(battery_bars=None, battery_percent=None, battery_runtime_minutes=None))
    assert words.battery(only(board)) == ""


@pytest.mark.parametrize("name", ["", None, "   ", "\x1b[2J", "a\nb", "[red]x[/red]", "{}", "<x>"])
def test_any_name_is_shown_on_one_line_without_effect(board: Board, name: str | None) -> None:
    before = shown(board).count("\n")
    tell(board, channel(), Facet.STATE, state(name=name))
    text = shown(board)
    assert text.count("\n") == before
    assert "\x1b" not in text
    assert words.name(only(board)).strip()


def test_whose_mute_is_told(board: Board) -> None:
    tell(board, channel(), Facet.STATE, state(receiver_muted=True, transmitter_rf_muted=True))
    assert words.mutes(only(board)) == "RX RF"


def test_overload_takes_the_figures_place(board: Board) -> None:
    tell(board, channel(), Facet.TELEMETRY, {"data": {**TELEMETRY, "audio_overload": True}})
    assert words.audio(only(board))[1] == "OL"


def test_a_level_just_below_full_scale_has_no_sign(board: Board) -> None:
    tell(board, channel(), Facet.TELEMETRY, {"data": {**TELEMETRY, "audio_peak_dbfs": -0.4}})
    assert words.audio(only(board))[1] == "0"


def test_a_removed_channel_leaves_the_wall(board: Board) -> None:
    tell(board, channel(), Facet.STATE, None)
    assert [row.number for row in board.rows(0.0)] == [None]  # the receiver is still there
    tell(board, receiver(), Facet.INFO, None)
    assert board.rows(0.0) == []


def test_a_receiver_that_never_answered_is_listed(board: Board) -> None:
    tell(board, receiver("rack9"), Facet.INFO, {"data": {"name": None}})
    tell(board, receiver("rack9"), Facet.AVAILABILITY, {"state": "offline", "reason": "never_seen"})
    row = board.rows(0.0)[-1]
    assert (row.unit, row.number, row.status, row.reasons) == ("rack9", None, "offline", "never_seen")


def test_what_does_not_fit_is_counted() -> None:
    board = Board(TOPICS)
    for number in range(1, 101):
        tell(board, channel(f"rack1-{number}"), Facet.STATE, state())
    text = shown(board, height=30)
    assert text.count("\n") <= 30
    assert "more: make the window larger" in text


@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_narrow_screen_leaves_columns_out_and_cuts_none(board: Board, width: int) -> None:
    tell(
        board, channel(), Facet.STATE, state(status="replace", status_reasons=["battery_replace"], receiver_muted=True)
    )
    text = shown(board, width=width)
    assert all(len(line) <= width for line in text.splitlines())
    assert "Vox 1" in text
    assert "78 % 4:10" in text
    assert "…" not in text


def test_a_new_connection_starts_from_nothing(board: Board) -> None:
    board.clear()
    assert board.rows(0.0) == []
    assert "no bridge has published here" in shown(board)


def test_trouble_with_the_broker_is_told_above_the_last_known_rows(board: Board) -> None:
    text = shown(board, trouble="mqtt://x:1883: nothing listens there")
    assert "no broker: mqtt://x:1883: nothing listens there" in text
    assert "Vox 1" in text


@pytest.mark.parametrize(("value", "cells"), [(None, 0), (-200.0, 0), (-100.0, 0), (-65.0, 3), (-30.0, 6), (50.0, 6)])
def test_a_bar_is_as_long_as_its_value(value: float | None, cells: int) -> None:
    assert len(words.bar(value, words.RF_DBM)) == cells


def test_a_line_says_the_same_where_there_is_no_terminal(board: Board) -> None:
    text = words.line(only(board))
    assert text.startswith("rack1-1 ")
    for part in ("Vox 1", "status=good", "frequency=526.225", "transmitter=ULXD2 TX0001"):
        assert part in text


BAY = {
    "occupied": True,
    "charge_state": "charging",
    "battery_bars": 3,
    "battery_percent": 62,
    "time_to_full_minutes": 75,
    "battery_health_percent": 98,
    "battery_cycles": 42,
    "battery_temperature_c": 31,
    "device_model": "SB900",
    "fault": None,
    "status": "charging",
    "status_reasons": [],
}
IEM = {
    "name": "Ears 1",
    "status": "on_air",
    "status_reasons": [],
    "frequency_mhz": 518.2,
    "rf_power_mw": 50,
    "rf_muted": False,
    "audio_mode": "point_to_point",
}


def part(kind: Kind, id_: str) -> Address:
    return Address("default", "default", kind, id_)


def bay_of(board: Board) -> Row:
    (row,) = [row for row in board.rows(0.0) if row.kind is Kind.BAY]
    return row


def test_bays_and_iem_channels_have_tables_of_their_own(board: Board) -> None:
    tell(board, part(Kind.CHARGER, "dock"), Facet.INFO, {"data": {"name": "Dock A"}})
    tell(board, part(Kind.BAY, "dock-2"), Facet.STATE, {"stale": False, "data": BAY})
    tell(board, part(Kind.IEM, "ears"), Facet.INFO, {"data": {"name": "Monitors"}})
    tell(board, part(Kind.IEM_CHANNEL, "ears-1"), Facet.STATE, {"stale": False, "data": IEM})
    tell(
        board,
        part(Kind.IEM_CHANNEL, "ears-1"),
        Facet.TELEMETRY,
        {"data": {"audio_left_raw": 40, "audio_right_raw": 38}},
    )
    text = shown(board)
    for word in ("Dock A", "▮▮▮▯▯ 62 %", "1:15", "98 % 42x", "31", "SB900"):
        assert word in text
    for word in ("Monitors", "Ears 1", "on_air", "518.200", "50 mW", "40 38", "point to point"):
        assert word in text
    assert "Vox 1" in text
    assert "1 charging" in text
    assert {row.kind for row in board.rows(0.0)} == {Kind.BAY, Kind.IEM_CHANNEL, Kind.CHANNEL}


def test_a_fault_of_a_bay_is_named(board: Board) -> None:
    data = {**BAY, "fault": "check_battery", "status": "fault", "status_reasons": ["bay_fault"]}
    tell(board, part(Kind.BAY, "dock-2"), Facet.STATE, {"stale": False, "data": data})
    assert "check_battery" in shown(board)
    assert "why=check_battery" in words.line(bay_of(board))


def test_an_empty_bay_shows_no_battery(board: Board) -> None:
    gone: dict[str, object] = dict.fromkeys(BAY)
    data = {**gone, "occupied": False, "charge_state": "empty", "status": "empty", "status_reasons": []}
    tell(board, part(Kind.BAY, "dock-2"), Facet.STATE, {"stale": False, "data": data})
    row = bay_of(board)
    assert (words.battery(row), words.docked(row), words.time_to_full(row)) == ("", "-", "")


def test_a_small_table_does_not_push_a_large_one_off_the_screen(board: Board) -> None:
    for number in range(1, 101):
        tell(board, channel(f"rack1-{number}"), Facet.STATE, state())
    for number in range(1, 9):
        tell(board, part(Kind.BAY, f"dock-{number}"), Facet.STATE, {"stale": False, "data": BAY})
    text = shown(board, height=40)
    assert text.count("\n") <= 40
    assert text.count("SB900") == 8
    assert text.count("Vox 1") > 12


def test_words_that_a_broker_puts_into_a_terminals_mouth_have_no_effect(board: Board) -> None:
    tell(board, channel(), Facet.STATE, state(status="\x1b[2Jgood", status_reasons=["\x9b31m"]))
    board.take(TOPICS.process(Facet.STATE), b'{"state":"\\u001b[2J"}', 0.0)
    assert not {"\x1b", "\x9b"} & {*shown(board)}
    assert not {"\x1b", "\x9b"} & {*words.line(only(board))}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*STATE, *TELEMETRY]), inner),
    max_leaves=8,
)


@given(st.sampled_from([Facet.STATE, Facet.AVAILABILITY, Facet.TELEMETRY, Facet.INFO]), _JSON, st.booleans())
def test_whatever_stands_in_a_topic_the_wall_is_shown(facet: Facet, value: object, wrapped: bool) -> None:
    board = Board(TOPICS)
    tell(board, channel(), Facet.STATE, state())
    message = {"data": value, "state": value} if wrapped else value
    for address in (channel(), receiver()):
        board.take(TOPICS.of(address, facet), json.dumps(message).encode(), 0.0)
    shown(board)
    for row in board.rows(0.0):
        words.line(row)


@given(st.text(max_size=40), st.binary(max_size=40))
def test_foreign_topics_and_payloads_are_passed_over(topic: str, payload: bytes) -> None:
    board = Board(TOPICS)
    board.take(topic, payload, 0.0)
    assert board.rows(0.0) == []


def test_what_is_no_json_is_counted() -> None:
    board = Board(TOPICS)
    for payload in (b"ON", b"[1]", b"\xff"):
        board.take(TOPICS.of(channel(), Facet.STATE), payload, 0.0)
    assert (board.unreadable, board.rows(0.0)) == (3, [])
