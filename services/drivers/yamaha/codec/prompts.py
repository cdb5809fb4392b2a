"""The words of a login, which no document has: they are taken as Telnet servers usually write them. PURE."""

from __future__ import annotations

import re
from typing import Final, Literal

Prompt = Literal["user", "password"]

_PROMPTS: Final[tuple[tuple[Prompt, re.Pattern[str]], ...]] = (
    ("password", re.compile(r"(?i)(?:^|\b)pass(?:word|code|phrase)?[^:>?]{0,30}[:>?]\s*$")),
    ("user", re.compile(r"(?i)(?:^|\b)(?:log[ -]?in|user(?:[ -]?name)?)(?: name)?\s*[:>?]\s*$")),
)
_REFUSED: Final = re.compile(r"(?i)incorrect|denied|invalid|fail(?:ed|ure)|wrong|not authori[sz]ed|bad (?:user|pass)")
_OCCUPIED: Final = re.compile(r"(?i)\b(?:in use|busy|already (?:logged|connected)|another|too many|maximum|only one)\b")


def prompt(text: str) -> Prompt | None:
    """What the unit asks for at the end of this text."""
    return next((kind for kind, pattern in _PROMPTS if pattern.search(text)), None)


def is_refusal(text: str) -> bool:
    """Whether it says that user or password are wrong."""
    return _REFUSED.search(text) is not None


def is_occupied(text: str) -> bool:
    """Whether it says that somebody else is logged in."""
    return _OCCUPIED.search(text) is not None
