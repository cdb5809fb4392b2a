"""What values of the configuration can look like: each check turns what people wrote into what the bridge uses, or says
in one sentence what is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import CoreSchema, core_schema

from bridge.contract import check_id, check_organization
from bridge.settings.durations import format_duration, parse_duration
from bridge.settings.texts import why_unreadable
from services.model import clean_text
from services.rules import Host, normalise_host, parse, parse_allowed, parse_ports

TEXT_MOST: Final = 200
"""Characters of a name, label or tag."""

SERVER_TEXT_MOST: Final = 65_535
"""Bytes of a text in an MQTT message."""

MINUTE: Final = 60.0
DAY: Final = 86_400.0

UNIT_ID_MAX: Final = 58
"""A part's id is its unit's with ``-<number>`` behind it, and has 63 characters at most."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a key can be, in words, where its type does not show it."""

    words: str


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time between two limits, in seconds; ``zero`` is what 0 means, ``word`` is a text for none."""

    least: float
    most: float
    zero: str = ""
    word: str = ""

    @property
    def words(self) -> str:
        """What can be written."""
        limits = f'"{format_duration(self.least)}" to "{format_duration(self.most)}"'
        zero = f", or 0: {self.zero}" if self.zero else ""
        return f'"{self.word}", or {limits}{zero}' if self.word else limits + zero

    def read(self, value: object) -> float | None:
        """Seconds; ``None`` for the word."""
        if value is None or (self.word and value == self.word):
            return None
        seconds = parse_duration(value)
        if not (self.least <= seconds <= self.most or (seconds == 0 and self.zero)):
            raise ValueError(f"{value!r} is outside of what is allowed: {self.words}")
        return seconds

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)


def _unit_id(value: str) -> str:
    if len(value) > UNIT_ID_MAX:
        raise ValueError(f"{value!r} has {len(value)} characters; at most {UNIT_ID_MAX} are allowed")
    return check_id(value)


def _text(value: str) -> str:
    """Without control characters, on one line."""
    if not (clean := clean_text(value.strip(), TEXT_MOST)):
        raise ValueError("it has nothing that can be shown")
    return clean


def network(value: str) -> str:
    """A network, a range or an address; not a name."""
    if isinstance(place := parse(value), Host) and place.is_name:
        raise ValueError(f"{value!r} is a name: host names belong in [discovery] hosts")
    return value.strip()


def _host(value: str) -> Host:
    if "://" in value:
        raise ValueError(f"{value!r} is no host: write its name or address alone")
    if isinstance(place := parse(value), Host):
        return place
    raise ValueError(f"{value!r} is more than one address: networks belong in [[discovery.ranges]]")


def allowed(value: str) -> str:
    """A network of any size, a range, an address or a name."""
    parse_allowed(value)
    return value.strip()


def ports(value: str) -> str:
    """A port or a range of ports."""
    parse_ports(value)
    return value.strip()


def host_and_port(value: str) -> str:
    """One host, perhaps with a port."""
    _host(value)
    return value


def host_alone(value: str) -> str:
    """One host without its port."""
    place = _host(value)
    if place.port is not None:
        raise ValueError(f"{value!r}: write the port in its own key: port = {place.port}")
    return place.host


def interface_address(value: str) -> str:
    """A local address, or nothing for all of them."""
    value = normalise_host(value)
    if value:
        try:
            ip_address(value)
        except ValueError:
            raise ValueError(
                f"{value!r} is no address: give one of this machine's addresses, or leave it empty"
            ) from None
    return value


def existing_file(path: Path) -> Path:
    """A file that is there now: found out here rather than at three in the morning."""
    try:
        is_there = path.is_file()
    except OSError as error:  # a folder that we may not look into, a name that is too long
        raise ValueError(f"{str(path)[:TEXT_MOST]!r}: {why_unreadable(error)}") from error
    if not is_there:
        raise ValueError(f"there is no file {str(path)[:TEXT_MOST]!r}")
    return path


def reply_prefix(value: str) -> str:
    """The beginning of a topic."""
    if not value.strip("/") or any(sign in value for sign in "+#\0"):
        raise ValueError(f"{value!r} must be the beginning of a topic, without the wildcards + and #")
    return value


def listen_address(value: str) -> str:
    """Where to listen: an address and a port, or nothing."""
    if value:
        host, _, port = value.rpartition(":")
        host = normalise_host(host.strip("[]"))
        try:
            fine = bool(ip_address(host)) and port.isascii() and port.isdecimal() and int(port) <= 65535  # noqa: PLR2004 - every TCP port
        except ValueError:
            fine = False
        if not fine:
            raise ValueError(
                f'{value!r} must be ADDRESS:PORT, for example "127.0.0.1:8099" for this machine alone or '
                '"0.0.0.0:8099" for everyone; port 0 takes a free one, "" switches HTTP off'
            )
        value = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return value


def no_switch(value: object) -> object:
    """A number; ``true`` would pass as 1."""
    if isinstance(value, bool):
        raise ValueError(f"{str(value).lower()} is no number")  # noqa: TRY004 - a wrong value for the caller
    return value


def as_secret(value: object) -> object:
    """A secret as it was written, blanks at its ends included."""
    if isinstance(value, str):
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            raise ValueError("it is no UTF-8 text")
        _check_for_server(value)
        if "\0" in value:
            raise ValueError("it holds a NUL character, which ends it for many servers: choose another password")
        return SecretStr(value)
    return value


def server_name(value: str) -> str:
    """A name that a server is told: brokers end the connection at a sign that cannot be shown, and say nothing."""
    _check_for_server(value)
    if not value.isprintable():
        raise ValueError("no server takes a sign that cannot be shown")
    return value


def _check_for_server(value: str) -> None:
    if len(value.encode()) > SERVER_TEXT_MOST:
        raise ValueError(f"it has more than {SERVER_TEXT_MOST} bytes, and no broker takes so many")


def number_as_text(value: object) -> object:
    """Text where people wrote a bare number, as in ``protocol = 5``."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[str, AfterValidator(check_id), Allowed("1 to 63 of `a-z 0-9 _ -`, a letter or digit first")]
Organization = Annotated[str, AfterValidator(check_organization), Allowed("an id, but not `bridge`")]
UnitId = Annotated[str, AfterValidator(_unit_id)]
ServerName = Annotated[str, AfterValidator(server_name)]
Word = Annotated[str, Field(min_length=1, max_length=TEXT_MOST), AfterValidator(_text)]
Whole = Annotated[int, BeforeValidator(no_switch)]
