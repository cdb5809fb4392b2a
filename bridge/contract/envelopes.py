"""What all published messages have in common: the forms of ids and times, and two envelopes. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import is_typeddict

from services.model import ID_PATTERN

MOST_BYTES: Final = 128 * 1024
"""No published payload is larger: every broker takes that much."""

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Time = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", examples=["2026-11-22T19:30:00.120Z"]),
]
Epoch = Annotated[int, Field(ge=1, description="Rises at every start, take-over and hand-over.")]
Revision = Annotated[int, Field(ge=0, description="Rises with every change within an epoch.")]


class Payload(BaseModel):
    """A JSON object with no key too many."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _data_is_closed(cls, value: Any) -> Any:
        """Typed dictionaries let unknown keys pass; the contract does not."""
        field = cls.model_fields.get("data")
        if field is not None and is_typeddict(field.annotation) and isinstance(value, Mapping):
            unknown = sorted(set(value.get("data") or {}) - set(field.annotation.__annotations__))
            if unknown:
                raise ValueError(f"data has unknown keys: {', '.join(unknown)}")
        return value


class Resource(Payload):
    """The envelope of what a resource is: it changes seldom and is retained."""

    id: Id
    epoch: Epoch
    revision: Revision
    changed_at: Time
    stale: Annotated[bool, Field(description="The values are the last known, not live.")]


class Measured(Payload):
    """The envelope of what is measured again and again."""

    id: Id
    time: Time
