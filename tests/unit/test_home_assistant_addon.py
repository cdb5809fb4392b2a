"""The app for Home Assistant is what its Supervisor takes, in our own words, and agrees with itself and with mic2mqtt.

The Supervisor's own rules are in its repository: supervisor/apps/validate.py, options.py and build.py.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from bridge import __version__
from bridge.settings import Settings, load
from scripts.home_assistant_addon import make

ADDON = Path(__file__).parents[2] / "packaging" / "home-assistant-addon"
KEYS = {
    *("name", "version", "slug", "description", "arch", "host_network", "services", "map", "backup", "timeout"),
    *("options", "schema"),
}
"""What the Supervisor knows under these names, and all that this app has a use for."""
DEFAULTS = {"startup": "application", "boot": "auto", "init": True, "stage": "stable", "ingress": False, "timeout": 10}
"""A few of those that the common linter of apps wants to see left out."""
RIGHTS = {
    *("privileged", "full_access", "docker_api", "hassio_api", "homeassistant_api", "auth_api", "host_pid", "host_ipc"),
    *("host_dbus", "host_uts", "devices", "usb", "uart", "gpio", "kernel_modules", "apparmor", "ports", "ingress"),
}
ELEMENT = re.compile(r"(bool|str|url|port|int|float|list\((?P<list>.+)\)|match\((?P<match>.+)\))(?P<optional>\?)?")
"""Types of an option: a part of those that the Supervisor knows."""


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ADDON / name).read_text("utf-8"))
    return document


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    return read("config.yaml")


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("addon_run", ADDON / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_supervisor_finds_all_that_it_needs_and_nothing_that_it_does_not_know(config: dict[str, Any]) -> None:
    assert config.keys() >= {"name", "version", "slug", "description", "arch"}
    assert config.keys() <= KEYS
    assert re.fullmatch(r"[-_.A-Za-z0-9]+", config["slug"])
    assert set(config["arch"]) == {"amd64", "aarch64"}
    assert isinstance(config["timeout"], int)
    assert 10 < config["timeout"] <= 300
    assert all(re.fullmatch(r"(mqtt|mysql):(provide|want|need)", service) for service in config["services"])
    assert all(re.fullmatch(r"(addon_config|app_config):(rw|ro)", place) for place in config["map"])
    assert config["backup"] in {"hot", "cold"}
    assert (
        not DEFAULTS.items()
        & {key: value for key, value in config.items() if not isinstance(value, (list, dict))}.items()
    )


def test_the_version_is_that_of_the_program(config: dict[str, Any]) -> None:
    assert config["version"] == __version__


def test_the_app_has_the_network_of_the_host_and_no_further_right(config: dict[str, Any]) -> None:
    assert config["host_network"] is True
    assert not config.keys() & RIGHTS


def fits(kind: Any, value: object) -> bool:
    """Whether the Supervisor takes a value for an option of this type."""
    if isinstance(kind, list):
        return isinstance(value, list) and all(fits(kind[0], item) for item in value)
    found = ELEMENT.fullmatch(kind)
    assert found, kind
    if found["list"]:
        return str(value) in found["list"].split("|")
    if found["match"]:
        return re.match(found["match"], str(value)) is not None
    return isinstance(value, bool if found[1] == "bool" else str)


def is_optional(kind: Any) -> bool:
    return str(kind[0] if isinstance(kind, list) else kind).endswith("?")


def test_every_option_has_a_type_and_a_default_that_fits_it(config: dict[str, Any]) -> None:
    options, schema = config["options"], config["schema"]
    assert options.keys() <= schema.keys()
    for name, kind in schema.items():
        assert name in options or is_optional(kind), f"{name}: without a default nobody could start the app"
        assert name not in options or fits(kind, options[name]), name


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("campus", "main-house", True),
        ("campus", "", True),
        ("campus", "Main House", False),
        ("log_level", "trace", False),
        ("http_listen", "0.0.0.0:8099", True),
        ("http_listen", "[::1]:8099", True),
        ("http_listen", "", True),
        ("http_listen", "8099", False),
    ],
)
def test_the_form_refuses_what_the_bridge_would_refuse(
    config: dict[str, Any], name: str, value: str, taken: bool
) -> None:
    assert fits(config["schema"][name], value) is taken


def test_words_to_choose_from_are_those_of_the_bridge(config: dict[str, Any]) -> None:
    choices = {"log_level": ("log", "level"), "home_assistant_names": ("home_assistant", "names")}
    for option, (section, key) in choices.items():
        annotation = type(getattr(Settings(), section)).model_fields[key].annotation
        found = ELEMENT.fullmatch(config["schema"][option])
        assert found
        assert set(found["list"].split("|")) == set(annotation.__args__)


def test_every_option_has_a_name_and_an_explanation_and_stands_in_the_documents(config: dict[str, Any]) -> None:
    translations = read("translations/en.yaml")
    assert translations.keys() == {"configuration"}
    assert translations["configuration"].keys() == config["schema"].keys()
    documents = (ADDON / "DOCS.md").read_text("utf-8")
    for name, texts in translations["configuration"].items():
        assert texts.keys() == {"name", "description"}, name
        assert all(isinstance(text, str) and text for text in texts.values()), name
        assert f"`{name}`" in documents


EVERY: Mapping[str, Any] = {
    "log_level": "debug",
    "mqtt_service": True,
    "organization": "theatre",
    "campus": "main-house",
    "home_assistant": True,
    "home_assistant_names": "channel",
    "home_assistant_campuses": ["main-house", "theatre/studio"],
    "home_assistant_tags": ["vocals"],
    "http_listen": "127.0.0.1:9000",
}


def test_every_option_reaches_the_bridge(config: dict[str, Any], program: ModuleType, tmp_path: Path) -> None:
    assert EVERY.keys() == config["schema"].keys()
    service = {"host": "core-mosquitto", "port": 1883, "ssl": False, "username": "addons", "password": "pa#ss w/rd"}
    settings = load(ADDON / "mic2mqtt.toml", {**program.settings(EVERY), **program.broker(service, tmp_path / "own")})
    assert settings.mqtt.url == "mqtt://core-mosquitto:1883"
    assert settings.mqtt.user == "addons"
    assert settings.mqtt.password is not None
    assert settings.mqtt.password.get_secret_value() == "pa#ss w/rd"
    assert (settings.bridge.organization, settings.bridge.campus) == ("theatre", "main-house")
    assert settings.home_assistant.enabled is True
    assert settings.home_assistant.names == "channel"
    assert settings.home_assistant.campuses == ("main-house", "theatre/studio")
    assert settings.home_assistant.tags == ("vocals",)
    assert settings.http.listen == "127.0.0.1:9000"
    assert settings.log.level == "debug"


def test_what_is_not_set_is_left_to_the_file(config: dict[str, Any], program: ModuleType) -> None:
    assert program.settings(config["options"]).keys() == {
        "MIC2MQTT_LOG__LEVEL",
        "MIC2MQTT_HOME_ASSISTANT__ENABLED",
        "MIC2MQTT_HOME_ASSISTANT__NAMES",
        "MIC2MQTT_HTTP__LISTEN",
    }
    assert program.settings({"home_assistant": False}) == {"MIC2MQTT_HOME_ASSISTANT__ENABLED": "false"}


@pytest.mark.parametrize(
    ("service", "url"),
    [
        ({"host": "broker.example.org", "port": 8883, "ssl": True}, "mqtts://broker.example.org:8883"),
        ({"host": "fd00::5", "port": "1883"}, "mqtt://[fd00::5]:1883"),
    ],
)
def test_a_service_becomes_a_url_and_one_without_a_password_leaves_no_file(
    program: ModuleType, tmp_path: Path, service: dict[str, Any], url: str
) -> None:
    assert program.broker(service, tmp_path) == {"MIC2MQTT_MQTT__URL": url}
    assert load(None, program.broker(service, tmp_path)).mqtt.url == url
    assert not list(tmp_path.iterdir())


def test_the_password_is_readable_for_nobody_else_also_where_a_file_was_left(
    program: ModuleType, tmp_path: Path
) -> None:
    left = tmp_path / "mqtt-password"
    left.write_text("old")
    left.chmod(0o644)
    found = program.broker({"host": "a", "port": 1, "username": "u", "password": "s3cret"}, tmp_path)
    assert "s3cret" not in str(found)
    assert left.read_text() == "s3cret"
    assert left.stat().st_mode & 0o777 == 0o600


def test_the_example_file_is_right_as_it_is_and_with_everything_switched_on(tmp_path: Path) -> None:
    text = (ADDON / "mic2mqtt.toml").read_text("utf-8")
    assert load(ADDON / "mic2mqtt.toml", {}) == Settings()
    switched_on = tmp_path / "mic2mqtt.toml"
    switched_on.write_text(re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE))
    (tmp_path / "mqtt-password").write_text("s3cret\n")
    settings = load(switched_on, {})
    assert [unit.id for unit in settings.units] == ["rack1", "dock1"]
    assert settings.discovery.ranges
    assert settings.control.rules
    assert settings.mqtt.password is not None


def test_the_folder_that_is_made_has_all_that_its_dockerfile_copies(tmp_path: Path) -> None:
    made = tmp_path / "mic2mqtt"
    make(made)
    make(made)  # over an older one
    lines = (made / "Dockerfile").read_text("utf-8")
    for source in " ".join(re.findall(r"^COPY (?!--from)(.*) \S+$", lines, re.MULTILINE)).split():
        assert (made / source).exists(), source
    assert (made / "source" / "requirements" / "runtime.lock").is_file()
    assert {path.name for path in made.iterdir()} >= {
        "config.yaml",
        "Dockerfile",
        "DOCS.md",
        "README.md",
        "CHANGELOG.md",
    }
    # the store reads each config.* anywhere below as an app of its own; a build.* is deprecated
    assert [path.relative_to(made).as_posix() for path in made.glob("**/config.*")] == ["config.yaml"]
    assert not list(made.glob("build.*"))
    assert not list(made.glob("**/__pycache__"))


def test_a_folder_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(SystemExit, match="is no add-on"):
        make(tmp_path)
    assert (tmp_path / "mine").exists()


def test_the_image_installs_only_what_is_locked_and_ends_by_signal() -> None:
    lines = (ADDON / "Dockerfile").read_text("utf-8")
    installs = re.findall(r"pip .*?install (.*?)(?: \\| ?&&|\n)", lines)
    assert installs
    assert all("--require-hashes" in install or "--no-deps --no-index" in install for install in installs)
    assert "STOPSIGNAL SIGTERM" in lines
    assert re.search(r"^HEALTHCHECK .*--health", lines, re.MULTILINE)
    assert json.loads(lines.rpartition("ENTRYPOINT ")[2]) == ["python", "/opt/app/run.py"]
    assert set(re.findall(r"^FROM (\S+)", lines, re.MULTILINE)) == {"python:3.13-slim"}


def test_it_needs_nothing_but_the_standard_library() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ADDON / "run.py"), "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
