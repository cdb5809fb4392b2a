"""What went wrong with TLS, in words that lead to the remedy."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import Final

from bridge.mqtt.endpoint import BrokerError, Endpoint

_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
"""Verification errors of OpenSSL (X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED)."""

_TOO_OLD: Final = frozenset({"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "WRONG_SSL_VERSION"})
"""How OpenSSL says that the other side speaks no version of TLS that is allowed here."""

OLDEST_TLS: Final = ssl.TLSVersion.TLSv1_2
"""The older ones are not safe (RFC 8996). Said outright: what Python allows differs from one system to the next."""

NO_TLS: Final = (
    "is this the broker's TLS port, usually 8883 (mqtts) or 443 (wss)? If it does without TLS use mqtt:// or ws://"
)


NO_CERTIFICATE: Final = "If it wants a client certificate: the bridge has none (mosquitto: require_certificate false)"


def tls_trouble(endpoint: Endpoint, error: ssl.SSLError) -> BrokerError:
    """The handshake failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _not_trusted(endpoint, error)
    if error.reason in _TOO_OLD:
        oldest = OLDEST_TLS.name.replace("TLSv", "TLS ").replace("_", ".")
        return BrokerError(
            "tls_failed",
            f"{endpoint}: it speaks TLS, but only a version that is no longer safe, like 1.0 or 1.1: let it offer "
            f"{oldest} or newer (mosquitto: tls_version)",
        )
    if "_ALERT_" in (error.reason or ""):
        return BrokerError(
            "tls_failed",
            f"{endpoint}: it refuses the TLS connection ({error.reason}). {NO_CERTIFICATE}",
        )
    return BrokerError("tls_failed", f"{endpoint}: no TLS there ({error.reason or error}): {NO_TLS}")


def _not_trusted(endpoint: Endpoint, error: ssl.SSLCertVerificationError) -> BrokerError:
    if error.verify_code in {_NOT_YET_VALID, _EXPIRED}:
        return BrokerError(
            "tls_not_trusted",
            f"{endpoint}: {error.verify_message}: renew it at the broker, or set this machine's clock if that is wrong",
            beside=f"this machine's clock says {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        )
    return BrokerError(
        "tls_not_trusted",
        f"{endpoint}: its certificate is not trusted ({error.verify_message}): set [mqtt] ca_file to the file "
        "of the authority that signed it, and use the host name that the certificate is made for",
    )
