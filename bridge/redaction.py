"""Takes secrets out of whatever is shown: log lines, errors, the configuration. The one place that knows how."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote

HIDDEN: Final = "***"
"""Stands where a secret stood."""

_SECRET_KEY: Final = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|authoriz|(?:private|api|access)[_-]?key|(?:^|_)pin$", re.IGNORECASE
)
_NAMES: Final = (
    "password",
    "passwd",
    "passwort",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "credential",
    "authorization",
    "private_key",
    "api_key",
    "access_key",
)
"""What the name of a secret ends with where a text gives it a value."""
_STEMS: Final = ("pass", "pwd", "secret", "token", "credential", "authorization", "key", "bearer", "basic ")
"""Most texts have none of these, and a search for one takes less time than the patterns."""
_VALUE: Final = r"""\\"[^"]*"|\\'[^']*'|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|["'][^\n]*|[^&;\s]+"""
"""In quotes, also where a JSON text stands in another; to the end of the line where the end quote was cut off; or up to
a blank."""
_GIVEN: Final = re.compile(
    rf"""(?P<name>{"|".join(_NAMES).replace("_", "[_-]?")}|(?<![^\W_])pass(?=\s*=))s?"""
    r"""(?P<sign>\\?["']?[ \t]*[:=]+>?[ \t]*|(?<=--password)[ \t]+|(?<=password)[ \t]+(?=["']))"""
    rf"""(?:[bu](?=["']))?(?P<value>{_VALUE})""",
    re.IGNORECASE,
)
_SCHEME: Final = re.compile(r"\b(?P<scheme>Bearer|Basic)[ \t]+(?P<value>[\w\-.~+/]+=*)", re.IGNORECASE)
_AFTER_SCHEME: Final = frozenset({"access", "auth", "authentication", "authorization", "header", "scheme", "token"})
"""Words that people write behind the name of a scheme."""
_WORD: Final = re.compile(r"[A-Za-z]?[a-z]*")
_SENTENCE_GOES_ON: Final = re.compile(r"[ \t]+[\w'\"(\[/-]+[ \t.,;)]*(?![\w:=])")
_ENDS: Final = ",.)]}\"'"
"""Signs that close what a value stands in."""
_FIRST_WORD: Final = re.compile(r"\S*")
_PORT: Final = re.compile(r"\d{1,5}(?!\w)")
_IN_QUERY: Final = re.compile(r"([?&;])([^=&;?\s]{1,200})=[^&;\s]*")
_SHORTEST: Final = 4
"""A shorter password is no password, and hiding it everywhere would make lines unreadable."""


def is_secret(key: str) -> bool:
    """Whether what stands under this key is a secret, by the sound of its name."""
    return _SECRET_KEY.search(key) is not None


def known(secrets: Iterable[str]) -> tuple[str, ...]:
    """Secrets in every form in which they may turn up, the longest first, for `redact`."""
    forms = {
        form
        for secret in secrets
        if len(secret) >= _SHORTEST
        for form in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])
    }
    return tuple(sorted(forms, key=len, reverse=True))


def redact(value: Any, secrets: Iterable[str] = ()) -> Any:
    """The value without passwords: those in URLs, those under a key that sounds like one, and the known ones.

    A sentence about a password stays. The time it takes is proportional to the length.
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
        first, *places = text.split("://")
        text = "://".join([first, *map(_without_credentials, places)])
    if "=" in text and ("?" in text or "&" in text):
        text = _IN_QUERY.sub(_hide_in_query, text)
    lower = text.lower()
    if any(stem in lower for stem in _STEMS):
        text = _SCHEME.sub(_hide_after_scheme, text)
        text = _GIVEN.sub(_hide_given, text)
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def _without_credentials(place: str) -> str:
    """What follows the :// of a URL, without the password in it. A blank in a password is a mistake that happens."""
    word = _FIRST_WORD.match(place)[0]  # type: ignore[index]  # it matches anything
    user, colon, after = word.partition(":")
    if not colon:
        return place
    end = word.rfind("@")
    if end < 0 and after and not _PORT.match(after) and not {"/", "["} & set(user):
        line_end = place.find("\n")
        end = place.rfind("@", 0, line_end if line_end >= 0 else len(place))
    return f"{user}:{HIDDEN}{place[end:]}" if end > len(user) else place


def _hide_in_query(found: re.Match[str]) -> str:
    key = unquote(found[2])
    return f"{found[1]}{found[2]}={HIDDEN}" if is_secret(key) or "key" in key.lower() else found[0]


def _hide_after_scheme(found: re.Match[str]) -> str:
    value = found["value"]
    is_plain = _WORD.fullmatch(value) is not None
    if is_plain and (
        found["scheme"].lower() == "basic" or value.lower() in _AFTER_SCHEME or _goes_on(found.string, found.end())
    ):
        return found[0]
    return f"{found['scheme']} {HIDDEN}"


def _hide_given(found: re.Match[str]) -> str:
    value = found["value"]
    if value[0] in "\\\"'":
        return found[0].removesuffix(value) + HIDDEN
    kept = value.rstrip(_ENDS)
    if not kept:
        return found[0]
    if ":" in found["sign"] and _WORD.fullmatch(kept) and kept == value and _goes_on(found.string, found.end()):
        return found[0]  # "mqtt.password: it is missing"
    return found[0].removesuffix(value) + HIDDEN + value[len(kept) :]


def _goes_on(text: str, at: int) -> bool:
    """Whether a word is one of a sentence: another word follows that is no key of its own."""
    return _SENTENCE_GOES_ON.match(text, at) is not None
