"""TLS with units whose certificate no authority signed: the certificate is known by its SHA-256 fingerprint.

    context = pinned_context("9F:86:D0:...")                 # checks inside the handshake
    seen = await fetch_fingerprint("192.0.2.7", 443)          # for people, who compare it and write it down

Theory of operation. `ssl.SSLContext.sslobject_class` lets the TLS object of every connection be a class of ours, whose
handshake ends with the comparison. A handshake that raises never becomes a connection, so no library above it can
write a request, whichever library and event loop that is.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import ssl
from functools import cache

from services.drivers.port import DriverError
from services.drivers.transport.failures import RESOLVE_WORDS, failure

_HEX = re.compile(r"[0-9A-F]{64}\Z")
_RAW = 1
"""Nothing else than the SSLError that OpenSSL would raise: SSL_ERROR_SSL."""


class FingerprintMismatchError(ssl.SSLError):
    """The peer has another certificate than the expected one."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(_RAW, f"certificate fingerprint {found} instead of {expected}")
        self.expected = expected
        self.found = found


def normalised(fingerprint: str) -> str:
    """A SHA-256 fingerprint as ``openssl x509 -fingerprint -sha256`` prints it: 32 upper-case pairs with colons.

    Takes it with or without colons, blanks and a leading ``sha256:``, in any case. Raises `ValueError` for anything
    else.
    """
    text = fingerprint.strip().upper()
    for label in ("SHA256 FINGERPRINT=", "SHA256:", "SHA-256:"):
        text = text.removeprefix(label)
    digits = re.sub(r"[:\s]", "", text)
    if _HEX.match(digits) is None:
        raise ValueError("a fingerprint is the SHA-256 of a certificate: 64 hexadecimal digits, with or without colons")
    return ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))


def fingerprint_of(certificate: bytes) -> str:
    """The fingerprint of a certificate in DER form, as `normalised` writes it."""
    return normalised(hashlib.sha256(certificate).hexdigest())


@cache
def unverified_context() -> ssl.SSLContext:
    """TLS without any check of the certificate, the same for all. Good for nothing but a look at the certificate."""
    return _unverified()


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def pinned_context(fingerprint: str) -> ssl.SSLContext:
    """TLS with the unit that has this certificate, and with no other; names and dates in it do not count.

    Raises `ValueError` for text that is no fingerprint. A handshake with another unit raises
    `FingerprintMismatchError`.
    """
    expected = normalised(fingerprint)

    class Pinned(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            found = fingerprint_of(self.getpeercert(binary_form=True) or b"")
            if found != expected:
                raise FingerprintMismatchError(expected, found)

    context = _unverified()
    context.options |= ssl.OP_NO_RENEGOTIATION  # a renegotiation could bring another certificate
    context.sslobject_class = Pinned
    return context


def verified_context(authority: str = "") -> ssl.SSLContext:
    """TLS with units whose certificate is signed by an authority of this system, or of the PEM file ``authority``.

    Reads files for up to 50 ms: call it in a thread. Raises `OSError` (`ssl.SSLError` is one) for an unusable file.
    """
    return ssl.create_default_context(cafile=authority or None)


async def fetch_fingerprint(host: str, port: int = 443, *, timeout: float = 3.0, interface: str = "") -> str:
    """The fingerprint of the certificate at this address. Nothing is sent but what agreeing on TLS takes.

    It proves nothing: people compare it with what the unit shows, or accept the risk, before it becomes a setting.
    Raises `DriverError`.
    """
    peer = f"{host} port {port}"
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            transport, _ = await loop.create_connection(
                asyncio.Protocol,
                host,
                port,
                ssl=unverified_context(),
                local_addr=(interface, 0) if interface else None,
            )
    except (OSError, UnicodeError) as error:
        raise unreachable(error, peer, timeout) from error
    try:
        return fingerprint_of(transport.get_extra_info("ssl_object").getpeercert(binary_form=True))
    finally:
        transport.abort()


def unreachable(error: BaseException, peer: str, timeout: float, hint: str = "") -> DriverError:
    """Why no TLS connection came about, from the operating system's or OpenSSL's error."""
    match error:
        case FingerprintMismatchError():
            return failure(
                "identity_conflict",
                f"{peer} has the certificate {error.found}, the settings expect {error.expected}: another unit answers"
                " there, or the unit made itself a new certificate; compare, then correct the setting",
                cause=error,
            )
        case ssl.SSLCertVerificationError():
            return failure(
                "identity_conflict",
                f"the certificate of {peer} cannot be verified ({error.verify_message}): give the SHA-256 fingerprint"
                " of the unit's certificate in its settings",
                cause=error,
            )
        case ssl.SSLError():
            words = error.reason or error.strerror or "unknown error"
            return failure(
                "wrong_model", f"{peer} speaks no TLS that fits ({words}): check port and model", cause=error
            )
        case ConnectionRefusedError():
            words = hint or "nothing listens there, or remote access is switched off in the unit's menu"
            return failure("refused", f"{peer} refused the connection: {words}", cause=error)
        case ConnectionResetError() | ConnectionAbortedError() | BrokenPipeError() | EOFError():
            return failure("reset_by_device", f"{peer} ended the connection before TLS was agreed", cause=error)
        case socket.gaierror() | UnicodeError():
            return failure("timeout", f"{peer}: {RESOLVE_WORDS}", cause=error)
        case TimeoutError():
            words = f"no answer from {peer} within {timeout:g} s: check address, cable, power and network"
            return failure("timeout", words, cause=error)
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return failure("timeout", f"cannot connect to {peer}: {words}", cause=error)
