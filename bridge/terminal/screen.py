"""The live table on a terminal, and lines where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
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
from services.model import PART_KINDS, Address

REFRESH_S: Final = 0.25
FRAME: Final = 6
"""Lines of the screen that are not rows: heading, rules and what stands above the table."""
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
    "idle": "dim",
    "unknown": "dim",
}
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
    """A column of the wall; ``from_width`` is the narrowest screen that has room for it."""

    title: str
    cell: Callable[[Row], Text]
    justify: Literal["left", "right"] = "left"
    from_width: int = 0


def _why(row: Row) -> Text:
    why = Text(words.printable(row.reasons) if row.status not in {"good", "idle"} else "", style="dim")
    why.truncate(WHY_WIDTH, overflow="ellipsis")
    return why


def _battery(row: Row) -> Text:
    colours = {"replace": "yellow", "critical": "red"}
    return Text(words.battery(row), style=colours.get(row.status, ""))


def _audio(row: Row) -> Text:
    return _meter(*words.audio(row), style="red" if row.telemetry.get("audio_overload") else "green")


COLUMNS: Final = (
    Column("ch", lambda row: Text("" if row.number is None else str(row.number)), "right"),
    Column("name", lambda row: Text(words.name(row))),
    Column("status", lambda row: Text(row.status, style=COLOURS.get(row.status, ""))),
    Column("MHz", lambda row: Text(words.frequency(row)), "right", from_width=90),
    Column("battery", _battery),
    Column("RF dBm", lambda row: _meter(*words.rf(row), style="blue"), from_width=75),
    Column("audio dBFS", _audio, from_width=105),
    Column("mute", lambda row: Text(words.mutes(row), style="cyan")),
    Column("ant", lambda row: Text(words.antennas(row)), from_width=115),
    Column("transmitter", lambda row: Text(words.transmitter(row)), from_width=130),
    Column("why", _why, from_width=150),
)
"""What stands behind the receiver's name."""


def table(rows: Sequence[Row], height: int, width: int) -> Table:
    """The wall; rows that do not fit are counted below, columns that do not fit are left out."""
    columns = [column for column in COLUMNS if width >= column.from_width]
    wall = Table(expand=False, header_style="bold", pad_edge=False)
    wall.add_column("receiver", no_wrap=True)
    for column in columns:
        wall.add_column(column.title, justify=column.justify, no_wrap=True)
    shown = rows if len(rows) <= height else rows[: max(height - 1, FEWEST_ROWS)]
    above: tuple[object, str] | None = None
    for row in shown:
        receiver = (row.address.tenant, row.receiver)
        first = Text(words.printable(row.receiver) if receiver != above else "", style="bold")
        wall.add_row(
            first, *(column.cell(row) for column in columns), style="dim" if row.stale or not row.online else ""
        )
        above = receiver
    if len(shown) < len(rows):
        wall.caption = f"{len(rows) - len(shown)} more: make the window larger, or choose with watch --receiver"
    return wall


def _meter(bar: str, figure: str, *, style: str) -> Text:
    return Text(bar.ljust(words.BAR_CELLS), style=style).append(f" {figure:>4}", style="default") if figure else Text()


def screen(board: Board, rows: Sequence[Row], size: tuple[int, int], trouble: str | None = None) -> RenderableType:
    """Everything that is shown at once, on a screen of ``size`` columns and lines."""
    width, height = size
    return Group(heading(board, rows, trouble), table(rows, max(height - FRAME, FEWEST_ROWS), width))


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
                group.create_task(self._client.run(lambda connection: feed(self._board, connection, self._say)))
                await self._say_troubles()
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

    def _say(self, address: Address) -> None:
        if address.kind not in PART_KINDS:
            return
        row = self._board.row(address, self._now())
        text = "removed" if row is None else words.line(row) if row.state and self._wanted(row) else None
        if text is None or self._said.get(address) == text:
            return
        self._said[address] = text
        self._print(text if row is not None else f"{address.id:<16} removed")

    async def _say_troubles(self) -> None:
        while True:
            trouble = str(self._client.trouble or "")
            if trouble != self._trouble:
                self._trouble = trouble
                self._print(f"no broker: {trouble}" if trouble else "connected")
            await asyncio.sleep(REFRESH_S)

    def _print(self, text: str) -> None:
        time = datetime.now().astimezone().strftime("%H:%M:%S")
        self._console.print(Text(f"{time} {text}"), soft_wrap=True)
