"""Who is let in by a unit behind HTTPS, and what is said where nobody is: passwords, certificates, strangers."""

from __future__ import annotations

import pytest

from services.drivers.port import DriverError
from services.drivers.sennheiser.simulation.sscv2.unit import WRONG_MOST
from services.drivers.sennheiser.sscv2.link import VERSION
from tests.integration.drivers.sennheiser.https_stage import PASSWORD, stage


async def test_a_refused_password_is_sent_once_and_not_again() -> None:
    async with stage() as on:
        for _ in range(WRONG_MOST + 2):
            with pytest.raises(DriverError, match="Control Cockpit") as failure:
                await on.read("wrong")
            assert (failure.value.reason, failure.value.again_s) == ("auth_failed", None)
        assert on.unit.refused == 1
        assert (await on.read(PASSWORD)).identity.model == "EWDX2CHDS"  # nobody was locked out


async def test_without_a_password_the_unit_is_named_and_the_remedy_told() -> None:
    async with stage() as on:
        (seen,) = await on.maker.look(on.target(None))
        assert (seen.identity.model, seen.identity.serial) == ("EWDX2CHDS", on.unit.receiver.serial)
        assert "Control Cockpit" in seen.evidence["password"]
        with pytest.raises(DriverError, match=r"options\.password") as failure:
            await on.read(None)
        assert (failure.value.reason, failure.value.again_s) == ("auth_failed", None)


async def test_a_search_asks_for_the_identity_alone_and_sends_no_password() -> None:
    async with stage() as on:
        await on.maker.look(on.target())
        assert (on.unit.asked, on.unit.entrusted) == ([("GET", "/api/device/identity")], 0)


async def test_access_that_is_switched_off_is_no_wrong_password() -> None:
    async with stage(fault="access_off") as on:
        with pytest.raises(DriverError, match="Control Cockpit") as failure:
            await on.read()
        assert failure.value.reason == "control_blocked"
        assert failure.value.again_s is not None
        assert failure.value.again_s >= 30
        await on.unit.fault("none")
        assert (await on.read()).parts.keys() == {1, 2}


async def test_no_trace_has_the_password() -> None:
    async with stage() as on:
        await on.read()
        assert PASSWORD.encode() not in b"".join(data for _, data in on.traced)
        assert any(VERSION.encode() in data for _, data in on.traced)


async def test_another_certificate_gets_no_password_and_is_not_tried_again() -> None:
    async with stage() as on:
        await on.read()
        await on.unit.fault("swap")
        before = on.unit.entrusted
        with pytest.raises(DriverError, match=r"options\.fingerprint") as failure:
            await on.read()
        assert (failure.value.reason, failure.value.again_s) == ("identity_conflict", None)
        assert on.unit.entrusted == before


async def test_a_certificate_that_was_kept_from_before_counts_as_the_first_one() -> None:
    async with stage() as on:
        kept = ":".join(["AB"] * 32)
        with pytest.raises(DriverError) as failure:
            await on.read(certificate=kept)
        assert failure.value.reason == "identity_conflict"
        assert on.unit.entrusted == 0


async def test_a_fingerprint_of_the_settings_overrules_what_was_seen() -> None:
    async with stage() as on:
        await on.read()
        await on.unit.fault("swap")
        with pytest.raises(DriverError) as failure:
            await on.read()
        new = failure.value.detail.split("has the certificate ")[1].split(",")[0]
        described = await on.read(fingerprint=new)
        assert described.identity.certificate == new


async def test_a_ceiling_microphone_is_named_as_what_it_is() -> None:
    async with stage() as on:
        on.unit.receiver.product = "TCCM"
        with pytest.raises(DriverError, match="ceiling microphone") as failure:
            await on.maker.look(on.target())
        assert failure.value.reason == "wrong_model"


async def test_a_product_that_is_not_known_yet_is_read_by_the_channels_in_its_name() -> None:
    async with stage("ewdx4chds") as on:
        on.unit.receiver.product = "EWDX4CHX2"
        assert (await on.read()).parts.keys() == {1, 2, 3, 4}


async def test_a_web_server_of_somebody_else_is_no_unit() -> None:
    async with stage() as on:
        on.unit.receiver.product = "Some printer"
        with pytest.raises(DriverError) as failure:
            await on.maker.look(on.target())
        assert failure.value.reason == "wrong_model"
