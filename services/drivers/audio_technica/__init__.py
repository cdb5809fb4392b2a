"""Audio-Technica: ESW, System 20 PRO on TCP 17200; 5000, 3000 Digital and 3000 networked on TCP 17300.

All of them speak the same lines, so there is one conversation, and what differs is data in the room `families`.
`driver` is what the entry point names, `maker` finds units and stays away from those it was told to, `recognising`
finds out which line answers, `parts` which channels there are, `link` is one conversation with one unit, `asking` asks
one thing at a time, `polling` asks again and again, `setting` sets, `notices` hears what units tell by multicast. The
room `codec` knows lines, `simulation` has simulated units.
"""
