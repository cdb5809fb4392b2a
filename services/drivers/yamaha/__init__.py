"""Yamaha/Revolabs Executive Elite 2, 4 and 8 over their command strings, TCP 23.

`driver` is the entry point, `link` one conversation with one base: `conversation` moves lines and waits for answers,
`login` gets past the question for user and password, `setting` mutes microphones. What lines mean is in the room
`codec`, which units there are in `products`. `simulation` plays units; the runtime never imports it.
"""
