"""The live table on a terminal, and lines where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bridge.mqtt import BrokerError, Connection, MqttClient
from bridge.terminal import words
from bridge.terminal.board import Board, Row
from services.model import PART_KINDS, Address, Kind

REFRESH_S: Final = 0.25
FRAME: Final = 6
"""Lines of the screen that are not rows: heading, and rules of the first table."""
FURTHER: Final = 5
"""Lines that each further table costs: heads, rules and the lines below it."""
FEWEST_ROWS: Final = 3

COLOURS: Final = {
    "offline": "bright_black",
    "stale": "bright_black",
    "fault": "bold white on red",
    "lost": "bold red",
    "critical": "bold red",
    "interference": "magenta",
    "replace": "yellow",
    "muted": "cyan",
    "good": "green",
    "on_air": "green",
    "full": "green",
    "charging": "yellow",
    "rf_muted": "cyan",
    "empty": "dim",
    "idle": "dim",
    "unknown": "dim",
}
_PLAIN: Final = frozenset({"good", "idle", "on_air", "full", "charging", "empty"})
"""Statuses that need no reason."""
WHY_WIDTH: Final = 28
"""Characters of a status's reasons."""


def heading(board: Board, rows: Sequence[Row], trouble: str | None) -> Text:
    """One line: bridges and how many channels are in which state; ``trouble`` is why there is no broker."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if trouble is not None:
        text.append(f"no broker: {trouble}  ", style="bold red")
    elif not board.bridges:
        text.append("no bridge has published here (is base_topic right?)  ", style="yellow")
    for bridge, state in sorted(board.bridges.items()):
        text.append(f"bridge {bridge} is {state}  ", style="green" if state == "online" else "yellow")
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + 1
    for status in COLOURS:
        if status in counts:
            text.append(f"{counts[status]} {status}  ", style=COLOURS[status])
    return text


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; ``from_width`` is the narrowest screen that has room for it."""

    title: str
    cell: Callable[[Row], Text]
    justify: Literal["left", "right"] = "left"
    from_width: int = 0


def _why(row: Row) -> Text:
    why = Text(words.trouble(row) if row.status not in _PLAIN else "", style="dim")
    why.truncate(WHY_WIDTH, overflow="ellipsis")
    return why


def _status(row: Row) -> Text:
    return Text(row.status, style=COLOURS.get(row.status, ""))


def _battery(row: Row) -> Text:
    colours = {"replace": "yellow", "critical": "red"}
    return Text(words.battery(row), style=colours.get(row.status, ""))


def _audio(row: Row) -> Text:
    return _meter(*words.audio(row), style="red" if row.telemetry.get("audio_overload") else "green")


def _number(title: str) -> Column:
    return Column(title, lambda row: Text("" if row.number is None else str(row.number)), "right")


def _inputs(row: Row) -> Text:
    return Text(words.inputs(row), style="red" if row.telemetry.get("audio_overload") else "green")


_CHANNELS: Final = (
    _number("ch"),
    Column("name", lambda row: Text(words.name(row))),
    Column("status", _status),
    Column("MHz", lambda row: Text(words.frequency(row)), "right", from_width=90),
    Column("battery", _battery),
    Column("RF dBm", lambda row: _meter(*words.rf(row), style="blue"), from_width=75),
    Column("audio dBFS", _audio, from_width=105),
    Column("mute", lambda row: Text(words.mutes(row), style="cyan")),
    Column("ant", lambda row: Text(words.antennas(row)), from_width=115),
    Column("transmitter", lambda row: Text(words.transmitter(row)), from_width=130),
    Column("why", _why, from_width=150),
)
_IEM_CHANNELS: Final = (
    _number("ch"),
    Column("name", lambda row: Text(words.name(row))),
    Column("status", _status),
    Column("MHz", lambda row: Text(words.frequency(row)), "right"),
    Column("RF", lambda row: Text(words.carrier(row)), "right"),
    Column("audio L R", _inputs, "right", from_width=75),
    Column("mode", lambda row: Text(words.mode(row)), from_width=90),
    Column("why", _why, from_width=105),
)
_BAYS: Final = (
    _number("bay"),
    Column("status", _status),
    Column("battery", _battery),
    Column("full in", lambda row: Text(words.time_to_full(row)), "right"),
    Column("health", lambda row: Text(words.health(row)), "right", from_width=75),
    Column("°C", lambda row: Text(words.temperature(row)), "right", from_width=90),
    Column("in the bay", lambda row: Text(words.docked(row)), from_width=105),
    Column("why", _why, from_width=75),
)
_BELTPACKS: Final = (
    _number("id"),
    Column("name", lambda row: Text(words.name(row))),
    Column("status", _status),
    Column("battery", _battery),
    Column("antenna", lambda row: Text(words.antenna(row)), from_width=75),
    Column("why", _why, from_width=90),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The table of one kind of part: what stands above the names of its units, and what behind them."""

    title: str
    columns: tuple[Column, ...]


LAYOUTS: Final[Mapping[Kind, Layout]] = {
    Kind.CHANNEL: Layout("receiver", _CHANNELS),
    Kind.IEM_CHANNEL: Layout("IEM transmitter", _IEM_CHANNELS),
    Kind.BAY: Layout("charger", _BAYS),
    Kind.BELTPACK: Layout("intercom", _BELTPACKS),
}
"""The tables, in the order in which they are shown."""


def table(rows: Sequence[Row], height: int, width: int) -> Table:
    """The rows of one kind; those that do not fit are counted below, columns that do not fit are left out."""
    layout = LAYOUTS[rows[0].kind if rows else Kind.CHANNEL]
    columns = [column for column in layout.columns if width >= column.from_width]
    wall = Table(expand=False, header_style="bold", pad_edge=False)
    wall.add_column(layout.title, no_wrap=True)
    for column in columns:
        wall.add_column(column.title, justify=column.justify, no_wrap=True)
    shown = rows if len(rows) <= height else rows[: max(height - 1, FEWEST_ROWS)]
    above: tuple[object, str] | None = None
    for row in shown:
        unit = (row.address.tenant, row.unit)
        first = Text(words.printable(row.unit) if unit != above else "", style="bold")
        wall.add_row(
            first, *(column.cell(row) for column in columns), style="dim" if row.stale or not row.online else ""
        )
        above = unit
    if len(shown) < len(rows):
        wall.caption = f"{len(rows) - len(shown)} more: make the window larger, or choose with watch --receiver"
    return wall


def shares(wanted: Sequence[int], lines: int) -> list[int]:
    """How many lines each table gets: none more than it wants, and what small ones leave the large ones share."""
    given = [0] * len(wanted)
    left = max(lines, 0)
    for turn, place in enumerate(sorted(range(len(wanted)), key=lambda place: wanted[place])):
        given[place] = max(min(wanted[place], left // (len(wanted) - turn)), FEWEST_ROWS)
        left = max(left - given[place], 0)
    return given


def _meter(bar: str, figure: str, *, style: str) -> Text:
    return Text(bar.ljust(words.BAR_CELLS), style=style).append(f" {figure:>4}", style="default") if figure else Text()


def screen(board: Board, rows: Sequence[Row], size: tuple[int, int], trouble: str | None = None) -> RenderableType:
    """Everything that is shown at once, on a screen of ``size`` columns and lines: a table a kind that there is."""
    width, height = size
    kinds = [own for kind in LAYOUTS if (own := [row for row in rows if row.kind is kind])] or [[]]
    lines = shares([len(own) for own in kinds], height - FRAME - FURTHER * (len(kinds) - 1))
    tables = [table(own, given, width) for own, given in zip(kinds, lines, strict=True)]
    return Group(heading(board, rows, trouble), *tables)


async def feed(
    board: Board, connection: Connection, changed: Callable[[Address], None] = lambda _address: None
) -> None:
    """Subscribe and note everything that comes, until the connection is lost. Raises `BrokerError`."""
    board.clear()
    refused = await connection.subscribe(board.subscriptions())
    if refused:
        raise BrokerError("not_authorised", f"this user may not read {', '.join(refused)}: ask for read access")
    now = asyncio.get_running_loop().time
    async for message in connection.messages():
        address = board.take(message.topic, message.payload, now())
        if address is not None:
            changed(address)


class Wall:
    """Shows a board until it is cancelled: a live table on a terminal, else one line for each change."""

    def __init__(
        self,
        board: Board,
        client: MqttClient,
        console: Console,
        *,
        wanted: Callable[[Row], bool] = lambda _row: True,
        above: RenderableType | None = None,
    ) -> None:
        self._board = board
        self._client = client
        self._console = console
        self._wanted = wanted
        self._above = above
        self._said: dict[Address, str] = {}
        self._trouble = ""
        self._now = asyncio.get_running_loop().time

    async def run(self, *, plain: bool) -> None:
        """Show until cancelled."""
        async with asyncio.TaskGroup() as group:
            if plain:
                group.create_task(self._client.run(lambda connection: feed(self._board, connection, self._print_row)))
                await self._print_troubles()
            else:
                group.create_task(self._client.run(lambda connection: feed(self._board, connection)))
                await self._show()

    async def _show(self) -> None:
        with Live(console=self._console, screen=True, auto_refresh=False) as live:
            while True:
                live.update(self._render(), refresh=True)
                await asyncio.sleep(REFRESH_S)

    def _render(self) -> RenderableType:
        rows = [row for row in self._board.rows(self._now()) if self._wanted(row)]
        trouble = None if self._client.connection is not None else str(self._client.trouble or "connecting")
        width, height = self._console.size
        if self._above is None:
            return screen(self._board, rows, (width, height), trouble)
        height -= len(self._console.render_lines(self._above, pad=False))
        return Group(self._above, screen(self._board, rows, (width, height), trouble))

    def _print_row(self, address: Address) -> None:
        if address.kind not in PART_KINDS:
            return
        row = self._board.row(address, self._now())
        text = "removed" if row is None else words.line(row) if row.state and self._wanted(row) else None
        if text is None or self._said.get(address) == text:
            return
        self._said[address] = text
        self._print(text if row is not None else f"{address.id:<16} removed")

    async def _print_troubles(self) -> None:
        while True:
            trouble = str(self._client.trouble or "")
            if trouble != self._trouble:
                self._trouble = trouble
                self._print(f"no broker: {trouble}" if trouble else "connected")
            await asyncio.sleep(REFRESH_S)

    def _print(self, text: str) -> None:
        time = datetime.now().astimezone().strftime("%H:%M:%S")
        self._console.print(Text(f"{time} {text}"), soft_wrap=True)
