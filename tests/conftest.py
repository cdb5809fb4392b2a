"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

from services.drivers.sennheiser.simulation import simulator

# Units and bridges of tests that run beside each other want the same UDP port: on all addresses, or on one.
simulator.FREE_WITHIN_S = 20.0

# Programs that tests start are those of this checkout, whichever one the virtual environment was made in.
os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
