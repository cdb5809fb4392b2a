"""Failures of a command as lines for people, and the exit code that goes with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

FAILED: Final = 1
WRONG: Final = 2
"""Wrong usage or configuration."""


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors of a group, and of groups within it."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def explain(error: BaseException) -> tuple[list[str], int] | None:
    """Lines and exit code; ``None`` for a failure of our own, whose traceback someone needs."""
    lines: list[str] = []
    codes: set[int] = set()
    for leaf in leaves(error):
        explained = _one(leaf)
        if explained is None:
            return None
        lines += explained[0]
        codes.add(explained[1])
    return list(dict.fromkeys(lines)), max(codes, default=FAILED)


def _one(error: BaseException) -> tuple[list[str], int] | None:
    # by module and name: a command that did not need a module is not made to load it for its errors
    match type(error).__module__, type(error).__name__:
        case "bridge.settings.loading", "ConfigurationError":
            return list(getattr(error, "problems", [])), WRONG
        case "services.drivers.registry", "UnknownDriverError":
            return [str(error)], WRONG
        case (
            ("bridge.mqtt.endpoint", "BrokerError")
            | ("bridge.http.server", "ListenError")
            | ("services.store.errors", "StoreError" | "StoreClosedError")
            | ("services.drivers.port", "DriverError")
            | ("services.model.errors", "ServiceError")
        ):
            return [str(error)], FAILED
    if isinstance(error, OSError):
        return [str(error)], FAILED
    return None
