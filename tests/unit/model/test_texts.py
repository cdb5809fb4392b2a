"""Texts of devices, brokers and people cannot command a terminal or turn a page around."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.model import SHOWN_MOST, clean_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Vox 1", "Vox 1"),
        ("  Vox 1   ", "  Vox 1"),
        ("Jörg 日本 🎤", "Jörg 日本 🎤"),
        ("a\nb\tc", "a b c"),
        ("\x1b[2Jgone", "\ufffd[2Jgone"),
        ("C1 \x9b31m", "C1 \ufffd31m"),
        ("abc\u202etxt.exe", "abc\ufffdtxt.exe"),
        ("\u2066isolate\u2069", "\ufffdisolate\ufffd"),
        ("half \ud800 pair", "half \ufffd pair"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
    ],
)
def test_a_text_is_shown_without_what_a_terminal_would_obey(text: str, shown: str) -> None:
    assert clean_text(text) == shown


@given(st.text(st.characters(exclude_categories=()), max_size=400), st.integers(min_value=0, max_value=300))
def test_a_cleaned_text_is_short_fits_on_a_line_and_stays_as_it_is(text: str, limit: int) -> None:
    cleaned = clean_text(text, limit)
    assert len(cleaned) <= limit
    assert cleaned.replace("\u200c", "").replace("\u200d", "").isprintable()
    assert clean_text(cleaned, limit) == cleaned
    cleaned.encode()  # no half of a pair is left


def test_the_limit_is_that_of_what_is_shown() -> None:
    assert len(clean_text("x" * 1000)) == SHOWN_MOST
