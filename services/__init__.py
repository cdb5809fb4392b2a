"""The services read units, decide what follows, store it and perform commands. They work without a broker.

From the lowest layer: `model` (keys, kinds, records), `verbs`, `rules`, `drivers`, `store`, `audit`, `live`, `units`,
`discovery`, `commands`. A room imports only from lower layers.
"""
