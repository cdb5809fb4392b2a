"""The command strings of Executive Elite as values. PURE.

`telnet` takes the negotiation of the terminal out of the bytes, `lines` makes messages of lines, `fields` decodes what
they say, `microphones` puts together what is published of a channel, `prompts` knows the words of a login, `replaying`
reads a whole recording.
"""
