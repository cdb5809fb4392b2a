"""Takes secrets out of whatever is shown: log lines, errors, the configuration. The one place that knows how."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

HIDDEN: Final = "***"
"""Stands where a secret stood."""

_SECRET_KEY: Final = re.compile(
    r"passw|passphrase|secret|token|credential|authoriz|(?:private|api|access)_?key|(?:^|_)pin$", re.IGNORECASE
)
_ASSIGNED_WORDS: Final = ("password=", "passwd=", "passphrase=", "secret=", "token=")
_ASSIGNED: Final = re.compile(rf"""({"|".join(_ASSIGNED_WORDS)})(?:"[^"]*"|'[^']*'|[^&;\s"']+)""", re.IGNORECASE)
_WORDS: Final = re.compile(r"(\s+)")
_IN_QUERY: Final = re.compile(
    r"([?&;][^=&;?\s]{0,64}(?:passw|secret|token|credential|key)[^=&;?\s]{0,64}=)[^&;\s]*", re.IGNORECASE
)
_SHORTEST: Final = 4
"""A shorter password is no password, and hiding it everywhere would make lines unreadable."""


def is_secret(key: str) -> bool:
    """Whether what stands under this key is a secret, by the sound of its name."""
    return _SECRET_KEY.search(key) is not None


def known(secrets: Iterable[str]) -> tuple[str, ...]:
    """Secrets in every form in which they may turn up, the longest first, for `redact`."""
    long = [secret for secret in secrets if len(secret) >= _SHORTEST]
    return tuple(sorted({*long, *(quote(secret, safe="") for secret in long)}, key=len, reverse=True))


def redact(value: Any, secrets: Iterable[str] = ()) -> Any:
    """The value without passwords: those in URLs, those under a key that sounds like one, and the known ones.

    The time it takes is proportional to the length.
    """
    match value:
        case str():
            return _redact_text(value, secrets)
        case Mapping():
            return {
                key: HIDDEN if is_secret(str(key)) and item is not None else redact(item, secrets)
                for key, item in value.items()
            }
        case list() | tuple():
            return [redact(item, secrets) for item in value]
        case None | bool() | int() | float():
            return value
    return redact(str(value), secrets)


def _redact_text(text: str, secrets: Iterable[str]) -> str:
    if "://" in text:
        text = "".join([_without_credentials(word) if "://" in word else word for word in _WORDS.split(text)])
    if "=" in text:
        lower = text.lower()
        if any(word in lower for word in _ASSIGNED_WORDS):  # most texts have none, and a search for it takes longer
            text = _ASSIGNED.sub(rf"\1{HIDDEN}", text)
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def _without_credentials(url: str) -> str:
    """A URL without its password and without the secrets of its query."""
    place, at, after = url.rpartition("@")
    scheme, _, user = place.partition("://")
    user, colon, _ = user.partition(":")
    if at and colon:
        url = f"{scheme}://{user}:{HIDDEN}@{after}"
    return _IN_QUERY.sub(rf"\1{HIDDEN}", url) if "=" in url else url
