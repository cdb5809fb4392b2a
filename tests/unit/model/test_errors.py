"""What went wrong with a device becomes one of the codes that an answer may carry."""

from __future__ import annotations

from typing import get_args

import pytest

from services.model import TITLES, AvailabilityReason, ErrorCode, code_of


def test_every_code_has_a_title() -> None:
    assert set(TITLES) == set(get_args(ErrorCode))


@pytest.mark.parametrize("reason", [*get_args(AvailabilityReason), "something new"])
def test_every_reason_has_a_code(reason: str) -> None:
    assert code_of(reason) in TITLES


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("timeout", "device_timeout"),
        ("auth_failed", "device_auth"),
        ("refused", "device_offline"),
        ("identity_conflict", "duplicate_conflict"),
        ("busy", "busy"),
    ],
)
def test_the_code_tells_what_can_be_done_about_it(said: str, code: str) -> None:
    assert code_of(said) == code
