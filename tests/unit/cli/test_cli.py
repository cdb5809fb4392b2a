from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from bridge.cli.broker import load_for
from bridge.cli.commands.database import KindOption
from bridge.cli.demo import FLEET
from bridge.cli.errors import READER_LEFT, explain
from bridge.cli.import_guard import OURS, shadowed
from bridge.cli.main import main
from bridge.cli.simulating import every_family
from bridge.mqtt import BrokerError
from bridge.settings import ConfigurationError
from services.drivers import find_drivers
from services.model import UNIT_KINDS

ROOT = Path(__file__).parents[3]

COMMANDS = (
    "run", "demo", "watch", "discover", "probe", "capture", "simulate", "send", "units", "receivers", "audit",
    "check", "version", "asyncapi", "db upgrade", "db check",
)  # fmt: skip

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program in a folder of its own: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        captured = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, captured.out, captured.err

    return command


def test_help_lists_every_command(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    for command in COMMANDS:
        assert f"  {command.split()[0]} " in out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(run: Run, command: str) -> None:
    code, out, _ = run(*command.split(), "--help")
    assert code == 0
    assert f"Example: mic2mqtt {command}" in out


def test_help_loads_nothing_that_only_a_command_needs() -> None:
    script = """
import sys
from bridge.cli.main import main
try:
    main(["--help"])
except SystemExit:
    heavy = {"pydantic", "sqlalchemy", "sqlmodel", "alembic", "aiomqtt", "uvicorn", "starlette", "rich", "asyncio",
             "structlog", "prometheus_client", "amqtt", "httpx", "orjson"}
    print("LOADED", sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"


def test_help_is_there_before_anybody_waits_for_it() -> None:
    """At most 0.1 s of processor time above a bare interpreter on an idle machine; here with room for a busy one."""
    command = [sys.executable, "-c", "from bridge.cli.main import main; main(['--help'])"]
    bare = min(seconds([sys.executable, "-c", "pass"]) for _ in range(3))
    assert min(seconds(command) for _ in range(3)) - bare < 0.25


def seconds(command: list[str]) -> float:
    """Processor time of a command."""
    before = os.times()
    subprocess.run(command, capture_output=True, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def test_a_kind_that_can_be_listed_is_one_that_there_is() -> None:
    assert [kind.value for kind in KindOption] == [kind.value for kind in UNIT_KINDS]


def test_the_asyncapi_document_is_printed_as_it_stands_in_the_docs(run: Run) -> None:
    code, out, _ = run("asyncapi")
    assert code == 0
    assert json.loads(out) == json.loads((ROOT / "docs" / "asyncapi.json").read_text())


def test_the_bridge_loads_nothing_that_only_other_commands_need() -> None:
    script = """
import sys
import bridge.cli.run, bridge.app
print("LOADED", sorted({"rich", "amqtt", "alembic", "httpx", "pydantic_settings", "psycopg"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("dance",), "No such command"),
        (("run", "--colour"), "No such option"),
        (("probe",), "Missing argument"),
        (("audit", "--since", "soon"), "is no length of time"),
        (("audit", "--campus", "main"), "ORGANIZATION/CAMPUS"),
        (("send", "refresh", "--args", "x"), "no JSON"),
        (("send", "refresh", "--args", "[1]"), "a JSON object is wanted"),
        (("send", "refresh", "--args", "[" * 20_000), "no JSON that can be sent: maximum recursion depth"),
        (("send", "note", "--args", '{"text": "\\ud800"}'), "no JSON that can be sent"),
        (("send", "note", "--args", '{"text": 18446744073709551616}'), "no JSON that can be sent"),
        (("send", "refresh", "--to", "rack1"), "must be KIND/ID"),
        (("send", "#"), "VERB: verb '#' cannot stand in a topic"),
        (("send", "a/b"), "VERB: verb 'a/b' cannot stand in a topic"),
        (("send", ""), "VERB: verb '' cannot stand in a topic"),
        (("send", "refresh", "--to", "receiver/+"), "--to: id '+' cannot stand in a topic"),
        (("send", "refresh", "--to", "o/#/receiver/x"), "--to: campus '#' cannot stand in a topic"),
        (("send", "refresh", "--to", "+/c/bridge"), "--to: organization '+' cannot stand in a topic"),
        (("discover",), "name networks or hosts"),
        (("discover", "10.0.0.0/8"), "16777216 addresses"),
        (("probe", "10.0.0.0/24"), "more than one address"),
        (("probe", "127.0.0.1", "--driver", "acme"), "installed drivers: "),
        (("simulate", "--family", "acme"), "families: "),
        (("simulate", "--fault", "fire"), "control_blocked"),
        (("simulate", "--option", "fire=1"), "still: Nothing changes by itself"),
        (("simulate", "--option", "still"), "NAME=VALUE"),
        (("simulate", "--option", "colour=red"), "colour"),
        (("watch", "--url", "http://x"), "mqtt://"),
        (("run", "--config", "gone.toml"), "gone.toml: it cannot be read"),
        (("check", "--config", "gone.toml"), "gone.toml: it cannot be read"),
    ],
)
def test_wrong_usage_is_told_with_what_is_right_and_ends_with_2(
    run: Run, arguments: tuple[str, ...], told: str
) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert told in err
    assert "Traceback" not in err + out


def test_who_is_named_in_the_url_option_counts_more_than_the_configured_user(tmp_path: Path) -> None:
    file = tmp_path / "mic2mqtt.toml"
    (tmp_path / "secret").write_text("b", encoding="utf-8")
    place = "mqtt://ours.example.org"
    file.write_text(f'[mqtt]\nurl = "{place}"\nuser = "bridge"\npassword_file = "secret"\n', encoding="utf-8")
    mqtt = load_for(file, "mqtt://operator:p%40ss@broker.example.org", None).mqtt
    assert (mqtt.user, mqtt.password and mqtt.password.get_secret_value()) == ("operator", "p@ss")
    assert load_for(file, place, None).mqtt.user == "bridge"
    elsewhere = load_for(file, "mqtt://broker.example.org", None).mqtt
    assert (elsewhere.user, elsewhere.password) == (None, None), "our password is not for other brokers"


def test_check_prints_every_mistake(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mic2mqtt.toml").write_text('[mqtt]\nurrl = "x"\n[log]\nlevel = "loud"\n', encoding="utf-8")
    code, _, err = run("check")
    assert code == 2
    assert [line.split(": ")[1:3] for line in err.splitlines()] == [
        ["mic2mqtt.toml:2", "mqtt.urrl"],
        ["mic2mqtt.toml:4", "log.level"],
    ]


def test_check_names_drivers_and_makers_that_are_not_installed(run: Run, tmp_path: Path) -> None:
    text = (
        '[[receivers]]\nhost = "a"\ndriver = "acme"\n[[discovery.ranges]]\nnetwork = "10.0.0.0/24"\nmanufacturer="x"\n'
    )
    (tmp_path / "mic2mqtt.toml").write_text(text, encoding="utf-8")
    code, _, err = run("check")
    assert code == 2
    assert "receivers[1].driver: 'acme' is not installed; allowed: auto, " in err
    assert "discovery.ranges[1].manufacturer: 'x' has no driver here" in err


def test_check_is_content_with_nothing_and_shows_what_it_understood(run: Run) -> None:
    code, out, _ = run("check", "--show")
    assert code == 0
    first, _, shown = out.partition("\n")
    assert first == "configuration: fine (no file: defaults and environment)"
    assert json.loads(shown)["mqtt"]["url"] == "mqtt://localhost:1883"


def test_check_shows_no_secret(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mic2mqtt.toml").write_text('[mqtt]\nurl = "mqtt://anna:hunter22@broker"\n', encoding="utf-8")
    code, out, err = run("check", "--show")
    assert code == 0
    assert "hunter22" not in out + err


def test_version_names_drivers_and_families(run: Run) -> None:
    code, out, _ = run("version")
    assert code == 0
    assert out.startswith("mic2mqtt ")
    assert "driver shure: axient, " in out


@pytest.mark.parametrize("command", ["receivers", "audit", "db check"])
def test_a_database_that_is_not_there_is_told_with_the_remedy(run: Run, command: str) -> None:
    code, _, err = run(*command.split())
    assert code == 1
    assert "there is no database at" in err
    assert "mic2mqtt run" in err


def test_the_database_is_made_by_upgrade_and_found_by_check(run: Run) -> None:
    assert run("db", "upgrade") == (0, "database: schema 0003, brought up to date\n", "")
    assert run("db", "upgrade") == (0, "database: schema 0003, nothing to do\n", "")
    assert run("db", "check") == (0, "database: fine (schema 0003)\n", "")
    assert run("receivers")[:2] == (
        0, "no receivers yet: write [[receivers]] into the configuration, or run `mic2mqtt discover`\n",
    )  # fmt: skip
    assert run("audit", "--json") == (0, "", "")


# -- failures ------------------------------------------------------------------------------------------------


def test_a_group_of_failures_is_told_once_each() -> None:
    error = BrokerError("refused", "nothing listens there")
    assert explain(ExceptionGroup("x", [error, ExceptionGroup("y", [error])])) == (["nothing listens there"], 1)


def test_a_wrong_configuration_is_told_line_by_line_and_ends_with_2() -> None:
    assert explain(ConfigurationError(["a", "b"])) == (["a", "b"], 2)


def test_a_failure_of_our_own_keeps_its_traceback() -> None:
    assert explain(ZeroDivisionError()) is None
    assert explain(ExceptionGroup("x", [BrokerError("refused", "x"), ZeroDivisionError()])) is None


# -- the guard -----------------------------------------------------------------------------------------------


def test_our_own_services_are_no_problem() -> None:
    assert shadowed() is None


def test_a_foreign_services_package_is_named() -> None:
    foreign = ModuleSpec("services", None, origin="/opt/other/services/__init__.py", is_package=True)
    foreign.submodule_search_locations = ["/opt/other/services"]
    told = shadowed(lambda _name: foreign)
    assert told is not None
    assert "/opt/other/services/__init__.py" in told
    assert str(OURS) in told
    assert "no package of that name" in (shadowed(lambda _name: None) or "")


def test_the_program_stops_when_a_foreign_package_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").touch()
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from bridge.cli.main import main; main(['version'])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert str(tmp_path / "services" / "__init__.py") in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["version"],
        ["asyncapi"],
        ["--help"],
        ["check"],
        ["probe", "127.0.0.1", "--port", "1"],
        ["discover", "127.0.0.1"],
    ],
)
@pytest.mark.parametrize("streams", [("stdout",), ("stdout", "stderr")])
def test_a_command_whose_reader_left_ends_quietly_as_other_programs_do(
    arguments: list[str], streams: tuple[str, ...], tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        into = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | dict.fromkeys(streams, writer)
        script = f"from bridge.cli.main import main; main({arguments!r})"
        done = subprocess.run([sys.executable, "-c", script], **into, cwd=tmp_path, text=True, check=False)  # type: ignore[call-overload]
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr or "") == (READER_LEFT, "")


def test_a_connection_that_broke_is_no_reader_that_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(*_: object, **__: object) -> None:
        raise ExceptionGroup("tasks", [BrokenPipeError(32, "Broken pipe")])

    monkeypatch.setattr("bridge.cli.main.app", work)
    with pytest.raises(SystemExit) as ended:
        main(["probe"])
    assert ended.value.code == 1
    assert "Broken pipe" in capsys.readouterr().err


def test_check_wants_an_experimental_driver_to_be_asked_for(run: Run, tmp_path: Path) -> None:
    unit = '[[units]]\nhost = "10.0.0.1"\ndriver = "riedel"\n'
    file = tmp_path / "mic2mqtt.toml"
    file.write_text(unit, encoding="utf-8")
    code, _, err = run("check")
    assert code == 2
    assert '[drivers] experimental = ["riedel"]' in err
    file.write_text(f'[drivers]\nexperimental = ["riedel"]\n{unit}', encoding="utf-8")
    assert run("check")[0] == 0
    file.write_text('[drivers]\nexperimental = ["acme"]\n', encoding="utf-8")
    assert "drivers.experimental: there is no driver 'acme'" in run("check")[2]


def test_the_demo_has_a_unit_of_every_family_that_can_be_simulated() -> None:
    drivers = find_drivers()

    def family(title: str) -> tuple[str, str]:
        driver, _, name = title.partition("/")
        return driver, next(product.family for product in drivers[driver].products if product.name == name)

    missing = {family(each.title) for each in every_family()} - {family(unit.product) for unit in FLEET}
    assert not missing
