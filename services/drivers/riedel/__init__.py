"""Riedel Bolero: the beltpacks of a wireless intercom, by the unpublished HTTP interface of its antennas. Experimental.

`driver` is the entry point, `link` asks one antenna again and again, `products` has what there is. What answers mean is
in the room `codec`. `simulation` plays an antenna; the runtime never imports it.
"""
