"""What the catalogue promises is what the protocol gives."""

from __future__ import annotations

import pytest

from services.drivers.port import Product
from services.drivers.sennheiser.driver import driver
from services.drivers.sennheiser.keys import MORE, MORE_NAMES
from services.drivers.sennheiser.media_control.codec.state import UnitState
from services.drivers.sennheiser.media_control.protocol import media_control
from services.drivers.sennheiser.products import PRODUCTS, describe
from services.drivers.sennheiser.simulation.simulator import simulator
from services.model import KEYS, UNIT_KINDS, Facet, Kind

every_product = pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)


@every_product
def test_each_key_of_a_product_has_a_row_in_the_table(product: Product) -> None:
    part = UNIT_KINDS[product.kind].part
    assert product.abilities.keys <= {*KEYS.names(product.kind)}
    assert product.part_abilities.keys <= {*KEYS.names(part)}
    assert product.part_abilities.telemetry <= {*KEYS.names(part, Facet.TELEMETRY)}
    assert {*product.part_abilities.settable} <= product.part_abilities.keys | MORE_NAMES


@every_product
def test_what_a_unit_reports_is_what_its_product_promises(product: Product) -> None:
    part = UNIT_KINDS[product.kind].part
    _, channel = UnitState(product.kind).everything()
    reported = {*channel.values} - {*KEYS.names(part, None)}
    assert reported <= product.part_abilities.keys
    assert {*channel.more} == {row.name for row in MORE if part in row.kinds}


def test_keys_of_this_maker_have_words_and_one_name_each() -> None:
    assert len({row.name for row in MORE}) == len(MORE)
    assert all(row.words.endswith(".") and row.kinds for row in MORE)


def test_a_tuning_range_is_the_units_own() -> None:
    values: dict[str, object] = {"tuning_ranges_mhz": "779.125-787.875 806.125-809.750", "tuning_step_khz": 125}
    settable = describe(Kind.RECEIVER, None, values.get).parts[1].settable["frequency_mhz"]
    assert settable == {"minimum": 779.125, "maximum": 809.75, "step": 0.125, "unit": "MHz"}


def test_a_unit_that_does_not_tell_its_range_has_none() -> None:
    settable = describe(Kind.IEM, None, lambda _key: None).parts[1].settable["frequency_mhz"]
    assert settable == {"unit": "MHz"}


def test_each_product_can_be_simulated() -> None:
    assert set(simulator.traits) == {product.name for product in driver.products}
    assert simulator.name == driver.name


def test_an_address_is_asked_through_the_shared_socket() -> None:
    (door,) = media_control.doors
    assert (door.transport, door.port, door.sockets, door.needs_secret) == ("udp", 53212, 0, False)
