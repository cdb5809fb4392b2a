"""The house's floors, checked: what import-linter says for packages (pyproject.toml), here for every single module.

A new module fails here until it has a line in FLOORS: choosing its floor is choosing whom it may know.
"""

from __future__ import annotations

import re
import tomllib
import zipfile
from enum import IntEnum
from fnmatch import fnmatchcase
from pathlib import Path

import grimp
import hatchling.build
import pytest

ROOT = Path(__file__).parent.parent


class Floor(IntEnum):
    """Who may know whom: a module imports from its own floor and from lower ones."""

    WORDS = 0
    """The vocabulary: plain data. Pure."""
    PORTS = 1
    """What a maker implements and what moves bytes."""
    DRIVERS = 2
    """One folder a maker. Drivers know words and ports, nobody knows them."""
    RULES = 3
    """What follows from a reading or a wish, as functions. Pure."""
    MEMORY = 4
    """What is kept and what is passed on: store, audit, marks and events."""
    WORK = 5
    """The services themselves."""
    FACE = 6
    """Words of the outside: topics, payloads, commands, entities. Pure."""
    EDGE = 7
    """Broker, HTTP, files and terminal: thin."""
    HOUSE = 8
    """Builds everything, starts it and stops it."""


# The floor of every module. A pattern stands for what may be added without a change here: drivers and migrations.
FLOORS = {
    "services": Floor.WORDS,
    "services.errors": Floor.WORDS,
    "services.model": Floor.WORDS,
    "services.capabilities": Floor.WORDS,
    "services.controls": Floor.WORDS,
    "services.events": Floor.WORDS,
    "services.records": Floor.WORDS,
    "services.results": Floor.WORDS,
    "services.driver_api": Floor.PORTS,
    "services.transport": Floor.PORTS,
    "services.clock": Floor.PORTS,
    "services.resolve": Floor.PORTS,
    "services.drivers": Floor.DRIVERS,
    "services.drivers.*": Floor.DRIVERS,
    "services.state": Floor.RULES,
    "services.status": Floor.RULES,
    "services.levels": Floor.RULES,
    "services.identity": Floor.RULES,
    "services.networks": Floor.RULES,
    "services.bus": Floor.MEMORY,
    "services.inventory": Floor.MEMORY,
    "services.news": Floor.MEMORY,
    "services.audit": Floor.MEMORY,
    "services.store": Floor.MEMORY,
    "services.store.*": Floor.MEMORY,
    "services.registry": Floor.WORK,
    "services.availability": Floor.WORK,
    "services.intake": Floor.WORK,
    "services.roster": Floor.WORK,
    "services.configured": Floor.WORK,
    "services.metering": Floor.WORK,
    "services.upkeep": Floor.WORK,
    "services.operations": Floor.WORK,
    "services.verbs": Floor.WORK,
    "services.sessions": Floor.WORK,
    "services.device_sync": Floor.WORK,
    "services.scan": Floor.WORK,
    "services.plan": Floor.WORK,
    "services.candidates": Floor.WORK,
    "services.findings": Floor.WORK,
    "services.refresh": Floor.WORK,
    "services.detail": Floor.WORK,
    "services.search": Floor.WORK,
    "services.adverts": Floor.WORK,
    "services.schedule": Floor.WORK,
    "services.discovery": Floor.WORK,
    "services.control": Floor.WORK,
    "bridge": Floor.FACE,
    "bridge.topics": Floor.FACE,
    "bridge.payloads": Floor.FACE,
    "bridge.commands": Floor.FACE,
    "bridge.packets": Floor.FACE,
    "bridge.messages": Floor.FACE,
    "bridge.asyncapi": Floor.FACE,
    "bridge.arguments": Floor.FACE,
    "bridge.encoding": Floor.FACE,
    "bridge.broker": Floor.EDGE,
    "bridge.outgoing": Floor.EDGE,
    "bridge.sockets": Floor.EDGE,
    "bridge.supervisor": Floor.EDGE,
    "bridge.durations": Floor.FACE,
    "bridge.settings": Floor.EDGE,
    "bridge.settings_*": Floor.EDGE,
    "bridge.logs": Floor.EDGE,
    "bridge.guard": Floor.EDGE,
    "bridge.watch": Floor.EDGE,
    "bridge.watch_*": Floor.EDGE,
    "bridge.probe": Floor.HOUSE,
    "bridge.client": Floor.EDGE,
    "bridge.publisher": Floor.EDGE,
    "bridge.rendering": Floor.EDGE,
    "bridge.process": Floor.EDGE,
    "bridge.audit_relay": Floor.EDGE,
    "bridge.metrics": Floor.EDGE,
    "bridge.web": Floor.EDGE,
    "bridge.gateway": Floor.EDGE,
    "bridge.applying": Floor.EDGE,
    "bridge.app": Floor.HOUSE,
    "bridge.demo": Floor.HOUSE,
    "bridge.cli": Floor.HOUSE,
    "bridge.cli_*": Floor.HOUSE,
}

# Pure modules get time, randomness and bytes as arguments: they are tested without a socket, a sleep or a patch.
PURE = {
    "services.errors",
    "services.model",
    "services.capabilities",
    "services.controls",
    "services.events",
    "services.records",
    "services.networks",
    "services.state",
    "services.status",
    "services.levels",
    "services.identity",
    "services.results",
    "services.drivers.*.codec",
    "services.drivers.*.models",
    "services.drivers.*.composing",
    "services.drivers.*.framing",
    "services.drivers.*.kinds",
    "services.drivers.*.samples",
    "services.drivers.*.slp",
    "services.drivers.*.tables",
    "bridge.topics",
    "bridge.payloads",
    "bridge.messages",
    "bridge.arguments",
    "bridge.asyncapi",
    "bridge.commands",
    "bridge.packets",
    "bridge.durations",
}
WORLD = {"asyncio", "socket", "ssl", "httpx", "time", "random", "logging", "sqlmodel"}

# Third-party packages that exactly one module may know, so that exactly one changes with them.
ONLY_IN = {
    "aiomqtt": "bridge.client",
    "paho": "bridge.client",
    "amqtt": "bridge.demo",
    "prometheus_client": "bridge.metrics",
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("bridge", "services", include_external_packages=True, cache_dir=None)


def ours(graph: grimp.ImportGraph) -> list[str]:
    return sorted(module for module in graph.modules if module.split(".")[0] in {"bridge", "services"})


def matches(module: str, patterns: set[str]) -> bool:
    return any(fnmatchcase(module, pattern) for pattern in patterns)


def floor_of(module: str) -> Floor | None:
    if module in FLOORS:
        return FLOORS[module]
    return next((floor for pattern, floor in FLOORS.items() if fnmatchcase(module, pattern)), None)


def test_every_module_has_a_floor(graph: grimp.ImportGraph) -> None:
    homeless = [module for module in ours(graph) if floor_of(module) is None]
    assert not homeless, f"give these a floor in FLOORS of {Path(__file__).name}: {homeless}"


def test_nobody_looks_upstairs(graph: grimp.ImportGraph) -> None:
    climbs = [
        f"{module} ({floor.name}) imports {known} ({other.name})"
        for module in ours(graph)
        if (floor := floor_of(module)) is not None
        for known in sorted(graph.find_modules_directly_imported_by(module))
        if (other := floor_of(known)) is not None and other > floor
    ]
    assert not climbs


def test_drivers_are_reached_by_entry_point_alone(graph: grimp.ImportGraph) -> None:
    knowing = [
        f"{module} imports {known}"
        for module in ours(graph)
        if floor_of(module) is not Floor.DRIVERS
        for known in sorted(graph.find_modules_directly_imported_by(module))
        if known.startswith("services.drivers")
    ]
    assert not knowing


def maker(module: str) -> str:
    """``services.drivers.shure.codec`` -> ``shure``."""
    return [*module.split("."), "", ""][2]


def test_drivers_do_not_know_each_other(graph: grimp.ImportGraph) -> None:
    knowing = [
        f"{module} imports {known}"
        for module in ours(graph)
        if module.startswith("services.drivers.")
        for known in sorted(graph.find_modules_directly_imported_by(module))
        if known.startswith("services.drivers.") and maker(known) != maker(module)
    ]
    assert not knowing


def test_the_bridge_touches_no_transport(graph: grimp.ImportGraph) -> None:
    knowing = [
        f"{module} imports {known}"
        for module in ours(graph)
        if module.startswith("bridge")
        for known in sorted(graph.find_modules_directly_imported_by(module))
        if known.startswith("services.transport")
    ]
    assert not knowing


def test_pure_modules_reach_nothing_of_the_world_even_through_others(graph: grimp.ImportGraph) -> None:
    impure = [
        " -> ".join(chain)
        for module in ours(graph)
        if matches(module, PURE)
        for world in sorted(WORLD & graph.modules)
        if (chain := graph.find_shortest_chain(importer=module, imported=world)) is not None
    ]
    assert not impure


def test_a_third_party_package_has_one_home(graph: grimp.ImportGraph) -> None:
    strays = [
        f"{module} imports {package}"
        for package, home in ONLY_IN.items()
        if package in graph.modules
        for module in sorted(graph.find_modules_that_directly_import(package))
        if module != home
    ]
    assert not strays


def test_import_linter_watches_every_pure_module(graph: grimp.ImportGraph) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    listed = next(set(contract["source_modules"]) for contract in contracts if contract["id"] == "pure")
    watched = [module for module in ours(graph) if matches(module, listed)]
    pure = [module for module in ours(graph) if matches(module, PURE)]
    assert watched == pure, "the contract `pure` in pyproject.toml lists other modules than PURE here"


def test_topics_are_spelled_in_one_file() -> None:
    # what stands in topics and nowhere else: the contract's version, a verb's place
    spelled = re.compile(r"""["'/](?:cmd|reply|v1)/(?!1")""")
    strays = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for folder in ("bridge", "services")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != ROOT / "bridge" / "topics.py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if spelled.search(line) and "``" not in line and not line.lstrip().startswith("#")
    ]
    assert not strays, "only bridge/topics.py spells topics"


def test_the_wheel_brings_exactly_the_two_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    wheel = tmp_path / hatchling.build.build_wheel(str(tmp_path))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert top == {"bridge", "services"}
    assert {"bridge/py.typed", "services/py.typed"} <= set(names)


@pytest.mark.parametrize("lock", sorted(path.name for path in (ROOT / "requirements").glob("*.lock")))
def test_a_lock_file_names_no_host_and_hashes_everything(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    assert not re.findall(r"\w+://|--(?:extra-)?index|--find-links|--trusted-host|@ ", text)
    pins = re.findall(r"^[a-z0-9][^#\n]*(?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)*", text, re.MULTILINE)
    assert pins
    assert not [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin]


def test_the_build_backend_is_the_locked_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (backend,) = project["build-system"]["requires"]
    assert backend in project["dependency-groups"]["dev"]
    for place in ("build.in", "build.lock", "dev.lock"):
        assert re.search(rf"^{re.escape(backend)}\b", (ROOT / "requirements" / place).read_text(), re.MULTILINE)
