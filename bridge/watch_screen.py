"""The live table on a terminal, and lines where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bridge import watch_words as words
from bridge.broker import BrokerError
from bridge.client import Connection
from bridge.supervisor import MqttClient
from bridge.watch import Board, Row
from services.model import Address, Kind

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
_LEVELS: Final = 24
"""Columns below which the meters' figures are left out."""


def heading(board: Board, rows: Sequence[Row], trouble: str | None) -> Text:
    """One line: bridges and how many channels are in which state; ``trouble`` is why there is no broker."""
    text = Text()
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


def table(rows: Sequence[Row], height: int) -> Table:
    """The wall; what does not fit is counted below."""
    wall = Table(expand=False, header_style="bold", pad_edge=False)
    for title, justify in (
        ("receiver", "left"),
        ("ch", "right"),
        ("name", "left"),
        ("status", "left"),
        ("MHz", "right"),
        ("battery", "left"),
        ("RF dBm", "left"),
        ("audio dBFS", "left"),
        ("mute", "left"),
        ("ant", "left"),
        ("transmitter", "left"),
    ):
        wall.add_column(title, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    shown = rows if len(rows) <= height else rows[: max(height - 1, FEWEST_ROWS)]
    above: tuple[object, str] | None = None
    for row in shown:
        receiver = (row.address.tenant, row.receiver)
        wall.add_row(*_cells(row, first=receiver != above), style="dim" if row.stale or not row.online else "")
        above = receiver
    if len(shown) < len(rows):
        wall.add_row(f"… {len(rows) - len(shown)} more: make the window larger, or choose with --receiver")
    return wall


def _cells(row: Row, *, first: bool) -> list[Text]:
    status = Text(row.status, style=COLOURS.get(row.status, ""))
    if row.reasons and row.status not in {"good", "idle"} and row.reasons != row.status:
        status.append(f" {row.reasons}", style="dim")
        status.truncate(_LEVELS, overflow="ellipsis")
    battery = "yellow" if row.status == "replace" else "red" if row.status == "critical" else ""
    return [
        Text(words.printable(row.receiver) if first else "", style="bold"),
        Text("" if row.number is None else str(row.number)),
        Text(words.name(row)),
        status,
        Text(words.frequency(row)),
        Text(words.battery(row), style=battery),
        _meter(*words.rf(row), style="blue"),
        _meter(*words.audio(row), style="red" if row.telemetry.get("audio_overload") else "green"),
        Text(words.mutes(row), style="cyan"),
        Text(words.antennas(row)),
        Text(words.transmitter(row)),
    ]


def _meter(bar: str, figure: str, *, style: str) -> Text:
    return Text(bar.ljust(words.BAR_CELLS), style=style).append(f" {figure:>4}", style="default") if figure else Text()


def screen(board: Board, rows: Sequence[Row], height: int, trouble: str | None = None) -> RenderableType:
    """Everything that is shown at once."""
    return Group(heading(board, rows, trouble), table(rows, max(height - FRAME, FEWEST_ROWS)))


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
        wall = screen(self._board, rows, self._console.height, trouble)
        return wall if self._above is None else Group(self._above, wall)

    def _say(self, address: Address) -> None:
        if address.kind is not Kind.CHANNEL:
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
