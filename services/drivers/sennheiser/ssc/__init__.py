"""Sennheiser's Sound Control protocol, version 1: JSON over UDP 45, one shared socket for all units.

`maker` owns the socket, `link` is one conversation with one unit, `finding` finds its port and family, `questions`
repeats what got lost, `subscriptions` keeps a unit telling, `metering` collects levels, `setting` sets one address
after the other, `describing` says what a unit is. What bytes mean stands in the room `codec`, what addresses mean in
`families`. Others use `protocol.ssc`.

A family is added as one file in `families`: a table of `Leaf` (address, keys, reader, whether changes are subscribed
to, what it says about the transmitter, how it is set), of `Meter`, and a `Model` for each ``device/identity/product``;
then one name in ``FAMILIES`` of `families.catalogue`, its own keys in `keys`, a capture and a product of the simulator.
What is special to a family beside its addresses is a field of `Family` or of `Leaf`: whether values prove a
transmitter, whether levels can be asked for, what is asked again and again because it cannot be subscribed to.
Duplicate keys, NULs, codes without words and malformed refusals are read for every family.
"""
