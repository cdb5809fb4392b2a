"""What is allowed and yet unwise is said at the start and by `check`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.cli.cautions import cautions
from bridge.settings import load


def said(folder: Path, text: str, mode: int = 0o600, **env: str) -> list[str]:
    file = folder / "mic2mqtt.toml"
    file.write_text(text)
    file.chmod(mode)
    return cautions(load(file, env))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ('keys = ["gian_db", "name"]', "no key with gian_db"),
        ('keys = ["frequency_mhz"]', "without allow_rf"),
        ('campus = "nowhere"', "campus nowhere"),
        ('keys = ["frequency_mhz", "squelch_db"]\nallow_rf = true\ncampus = "stage"', None),
        ('campus = "default"', None),
    ],
)
def test_a_rule_that_covers_nothing_is_mentioned(tmp_path: Path, rule: str, words: str | None) -> None:
    text = f'[[control.rules]]\nverbs = ["set"]\n{rule}\n[[units]]\nhost = "10.20.0.11"\ncampus = "stage"\n'
    lines = said(tmp_path, text)
    assert len(lines) == (words is not None)
    assert words is None or words in lines[0]


def test_a_campus_for_home_assistant_without_a_unit_is_mentioned(tmp_path: Path) -> None:
    assert "campus stage" in said(tmp_path, '[home_assistant]\ncampuses = ["stage"]\n')[0]
    assert not said(tmp_path, '[home_assistant]\ncampuses = ["default"]\n')


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("mqtt://u:s3cret@broker.example.org", True),
        ("mqtt://u:s3cret@10.20.0.5:1883", True),
        ("ws://u:s3cret@broker.example.org", True),
        ("mqtt://broker.example.org", False),
        ("mqtts://u:s3cret@broker.example.org", False),
        ("wss://u:s3cret@broker.example.org", False),
        ("mqtt://u:s3cret@localhost", False),
        ("mqtt://u:s3cret@127.0.0.2", False),
        ("mqtt://u:s3cret@[::1]", False),
    ],
)
def test_a_password_that_leaves_this_machine_in_plain_text_is_mentioned(tmp_path: Path, url: str, warned: bool) -> None:
    words = said(tmp_path, f'[mqtt]\nurl = "{url}"\n')
    assert ["plain text" in line for line in words] == [True] * warned
    assert "s3cret" not in str(words)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("postgresql://u:s3cret@db.example.org/x", True),
        ("postgresql://db.example.org/x?password=s3cret&sslmode=prefer", True),
        ("postgresql:///x?host=db.example.org&password=s3cret", True),
        ("postgresql://u:s3cret@db.example.org/x?sslmode=verify-full", False),
        ("postgresql://u@db.example.org/x", False),
        ("postgresql://u:s3cret@localhost/x", False),
        ("postgresql:///x?host=/run/postgresql&password=s3cret", False),
    ],
)
def test_a_database_that_is_spoken_to_in_plain_text_is_mentioned(tmp_path: Path, url: str, warned: bool) -> None:
    words = said(tmp_path, f'[database]\nurl = "{url}"\n')
    assert ["sslmode=" in line for line in words] == [True] * warned


HOLDS = '[mqtt]\nuser = "u"\npassword = "s3cret"\n'


@pytest.mark.parametrize(
    ("text", "mode", "who"),
    [
        (HOLDS, 0o644, "everybody"),
        (HOLDS, 0o640, "its group"),
        (HOLDS, 0o600, None),
        ('[mqtt]\nurl = "mqtt://u:s3cret@localhost"\n', 0o644, "everybody"),
        ('[database]\nurl = "postgresql://localhost/x?password=s3cret"\n', 0o644, "everybody"),
        ('[[units]]\nhost = "a"\ndriver = "acme"\n[units.options]\npassword = "s3cret"\n', 0o644, "everybody"),
        ('[mqtt]\nuser = "u"\nurl = "mqtt://localhost"\n', 0o644, None),
    ],
)
def test_a_configuration_with_a_secret_that_others_can_read_is_mentioned(
    tmp_path: Path, text: str, mode: int, who: str | None
) -> None:
    words = said(tmp_path, text, mode)
    expected = f"mic2mqtt.toml: {who} can read it"
    assert [expected in line and f"chmod 600 {tmp_path}" in line for line in words] == [True] * (who is not None)


def test_a_password_file_that_others_can_read_is_mentioned(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    text = '[mqtt]\npassword_file = "password"\n'
    secret.chmod(0o644)
    (words,) = said(tmp_path, text, 0o644)
    assert words.startswith(f"{secret}: everybody can read it, and it holds a secret (mqtt.password_file): chmod 600")
    secret.chmod(0o600)
    assert said(tmp_path, text, 0o644) == []


def test_a_password_out_of_the_environment_makes_no_file_secret(tmp_path: Path) -> None:
    assert said(tmp_path, HOLDS, 0o644, MIC2MQTT_MQTT__PASSWORD="other") == []
