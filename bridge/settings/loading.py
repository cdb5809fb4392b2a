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

from pydantic import Field, PrivateAttr, SecretStr, ValidationError

from bridge.settings.cross_checks import cross_checks
from bridge.settings.discovery_section import DiscoverySettings, RangeSettings
from bridge.settings.environment import overlay
from bridge.settings.problems import LineFinder, Problem, Where, explain
from bridge.settings.section import Section
from bridge.settings.sections import (
    AuditSettings,
    BridgeSettings,
    DatabaseSettings,
    HttpSettings,
    LogSettings,
    MqttSettings,
    PollingSettings,
    StatusSettings,
)
from bridge.settings.texts import UnreadableTextError, read_text, strange_sign
from bridge.settings.unit_sections import ReceiverSettings, UnitSettings

CONFIG_VARIABLE: Final = "MIC2MQTT_CONFIG"
PLACES: Final = (Path("mic2mqtt.toml"), Path("/etc/mic2mqtt/mic2mqtt.toml"))
"""Where the file is looked for when nobody names one; the first that exists counts."""

_HIDDEN: Final = "***"

_SECRET: Final = re.compile(r"password|passphrase|secret|token|pin$|key$")
"""Names of options whose values the log hides; their driver keeps them as `SecretStr` besides."""


class ConfigurationError(Exception):
    """The configuration cannot be used. ``problems`` has one line for each thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


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


_AT_LINE: Final = re.compile(r"at line (\d+)")

SECTIONS: Final = tuple(Settings.model_fields)


def find_file(path: Path | None, env: Mapping[str, str]) -> Path | None:
    """The configuration file: the one named, or the first at its usual places; ``None`` where there is none."""
    if path is not None:
        return path
    if named := env.get(CONFIG_VARIABLE):
        return Path(named)
    return next((place for place in PLACES if place.is_file()), None)


def load(path: Path | None, env: Mapping[str, str]) -> Settings:
    """Read the configuration: the file, then the environment over it.

    Raises:
        ConfigurationError: with every problem that was found.
    """
    file = find_file(path, env)
    text = _read(file) if file is not None else ""
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{file}: this is no TOML: {error}{_lead(str(error), text)}"]) from error
    except RecursionError as error:
        raise ConfigurationError([f"{file}: lists or tables are nested too deep"]) from error
    where = Where(file, LineFinder(text))
    document, problems = overlay(document, env, where, Settings)
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
        raise ConfigurationError([f"{file}: it cannot be read: {error.strerror}"]) from error
    except UnreadableTextError as error:
        raise ConfigurationError([f"{file}: {error}"]) from error


def _lead(problem: str, text: str) -> str:
    """A sign that people do not see, where the line that is no TOML has one."""
    found = _AT_LINE.search(problem)
    lines = text.splitlines()
    number = int(found[1]) if found else len(lines)
    sign = strange_sign(lines[number - 1]) if 1 <= number <= len(lines) else None
    return f"; {sign}" if sign else ""


def redacted(settings: Settings) -> dict[str, Any]:
    """The configuration as JSON types, secrets hidden: to be shown."""

    def plain(value: object, key: str = "") -> object:
        match value:
            case Mapping() if key == "options":  # which of them are secret only their driver knows
                return dict.fromkeys(value, _HIDDEN)
            case SecretStr():
                return _HIDDEN
            case Mapping():
                return {name: plain(item, name) for name, item in value.items()}
            case list() | tuple():
                return [plain(item) for item in value]
            case Path():
                return str(value)
        return value

    return {name: plain(value) for name, value in settings.model_dump().items()}


def secrets(settings: Settings) -> tuple[str, ...]:
    """The secrets themselves: for the log, which hides them wherever they turn up."""
    hidden = (settings.mqtt.password, settings.database.password)
    options = (value for unit in settings.units for key, value in unit.options.items() if _SECRET.search(key))
    return (
        *(secret.get_secret_value() for secret in hidden if secret is not None),
        *(value for value in options if isinstance(value, str) and value),
    )


def digest(settings: Settings) -> str:
    """Twelve hexadecimal digits that change with the configuration; secrets have no part in it."""
    return sha256(json.dumps(redacted(settings), sort_keys=True).encode()).hexdigest()[:12]


def changes(old: Settings, new: Settings) -> tuple[str, ...]:
    """The sections that differ, secrets included."""
    return tuple(name for name in SECTIONS if getattr(old, name) != getattr(new, name))
