"""The contract on MQTT as functions of values. PURE.

`topics` spells topics; `payloads`, `resource_payloads` and `envelopes` describe payloads, `encoding` writes them;
`command_parsing` checks a command and its arguments, `command_mistakes` says what is wrong with it; `messages` is a
message as a value; `asyncapi` makes the document.
"""

from __future__ import annotations

from bridge.contract import encoding
from bridge.contract.asyncapi import PUBLISHED, document
from bridge.contract.command_parsing import LARGEST, Envelope, Rejection, Request, parse
from bridge.contract.encoding import EMPTY
from bridge.contract.messages import Incoming, Message
from bridge.contract.resource_payloads import annotation, models_of
from bridge.contract.topics import (
    CONTRACT,
    REPLY_MOST_BYTES,
    REPLY_MOST_LEVELS,
    CommandTarget,
    Published,
    Topics,
    check_base,
    check_id,
    check_organization,
    check_verb,
)

__all__ = [
    "CONTRACT",
    "EMPTY",
    "LARGEST",
    "PUBLISHED",
    "REPLY_MOST_BYTES",
    "REPLY_MOST_LEVELS",
    "CommandTarget",
    "Envelope",
    "Incoming",
    "Message",
    "Published",
    "Rejection",
    "Request",
    "Topics",
    "annotation",
    "check_base",
    "check_id",
    "check_organization",
    "check_verb",
    "document",
    "encoding",
    "models_of",
    "parse",
]
