"""The identity that a unit reports."""

from __future__ import annotations

from dataclasses import dataclass

from services.model.kinds import Kind
from services.model.texts import clean_text

_TEXTS = ("model", "serial", "mac", "cid", "device_id", "firmware", "band")
"""What a unit writes of itself: cleaned, as every text from outside."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answered. ``device_id`` is the label that people edit: evidence, never part of an id."""

    manufacturer: str
    family: str
    kind: Kind = Kind.RECEIVER
    model: str | None = None
    serial: str | None = None
    mac: str | None = None
    cid: str | None = None
    certificate: str | None = None
    """SHA-256 of the certificate that the unit proved, as 32 pairs with colons; ``None`` without TLS."""
    device_id: str | None = None
    firmware: str | None = None
    band: str | None = None
    part_count: int | None = None

    def __post_init__(self) -> None:
        for name in _TEXTS:
            text = getattr(self, name)
            if text is not None and not text.isprintable():
                object.__setattr__(self, name, clean_text(text))
