"""Who speaks to units: the port that a maker implements, and how makers are found.

One folder a maker. The core knows this room through `services.drivers.port` alone and finds makers by entry point;
makers know neither each other nor the services above them.
"""

from __future__ import annotations

from services.drivers.asking import check_manufacturer, only_maker, who_answers
from services.drivers.port import (
    Advert,
    Driver,
    DriverError,
    Link,
    Listener,
    Reading,
    SimulatedReceiver,
    Target,
    Trace,
    telling,
)
from services.drivers.registry import find_drivers, get_driver
from services.drivers.resolve import Unresolved, resolve

__all__ = [
    "Advert",
    "Driver",
    "DriverError",
    "Link",
    "Listener",
    "Reading",
    "SimulatedReceiver",
    "Target",
    "Trace",
    "Unresolved",
    "check_manufacturer",
    "find_drivers",
    "get_driver",
    "only_maker",
    "resolve",
    "telling",
    "who_answers",
]
