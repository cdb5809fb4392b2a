"""Adverts: what a receiver announces of itself, and everything else on that port."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drivers.port import DriverError
from services.drivers.shure.adverts import sighting_of
from services.drivers.shure.codec import slp

# the attribute text of one real QLXD4 advert
REAL = (
    "(cid=DD47E0D7-0000-11DD-A000-000EDDCCCCCC),(acn-fctn=QLXD4),(acn-uacn=QLXD4),(acn-services=esta.dmp),"
    "(csl-esta.dmp=esta.sdt/169.254.216.224:57383;esta.dmp/cd:CCEAC054-E139-11DF-84BA-0015C5F3F612),"
    "(device-description=$:tftp://169.254.216.224/$.ddl)"
)


def datagram(text: str) -> bytes:
    raw = text.encode()
    body = b"en" + b"\0\0" + len(raw).to_bytes(2, "big") + raw + b"\0"
    return b"\x02\x07" + (14 + len(body)).to_bytes(3, "big") + b"\0\0" + b"\0\0\0" + b"\x12\x34" + b"\0\2" + body


def test_a_real_advert_names_model_and_mac() -> None:
    advert = sighting_of(datagram(REAL), "169.254.216.224")
    assert advert is not None
    assert (advert.identity.manufacturer, advert.identity.model, advert.name) == ("shure", "QLXD4", "QLXD4")
    assert advert.host == "169.254.216.224"
    assert advert.identity.mac == "00:0e:dd:47:e0:d7"
    assert advert.evidence["cid"] == "dd47e0d7-0000-11dd-a000-000eddcccccc"


def test_an_advert_that_we_build_is_the_one_that_we_read() -> None:
    attributes = slp.attributes_of("SLXD4DE_RX", "Rack 1", "00:0e:dd:01:02:03", "10.0.0.9")
    raw = slp.build(attributes, xid=7)
    assert int.from_bytes(raw[2:5], "big") == len(raw)
    assert slp.parse(raw) == attributes
    advert = sighting_of(raw, "10.0.0.9")
    assert advert is not None
    assert (advert.identity.model, advert.name, advert.identity.mac) == ("SLXD4DE_RX", "Rack 1", "00:0e:dd:01:02:03")


@pytest.mark.parametrize("function", ["Yamaha Console", "WWB6", "SOFTWARE_UPDATE_UTILITY", "AD600", ""])
def test_what_is_no_receiver_is_no_advert(function: str) -> None:
    assert sighting_of(datagram(REAL.replace("acn-fctn=QLXD4", f"acn-fctn={function}")), "10.0.0.9") is None


def test_a_name_that_a_terminal_would_obey_is_shown_and_not_obeyed() -> None:
    advert = sighting_of(datagram(REAL.replace("acn-uacn=QLXD4", "acn-uacn=Vox\x1b[2J\u202e")), "10.0.0.9")
    assert advert is not None
    assert advert.name == "Vox\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}"
    assert DriverError("wrong_model", "it is a \x9b31m").detail == "it is a \N{REPLACEMENT CHARACTER}31m"


def test_a_cid_of_the_second_range_of_addresses_is_a_mac() -> None:
    advert = sighting_of(datagram(REAL.replace("DD47E0D7", "EE47E0D7")), "10.0.0.9")
    assert advert is not None
    assert advert.identity.mac == "d8:34:ee:47:e0:d7"


def test_a_cid_of_another_maker_is_no_mac() -> None:
    advert = sighting_of(datagram(REAL.replace("DD47E0D7", "AB47E0D7")), "10.0.0.9")
    assert advert is not None
    assert advert.identity.mac is None


def test_other_functions_of_slp_are_ignored() -> None:
    raw = bytearray(datagram(REAL))
    raw[1] = 1
    assert sighting_of(bytes(raw), "10.0.0.9") is None


@given(st.binary(max_size=200), st.integers(0, 400))
def test_garbage_and_cut_off_adverts_never_raise(garbage: bytes, cut: int) -> None:
    sighting_of(garbage, "10.0.0.9")
    sighting_of(b"\x02\x07" + garbage, "10.0.0.9")
    sighting_of(datagram(REAL)[:cut], "10.0.0.9")
