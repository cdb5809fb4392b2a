"""Lines of real units, damaged in every way: nothing raises, nothing holds, and what comes out can be published.

What once went wrong stays as an example.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.cli.captures import METERED
from services.drivers import Driver, Product, Reading
from services.drivers.shure.codec import slp
from services.drivers.shure.codec.framing import LIMIT, Framer
from services.model import UNIT_KINDS, clean_text
from services.rules import Reception, admitted, checks_for, checks_of
from tests.captures.test_captures import CAPTURES, DRIVERS, read

PRODUCTS: Sequence[tuple[Driver, Product]] = [
    (driver, product) for driver in DRIVERS.values() if driver.doors for product in driver.products
]
LINES = {
    name: [line for capture in CAPTURES if (found := read(capture))[0]["driver"] == name for line in found[1].split()]
    for name in {driver.name for driver, _ in PRODUCTS}
}
"""Words of real units, by driver."""
WORDS = [
    *sorted({word for words in LINES.values() for word in words}),
    *(b"< REP 1 ", b" >", b"<", b">", b"{", b"}", b"\r", b"\n", b" ", b"\0", b"\xff", b"\x9b", b"\xe2\x80\xae"),
    *(b"SAMPLE 1 ALL", b"UNKN", b"U1,03", b"-1", b"1e999", b"NaN", b"252", b"65534", b"4294967296", b"9" * 40),
    *("٣".encode(), "²".encode(), b"0x7", b"1_000", b"+5", b"x" * 300),
]
DAMAGED = st.lists(st.sampled_from(WORDS) | st.binary(max_size=6), max_size=40).map(b" ".join)


def published(product: Product, reading: Reading, more: Mapping[str, object]) -> dict[str, object]:
    """What the bridge lets in of a reading."""
    kinds = UNIT_KINDS[product.kind]
    checks = checks_of(kinds.part if reading.part.number else kinds.unit, slot=bool(reading.part.slot))
    return {**admitted(checks, reading.values), "more": dict(more)}


@pytest.mark.parametrize(("driver", "product"), PRODUCTS, ids=lambda each: getattr(each, "name", ""))
@example(data=b"< REP 1 GROUP_CHAN U1,03 >< REP 1 BATT_TYPE LIPO >< REP 1 FREQUENCY UNKN >")
@example(data=b"< REP 1 AUDIO_GAIN \xd9\xa3\xd9\xa3 >< REP 1 FREQUENCY \xc2\xb2 >")
@example(data=b"< SAMPLE 1 ALL AX 087 023 99 >< SAMPLE 1 ALL QX 087 023 >< SAMPLE 1 SLOT 2 ALL 005 >")
@example(data=b"< SAMPLE 1 ALL 5 31 102 98 BBBB 31 86 7 65 >< SAMPLE 1 ALL 5 31 102 98 ?? 31 86 7 65 BB 31 >")
@example(data=b"< REP 1 SLOT_STATUS 1 EMPTY >< REP 1 FD_MODE FD-X >< REP 1 ANTENNA_STATUS B >")
@example(data=b"< REP NET_SETTINGS >< REP NET_SETTINGS SC >< REP 1 TX_BATT_MINS >")
@example(data=b"RF1 9 99999999999\rRF 1\rAF -1 -1 -1\rBat ??\rConfig\rFrequency\rStates 9999\rMsg \xff\r")
@given(data=DAMAGED)
def test_no_line_of_a_unit_raises_and_everything_that_comes_of_it_can_be_published(
    driver: Driver, product: Product, data: bytes
) -> None:
    more = checks_for(driver.more)
    reception = Reception()
    for now, reading in enumerate(driver.replay(product.name, data)):
        if METERED in reading.values:
            judged = reception.judge(reading.values, present=None, now=now)
            numbers = [value for value in judged.values() if isinstance(value, float)]
            assert all(map(math.isfinite, numbers))
            json.loads(orjson.dumps(dict(judged)))
            continue
        values = published(product, reading, admitted(more, reading.more))
        json.loads(orjson.dumps(values))
        texts = [value for value in values.values() if isinstance(value, str)]
        assert texts == [clean_text(text) for text in texts], "a terminal obeys nothing of it"


@example(reads=[b"< REP 1 CHAN_NAME {" * 40])
@example(reads=[b"<" * 2000, b"< REP DEVICE_ID {" + b"x" * 2000])
@given(st.lists(DAMAGED, max_size=6))
def test_no_stream_is_held_for_longer_than_a_message(reads: list[bytes]) -> None:
    framer = Framer()
    for data in reads:
        framer.feed(data)
        assert len(framer.tail) <= LIMIT + 2
    while framer.give_up():
        pass
    assert framer.feed(b"}>< REP 1 CHAN_NAME {Vox} >")[-1:] == [b"REP 1 CHAN_NAME {Vox}"]


@example(datagram=slp.build(slp.attributes_of("ULXD4Q", "Rack", "00:0e:dd:47:e0:d7", "10.0.0.2"))[:-30])
@example(datagram=b"\x02\x07" + b"(" * 4000)
@given(st.binary(max_size=200) | DAMAGED.map(lambda text: slp.build({"acn-fctn": text.decode("latin-1")})))
def test_no_advert_raises(datagram: bytes) -> None:
    attributes = slp.parse(datagram) or {}
    slp.mac_of(attributes.get("cid", ""))
