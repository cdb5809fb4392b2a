from __future__ import annotations

import re
import time
import uuid

import pytest

from services import clock


def test_a_time_is_rfc_3339_utc_with_milliseconds() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", clock.now_text())
    assert clock.text_of(1_795_370_000.12) == "2026-11-22T17:53:20.120Z"


def test_a_time_survives_being_written_and_read() -> None:
    assert clock.unix_seconds(clock.text_of(1_795_370_000.125)) == 1_795_370_000.125


def test_ids_are_uuids_of_version_7_that_carry_the_time() -> None:
    made = uuid.UUID(clock.uuid7())
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert abs((made.int >> 80) / 1000 - time.time()) < 10


def test_ids_sort_in_the_order_in_which_they_were_made() -> None:
    made = [clock.uuid7() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_ids_still_rise_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = clock.uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert clock.uuid7() > before
