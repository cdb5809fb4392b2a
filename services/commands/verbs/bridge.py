"""Verbs about the bridge itself: republish, reload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from services.commands.command import Command, Handler, Progress
from services.model import Campus, ServiceError


@dataclass(frozen=True, slots=True)
class BridgeActions:
    """What the bridge as a whole can do."""

    republish: Callable[[Campus | None], int]
    """Publishes everything retained again, of one campus or of all; returns the number of topics."""
    reload: Callable[[], Awaitable[Mapping[str, object]]]
    """Reads the configuration again; returns what changed. Raises `ServiceError`."""
    tenants: Callable[[], Sequence[Campus]]
    """Every campus that is served."""


class BridgeHandlers:
    """Performs ``republish`` and ``reload``."""

    def __init__(self, bridge: BridgeActions) -> None:
        self._bridge = bridge

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Handlers by verb."""
        return {"republish": self._republish, "reload": self._reload}

    async def _republish(self, command: Command, _progress: Progress) -> Mapping[str, object]:
        return {"topics": self._bridge.republish(command.address.tenant if command.address else None)}

    async def _reload(self, command: Command, _progress: Progress) -> Mapping[str, object]:
        if command.address is not None:
            detail = "the configuration file is the whole bridge's: send reload to the process's own command topic"
            raise ServiceError("forbidden", detail)
        return await self._bridge.reload()
