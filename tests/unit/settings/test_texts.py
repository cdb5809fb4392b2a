"""Files that people write: what their editors add without showing it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel

from bridge.cli.cautions import cautions
from bridge.settings import ConfigurationError, Settings, load, redacted
from bridge.settings.loading import settings_of
from bridge.settings.problems import Where
from bridge.settings.texts import LARGEST
from services.rules import parse

FUZZED = tempfile.TemporaryDirectory()
FILE = '[mqtt]\nurl = "mqtt://127.0.0.1:1883"\n'


def written(path: Path, data: bytes) -> Path:
    file = path / "mic2mqtt.toml"
    file.write_bytes(data)
    return file


HARMLESS = [
    b"\xef\xbb\xbf" + FILE.encode(),
    FILE.replace("\n", "\r\n").encode(),
    FILE.replace("\n", "\r").encode(),
    FILE.replace("url =", "\turl\t=\t").encode(),
]


@pytest.mark.parametrize("data", HARMLESS)
def test_a_byte_order_mark_and_other_line_ends_and_tabs_are_harmless(tmp_path: Path, data: bytes) -> None:
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
        ("[mqtt]\nuser = \u2018x\u2019\n".encode(), r":2: .*U\+2018 \(LEFT SINGLE"),
        ('[mqtt]\nuser = "x\u201d\n'.encode(), r":2: .*U\+201D \(RIGHT DOUBLE"),
        ("# \u2028 \u0085\n[mqtt]\n\u00a0url = 1\n".encode(), r":3: .*U\+00A0"),
        ("# \u2028\n[mqtt]\nurll = 1\n".encode(), r":3: mqtt.urll: .* did you mean url"),
        (
            "[[receivers]]\nhost = '10.0.0.5\u200b'\n".encode(),
            r":2: receivers\[1\].host: .*U\+200B \(ZERO WIDTH SPACE\)",
        ),
        ("[mqtt]\nurl = '\u201cmqtt://h\u201d'\n".encode(), r":2: mqtt.url: .*U\+201C \(LEFT DOUBLE"),
        (b"[mqtt]\n\x0curl = 1\n", r":2: .*U\+000C"),
        (b"x = " + b"1" * 5000, ":1: this is no TOML"),
        (b"\0" * 4096, "line 1: it holds a NUL byte"),
        (b"\x1f\x8b\x08\x00", "line 1: byte 0x8b is not UTF-8 text"),
        (b'[mqtt]\npassword_file = "a\\u0000"\n', r":2: mqtt.password_file: .* cannot be read"),
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


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("s3cret".encode("utf-16"), "UTF-16"),
        ("s3cret".encode("utf-16-le"), "UTF-16"),
        (b"s3cr\xe9t", "not UTF-8"),
        (b"s3\0ret", "NUL byte"),
        (b"\r\n", "it is empty"),
        (b"user\ns3cret\n", "several lines"),
    ],
)
def test_a_password_file_that_cannot_be_right_is_named(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "password").write_bytes(data)
    with pytest.raises(ConfigurationError, match=rf":2: mqtt\.password_file: .*{words}"):
        load(written(tmp_path, b"[mqtt]\npassword_file = 'password'\n"), {})


@pytest.mark.parametrize("text", ["[mqtt]\npassword = ' s3cret '\n", "[mqtt]\npassword_file = 'password'\n"])
def test_a_password_keeps_its_blanks_and_they_are_mentioned(tmp_path: Path, text: str) -> None:
    (tmp_path / "password").write_bytes(b" s3cret \n")
    settings = load(written(tmp_path, text.encode()), {})
    assert settings.mqtt.password is not None
    assert settings.mqtt.password.get_secret_value() == " s3cret "
    assert any("mqtt.password: it begins or ends with a blank" in words for words in cautions(settings))


def test_a_file_in_the_place_of_another_thing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="it cannot be read: Is a directory"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    "text",
    [
        '[[receivers]]\nhost = "192.168.001.025"\n',
        '[mqtt]\nurl = "mqtt://192.168.001.025"\n',
        '[database]\nurl = "postgresql://192.168.001.025/x"\n',
        '[http]\nlisten = "192.168.001.025:8099"\n',
        '[discovery]\ninterface = "192.168.001.025"\n',
    ],
)
def test_an_address_with_leading_zeros_is_the_one_that_it_looks_like(tmp_path: Path, text: str) -> None:
    shown = str(redacted(load(written(tmp_path, text.encode()), {})))
    assert "192.168.1.25" in shown
    assert "001" not in shown


def test_a_network_with_leading_zeros_is_the_one_that_it_looks_like(tmp_path: Path) -> None:
    settings = load(written(tmp_path, b'[[discovery.ranges]]\nnetwork = "010.020.000.000/24"\n'), {})
    assert str(parse(settings.discovery.ranges[0].network)) == str(parse("10.20.0.0/24"))


@pytest.mark.parametrize("value", ["true", "-1", "2202.5", "65536", "1e400", "nan", '"2202x"', "[]", "9" * 30])
def test_what_is_no_port_is_refused_with_what_is_allowed(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigurationError, match=r":3: receivers\[1\]\.port: .*(1 to 65535|is no number)"):
        load(written(tmp_path, f'[[receivers]]\nhost = "a"\nport = {value}\n'.encode()), {})


def test_a_wrong_value_is_shown_in_part_only(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(written(tmp_path, f'[log]\nlevel = "{"x" * 100_000}"\n'.encode()), {})
    assert len(str(raised.value)) < 1000


def test_a_list_in_the_environment_that_nests_too_deep_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"MIC2MQTT_RECEIVERS: .* nested too deep"):
        load(None, {"MIC2MQTT_RECEIVERS": "[" * 100_000})


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"x = " + b"1" * 5000)
@example(b"[mqtt]\nurl = 1")
@example(b"receivers = 3")
@example(b"[[receivers]]\nhost = ['a']")
@example("[bridge]\nid = '\U000e0001'".encode())
def test_no_file_ends_in_anything_but_settings_or_named_problems(data: bytes) -> None:
    file = Path(FUZZED.name) / "mic2mqtt.toml"
    file.write_bytes(data)
    with contextlib.suppress(ConfigurationError):
        load(file, {})


NAMES = ["bridge", "mqtt", "database", "http", "discovery", "receivers", "units", "polling", "log", "status", "audit"]
KEYS = ["id", "url", "url_file", "password", "password_file", "host", "port", "listen", "network", "ranges", "options"]
KEYS += ["driver", "level", "keepalive", "interface", "tags", "labels", "hosts", "replace_percent", "campus", "x"]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["mqtt://u:p@[h", "10.0.0.0/8", "1h", "010.020.000.001", "a\0", "\ud800", "postgresql://\u2100/x?a"]
    )
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
)


LISTS = {"receivers", "units", "ranges"}
"""Sections that are written with two brackets."""


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4))
@example({"units": [{"options": {"password_file": "a\0"}}]})
@example({"database": {"url": "postgresql://\u2100/x"}})
@example({"mqtt": {"password": "\ud800"}})
@example({"receivers": [{"host": "a", "id": 5}, {"host": ["a"]}]})
def test_no_document_ends_in_anything_but_settings_or_named_problems(document: dict[str, object]) -> None:
    with contextlib.suppress(ConfigurationError):
        cautions(settings_of(document, {}, Where()))


def keys_of(section: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """Each key of a section and of the sections in it."""
    for name, field in section.model_fields.items():
        yield (name,)
        inner = {one for one in (field.annotation, *get_args(field.annotation)) if isinstance(one, type)}
        for model in [one for one in inner if issubclass(one, BaseModel)]:
            yield from ((name, *key) for key in keys_of(model))


@pytest.mark.parametrize("value", [None, True, -1, 1.5, float("nan"), "", [], [None], {}], ids=repr)
@pytest.mark.parametrize("key", [*keys_of(Settings)], ids=".".join)
def test_whatever_a_key_is_given_it_ends_in_settings_or_named_problems(key: tuple[str, ...], value: object) -> None:
    document: dict[str, object] = {key[-1]: value}
    for name in reversed(key[:-1]):
        document = {name: [document] if name in LISTS else document}
    with contextlib.suppress(ConfigurationError):
        cautions(settings_of(document, {}, Where()))


@pytest.mark.parametrize(
    "text",
    [
        '[bridge]\nid = "{}"\n',
        '[bridge]\n"{}" = 1\n',
        '[mqtt]\nurl = "{}"\n',
        '[mqtt]\nurl = "mqtt://{}"\n',
        '[mqtt]\npassword_file = "{}"\n',
        '[polling]\nkeepalive = "{}"\n',
        '[[receivers]]\nhost = "{}"\n',
        '[[receivers]]\nhost = "10.0.0.1"\nid = "{}"\n',
        '[[receivers]]\nhost = "{}"\n[[receivers]]\nhost = "{}"\n',
        '[[discovery.ranges]]\nnetwork = "{}"\n',
        '[discovery]\ninterface = "{}"\nhosts = ["{}/"]\nallow = ["{}!"]\nallow_ports = ["{}"]\n',
        '[http]\nlisten = "{}"\n',
        "x = {}\n",
    ],
)
def test_a_long_wrong_value_is_not_repeated_whole(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as failure:
        load(written(tmp_path, text.replace("{}", "x" * 70_000).encode()), {})
    for line in failure.value.problems:
        assert len(line) < 1_100
        assert "mic2mqtt.toml" in line
    assert len(str(failure.value)) < 6_000


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[mqtt]\nuser = "a"\n[mqtt]\nuser = "b"\n', 3, "this table stands above already"),
        ("[mqtt]\n[[mqtt]]\n", 2, "stands above already"),
        ("[mqtt\nuser = 1\n", 1, "a ] is missing"),
        ("[mqtt]\nuser = me\n", 2, "texts stand in quotes"),
        ('[mqtt]\nuser = "me\nx = 1\n', 2, 'the end quote " is missing'),
        ('[mqtt]\nuser = "a"b"\n', 2, "something stands behind the value"),
        ('[mqtt]\nca_file = "C:\\q"\n', 2, "is written"),
        ("[mqtt]\nuser me\n", 2, "a = is missing"),
        ("[mqtt]\n= 3\n", 2, "neither a key nor"),
    ],
)
def test_what_is_no_toml_is_told_in_plain_words_with_the_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigurationError) as failure:
        load(written(tmp_path, text.encode()), {})
    (problem,) = failure.value.problems
    assert f"mic2mqtt.toml:{line}: this is no TOML: " in problem
    assert words in problem
