"""Sennheiser's Media Control Protocol: lines of ASCII over UDP 53212, one shared socket for all units.

`maker` owns the socket, `link` is one conversation with one unit, `questions` repeats what got lost, `reports` keeps a
unit sending, `setting` sets one attribute after the other; what bytes mean stands in the room `codec`. Others use
`maker.open_maker` and `codec.replay.replay`.
"""
