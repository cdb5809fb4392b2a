"""What all tests share."""

from __future__ import annotations

from services.drivers.sennheiser.simulation import simulator

# Units and bridges of tests that run beside each other want the same UDP port: on all addresses, or on one.
simulator.FREE_WITHIN_S = 20.0
