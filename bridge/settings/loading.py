"""All configuration: one frozen model out of one TOML file and the environment.

`load` reads it, with every problem in one exception, each as one line that names the file, the line, the key and what
is allowed. Why there is no settings library below this: docs/decisions/ (environment overlay).
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, PrivateAttr, SecretStr, ValidationError

from bridge.redaction import HIDDEN, is_secret, redact
from bridge.settings.cross_checks import cross_checks
from bridge.settings.discovery_section import DiscoverySettings, RangeSettings
from bridge.settings.environment import note_secrets, overlay
from bridge.settings.problems import LineFinder, Problem, Where, explain
from bridge.settings.sections import (
    AuditSettings,
    BridgeSettings,
    ControlSettings,
    DatabaseSettings,
    HomeAssistantSettings,
    HttpSettings,
    LogSettings,
    MqttSettings,
    PollingSettings,
    Section,
    StatusSettings,
)
from bridge.settings.texts import UnreadableTextError, read_text, strange_sign, toml_problem, why_unreadable
from bridge.settings.unit_sections import CredentialSettings, DriverSettings, ReceiverSettings, UnitSettings

CONFIG_VARIABLE: Final = "MIC2MQTT_CONFIG"
PLACES: Final = (Path("mic2mqtt.toml"), Path("/etc/mic2mqtt/mic2mqtt.toml"))
"""Where the file is looked for when nobody names one; the first that exists counts."""


PROBLEM_MOST: Final = 1_000
"""Characters of a problem that are shown, half of its beginning and half of its end: where the place and the remedy
stand. What is longer repeats a value of somebody's whole."""


class ConfigurationError(Exception):
    """The configuration cannot be used. ``problems`` has one line for each thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = [_shortened(problem) for problem in problems]
        super().__init__("\n".join(self.problems))


def _shortened(problem: str) -> str:
    if len(problem) <= PROBLEM_MOST:
        return problem
    half = PROBLEM_MOST // 2
    return f"{problem[:half]} [{len(problem) - 2 * half} characters left out] {problem[-half:]}"


class Settings(Section):
    """The whole configuration; `Settings()` is what an empty file means."""

    bridge: BridgeSettings = BridgeSettings()
    mqtt: MqttSettings = MqttSettings()
    database: DatabaseSettings = DatabaseSettings()
    polling: PollingSettings = PollingSettings()
    status: StatusSettings = StatusSettings()
    audit: AuditSettings = AuditSettings()
    http: HttpSettings = HttpSettings()
    discovery: DiscoverySettings = DiscoverySettings()
    units: tuple[UnitSettings, ...] = Field(default=(), description="Units that are always served.")
    receivers: tuple[ReceiverSettings, ...] = Field(default=(), description="Receivers that are always served.")
    credentials: tuple[CredentialSettings, ...] = Field(
        default=(), description="Passwords and keys of drivers, for many units at once."
    )
    drivers: DriverSettings = DriverSettings()
    control: ControlSettings = ControlSettings()
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    log: LogSettings = LogSettings()
    _where: Where = PrivateAttr(default_factory=Where)

    @property
    def where(self) -> Where:
        """Where each key came from: for mistakes that show only when the drivers are known."""
        return self._where

    def read_from(self, where: Where) -> Settings:
        """Note where it came from, and give it back."""
        self._where = where
        return self

    def keeping(self, old: Settings, sections: Iterable[str]) -> Settings:
        """The same, but for some sections, which stay as they were."""
        return self.model_copy(update={name: getattr(old, name) for name in sections})

    def organization_of(self, entry: ReceiverSettings | RangeSettings) -> str:
        """The organization of a unit or range, that of ``[bridge]`` where it names none."""
        return entry.organization or self.bridge.organization

    def campus_of(self, entry: ReceiverSettings | RangeSettings) -> str:
        """The campus of a unit or range, likewise."""
        return entry.campus or self.bridge.campus


_PLACE: Final = re.compile(r"at line (\d+)")

SECTIONS: Final = tuple(Settings.model_fields)


def find_file(path: Path | None, env: Mapping[str, str]) -> Path | None:
    """The configuration file: the one named, or the first at its usual places; ``None`` where there is none."""
    if path is not None:
        return path
    if named := env.get(CONFIG_VARIABLE):
        return Path(named)
    return next((place for place in PLACES if _is_there(place)), None)


def _is_there(place: Path) -> bool:
    try:
        return place.is_file()
    except PermissionError:
        return True  # reading it says so


def load(path: Path | None, env: Mapping[str, str]) -> Settings:
    """Read the configuration: the file, then the environment over it.

    Raises:
        ConfigurationError: with every problem that was found.
    """
    file = find_file(path, env)
    text = _read(file) if file is not None else ""
    try:
        written = tomllib.loads(text)
    except ValueError as error:
        raise ConfigurationError([_no_toml(file, str(error), text)]) from error
    except RecursionError as error:
        raise ConfigurationError([f"{file}: lists or tables are nested too deep"]) from error
    return settings_of(written, env, Where(file, LineFinder(text)))


def settings_of(written: dict[str, Any], env: Mapping[str, str], where: Where) -> Settings:
    """The settings of a document that is read already, with the environment over it. Raises `ConfigurationError`."""
    document, problems = overlay(written, env, where, Settings)
    note_secrets(written, where)
    problems += cross_checks(document, where)
    try:
        settings = Settings.model_validate(document).read_from(where)
    except ValidationError as error:
        problems += explain(error, where, Settings)
        settings = Settings()
    if problems:
        raise ConfigurationError([str(problem) for problem in sorted(set(problems), key=Problem.order)])
    return settings


def _read(file: Path) -> str:
    try:
        return read_text(file)
    except OSError as error:
        raise ConfigurationError([f"{file}: it cannot be read: {why_unreadable(error)}"]) from error
    except UnreadableTextError as error:
        raise ConfigurationError([f"{file}: {error}"]) from error


def _no_toml(file: Path | None, problem: str, text: str) -> str:
    """Where the reader of TOML gave up and why, and a sign that people do not see where that line has one."""
    lines = text.split("\n")
    place = _PLACE.search(problem)
    line = int(place[1]) if place else len(lines)
    strange = strange_sign(lines[line - 1])
    remedy = (
        f"; column {strange[0]} holds {strange[1]}, which TOML does not know there: type it again" if strange else ""
    )
    return f"{file}:{line}: this is no TOML: {problem + remedy if strange else toml_problem(problem)}"


def redacted(settings: Settings) -> dict[str, Any]:
    """The configuration as JSON types, secrets hidden: to be shown."""

    def plain(value: object, key: str = "") -> object:
        match value:
            case Mapping() if key == "options":  # which of them are secret only their driver knows
                return dict.fromkeys(value, HIDDEN)
            case SecretStr():
                return HIDDEN
            case Mapping():
                return {name: plain(item, name) for name, item in value.items()}
            case list() | tuple():
                return [plain(item) for item in value]
        return redact(value)

    return {name: plain(value) for name, value in settings.model_dump().items()}


def secrets(settings: Settings) -> tuple[str, ...]:
    """The secrets themselves: for the log, which hides them wherever they turn up."""
    hidden = (settings.mqtt.password, settings.database.password)
    tables = [entry.options for entry in settings.units] + [entry.options for entry in settings.credentials]
    named = [pair for options in tables for pair in options.items()]
    named += parse_qsl(urlsplit(settings.database.url).query)
    return (
        *(secret.get_secret_value() for secret in hidden if secret is not None),
        *(value for key, value in named if is_secret(key) and isinstance(value, str) and value),
    )


def digest(settings: Settings) -> str:
    """Twelve hexadecimal digits that change with the configuration; secrets have no part in it."""
    return sha256(json.dumps(redacted(settings), sort_keys=True).encode()).hexdigest()[:12]


def changes(old: Settings, new: Settings) -> tuple[str, ...]:
    """The sections that differ, secrets included."""
    return tuple(name for name in SECTIONS if getattr(old, name) != getattr(new, name))
