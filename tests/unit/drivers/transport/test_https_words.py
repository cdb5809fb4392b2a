"""What people read when a request fails, and that no secret stands in it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from services.drivers.port import DriverError
from services.drivers.transport.https.pinning import fingerprint_of, normalised
from services.drivers.transport.https.settings import Basic, HeaderKey, HttpsSettings, Meaning
from services.drivers.transport.https.words import LONGEST_PAUSE_S, retry_after, status_failure

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
SETTINGS = HttpsSettings("192.0.2.7", credentials=Basic("api", SecretStr("Secret-1234")))


@pytest.mark.parametrize(
    ("status", "headers", "reason", "words", "again_s"),
    [
        (401, {}, "auth_failed", "correct user and password", None),
        (403, {}, "auth_failed", "allow remote access at the unit", None),
        (404, {}, "wrong_model", "another model, or its firmware", 0.0),
        (409, {}, "control_blocked", "busy", 0.0),
        (418, {}, "wrong_model", "did not understand", 0.0),
        (302, {"location": "https://elsewhere/" + "x" * 500}, "wrong_model", "redirects to 'https://elsewhere/x", 0.0),
        (429, {"retry-after": "30"}, "refused", "asks for a pause of 30 s", 30.0),
        (503, {"retry-after": "7"}, "refused", "asks for a pause of 7 s", 7.0),
        (503, {}, "refused", "too many programs use it", 0.0),
        (500, {}, "refused", "error inside the unit", 0.0),
        (504, {}, "timeout", "check the network", 0.0),
        (999, {}, "refused", "error inside the unit", 0.0),
        (101, {}, "wrong_model", "did not understand", 0.0),
    ],
)
def test_a_status_becomes_a_reason_with_words_and_a_time(
    status: int, headers: dict[str, str], reason: str, words: str, again_s: float | None
) -> None:
    error = status_failure(SETTINGS, "GET /x", status, headers)
    assert error.reason == reason
    assert error.detail.startswith(f"192.0.2.7 port 443 answered GET /x with status {status}: ")
    assert words in error.detail
    assert len(error.detail) < 300
    assert error.again_s == again_s


def test_a_driver_may_know_better_what_a_status_means() -> None:
    settings = HttpsSettings("192.0.2.7", meanings={403: Meaning("control_blocked", "switch third-party access on")})
    error = status_failure(settings, "GET /x", 403, {})
    assert (error.reason, error.again_s) == ("control_blocked", 0.0)
    assert error.detail.endswith("switch third-party access on")


def test_a_unit_that_asks_for_a_password_where_none_is_set_is_told_apart() -> None:
    error = status_failure(HttpsSettings("192.0.2.7"), "GET /x", 401, {})
    assert error.detail.endswith("it asks for a password; give one in the settings")


@given(st.text(max_size=40))
def test_a_pause_is_never_negative_nor_endless(value: str) -> None:
    assert 0 <= retry_after(value, NOW) <= LONGEST_PAUSE_S


@given(st.integers(-10_000, 10_000))
def test_a_pause_may_be_seconds_or_a_date(seconds: int) -> None:
    expected = min(max(seconds, 0), LONGEST_PAUSE_S)
    assert retry_after(format_datetime(NOW + timedelta(seconds=seconds), usegmt=True), NOW) == expected
    assert retry_after(str(seconds), NOW) == expected


@given(st.text(st.characters(codec="utf-8"), min_size=8, max_size=30))
def test_a_secret_stands_in_no_representation_and_no_trace(secret: str) -> None:
    secret = f"§{secret}"  # no word that stands there anyway
    for credentials in (Basic("u", SecretStr(secret)), HeaderKey("x-api-key", SecretStr(secret))):
        settings = HttpsSettings("192.0.2.7", credentials=credentials)
        shown = repr(settings) + str(settings)
        assert secret not in shown.replace("**********", "")
        assert secret.encode() not in credentials.hide(b"<" + secret.encode() + b">")
        if isinstance(credentials, HeaderKey) and not (secret.isascii() and secret.isprintable()):
            with pytest.raises(DriverError) as error:
                credentials.headers()
            assert secret not in error.value.detail
            continue
        if isinstance(credentials, HeaderKey) and secret != secret.strip():
            continue
        (header,) = credentials.headers().values()
        assert header.encode() not in credentials.hide(b"<" + header.encode() + b">")
        assert not set("\r\n\0") & set(header)


@given(st.binary(min_size=1, max_size=100))
def test_a_fingerprint_is_understood_in_every_common_form(certificate: bytes) -> None:
    text = fingerprint_of(certificate)
    bare = text.replace(":", "")
    for form in (text, text.lower(), bare, bare.lower(), f"sha256:{bare}", f"SHA256 Fingerprint={text}", f" {text}\n"):
        assert normalised(form) == text


@pytest.mark.parametrize("text", ["", "AB", "AB:" * 20, "Z" * 64, "A" * 65, "sha1:" + "A" * 64])
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        normalised(text)


def test_the_http_library_is_not_loaded_before_a_pool_opens() -> None:
    code = (
        "import sys, services.drivers.transport, services.drivers.transport.udp, services.drivers.transport.https\n"
        "print([name for name in ('httpx', 'httpcore', 'anyio') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
