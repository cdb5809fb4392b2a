"""The closed list of error codes, and the one exception that carries them through the services."""

from __future__ import annotations

from typing import Literal

ErrorCode = Literal[
    "bad_json",
    "schema_violation",
    "unknown_verb",
    "unknown_resource",
    "not_settable",
    "out_of_range",
    "expired",
    "retained_rejected",
    "duplicate_conflict",
    "busy",
    "rate_limited",
    "payload_too_large",
    "not_leader",
    "forbidden",
    "device_offline",
    "device_timeout",
    "device_rejected",
    "device_auth",
    "unsupported_by_firmware",
    "internal",
]

TITLES: dict[ErrorCode, str] = {
    "bad_json": "The payload is not a JSON object",
    "schema_violation": "The request does not have the form that the verb asks for",
    "unknown_verb": "There is no such verb for this kind of resource",
    "unknown_resource": "There is no such resource here",
    "not_settable": "This key cannot be set",
    "out_of_range": "The value is outside of what is allowed",
    "expired": "The request came after its valid_until",
    "retained_rejected": "Commands must not be retained",
    "duplicate_conflict": "It collides with something that is there already",
    "busy": "Too much work is under way",
    "rate_limited": "Too many requests",
    "payload_too_large": "The payload is too large",
    "not_leader": "Another instance is the active one",
    "forbidden": "This is not allowed",
    "device_offline": "The unit is not reachable",
    "device_timeout": "The unit did not answer in time",
    "device_rejected": "The unit refused the request",
    "device_auth": "The unit refused our credentials",
    "unsupported_by_firmware": "The unit's firmware does not know this",
    "internal": "The bridge failed; its log says why",
}

_OF_REASON: dict[str, ErrorCode] = {
    "timeout": "device_timeout",
    "silent": "device_timeout",
    "auth_failed": "device_auth",
    "identity_conflict": "duplicate_conflict",
}


def code_of(reason: str) -> ErrorCode:
    """The error code for what went wrong with a unit: an error code already, or an availability reason."""
    return next((code for code in TITLES if code == reason), _OF_REASON.get(reason, "device_offline"))


RETRYABLE: frozenset[ErrorCode] = frozenset({"busy", "rate_limited", "device_offline", "device_timeout", "not_leader"})
REJECTIONS: frozenset[ErrorCode] = frozenset(TITLES) - {
    "device_offline",
    "device_timeout",
    "device_rejected",
    "device_auth",
    "internal",
}
"""Errors that were clear before anything was done."""


class ServiceError(Exception):
    """A request that cannot be fulfilled, in the words that the caller gets.

    ``code`` is one of the closed list; ``detail`` is what happened and what to do about it; ``field``
    names the argument that is wrong (``args.gain_db``); ``retry_after_s`` is in seconds.
    """

    def __init__(
        self, code: ErrorCode, detail: str, *, field: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(detail)
        self.code: ErrorCode = code
        self.detail = detail
        self.field = field
        self.retry_after_s = retry_after_s

    @property
    def retryable(self) -> bool:
        """Whether the same request can succeed later without being changed."""
        return self.code in RETRYABLE
