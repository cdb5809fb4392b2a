"""The configuration: one file and the environment, checked, with every mistake and its line.

`sections`, `unit_sections` and `discovery_section` list the keys, `values` and `durations` check them, `cross_checks`
what belongs together, `urls` takes the secrets out of URLs. `loading`
reads the file as `texts` gives it, `environment` the variables, `problems` words the mistakes. `mapping` makes of it
what services need.
"""

from __future__ import annotations

from bridge.settings.durations import parse_duration
from bridge.settings.environment import FILE_SUFFIX
from bridge.settings.loading import ConfigurationError, Settings, changes, digest, find_file, load, redacted, secrets
from bridge.settings.mapping import (
    broker_of,
    configured_units,
    control_rules_of,
    credentials_of,
    polling_of,
    ranges_of,
    status_rules_of,
)
from bridge.settings.sections import HomeAssistantSettings
from bridge.settings.texts import read_secret, strange_sign

__all__ = [
    "FILE_SUFFIX",
    "ConfigurationError",
    "HomeAssistantSettings",
    "Settings",
    "broker_of",
    "changes",
    "configured_units",
    "control_rules_of",
    "credentials_of",
    "digest",
    "find_file",
    "load",
    "parse_duration",
    "polling_of",
    "ranges_of",
    "read_secret",
    "redacted",
    "secrets",
    "status_rules_of",
    "strange_sign",
]
