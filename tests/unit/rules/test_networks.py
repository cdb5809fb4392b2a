from __future__ import annotations

import contextlib
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rules import MAX_ADDRESSES, Host, Span, expand, normalise_host, parse


def addresses(*texts: str, limit: int = MAX_ADDRESSES) -> list[str]:
    spans = [place for text in texts if isinstance(place := parse(text), Span)]
    return list(expand(spans, limit))


def test_a_network_has_neither_its_network_address_nor_its_broadcast_address() -> None:
    assert addresses("10.20.0.0/30") == ["10.20.0.1", "10.20.0.2"]
    assert len(addresses("10.20.0.0/24")) == 254


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.20.0.7/32", ["10.20.0.7"]),
        ("10.20.0.6/31", ["10.20.0.6", "10.20.0.7"]),
        ("10.20.0.6/30", ["10.20.0.5", "10.20.0.6"]),
        ("10.20.0.9-10.20.0.11", ["10.20.0.9", "10.20.0.10", "10.20.0.11"]),
        ("10.20.0.9-11", ["10.20.0.9", "10.20.0.10", "10.20.0.11"]),
        ("010.020.000.009-011", ["10.20.0.9", "10.20.0.10", "10.20.0.11"]),
        (" 10.20.0.254 - 10.20.1.1 ", ["10.20.0.254", "10.20.0.255", "10.20.1.0", "10.20.1.1"]),
    ],
)
def test_networks_and_ranges_stand_for_these_addresses(text: str, expected: list[str]) -> None:
    assert addresses(text) == expected


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Rack1.Example.org.", "rack1.example.org"),
        (" rack1 ", "rack1"),
        ("010.020.000.011", "10.20.0.11"),
        ("10.20.0.011", "10.20.0.11"),
        ("FE80::0:1", "fe80::1"),
        ("::ffff:10.20.0.11", "10.20.0.11"),
        ("::FFFF:0a14:000b", "10.20.0.11"),
        ("999.1.1.1", "999.1.1.1"),
    ],
)
def test_one_host_is_written_in_one_way_whoever_names_it(text: str, host: str) -> None:
    assert normalise_host(text) == host


@pytest.mark.parametrize("text", ["::ffff:224.0.0.1", "[::ffff:0.0.0.0]:2202", "::ffff:255.255.255.255"])
def test_an_address_that_nobody_can_have_is_refused_in_ipv6_clothes_too(text: str) -> None:
    with pytest.raises(ValueError, match="no receiver can have"):
        parse(text)


@given(st.text(max_size=60))
def test_a_normalised_host_stays_as_it_is(text: str) -> None:
    once = normalise_host(text)
    assert normalise_host(once) == once


def test_overlapping_networks_are_asked_once() -> None:
    assert addresses("10.20.0.0/29", "10.20.0.4-10.20.0.9", "10.20.0.0/30") == [f"10.20.0.{n}" for n in range(1, 10)]


def test_a_whole_16_is_accepted_and_costs_no_list() -> None:
    place = parse("10.20.0.0/16")
    assert isinstance(place, Span)
    expansion = expand([place])
    assert expansion.total == 65_534
    assert expansion.spans == (place,)


@pytest.mark.parametrize("text", ["10.0.0.0/8", "10.0.0.0/15", "0.0.0.0/0", "10.0.0.0-10.255.0.0"])
def test_more_than_a_16_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ValueError, match=str(MAX_ADDRESSES)):
        parse(text)


def test_a_limit_leaves_a_prefix_and_says_how_many_are_missing() -> None:
    place = parse("10.20.0.0/24")
    assert isinstance(place, Span)
    expansion = expand([place], limit=3)
    assert list(expansion) == ["10.20.0.1", "10.20.0.2", "10.20.0.3"]
    assert (expansion.total, expansion.left_out) == (3, 251)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("10.20.0.11", Host("10.20.0.11")),
        ("10.20.0.11:2203", Host("10.20.0.11", 2203)),
        ("rack1.example.org", Host("rack1.example.org")),
        ("rack1.example.org:2203", Host("rack1.example.org", 2203)),
        ("rack-1", Host("rack-1")),
        ("fe80::1%eth0", Host("fe80::1%eth0")),
        ("2001:db8::11", Host("2001:db8::11")),
        ("2001:db8::11/128", Host("2001:db8::11")),
        ("[2001:db8::11]:2203", Host("2001:db8::11", 2203)),
    ],
)
def test_a_single_host_is_an_address_or_a_name_with_or_without_a_port(text: str, host: Host) -> None:
    assert parse(text) == host


def test_only_a_name_has_to_be_resolved() -> None:
    assert Host("rack1.example.org").is_name
    assert not Host("10.20.0.11").is_name
    assert not Host("fe80::1%eth0").is_name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.20.0.0/33",
        "10.20.0.300",
        "10.20.0",
        "10.20.0.9-10.20.0.8",
        "10.20.0.9-rack",
        "10.20.0.9:70000",
        "10.20.0.9:0",
        "rack one",
        "http://rack1",
        "-rack",
        "2001:db8::/64",
        "224.0.0.0/24",
        "239.255.254.253",
        "255.255.255.255",
        "0.0.0.0",
        "[rack]:1",
        "a" * 300,
    ],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".{10}"):
        parse(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse(text), (Host, Span))


@given(st.integers(0, 2**24 - 1), st.integers(22, 32))
def test_an_expansion_is_what_the_network_calls_its_hosts(number: int, prefix: int) -> None:
    network = IPv4Network((IPv4Address(number + (10 << 24)), prefix), strict=False)
    assert addresses(str(network)) == [str(host) for host in network.hosts()]
