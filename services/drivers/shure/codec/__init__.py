"""Shure's command strings as values. PURE.

`framing` finds messages in bytes, `messages` decodes them with the property table of a family (`properties`, whose
values are `wire_types` and `special_types`), `composing` joins what comes in several messages, `samples` decodes
meters, `slp` adverts; `controls` writes what is set.
"""
