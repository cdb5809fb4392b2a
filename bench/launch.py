"""``mic2mqtt`` itself, in a process that leaves a list of the modules that it imported behind, and counts its tasks
and the longest turn of its event loop.

python -m bench.launch MODULES_FILE run --config FILE
"""

from __future__ import annotations

import asyncio
import atexit
import json
import signal
import sys
from pathlib import Path

from bench.turns import Turns
from bridge.cli.main import main


def note_modules(path: Path) -> None:
    """Write what is imported now, in the order in which it was."""
    path.write_text(json.dumps([name for name in sys.modules if name != "__main__"]))


def note_tasks(path: Path) -> None:
    """Write how many tasks the running event loop has."""
    path.write_text(str(len(asyncio.all_tasks())))


class LongestTurn:
    """Watches the turns of the loop from one signal to the next, and writes the longest, in seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turns: Turns | None = None
        self._task: asyncio.Task[None] | None = None

    def switch(self, *_: object) -> None:
        """Begin, or end and write; runs as a signal's handler."""
        asyncio.get_running_loop().call_soon_threadsafe(self._switch)

    def _switch(self) -> None:
        if self._turns is None or self._task is None:
            self._turns = Turns()
            self._task = asyncio.create_task(self._turns.watch())
            return
        self._task.cancel()
        made = self._path.with_suffix(".new")
        made.write_text(str(self._turns.longest_s))
        made.replace(self._path)
        self._turns = self._task = None


if __name__ == "__main__":
    tasks = Path(sys.argv[1]).with_suffix(".tasks")
    signal.signal(signal.SIGUSR1, lambda *_: note_tasks(tasks))
    signal.signal(signal.SIGUSR2, LongestTurn(tasks.with_suffix(".turn")).switch)
    atexit.register(note_modules, Path(sys.argv[1]))
    sys.argv = ["mic2mqtt", *sys.argv[2:]]
    main()
