"""The verb ``note``: a person writes something into the audit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from services.audit import Audit
from services.commands.command import Command, Handler, Progress, check_tenant
from services.model import Campus


class NoteHandlers:
    """Performs ``note``."""

    def __init__(self, audit: Audit, tenants: Callable[[], Sequence[Campus]]) -> None:
        self._audit = audit
        self._tenants = tenants

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Handlers by verb."""
        return {"note": self._note}

    async def _note(self, command: Command, _progress: Progress) -> Mapping[str, object]:
        tenant = command.tenant
        check_tenant(tenant, self._tenants())
        self._audit.record(
            "note",
            context=command.context_in(tenant),
            resource=command.args.get("resource"),
            after={"text": command.args["text"]},
        )
        return {"noted": True}
