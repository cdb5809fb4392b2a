"""Fresh units of every family of receivers, one file each, for the simulator alone."""

from __future__ import annotations

from services.drivers.shure.simulation.families.catalogue import DEFAULTS, hardware

__all__ = ["DEFAULTS", "hardware"]
