"""Looks at a SQLite file while the bridge runs: pages that rot under a cache, a -wal that grows, a file that is gone.

It runs in a thread of its own: the thread that writes must not wait for a whole file to be read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.store.care.damage import find_damage, identity, size_of_log

APART_S: Final = 60.0
"""From one look to the next."""
SHARE: Final = 0.005
"""A file that takes long to read is read seldom, so that reading takes no more of the time than this."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the file is."""

    damage: str | None
    file: tuple[int, int] | None
    """The one that was looked at."""
    log_bytes: int
    """Size of the -wal."""


class Checkup:
    """Runs the thread; ``look`` gets what it saw, on that thread."""

    def __init__(self, path: Path, current: Callable[[], tuple[int, int] | None], look: Callable[[Look], None]) -> None:
        """``current`` says which file the bridge has open."""
        self._path = path
        self._current = current
        self._look = look
        self._stop = threading.Event()
        # a daemon: a disk that hangs must not keep the process from ending
        self._thread = threading.Thread(target=self._run, name="store-checkup", daemon=True)

    def start(self) -> None:
        """Look at once, and from then on."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; does not wait for a look that is under way."""
        self._stop.set()

    def _run(self) -> None:
        pause_s = 0.0
        while not self._stop.wait(pause_s):
            began = time.monotonic()
            self._look(self._see())
            pause_s = max(APART_S, (time.monotonic() - began) / SHARE)

    def _see(self) -> Look:
        ours = self._current()
        if identity(self._path) != ours:
            return Look("it was moved or taken away while it was in use", ours, 0)
        return Look(find_damage(self._path), ours, size_of_log(self._path))
