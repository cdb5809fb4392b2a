"""``mic2mqtt`` itself, in a process that leaves a list of the modules that it imported behind.

python -m bench.launch MODULES_FILE run --config FILE
"""

from __future__ import annotations

import atexit
import json
import sys
from pathlib import Path

from bridge.cli.main import main


def note_modules(path: Path) -> None:
    """Write what is imported now, in the order in which it was."""
    path.write_text(json.dumps([name for name in sys.modules if name != "__main__"]))


if __name__ == "__main__":
    atexit.register(note_modules, Path(sys.argv[1]))
    sys.argv = ["mic2mqtt", *sys.argv[2:]]
    main()
