"""Reads units: the port that a driver implements (`port`), and how drivers are found (`registry`).

`makers` opens and closes all makers with the bridge; `asking` finds out which driver reads the unit at an address;
`target` says where a unit is, `credentials` what its driver needs to be let in. `transport` moves bytes. One folder a
maker (`shure`, `sennheiser`, `manual`): there bytes become readings. The core knows this room through its public names
alone and finds makers by entry point; makers know neither each other nor the services above them. A maker knows
`services.drivers.port`, `nonsense`, `several` (one driver of several protocols), the transports and `services.model`.
"""

from __future__ import annotations

from services.drivers.asking import (
    asks_strangers,
    check_manufacturer,
    choose_unit,
    look,
    look_limit_s,
    most_useful_failure,
    only_maker,
)
from services.drivers.credentials import Credential, Credentials
from services.drivers.makers import Makers
from services.drivers.nonsense import NONSENSE
from services.drivers.port import (
    Description,
    Door,
    Driver,
    DriverError,
    Gone,
    Link,
    Listener,
    Maker,
    Product,
    Reading,
    SetOutcome,
    SetResult,
    Sighting,
    SimulatedUnit,
    Simulator,
    Surroundings,
    Target,
    Trace,
    not_sent,
    usefulness,
)
from services.drivers.registry import (
    asked_for,
    families,
    find_drivers,
    find_simulators,
    get_driver,
    is_experimental,
    known_product,
    more_of,
)
from services.drivers.target import make_target
from services.drivers.transport.names import Unresolved, addresses_of, resolve

__all__ = [
    "NONSENSE",
    "Credential",
    "Credentials",
    "Description",
    "Door",
    "Driver",
    "DriverError",
    "Gone",
    "Link",
    "Listener",
    "Maker",
    "Makers",
    "Product",
    "Reading",
    "SetOutcome",
    "SetResult",
    "Sighting",
    "SimulatedUnit",
    "Simulator",
    "Surroundings",
    "Target",
    "Trace",
    "Unresolved",
    "addresses_of",
    "asked_for",
    "asks_strangers",
    "check_manufacturer",
    "choose_unit",
    "families",
    "find_drivers",
    "find_simulators",
    "get_driver",
    "is_experimental",
    "known_product",
    "look",
    "look_limit_s",
    "make_target",
    "more_of",
    "most_useful_failure",
    "not_sent",
    "only_maker",
    "resolve",
    "usefulness",
]
