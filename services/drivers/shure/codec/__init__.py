"""Shure's command strings as values: framing, messages, wire types, property tables, meters, adverts. PURE."""
