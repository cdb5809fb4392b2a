"""Secrets are taken out of whatever is shown."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.redaction import known, redact


def test_what_is_no_text_is_shown_as_text() -> None:
    assert redact({"error": ValueError("x"), "n": 1, "none": None, "password": None}) == {
        "error": "x",
        "n": 1,
        "none": None,
        "password": None,
    }


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://user:s3cret@db/x",
        "postgresql://db/x?sslmode=require&password=s3cret",
        "mqtt://h?token=s3cret&x=1",
        "MQTTS://h?api_key=s3cret",
        "connection failed: host=db user=u password=s3cret dbname=x",
        "connection failed: password='s3cret s3cret'",
        "failed: https://u:a@s3cret@h/path, see log",
        "password: s3cret",
        "user: u password: s3cret host: h",
        "mqtt_password:s3cret",
        '{"password": "s3cret", "x": 1}',
        '{"x": "{\\"password\\": \\"s3cret\\"}"}',
        "{'Password': 's3cret s3cret'}",
        'password = "s3cret"',
        'password = "cut s3cret',
        "pwd=s3cret",
        "user=u pass=s3cret",
        "api-key: s3cret",
        "Authorization: Bearer s3cret",
        "sent Bearer s3cret to h",
        "Authorization: Basic czNjcmV0",
        "mic2mqtt --password s3cret",
        "ALTER USER u PASSWORD 's3cret'",
        "mqtt://h?pass%77ord=s3cret",
        "/path?%70assword=s3cret&x=1",
        "mqtt://u:my s3cret@h is refused",
    ],
)
def test_secrets_are_hidden_wherever_they_stand(text: str) -> None:
    assert "s3cret" not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a",
            "://",
            "a://",
            "x://u:",
            "?key=",
            "@",
            ":",
            " ",
            "x://u:p ",
            "password",
            "password ",
            "password: ",
            "password=",
        ),
        *(
            "password='",
            'password="',
            'password="\\',
            'password=\\"',
            "Bearer ",
            "Bearer x",
            "?pass%77ord",
            "pass =",
            "=",
            '"',
        ),
    ],
)
def test_hiding_secrets_takes_time_in_proportion_to_the_text(piece: str) -> None:
    def took(length: int) -> float:
        text = piece * (length // len(piece))
        began = time.perf_counter()
        redact(text)
        return time.perf_counter() - began

    took(1000)
    took(1_000_000)  # no other test has warmed it up
    short, long = (min(took(length) for _ in range(3)) for length in (100_000, 1_000_000))
    assert long < max(0.25, 25 * short), "ten times the text took more than ten times as long"
    assert short < 0.25


@pytest.mark.parametrize(
    "text",
    [
        "password_file=acme",
        "key=value",
        "http://[::1]:8099/metrics",
        "mqtt://h:1883",
        "the password is wrong",
        "password of broker missing",
        "mic2mqtt.toml:3: mqtt.password: it is missing; allowed: text",
        "mqtt.password: give password or password_file, not both",
        "the bearer of news",
        "it wants a Bearer token",
        "basic functions: two",
        "mqtt://h:1883 does not answer: ask admin@example.org",
        "cannot reach mqtt://broker: ask admin@example.org",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


SIGNS = st.characters(codec="utf-8", exclude_characters=" /?#@:&;=", exclude_categories=("Z", "C"))


@given(st.text(max_size=20), st.text(SIGNS, min_size=1, max_size=12), st.text(SIGNS, max_size=8))
@example("", "@", "x")
@example("x", "p%40", "mqtt")
def test_a_password_in_a_url_never_stays(before: str, sign: str, user: str) -> None:
    secret = f"s3-{sign}-cret"
    for url in (f"mqtt://{user}:{secret}@h:1/x", f"postgresql://h/x?a=b&password={secret}"):
        assert secret not in redact(f"{before} {url} and more")


@given(st.text(SIGNS | st.sampled_from(" /?#@:&;="), min_size=4, max_size=16), st.text(max_size=20))
def test_a_known_secret_never_stays_in_any_form(secret: str, around: str) -> None:
    secrets = known([secret])
    shown = redact([around + secret, f"mqtt://u:{quote(secret, safe='')}@h", {"x": secret}], secrets)
    kept = str(redact(around, secrets))
    assert secret not in shown[0].replace("*", "") or secret in f"{kept}***"
    assert quote(secret, safe="") not in shown[1]
    assert secret not in shown[2]["x"]
