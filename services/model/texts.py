"""Texts that come from outside: of units, of brokers, of people. Cleaned once, where they come in."""

from __future__ import annotations

import json
from typing import Any

SHOWN_MOST = 200
"""Characters of a text that is shown; the longest name that a unit stores has 32."""

_JOINERS = frozenset("\u200c\u200d")
"""Zero-width joiner and non-joiner: no glyphs, but Persian and emoji are written with them."""


BEYOND_16_BITS = 0x10000
"""JSON writes signs from here on as two halves."""


def clean_text(text: str, limit: int = SHOWN_MOST) -> str:
    """The text on one line, without what a terminal would obey or a browser would turn around.

    White space becomes a plain space. Every other sign that cannot be shown (C0 and C1 controls, marks that turn the
    direction of writing, halves of pairs) becomes the replacement character (U+FFFD), so that a name with an odd byte
    stays that name. Space at the end is padding and goes, space before a name is part of it. At most ``limit``
    characters stay.
    """
    if not text.isprintable():
        text = "".join(map(_shown, text))
    return text[:limit].rstrip()


def clean_json(value: Any) -> Any:
    """The same value with every text and key in it shown as by `clean_text`, at no limit; blanks at ends stay.

    Recurses: for what is known to be flat enough.
    """
    if isinstance(value, str):
        return value if value.isprintable() else "".join(map(_shown, value))
    if isinstance(value, dict):
        return {clean_json(key): clean_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    return value


WORD_MOST = 40
"""Characters of a wrong value that a sentence repeats."""


def in_words(value: object) -> str:
    """A value out of JSON as a sentence names it: short, and on one line."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | int | float | None) else str(value)
    return clean_text(text) if len(text) <= WORD_MOST else f"{clean_text(text, WORD_MOST)}..."


def _shown(sign: str) -> str:
    if sign.isprintable() or sign in _JOINERS:
        return sign
    return " " if sign.isspace() else "\N{REPLACEMENT CHARACTER}"


def visible(text: str) -> str:
    """The text with every sign that cannot be shown written as its number, as JSON does it; line ends and tabs too.

    For what is shown as it came, where a sign must not vanish: logs, terminals, JSON. At no limit.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in _JOINERS else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    number = ord(sign)
    if number < BEYOND_16_BITS:
        return f"\\u{number:04x}"
    number -= BEYOND_16_BITS
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"
