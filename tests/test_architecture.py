"""The rooms of the house, checked.

Which room may import which is import-linter's to check (`layers` in pyproject.toml, exhaustive: a new room fails until
it has chosen its floor). Here is what import-linter cannot say: a room's size, its paragraph, its public names, and
that PURE rooms do not reach the world even through others.
"""

from __future__ import annotations

import ast
import re
import tomllib
import zipfile
from pathlib import Path

import grimp
import hatchling.build
import pytest

ROOT = Path(__file__).parent.parent

PACKAGES = ("bridge", "services")

FILES_A_ROOM = 12
"""Beside ``__init__.py``; more, and nobody knows where to look."""

PURE_WORD = "PURE"
"""Stands in the paragraph of a room whose files get time, randomness and bytes as arguments."""

WORLD = {"asyncio", "socket", "ssl", "httpx", "time", "random", "logging", "sqlmodel"}
"""What a pure room never reaches: it is tested without a socket, a sleep or a patch."""

ONLY_IN = {
    "aiomqtt": {"bridge.mqtt.client", "bridge.mqtt.connecting"},
    "paho": {"bridge.mqtt.client", "bridge.mqtt.connecting"},
    "amqtt": {"bridge.cli.demo"},
    "prometheus_client": {"bridge.http.metrics"},
    "websockets": {"services.drivers.transport.websocket"},
}
"""Third-party packages that only these modules may know, so that only they change with them."""

DRIVERS = "services.drivers"

OPEN_ROOMS = {"bridge.cli", "bridge.cli.commands", "services.store.migrations", "services.store.migrations.versions"}
"""Rooms without public names: a command imports what it runs when it runs, and Alembic finds migrations by folder."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("bridge", "services", include_external_packages=True, cache_dir=None)


def ours(graph: grimp.ImportGraph) -> list[str]:
    return sorted(module for module in graph.modules if module.split(".")[0] in PACKAGES)


def folders() -> list[Path]:
    """Every room of both packages: a folder with an ``__init__.py`` below the package itself."""
    return sorted(path.parent for package in PACKAGES for path in (ROOT / package).rglob("*/__init__.py"))


def dotted(folder: Path) -> str:
    return ".".join(folder.relative_to(ROOT).parts)


ROOMS = {dotted(folder): folder for folder in folders()}


def room_of(module: str) -> str | None:
    """The innermost room that a module stands in or is."""
    parts = module.split(".")
    return next((name for end in range(len(parts), 1, -1) if (name := ".".join(parts[:end])) in ROOMS), None)


def paragraph(room: str) -> str:
    return ast.get_docstring(ast.parse((ROOMS[room] / "__init__.py").read_text())) or ""


def public_names(room: str) -> list[str]:
    tree = ast.parse((ROOMS[room] / "__init__.py").read_text())
    return [
        element.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for element in ast.walk(node.value)
        if isinstance(element, ast.Constant) and isinstance(element.value, str)
    ]


def pure_rooms() -> list[str]:
    return [room for room in ROOMS if PURE_WORD in paragraph(room)]


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_says_what_it_is_for_and_can_be_seen_at_a_glance(room: str) -> None:
    assert paragraph(room), f"say in {room}/__init__.py what the room is for"
    files = [path.name for path in ROOMS[room].glob("*.py") if path.name != "__init__.py"]
    assert len(files) <= FILES_A_ROOM, f"{room} has {len(files)} files: a room inside it wants a folder of its own"


def test_whoever_is_outside_a_room_uses_its_public_names_alone(graph: grimp.ImportGraph) -> None:
    strays = [
        f"{module} imports {known}; import it from {room}"
        for module in ours(graph)
        for known in sorted(graph.find_modules_directly_imported_by(module))
        if (room := room_of(known)) is not None
        and known != room
        and room not in OPEN_ROOMS
        and not room.startswith(DRIVERS)  # makers and their parts: see below
        and room_of(module) != room
        and not module.startswith(f"{room}.")
        and known.removeprefix(f"{room}.") not in public_names(room)  # a module can be a public name
    ]
    assert not strays, "\n".join(strays)


def test_public_names_of_a_room_exist_and_are_listed_once() -> None:
    for room, folder in ROOMS.items():
        tree = ast.parse((folder / "__init__.py").read_text())
        imported = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        } - {"annotations"}
        assert sorted(imported) == sorted(public_names(room)), f"{room}: what is imported there is what __all__ lists"


def maker(module: str) -> str | None:
    """``services.drivers.shure.codec.messages`` -> ``shure``; ``None`` for what belongs to no maker."""
    parts = module.split(".")
    name = ".".join(parts[:3])
    is_maker = module.startswith(f"{DRIVERS}.") and name in ROOMS and parts[2] != "transport"
    return parts[2] if is_maker else None


def test_makers_are_reached_by_entry_point_alone_and_do_not_know_each_other(graph: grimp.ImportGraph) -> None:
    knowing = [
        f"{module} imports {known}"
        for module in ours(graph)
        for known in sorted(graph.find_modules_directly_imported_by(module))
        if maker(known) is not None and maker(known) != maker(module)
    ]
    assert not knowing


def test_makers_know_only_the_port_transports_and_words(graph: grimp.ImportGraph) -> None:
    allowed = (
        f"{DRIVERS}.port",
        f"{DRIVERS}.transport",
        f"{DRIVERS}.simulating",
        f"{DRIVERS}.nonsense",
        f"{DRIVERS}.several",
        "services.model",
        "services.clock",
        "services.pace",
    )
    strays = [
        f"{module} imports {known}"
        for module in ours(graph)
        if maker(module) is not None
        for known in sorted(graph.find_modules_directly_imported_by(module))
        if known.split(".")[0] in PACKAGES and maker(known) is None and not known.startswith(allowed)
    ]
    assert not strays, "\n".join(strays)


def test_the_bridge_touches_no_transport(graph: grimp.ImportGraph) -> None:
    knowing = [
        f"{module} imports {known}"
        for module in ours(graph)
        if module.startswith("bridge")
        for known in sorted(graph.find_modules_directly_imported_by(module))
        if known.startswith(f"{DRIVERS}.transport")
    ]
    assert not knowing


def test_pure_rooms_reach_nothing_of_the_world_even_through_others(graph: grimp.ImportGraph) -> None:
    assert {"bridge.contract", "services.model", "services.rules"} <= set(pure_rooms())
    impure = [
        " -> ".join(chain)
        for room in pure_rooms()
        for module in ours(graph)
        if module == room or module.startswith(f"{room}.")
        for world in sorted(WORLD & graph.modules)
        if (chain := graph.find_shortest_chain(importer=module, imported=world)) is not None
    ]
    assert not impure


def test_a_third_party_package_has_its_home(graph: grimp.ImportGraph) -> None:
    strays = [
        f"{module} imports {package}"
        for package, homes in ONLY_IN.items()
        if package in graph.modules
        for module in sorted(graph.find_modules_that_directly_import(package))
        if module not in homes
    ]
    assert not strays, "\n".join(strays)


def test_topics_are_spelled_in_one_file() -> None:
    # what stands in topics and nowhere else: the contract's version, a verb's place
    spelled = re.compile(r"""["'/](?:cmd|reply|v1)/(?!1")""")
    strays = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for folder in ("bridge", "services")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != ROOT / "bridge" / "contract" / "topics.py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if spelled.search(line) and "``" not in line and not line.lstrip().startswith("#")
    ]
    assert not strays, "only bridge/contract/topics.py spells topics"


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


# -- one writer of state -----------------------------------------------------------------------------------------

WRITERS = {ROOT / "services" / "live" / name for name in ("state_writer.py", "revisions.py")}
"""`StateWriter`, and the counter that it alone has."""

WRITTEN = {
    "state",
    "level",
    "slots",
    "stale",
    "record",
    "abilities",
    "more",
    "options",
    "driver",
    "antenna_count",
    "diversity",
}
"""Fields of a unit, a part or its availability that `StateWriter` alone swaps."""

VERSIONED = {"version", "info_version", "slots_version", "revision", "changed_at"}
"""What a revision is kept in."""

OWN = {"self"}
"""An object may write its own fields: other things have a state too."""


def written(tree: ast.AST) -> list[ast.Attribute]:
    """Every ``name.field = ...`` in a file, but for ``self.field``."""
    targets: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets += node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets.append(node.target)
    flat = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return [
        one
        for one in flat
        if isinstance(one, ast.Attribute) and not (isinstance(one.value, ast.Name) and one.value.id in OWN)
    ]


def test_one_place_swaps_the_state_of_a_unit_or_part_and_raises_its_revision() -> None:
    """`Inventory.refile` files a record for the writer; nobody else touches one."""
    strays = [
        f"{path.relative_to(ROOT)}:{one.lineno} writes {ast.unparse(one)}: that is for StateWriter"
        for room in ("live", "units", "discovery", "commands")
        for path in sorted((ROOT / "services" / room).rglob("*.py"))
        if path not in WRITERS
        for one in written(ast.parse(path.read_text()))
        if one.attr in WRITTEN | VERSIONED and not (path.name == "inventory.py" and one.attr == "record")
    ]
    assert not strays, strays
