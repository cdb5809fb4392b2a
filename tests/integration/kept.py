"""Records for tests of the store."""

from __future__ import annotations

from services import clock
from services.model import Address, AuditDraft, Campus, Kind, PartRecord, UnitRecord

STAGE = Campus("default", "stage")
HALL = Campus("default", "hall")
RACK = Address("default", "stage", Kind.RECEIVER, "rack1")


def receiver(identifier: str = "rack1", tenant: Campus = STAGE, **more: object) -> UnitRecord:
    address = Address(tenant.organization, tenant.campus, Kind.RECEIVER, identifier)
    given: dict[str, object] = {"manufacturer": "shure", "driver": "shure", "host": "10.20.0.11", **more}
    return UnitRecord(address, **given)  # type: ignore[arg-type]  # by name


def channel(number: int = 1, value: object = "Vox", identifier: str = "rack1", tenant: Campus = STAGE) -> PartRecord:
    address = Address(tenant.organization, tenant.campus, Kind.CHANNEL, f"{identifier}-{number}")
    return PartRecord(address, identifier, number, {"name": value})


def note(text: object, tenant: Campus = STAGE, time: str | None = None) -> AuditDraft:
    when = time or clock.now_text()
    return AuditDraft(clock.uuid7(), when, tenant, "note", f"{Kind.RECEIVER}/rack1", after={"text": text})
