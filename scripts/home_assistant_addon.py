"""Makes the folder that Home Assistant's Supervisor installs: `make addon`. It builds from that folder alone.

Its name may be given: ``python -m scripts.home_assistant_addon FOLDER``. What stood there before is gone.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ADDON = ROOT / "packaging" / "home-assistant-addon"
MADE = ROOT / "dist" / "home-assistant-addon" / "mic2mqtt"
SOURCE = ("pyproject.toml", "README.md", "LICENSE", "bridge", "services", "requirements")
"""What the image is built from, as in .dockerignore."""

_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.py[cod]", "*.in", "*.venv")


def make(folder: Path) -> None:
    """Write the whole folder anew."""
    if folder.exists():
        if not (folder / "config.yaml").is_file():
            sys.exit(f"{folder} is there and is no add-on: name another folder")
        shutil.rmtree(folder)
    shutil.copytree(ADDON, folder, ignore=_LEFT_OUT)
    shutil.copy(ROOT / "CHANGELOG.md", folder)  # the app store shows it
    for name in SOURCE:
        place = folder / "source" / name
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place, ignore=_LEFT_OUT)
        else:
            place.parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, place)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else MADE
    make(target)
    print(target)
