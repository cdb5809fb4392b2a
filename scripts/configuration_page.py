"""`docs/configuration.md`, made from the settings themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bridge.settings import Settings
from bridge.settings.durations import format_duration
from bridge.settings.environment import FILE_SUFFIX, PREFIX, SECRETS, variables
from bridge.settings.problems import allowed
from bridge.settings.values import Duration

_INTRODUCTION: Final = """\
# Configuration

<!-- Made by `make docs` from bridge/settings/: edit there. -->

One TOML file; every key has a default, so an empty file (or none) is a configuration. It is looked for at `--config`,
`$MIC2MQTT_CONFIG`, `./mic2mqtt.toml` and `/etc/mic2mqtt/mic2mqtt.toml`; the first counts. `mic2mqtt check` prints every
mistake with its line, `mic2mqtt check --show` what was understood, `mic2mqtt check --connect` also tries the broker.

It is read again on SIGHUP (`systemctl reload mic2mqtt`) and on the command `reload`; a file with a mistake changes
nothing. A change in `[bridge]`, `[mqtt]`, `[database]` or `[http]` counts only after a restart; log and reply say so.

**Environment.** Every key is also a variable, `MIC2MQTT_<SECTION>__<KEY>` with two underscores between, and counts more
than the file: `MIC2MQTT_MQTT__URL=mqtts://broker.example.org`. Lists are JSON: `MIC2MQTT_DISCOVERY__HOSTS='["rack1"]'`,
`MIC2MQTT_UNITS='[{"host": "10.20.0.11", "id": "rack1"}]'`. An empty variable is none.

**Secrets.** @SECRETS@
can also be given as `<key>_file`: the name of a file that holds nothing but the value, relative to the configuration
file. No secret is ever logged or published. In a URL, write `@ : / ? # [ ]` of a password as `%40 %3A %2F %3F %23 %5B
%5D`. Passwords of units stand in `[[credentials]]`, for all units of a driver or for networks, or with one unit; a new
one counts from the next `reload` on, without a restart, and a unit that refused the old one is asked again then. A
search sends none. A warning, at the start and from `mic2mqtt check`, names a password that goes to another host in
plain text, and a file with a secret that others on this machine can read.

**Files** are UTF-8; a byte order mark and the line ends of any system are fine. UTF-16, and a sign that looks like
another one (a no-break space, a curved quotation mark), are named with their line. An address may have leading zeros,
as the menus of receivers show it: `192.168.001.025`.

**Lengths of time** are a number and a unit, `"500ms"`, `"10s"`, `"5m"`, `"1h30m"`, `"90d"`; a bare number is seconds.

**Ids** (bridge, organization, campus, unit) stand in topics for ever: 1 to 63 of `a-z 0-9 _ -`, a letter or digit
first.
"""

_EXAMPLE: Final = """\
## A whole file

```toml
[bridge]
organization = "theatre"
campus = "main-house"

[mqtt]
url = "mqtts://broker.example.org"
user = "mic2mqtt"
password_file = "mqtt-password"

[database]
url = "sqlite:////var/lib/mic2mqtt/mic2mqtt.db"

[[discovery.ranges]]
network = "10.20.0.0/24"
schedule = "1h"

[[units]]
host = "10.20.0.11"
id = "rack1"
name = "Rack 1"
tags = ["vocals"]
labels = { room = "Stage left", rack = "A" }

[[units]]
host = "10.20.0.30"
id = "dock1"
kind = "charger"
```
"""


def configuration() -> str:
    """The whole page."""
    secrets = ", ".join(f"`[{section}] {key}`" for section, key in SECRETS)
    parts = [_INTRODUCTION.replace("@SECRETS@", secrets), _EXAMPLE]
    for name, info in Settings.model_fields.items():
        parts += _section(name, info)
    parts.append(_variables())
    return "\n".join(parts)


def _section(name: str, info: FieldInfo) -> Iterator[str]:
    model, repeated = _model(info)
    yield _table(f"[[{name}]]" if repeated else f"[{name}]", model)
    for key, field in model.model_fields.items():
        inner, many = _model(field)
        if inner is not BaseModel:
            yield _table(f"[[{name}.{key}]]" if many else f"[{name}.{key}]", inner)


def _table(heading: str, model: type[BaseModel]) -> str:
    rows = [
        f"| `{key}` | {_default(field)} | {_cell(allowed(field))} | {_cell(field.description or '')} |"
        for key, field in model.model_fields.items()
        if _model(field)[0] is BaseModel
    ]
    words = inspect.cleandoc(model.__doc__ or "")
    return "\n".join(
        (f"## `{heading}`", "", words, "", "| key | default | allowed | meaning |", "|---|---|---|---|", *rows, "")
    )


def _model(info: FieldInfo) -> tuple[type[BaseModel], bool]:
    """The table that a key holds, and whether it holds many; `BaseModel` itself for a plain value."""
    kinds: tuple[Any, ...] = (info.annotation, *get_args(info.annotation))
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind, kind is not info.annotation
    return BaseModel, False


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "needed"
    value = info.get_default(call_default_factory=True)
    duration = next((extra for extra in info.metadata if isinstance(extra, Duration)), None)
    if value is None:
        return f'`"{duration.word}"`' if duration and duration.word else ""
    if duration is not None:
        return f'`"{format_duration(value)}"`'
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return "`[]`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _variables() -> str:
    names = [name for name in variables(Settings) if not name.endswith(FILE_SUFFIX.upper())]
    listed = "\n".join(f"- `{name}`" for name in names)
    return f"## Variables\n\n`{PREFIX}CONFIG` names the file. All others:\n\n{listed}\n"
