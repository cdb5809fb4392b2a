"""What stands at the port of Shure's units and is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.shure.codec.strangers import named_by


@pytest.mark.parametrize(
    ("opening", "name"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "a web server (HTTP)"),
        (b"<!DOCTYPE html><html>", "a web server (HTTP)"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "an SSH server"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "a TLS server"),
        (b"220 mail.example ESMTP\r\n", "a mail or FTP server"),
        (b'{"osc":{"error":[400]}}', "a unit that speaks JSON"),
        (b"* REPORT 1 CHAN_NAME Vox *", "a unit that speaks another dialect of Shure's (UHF-R has UDP 2202)"),
    ],
)
def test_the_first_bytes_name_a_service(opening: bytes, name: str) -> None:
    assert named_by(opening) == name


@pytest.mark.parametrize(
    "opening",
    [b"", b"< REP MODEL {ULXD4} >", b"< REPORT DEVICE_NAME RACK1 >\r\n", b"\xff\xfb\x01", b"{ U1 >< REP 1", b"login: "],
)
def test_what_may_be_a_unit_or_a_converter_before_one_is_not_named(opening: bytes) -> None:
    assert named_by(opening) == ""


@given(st.binary(max_size=64))
def test_no_bytes_make_it_raise(opening: bytes) -> None:
    named_by(opening)
