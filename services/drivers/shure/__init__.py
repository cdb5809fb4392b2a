"""Shure receivers and chargers over their command strings, TCP 2202.

`driver` is the entry point. `link` is one conversation with one unit: `conversation` moves messages, `detection`
finds out family and model, `questions` lists what can be asked, `barrier` finds out when all was answered, `metering`
asks for meters and sums them up, `setting` sets one property after the other, `asking_again` asks for what is not
reported. `slp_listener` receives adverts, `adverts` reads them. What bytes mean is in the room `codec` (a SAMPLE:
`codec/samples.py`), what each family has in `families`. `simulation` plays units; the runtime never imports it. `uhfr`
is another protocol, that of UHF-R.
"""
