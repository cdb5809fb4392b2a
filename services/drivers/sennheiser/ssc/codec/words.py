"""Codes of refusals, and what they mean for people and for the conversation. PURE.

Source: docs/protocols/sennheiser-ssc.md#errors.
"""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[int, str] = {
    310: "subscription ended",
    400: "request not understood",
    401: "authorisation needed",
    403: "forbidden",
    404: "no such address",
    406: "not acceptable",
    408: "time-out",
    409: "conflict",
    410: "gone",
    413: "request too long",
    414: "request too complex",
    422: "cannot be processed",
    423: "locked",
    424: "no transmitter",
    450: "answer too long",
    454: "no such parameter",
    500: "error in the unit",
    501: "not implemented",
    503: "service not available",
}
"""Codes that refuse something, in our words. What is not listed is named by its number."""

ENDED = 310
"""A subscription ended: its lifetime or its count is used up."""
NO_TRANSMITTER = 424
"""What was asked depends on a transmitter that is off or has nothing valid to say there. No error."""
NO_ADDRESS = frozenset({400, 404, 410, 454, 501})
"""The unit has no such address, or does not understand it: it is not asked again in this conversation."""
TOO_MUCH = frozenset({400, 404, 413, 414, 450, 454})
"""A request for several addresses that is refused so is asked again one by one."""


def words_of(code: int, said: str = "") -> str:
    """A refusal in words: what it means, its number, and what the unit itself said of it."""
    meaning = CODES.get(code, "refused")
    return f"{meaning} ({code})" if not said else f"{meaning} ({code}: {said})"
