"""`Result`: how the work of a service ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

ResultStatus = Literal["succeeded", "partial", "failed"]


@dataclass(slots=True)
class Counts:
    """How many receivers each outcome had. ``offline``: marked absent by a complete snapshot, or unreachable."""

    seen: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    moved: int = 0
    conflict: int = 0
    failed: int = 0
    offline: int = 0


@dataclass(frozen=True, slots=True)
class DeviceError:
    """What went wrong with one unit or host; ``code`` is an error code or an availability reason."""

    device: str
    code: str
    message: str


@dataclass(slots=True)
class Result:
    """How a piece of work ended. ``duration_s`` is in seconds."""

    manufacturer: str | None = None
    counts: Counts = field(default_factory=Counts)
    errors: list[DeviceError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    incomplete: bool = False
    """Part of what was asked for was left out, and a warning names it; other warnings are only remarks."""
    duration_s: float = 0.0
    request_id: str | None = None
    data: dict[str, object] = field(default_factory=dict)

    @property
    def status(self) -> ResultStatus:
        """``failed`` when nothing worked, ``partial`` when something did not, or was left out."""
        if not self.errors and not self.counts.failed:
            return "partial" if self.incomplete else "succeeded"
        worked = self.counts.seen - self.counts.failed - self.counts.conflict
        return "partial" if worked > 0 else "failed"

    def fail(self, device: str, code: str, message: str) -> None:
        """Count a failure and keep its words."""
        self.counts.failed += 1
        self.errors.append(DeviceError(device, code, message))

    def absorb(self, other: Result) -> None:
        """Add another result, so that one dead manufacturer never hides another."""
        for name in Counts.__dataclass_fields__:
            setattr(self.counts, name, getattr(self.counts, name) + getattr(other.counts, name))
        self.errors.extend(other.errors)
        self.warnings.extend(other.warnings)
        self.incomplete |= other.incomplete

    def leave_out(self, words: str) -> None:
        """Note that part of what was asked for was left out."""
        self.incomplete = True
        self.warnings.append(words)

    def as_json(self) -> dict[str, object]:
        """The form in which it goes into replies and audit events."""
        return {
            "status": self.status,
            "manufacturer": self.manufacturer,
            "counts": asdict(self.counts),
            "errors": [asdict(error) for error in self.errors],
            "warnings": self.warnings,
            "duration_s": round(self.duration_s, 3),
            "request_id": self.request_id,
            **self.data,
        }
