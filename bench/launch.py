"""``mic2mqtt`` itself, in a process that leaves a list of the modules that it imported behind, and counts its tasks.

python -m bench.launch MODULES_FILE run --config FILE
"""

from __future__ import annotations

import asyncio
import atexit
import json
import signal
import sys
from pathlib import Path

from bridge.cli.main import main


def note_modules(path: Path) -> None:
    """Write what is imported now, in the order in which it was."""
    path.write_text(json.dumps([name for name in sys.modules if name != "__main__"]))


def note_tasks(path: Path) -> None:
    """Write how many tasks the running event loop has."""
    path.write_text(str(len(asyncio.all_tasks())))


if __name__ == "__main__":
    tasks = Path(sys.argv[1]).with_suffix(".tasks")
    signal.signal(signal.SIGUSR1, lambda *_: note_tasks(tasks))
    atexit.register(note_modules, Path(sys.argv[1]))
    sys.argv = ["mic2mqtt", *sys.argv[2:]]
    main()
