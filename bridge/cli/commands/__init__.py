"""The commands as they are typed, one file a group: options, help and examples. What a command does is in `bridge.cli`
and imported when it runs, so that ``--help`` is quick and a small command stays small.
"""
