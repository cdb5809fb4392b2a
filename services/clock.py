"""The time of day and new ids, in the forms that the contract wants. Pure modules get these values as arguments."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from functools import lru_cache

_COUNTER_BITS = 12
"""RFC 9562, section 5.7: ``rand_a``, used as a counter (method 1 of section 6.2)."""
_RANDOM_BITS = 62
_VERSION_AND_VARIANT = (7 << 76) | (2 << 62)
_random = random.SystemRandom()
_last = 0
"""Milliseconds and counter of the newest id, as one number that only rises."""


def now() -> float:
    """Seconds since 1970."""
    return time.time()


def unix_seconds(text: str) -> float:
    """Seconds since 1970 of an RFC 3339 text. Raises `ValueError` for a text that is none."""
    return datetime.fromisoformat(text).timestamp()


def text_of(seconds: float) -> str:
    """Seconds since 1970 as RFC 3339 UTC with milliseconds and ``Z``."""
    whole, microseconds = divmod(round(seconds * 1_000_000), 1_000_000)
    return f"{_to_the_second(whole)}.{microseconds // 1000:03d}Z"


@lru_cache(maxsize=16)
def _to_the_second(seconds: int) -> str:
    """Written once a second, not once a message."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:-6]


def now_text() -> str:
    """Now, as RFC 3339 UTC with milliseconds and ``Z``."""
    return text_of(now())


def uuid7() -> str:
    """A new UUIDv7 (RFC 9562) that sorts after all that this process made before, even when the clock is set back."""
    global _last  # noqa: PLW0603 - one order for the whole process is what this is for
    _last = max(_last + 1, (time.time_ns() // 1_000_000) << _COUNTER_BITS)
    milliseconds, counter = divmod(_last, 1 << _COUNTER_BITS)
    number = (milliseconds << 80) | (counter << 64) | _random.getrandbits(_RANDOM_BITS) | _VERSION_AND_VARIANT
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
