"""A command and its outcome, as the services see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from services.model import Address, AuditContext, Campus, Kind, Result, ServiceError

Status = Literal["succeeded", "partial", "failed", "rejected"]
Progress = Callable[[Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class Command:
    """One command: a verb, its address and arguments, and who gave it. The arguments were checked before."""

    verb: str
    address: Address | None
    """The resource that is addressed; ``None`` where the process is, for everything that it serves."""
    args: Mapping[str, Any]
    """Exactly the arguments that were given."""
    context: AuditContext
    valid_until: str | None = None
    """RFC 3339; what has not begun by then is not done any more."""

    @property
    def resource(self) -> Address | None:
        """The unit or part that is addressed; ``None`` where it is the process or a campus's bridge."""
        return None if self.address is None or self.address.kind is Kind.BRIDGE else self.address

    @property
    def tenant(self) -> Campus:
        """The campus that is meant: that of the address, else the one in the arguments, else the default."""
        if self.address is not None:
            return self.address.tenant
        return Campus(
            self.args.get("organization") or self.context.organization,
            self.args.get("campus") or self.context.campus,
        )

    def context_in(self, tenant: Campus) -> AuditContext:
        """The context of work for this command in a campus: its audit events name who gave the command."""
        return AuditContext.of(tenant, self.context.actor, self.context.request_id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    status: Status
    data: Mapping[str, object] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    error: ServiceError | None = None
    duration_s: float = 0.0
    audited: Mapping[str, object] = field(default_factory=dict)
    """What the audit keeps beside this."""


def check_tenant(tenant: Campus, served: Sequence[Campus]) -> None:
    """Refuse a campus that is not served: the configuration founds them. Raises `ServiceError`."""
    if tenant not in served:
        detail = f"there is no campus {tenant.organization}/{tenant.campus} here; the configuration founds campuses"
        raise ServiceError("unknown_resource", detail, field="args.campus")


Handler = Callable[[Command, Progress], Awaitable[Mapping[str, object] | Result | Outcome]]
"""Performs one verb; returns its data, a result or an outcome. Raises `ServiceError`."""
