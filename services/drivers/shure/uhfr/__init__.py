"""Shure UHF-R (UR4S, UR4D) over UDP 2202: `* ... *` messages, one shared socket for all receivers.

`driver` is the protocol as data, `maker` owns the socket, `link` is one conversation with one receiver, `questions`
repeats what got lost, `keeper` polls and keeps meters coming, `setting` sets one property after the other, `products`
is the catalogue, `keys` has the rows of the keys that only these units have. What bytes mean is in the room `codec`.
"""
