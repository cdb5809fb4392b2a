"""Where and how a unit is asked by HTTPS, or by plain HTTP: plain data, secrets included but never shown."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from pydantic import SecretStr

from services.drivers.transport.failures import failure
from services.model import AvailabilityReason

HIDDEN = b"***"


@dataclass(frozen=True, slots=True)
class Basic:
    """User and password by HTTP Basic (RFC 7617)."""

    one_at_a_time: ClassVar[bool] = True
    """Units lock out for a few refusals, and two requests at once would be refused twice."""

    user: str
    password: SecretStr

    def headers(self) -> Mapping[str, str]:
        """The header that carries the password."""
        return {"Authorization": f"Basic {self._encoded()}"}

    def hide(self, data: bytes) -> bytes:
        """``data`` without the password, plain or encoded."""
        return _without(data, self.password.get_secret_value(), self._encoded())

    def _encoded(self) -> str:
        return base64.b64encode(f"{self.user}:{self.password.get_secret_value()}".encode()).decode()


@dataclass(frozen=True, slots=True)
class HeaderKey:
    """A key in a header of its own, such as ``x-api-key``."""

    one_at_a_time: ClassVar[bool] = False
    """A server with many units behind it refuses a key as often as it comes."""

    header: str
    key: SecretStr

    def headers(self) -> Mapping[str, str]:
        """The header that carries the key. Raises `DriverError` where no header can."""
        key = self.key.get_secret_value()
        if not (key.isascii() and key.isprintable() and key == key.strip()):
            words = (
                f"the key has characters that the HTTP header {self.header} cannot carry: correct it in the settings"
            )
            raise failure("auth_failed", words, again_s=None)
        return {self.header: key}

    def hide(self, data: bytes) -> bytes:
        """``data`` without the key."""
        return _without(data, self.key.get_secret_value())


Credentials = Basic | HeaderKey


def _without(data: bytes, *secrets: str) -> bytes:
    for secret in secrets:
        if secret:
            data = data.replace(secret.encode(), HIDDEN)
    return data


class Meaning(NamedTuple):
    """What an HTTP status means at this maker's units, and what people can do."""

    reason: AvailabilityReason
    remedy: str


@dataclass(frozen=True, slots=True)
class HttpsSettings:
    """One unit. Equal settings share their connections."""

    host: str
    port: int = 443
    base: str = ""
    """What every path begins with, for example ``/api``."""
    credentials: Credentials | None = None
    fingerprint: str = ""
    """SHA-256 of the unit's certificate, checked instead of authority, name and date; empty: an authority must have
    signed the certificate, for this host name or address."""
    authority: str = ""
    """PEM file of that authority; empty for those that the system trusts."""
    plain: bool = False
    """HTTP without TLS, for units that have nothing else: everybody on the way can read along, the password included.
    The driver decides, and has to ask people before it sends a password so."""
    connect_timeout_s: float = 3.0
    answer_timeout_s: float = 3.0
    refused_hint: str = field(default="", compare=False)
    """What people can do where the unit refuses the connection."""
    meanings: Mapping[int, Meaning] = field(default_factory=dict, compare=False)
    """By status, where the general words do not fit. Reason ``auth_failed``: the password is not sent again."""

    @property
    def peer(self) -> str:
        """For people: ``192.0.2.7 port 443``."""
        return f"{self.host} port {self.port}"

    @property
    def url(self) -> str:
        """The address before every path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.plain else 'https'}://{host}:{self.port}{self.base.rstrip('/')}"
