"""A unit's own settings in the configuration, and how it is asked with them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from services.drivers.port import Target
from services.drivers.transport.https import Basic, HttpsSettings, Meaning, normalised

PORT = 443

WHERE_ACCESS_IS = (
    "In Sennheiser Control Cockpit open the unit's page, Access, switch third-party access on (Secure) and set its "
    "password there"
)
"""What people do first."""

HINT = (
    "nothing listens there. An EW-DX answers here from firmware 4.0 on, an older one by another protocol; "
    "check address and power"
)

MEANINGS: Mapping[int, Meaning] = {
    401: Meaning(
        "auth_failed",
        f"correct options.password. {WHERE_ACCESS_IS}; after too many wrong ones a unit locks everybody out",
    ),
    403: Meaning("control_blocked", f"third-party access is switched off. {WHERE_ACCESS_IS}, then as options.password"),
}
"""Of statuses that have a meaning of their own here. 403 says nothing about the password, so that is kept."""

NO_PASSWORD: Mapping[int, Meaning] = {
    **MEANINGS,
    401: Meaning("auth_failed", f"it asks for a password: give it as options.password. {WHERE_ACCESS_IS}"),
}


class Options(BaseModel):
    """What a unit of SSCv2 can be given in the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str = Field("", max_length=64, description="User of third-party access; without it the product's own.")
    password: SecretStr | None = Field(None, description="Password of third-party access, as set in Control Cockpit.")
    fingerprint: str = Field("", description="SHA-256 of the unit's certificate; without it the first one seen counts.")

    @field_validator("fingerprint")
    @classmethod
    def _written_alike(cls, value: str) -> str:
        return normalised(value) if value else ""


def options_of(where: Target) -> Options:
    """The options of a target, or those of a unit without any.

    A maker of several protocols has one model of options for all; what is named alike is taken from it.
    """
    given = where.options
    if given is None or isinstance(given, Options):
        return given or Options()
    return Options.model_validate({name: getattr(given, name) for name in Options.model_fields if hasattr(given, name)})


def settings_of(where: Target, fingerprint: str, user: str = "") -> HttpsSettings:
    """How a unit is asked; without a ``user`` without the password, for what it answers to everybody.

    ``user`` is the product's own, in whose place the options may name another.
    """
    options = options_of(where)
    credentials = None
    if user and options.password is not None and options.password.get_secret_value():
        credentials = Basic(options.user or user, options.password)
    return HttpsSettings(
        where.host,
        where.port or PORT,
        credentials=credentials,
        fingerprint=fingerprint,
        connect_timeout_s=where.connect_timeout_s,
        answer_timeout_s=where.answer_timeout_s,
        refused_hint=HINT,
        meanings=MEANINGS if credentials is not None else NO_PASSWORD,
    )
