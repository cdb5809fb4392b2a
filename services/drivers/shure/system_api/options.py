"""What people configure for units behind a System API server: ``options`` of ``[[units]]``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from services.drivers.transport.https import normalised


class SystemApiOptions(BaseModel):
    """How to reach the server; the same for all units behind it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: SecretStr | None = Field(None, description="The shared secret that was set when the server was installed.")
    fingerprint: str = Field(
        "", description="SHA-256 of the server's certificate; without it the first one that is seen is remembered."
    )

    @field_validator("fingerprint")
    @classmethod
    def _normalised(cls, text: str) -> str:
        return normalised(text) if text else ""
