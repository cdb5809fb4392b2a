"""Everything that units of SSCv2 share: the connection pool, and the certificates that were seen.

A unit signs its certificate itself, so nothing proves it but its fingerprint. Where the settings have none, the one
that the unit answered with first counts: whoever answers with another one later gets no password.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.drivers.nonsense import UnknownValues
from services.drivers.port import DriverError, Gone, Identity, Link, Listener, Sighting, Surroundings, Target, Trace
from services.drivers.sennheiser.sscv2.link import Sscv2Link
from services.drivers.sennheiser.sscv2.options import PORT, WHERE_ACCESS_IS, options_of, settings_of
from services.drivers.sennheiser.sscv2.products import (
    CEILING_MICROPHONES,
    FAMILIES,
    MANUFACTURER,
    family_of,
)
from services.drivers.transport.https import HttpPool, HttpUnit, fetch_fingerprint
from services.drivers.transport.silence import nothing_announced
from services.model import in_words

IDENTITY = "/api/device/identity"
"""Who it is; a unit tells that to everybody."""
STRANGER_AGAIN_S = 15.0
ACCEPT = (
    "(options.fingerprint). Without that setting the certificate with which the unit answered first counts; "
    "unit_replace accepts another unit where it does not stand in the configuration"
)
_ANY = range(100, 600)


class Sscv2Maker:
    """Speaks to any number of units; `services.drivers.port.Maker`."""

    def __init__(self, pool: HttpPool, around: Surroundings, *, driver: str) -> None:
        self._pool = pool
        self._around = around
        self._driver = driver
        self._unknown = UnknownValues()
        self._seen: dict[tuple[str, int], str] = {}
        """Fingerprints of certificates, by address: the first that a conversation met."""

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Ask one address who it is, without a password. Raises `DriverError`."""
        fingerprint = await self._fingerprint(where)
        identity = await self._recognise(where, fingerprint, trace)
        evidence = {"product": identity.model or "", "certificate_sha256": fingerprint}
        if options_of(where).password is None:
            evidence["password"] = f"none is given (options.password). {WHERE_ACCESS_IS}"
        return [Sighting(self._driver, where.host, identity, where.port, evidence=evidence)]

    def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """Announcements are overheard by the protocol's predecessor, for both: wait until cancelled."""
        return nothing_announced()

    @asynccontextmanager
    async def connect(self, where: Target, listener: Listener, trace: Trace | None = None) -> AsyncIterator[Link]:
        """Open a conversation; leaving the block ends the session of events at the unit. Raises `DriverError`."""
        fingerprint = await self._fingerprint(where)
        identity = await self._recognise(where, fingerprint, trace)
        self._keep(where, fingerprint)
        family = FAMILIES[identity.family]
        async with self._pool.unit(settings_of(where, fingerprint, family.user), trace) as unit:
            state = family.state(identity.part_count or 0)
            link = Sscv2Link(unit, identity, fingerprint, state, family.describe, where, listener, self._unknown)
            try:
                yield link
            finally:
                await link.close()

    async def _fingerprint(self, where: Target) -> str:
        """The certificate that has to be there: as set, else as seen first. Raises `DriverError`."""
        place = where.host, where.port or PORT
        if where.certificate:  # it is kept with the unit now, and goes with it where the unit is replaced
            self._seen.pop(place, None)
        expected = options_of(where).fingerprint or where.certificate or self._seen.get(place, "")
        if expected:
            return expected
        interface = where.interface or self._around.interface
        port = where.port or PORT
        return await fetch_fingerprint(where.host, port, timeout=where.connect_timeout_s, interface=interface)

    def _keep(self, where: Target, fingerprint: str) -> None:
        if not (options_of(where).fingerprint or where.certificate):
            self._seen.setdefault((where.host, where.port or PORT), fingerprint)

    async def _recognise(self, where: Target, fingerprint: str, trace: Trace | None) -> Identity:
        """Who answers. Raises `DriverError`, ``wrong_model`` with what was found where it is no unit of ours."""
        try:
            async with self._pool.unit(settings_of(where, fingerprint), trace) as unit:
                return await _identity(unit, fingerprint)
        except DriverError as error:
            if error.reason != "identity_conflict" or options_of(where).fingerprint:
                raise
            detail = f"{error.detail} {ACCEPT}"
            raise DriverError("identity_conflict", detail, again_s=None) from error


async def _identity(unit: HttpUnit, certificate: str) -> Identity:
    answer = await unit.request("GET", IDENTITY, expected=_ANY, authenticate=False)
    stranger = f"{unit.settings.peer} answers by HTTPS, and is no Sennheiser unit of SSCv2"
    if answer.status != 200:  # noqa: PLR2004 - OK
        raise DriverError("wrong_model", f"{stranger}: status {answer.status}", again_s=STRANGER_AGAIN_S)
    try:
        found = answer.json()
    except DriverError as error:
        raise DriverError("wrong_model", f"{stranger}: no JSON", again_s=STRANGER_AGAIN_S) from error
    product = found.get("product") if isinstance(found, dict) else None
    if not isinstance(product, str):
        raise DriverError("wrong_model", f"{stranger}: it names no product", again_s=STRANGER_AGAIN_S)
    family = family_of(product)
    if family is None:
        what = "a product that this driver does not read"
        if product.upper().startswith(CEILING_MICROPHONES):
            what = "a ceiling microphone, which is wired: it has no transmitter, battery or radio to tell of"
        detail = f"{unit.settings.peer} is {in_words(product)}, {what}"
        raise DriverError("wrong_model", detail, again_s=STRANGER_AGAIN_S, stranger=f"Sennheiser {product}")
    serial = found.get("serial")
    return Identity(
        MANUFACTURER,
        family.name,
        family.kind,
        model=product,
        serial=serial.strip() or None if isinstance(serial, str) else None,
        part_count=family.channels(product),
        certificate=certificate,
    )
