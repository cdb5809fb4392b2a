"""HTTPS: requests and event streams to units, most of which have a self-signed certificate and a password.

`pool` owns the connections, `unit` asks one unit, `settings` has addresses, credentials and limits, `pinning` proves
certificates, `words` makes a `DriverError` of what failed, `answers` and `server_sent_events` are what comes back.
"""

from __future__ import annotations

from services.drivers.transport.https.answers import Answer, EventStream
from services.drivers.transport.https.pinning import fetch_fingerprint, normalised, pinned_context
from services.drivers.transport.https.pool import HttpPool
from services.drivers.transport.https.server_sent_events import Event, EventParser
from services.drivers.transport.https.settings import Basic, HeaderKey, HttpsSettings, Meaning
from services.drivers.transport.https.unit import HttpUnit

__all__ = [
    "Answer",
    "Basic",
    "Event",
    "EventParser",
    "EventStream",
    "HeaderKey",
    "HttpPool",
    "HttpUnit",
    "HttpsSettings",
    "Meaning",
    "fetch_fingerprint",
    "normalised",
    "pinned_context",
]
