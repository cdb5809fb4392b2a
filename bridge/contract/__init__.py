"""What the outside sees: topics, payloads, commands and replies, as functions of values. PURE."""

from __future__ import annotations

from bridge.contract import encoding
from bridge.contract.asyncapi import PUBLISHED, document
from bridge.contract.command_parsing import Envelope, Rejection, Request, parse
from bridge.contract.encoding import EMPTY
from bridge.contract.messages import Incoming, Message
from bridge.contract.resource_payloads import annotation, models_of
from bridge.contract.topics import CONTRACT, CommandTarget, Topics, check_base, check_id, check_organization

__all__ = [
    "CONTRACT",
    "EMPTY",
    "PUBLISHED",
    "CommandTarget",
    "Envelope",
    "Incoming",
    "Message",
    "Rejection",
    "Request",
    "Topics",
    "annotation",
    "check_base",
    "check_id",
    "check_organization",
    "document",
    "encoding",
    "models_of",
    "parse",
]
