"""URLs of the broker and the database: secrets are taken out of them, what is left is checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from bridge.mqtt import Endpoint
from services.rules import Host, normalise_host, parse

_QUOTING: Final = "write the signs # / ? @ [ ] in user and password as %23 %2F %3F %40 %5B %5D, or use their own keys"
_PARAMETERS: Final = ("user", "password")
"""Of the query of a database's URL, as its driver knows them."""


def take_credentials_out(data: object) -> object:
    """Move user and password out of ``url``, so that no text of ours can show them; their own keys count more."""
    if not isinstance(data, Mapping) or not isinstance(data.get("url"), str):
        return data
    try:
        url, moved = _without_credentials(data["url"])
    except ValueError:
        return data  # no URL at all: the key's own check reports it, without repeating it
    return {**moved, **data, "url": url}


def _without_credentials(url: str) -> tuple[str, dict[str, str]]:
    """The URL without user and password, and those of both that it had, unquoted."""
    parts = urlsplit(url.strip())
    query = parse_qsl(parts.query, keep_blank_values=True)
    found = {key: value for key, value in query if key in _PARAMETERS}
    left = urlencode([(key, value) for key, value in query if key not in _PARAMETERS]) if found else parts.query
    named = {"user": unquote(parts.username or ""), "password": unquote(parts.password or "")}
    found |= {key: value for key, value in named.items() if value}
    return _joined(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=left)), found


def _joined(parts: SplitResult) -> str:
    if parts.netloc or not parts.path.startswith("/"):
        return urlunsplit(parts)
    # urlunsplit makes sqlite:/x of sqlite:///x
    return f"{parts.scheme}://" + urlunsplit(parts._replace(scheme=""))


def _split(url: str) -> SplitResult:
    """Refuse a URL in which a password with an unquoted sign may have landed outside of its place."""
    try:
        parts = urlsplit(url)
    except ValueError:  # its words would repeat the password
        raise ValueError(f"it is no URL; {_QUOTING}") from None
    if not url.isprintable():  # a NUL, for example, would end the name of a file or host unseen
        raise ValueError("it holds a sign that cannot be shown")
    if parts.fragment or "@" in f"{parts.path}{parts.query}":
        raise ValueError(_QUOTING)
    return parts


def _with_host(parts: SplitResult) -> SplitResult:
    """The same with the host as everywhere else: the system would read 010.020.000.011 as octal numbers."""
    host = parts.hostname
    if not host:
        return parts
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the port in the URL must be a number from 1 to 65535") from None
    host = normalise_host(host)
    if ":" not in host and not _is_host(host):
        raise ValueError(f"{host!r} is no name or address of a host")
    bracketed = f"[{host}]" if ":" in host else host
    return parts._replace(netloc=bracketed if port is None else f"{bracketed}:{port}")


def _is_host(text: str) -> bool:
    try:
        return isinstance(parse(text), Host)
    except ValueError:
        return False


def mqtt_url(url: str) -> str:
    """A broker's URL, which has lost its credentials already."""
    parts = _split(url)
    if parts.query:
        raise ValueError("there is no ? in a broker's URL; in a password write it as %3F")
    Endpoint.parse(url)
    return urlunsplit(_with_host(parts))


_POSTGRES: Final = ("postgresql+psycopg", "postgresql", "postgres")


def database_url(url: str) -> str:
    """A database's URL, with the driver that is installed."""
    parts = _split(url)
    rest = url.partition("://")[2]
    if parts.scheme == "sqlite" and rest.startswith("/") and rest.strip("/"):
        if "?" in rest:
            raise ValueError("there is no ? in the URL of a SQLite file: its options do nothing, leave them out")
        return url
    if parts.scheme in _POSTGRES and parts.path.strip("/"):
        return _joined(_with_host(parts)._replace(scheme="postgresql+psycopg"))
    raise ValueError(
        'it must be "sqlite:///FILE" (four slashes for an absolute path) or "postgresql://USER@HOST/DATABASE"'
    )
