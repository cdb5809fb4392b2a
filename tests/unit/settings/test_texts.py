"""Files that people write: what their editors add without showing it."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.settings import ConfigurationError, load
from bridge.settings.texts import LARGEST

FUZZED = tempfile.TemporaryDirectory()
FILE = '[mqtt]\nurl = "mqtt://127.0.0.1:1883"\n'


def written(path: Path, data: bytes) -> Path:
    file = path / "mic2mqtt.toml"
    file.write_bytes(data)
    return file


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf" + FILE.encode(), FILE.replace("\n", "\r\n").encode()])
def test_a_byte_order_mark_and_the_line_ends_of_windows_are_harmless(tmp_path: Path, data: bytes) -> None:
    assert load(written(tmp_path, data), {}).mqtt.url == "mqtt://127.0.0.1:1883"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (FILE.encode("utf-16"), "it is UTF-16 text: save it as UTF-8"),
        (FILE.encode("utf-16-le"), "it is UTF-16 text"),
        (FILE.encode("utf-16-be"), "it is UTF-16 text"),
        (b"[mqtt]\nurl = \xff\n", "line 2: byte 0xff is not UTF-8 text"),
        (b"[mqtt]\n\nurl\0 = 1\n", "line 3: it holds a NUL byte"),
        ("[mqtt]\n\u00a0url = 'x'\n".encode(), r"U\+00A0 \(NO-BREAK SPACE\)"),
        ("[mqtt]\nurl = \u201cmqtt://x\u201d\n".encode(), r"line 2, column 7\); column 7 holds U\+201C \(LEFT DOUBLE"),
        ("[mqtt]\n\u200burl = 'x'\n".encode(), r"U\+200B \(ZERO WIDTH SPACE\)"),
        (b"# " + b"x" * LARGEST, "more than 4 MB"),
        (b"x = " + b"[" * 5000, "nested too deep|this is no TOML"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place_and_the_remedy(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load(written(tmp_path, data), {})


@pytest.mark.parametrize("data", [b"s3cret", b"\xef\xbb\xbfs3cret", b"s3cret\r\n", b"\xef\xbb\xbfs3cret\n"])
def test_a_password_file_gives_the_password_whatever_editor_wrote_it(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "password").write_bytes(data)
    password = load(written(tmp_path, b"[mqtt]\npassword_file = 'password'\n"), {}).mqtt.password
    assert password is not None
    assert password.get_secret_value() == "s3cret"


def test_a_password_file_in_utf_16_is_named(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes("s3cret".encode("utf-16"))
    with pytest.raises(ConfigurationError, match=r"password_file.*UTF-16"):
        load(written(tmp_path, b"[mqtt]\npassword_file = 'password'\n"), {})


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"[mqtt]\nurl = 1")
@example(b"receivers = 3")
@example(b"[[receivers]]\nhost = ['a']")
@example("[bridge]\nid = '\U000e0001'".encode())
def test_no_file_ends_in_anything_but_settings_or_named_problems(data: bytes) -> None:
    file = Path(FUZZED.name) / "mic2mqtt.toml"
    file.write_bytes(data)
    with contextlib.suppress(ConfigurationError):
        load(file, {})
