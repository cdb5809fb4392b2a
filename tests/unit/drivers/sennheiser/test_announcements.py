"""What a DNS-SD record of Sennheiser's is worth: an address to ask."""

from __future__ import annotations

from services.drivers.sennheiser.announcements import sighting_of
from services.drivers.transport.mdns import Service


def test_an_announcement_has_address_name_and_the_port_where_it_is_another() -> None:
    text = {"id": "0a1b", "model": "EWDX2CH"}
    seen = sighting_of(Service("_ssc._udp.local.", "Rack 1", ("192.0.2.7", "fe80::1"), 45, text), "sennheiser")
    assert (seen.host, seen.port, seen.name, seen.identity.model) == ("192.0.2.7", None, "Rack 1", "EWDX2CH")
    other = sighting_of(Service("_ssc._udp.local.", "EM6000", ("192.0.2.8",), 6970), "sennheiser")
    assert (other.port, other.identity.model) == (6970, None)


def test_the_successor_announces_itself_at_another_door() -> None:
    seen = sighting_of(Service("_ssc-https._tcp.local.", "TCCM", ("192.0.2.9",), 443), "sennheiser")
    assert seen.port is None
    assert "_ssc-https._tcp.local." in seen.evidence["announced"]
