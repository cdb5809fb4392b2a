"""The sections about the bridge itself: every key with its meaning, default and limits.

`docs/configuration.md` is made from here, and so are the words with which a wrong value is refused. Lengths of time
are seconds once they are read. A section or key that does nothing yet is not here: then it is an unknown one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from bridge.contract import check_base
from bridge.mqtt import Endpoint
from bridge.settings.urls import database_url, mqtt_url, take_credentials_out
from bridge.settings.values import (
    DAY,
    MINUTE,
    Allowed,
    Duration,
    Id,
    Organization,
    ServerName,
    Whole,
    Word,
    as_secret,
    existing_file,
    listen_address,
    number_as_text,
    reply_prefix,
)
from services.model import UNIT_KINDS, Kind


class Section(BaseModel):
    """A table of the file. Keys that it does not know are errors, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class BridgeSettings(Section):
    """The logical bridge, and the tenant of what names none itself."""

    id: Annotated[
        Id, Field(description="Name of this bridge in topics and in the MQTT client id; never change it.")
    ] = "main"
    organization: Annotated[Organization, Field(description="Organization of units and ranges that name none.")] = (
        "default"
    )
    campus: Annotated[Id, Field(description="Campus of units and ranges that name none.")] = "default"


class MqttSettings(Section):
    """The broker."""

    url: Annotated[
        str,
        AfterValidator(mqtt_url),
        Allowed("`mqtt://`, `mqtts://`, `ws://` or `wss://` and HOST or HOST:PORT"),
        Field(description="Where the broker is. User and password may stand in it, or in their own keys."),
    ] = "mqtt://localhost:1883"
    user: Annotated[ServerName | None, Field(description="User name at the broker.")] = None
    password: Annotated[
        SecretStr | None,
        BeforeValidator(as_secret),
        Field(description="Password at the broker. Better in a file of its own."),
    ] = None
    base_topic: Annotated[
        str,
        AfterValidator(check_base),
        Allowed("one level: 1 to 63 letters, digits, `_`, `-`, `.`"),
        Field(description="First level of all topics."),
    ] = "mic2mqtt"
    protocol: Annotated[
        Literal["auto", "5", "3.1.1"],
        BeforeValidator(number_as_text),
        Field(description="MQTT version; `auto` tries 5, with a time limit, then 3.1.1."),
    ] = "auto"
    client_id: Annotated[
        ServerName | None,
        Field(
            description="MQTT client id; made from the bridge's id where it is not given.", min_length=1, max_length=128
        ),
    ] = None
    ca_file: Annotated[
        Annotated[Path, AfterValidator(existing_file)] | None,
        Allowed("a PEM file"),
        Field(description="Certificate authority to trust instead of the system's. TLS is always verified."),
    ] = None
    value_topics: Annotated[
        bool, Field(description="Also publish one plain retained value a topic: `channel/<c>/value/<key>`.")
    ] = False
    reply_prefixes: Annotated[
        tuple[Annotated[str, AfterValidator(reply_prefix)], ...],
        Allowed("beginnings of topics"),
        Field(description="Beginnings of MQTT 5 response topics that are allowed besides the tenant's own `reply/`."),
    ] = ()

    _split = model_validator(mode="before")(take_credentials_out)

    @model_validator(mode="after")
    def _ca_needs_tls(self) -> Self:
        if self.ca_file and not Endpoint.parse(self.url).tls:
            raise ValueError("ca_file needs TLS: begin url with mqtts:// or wss://")
        return self


class DatabaseSettings(Section):
    """Where last values and the audit are kept."""

    url: Annotated[
        str,
        AfterValidator(database_url),
        Allowed("`sqlite:///FILE` or `postgresql+psycopg://USER@HOST/DATABASE`"),
        Field(description="The database. User and password may stand in it, or in their own keys."),
    ] = "sqlite:///mic2mqtt.db"
    user: Annotated[ServerName | None, Field(description="User name, PostgreSQL only.")] = None
    password: Annotated[
        SecretStr | None, BeforeValidator(as_secret), Field(description="Password, PostgreSQL only.")
    ] = None

    _split = model_validator(mode="before")(take_credentials_out)

    def connection_url(self) -> str:
        """The URL with user and password: for the database driver, never for a text that people read."""
        parts = urlsplit(self.url)
        if self.user is None or parts.scheme == "sqlite":
            return self.url
        secret = f":{quote(self.password.get_secret_value(), safe='')}" if self.password else ""
        return urlunsplit(parts._replace(netloc=f"{quote(self.user, safe='')}{secret}@{parts.netloc}"))


class PollingSettings(Section):
    """How often units are asked."""

    refresh_interval: Annotated[
        float,
        Duration(10, DAY),
        Field(description="Complete re-read of every unit, to heal a lost report."),
    ] = 5 * MINUTE
    keepalive: Annotated[
        float,
        Duration(1, 10 * MINUTE),
        Field(description="Ask a unit that was quiet so long. It is lost after twice that, at once on FIN or RST."),
    ] = 10.0
    meter_interval: Annotated[
        float, Duration(0.1, MINUTE, zero="off"), Field(description="Metering asked of the units.")
    ] = 1.0
    telemetry_interval: Annotated[
        float, Duration(0.5, MINUTE), Field(description="How often a channel's telemetry is published.")
    ] = 1.0


Minutes = Annotated[Whole, Field(ge=0, le=24 * 60)]
Percent = Annotated[Whole, Field(ge=0, le=100)]
Bars = Annotated[Whole, Field(ge=0, le=5)]


class StatusSettings(Section):
    """When a channel's status changes. The first battery measure that the family reports counts."""

    lost_hold: Annotated[
        float,
        Duration(1, 7 * DAY, zero="idle at once"),
        Field(description="How long a transmitter that went away counts as `lost` before the channel is `idle`."),
    ] = 30 * MINUTE
    replace_minutes: Annotated[Minutes, Field(description="`replace` at so many minutes of run time or less.")] = 90
    replace_percent: Annotated[Percent, Field(description="`replace` at so much charge or less, %.")] = 30
    replace_bars: Annotated[Bars, Field(description="`replace` at so many bars or less.")] = 2
    critical_minutes: Annotated[Minutes, Field(description="`critical` at so many minutes or less.")] = 30
    critical_percent: Annotated[Percent, Field(description="`critical` at so much charge or less, %.")] = 10
    critical_bars: Annotated[Bars, Field(description="`critical` at so many bars or less.")] = 1
    hysteresis_minutes: Annotated[
        Whole, Field(description="A warning ends so many minutes above its threshold.", ge=0, le=120)
    ] = 5
    hysteresis_percent: Annotated[
        Whole, Field(description="A warning ends so much charge above it, %.", ge=0, le=50)
    ] = 3

    @model_validator(mode="after")
    def _critical_comes_after_replace(self) -> Self:
        for unit in ("minutes", "percent", "bars"):
            critical, replace = getattr(self, f"critical_{unit}"), getattr(self, f"replace_{unit}")
            if critical > replace:
                raise ValueError(f"critical_{unit} ({critical}) must not be above replace_{unit} ({replace})")
        return self


class AuditSettings(Section):
    """What someone may have to explain later."""

    keep: Annotated[
        float,
        Duration(DAY, 3650 * DAY),
        Field(description="How long audit events are kept, in time that the bridge has seen pass."),
    ] = 90 * DAY


class HttpSettings(Section):
    """Metrics and health."""

    listen: Annotated[
        str,
        AfterValidator(listen_address),
        Allowed("ADDRESS:PORT; port 0 takes a free one; empty switches HTTP off"),
        Field(description="Where `/metrics`, `/healthz` and `/readyz` are served. No login: mind who can reach it."),
    ] = "127.0.0.1:8099"
    hosts: Annotated[
        tuple[Word, ...],
        Allowed("host names"),
        Field(description="Names with a dot that it may be asked for under, beside addresses and this machine's name."),
    ] = ()


def _prefix(text: str) -> str:
    if any(sign in text for sign in "+#\0 ") or not all(text.split("/")):
        raise ValueError(f"{text!r} must be one or more levels of a topic, without '+', '#' and spaces")
    return text


def _unit_kind(kind: Kind) -> Kind:
    if kind not in UNIT_KINDS:
        raise ValueError(f"{kind} is no kind of units: use {', '.join(UNIT_KINDS)}")
    return kind


class HomeAssistantSettings(Section):
    """MQTT discovery for Home Assistant."""

    enabled: Annotated[
        bool, Field(description="Have Home Assistant find the units; false takes away what was sent.")
    ] = False
    prefix: Annotated[
        str,
        AfterValidator(_prefix),
        Allowed("one or more levels of a topic"),
        Field(description="Home Assistant's discovery prefix.", min_length=1, max_length=100),
    ] = "homeassistant"
    style: Annotated[
        Literal["device", "single"],
        Field(description="`single` for Home Assistant before 2024.12: one message an entity instead of one a device."),
    ] = "device"
    names: Annotated[
        Literal["number", "channel"],
        Field(description="What a channel's device is called: unit and number, or the channel's own name."),
    ] = "number"
    campuses: Annotated[
        tuple[Word, ...],
        Allowed("`CAMPUS` or `ORGANIZATION/CAMPUS`"),
        Field(description="Only units of these; empty: of all."),
    ] = ()
    tags: Annotated[tuple[Word, ...], Field(description="Only units with one of these tags; empty: all.")] = ()
    kinds: Annotated[
        tuple[Annotated[Kind, AfterValidator(_unit_kind)], ...],
        Allowed(", ".join(f'"{kind}"' for kind in UNIT_KINDS)),
        Field(description="Only units of these kinds; empty: all."),
    ] = ()


class ControlRuleSettings(Section):
    """One permission. All that it names must match; what it does not name matches everything."""

    verbs: Annotated[
        tuple[Literal["set", "identify", "meter_boost"], ...],
        Allowed('`"set"`, `"identify"`, `"meter_boost"`'),
        Field(description="What it allows.", min_length=1),
    ]
    organization: Annotated[
        Organization | None, Allowed("an id"), Field(description="Only units of this organization.")
    ] = None
    campus: Annotated[Id | None, Allowed("an id"), Field(description="Only units of this campus.")] = None
    tags: Annotated[
        tuple[Word, ...], Allowed("words"), Field(description="Only units that have all of these tags.")
    ] = ()
    units: Annotated[tuple[Id, ...], Allowed("ids"), Field(description="Only these units, and their parts.")] = ()
    keys: Annotated[
        tuple[Word, ...] | None,
        Allowed("keys of `info.settable`"),
        Field(description="Only these keys may be set; all that the unit takes where it is not given."),
    ] = None
    limits: Annotated[
        dict[str, tuple[float, float]],
        Allowed("KEY = [LOWEST, HIGHEST]"),
        Field(description="Narrower ranges than the unit's own."),
    ] = {}
    allow_rf: Annotated[
        bool, Field(description="Also frequency, group, RF mute and RF power: what moves or ends a carrier.")
    ] = False
    only_idle: Annotated[bool, Field(description="Only while it is known that nothing is on the air there.")] = False

    @model_validator(mode="after")
    def _limits_are_ranges(self) -> Self:
        for key, (low, high) in self.limits.items():
            if not low <= high:
                raise ValueError(f"limits of {key}: the lowest value ({low:g}) is above the highest ({high:g})")
            if self.keys is not None and key not in self.keys:
                raise ValueError(f"limits of {key}, which is not among keys: add it there")
        return self


class ControlSettings(Section):
    """Who may change units. Without a rule nothing is ever changed; see `docs/control.md`."""

    rules: Annotated[
        tuple[ControlRuleSettings, ...],
        Field(description="Permissions; the first that covers unit, verb and key counts."),
    ] = ()


class LogSettings(Section):
    """What is written to standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="The least important lines that are written.")
    ] = "info"
    format: Annotated[
        Literal["auto", "plain", "json"], Field(description="Lines for people or for machines; `auto` is plain.")
    ] = "auto"
