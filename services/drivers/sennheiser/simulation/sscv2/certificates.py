"""Makes certificates that sign themselves, as units make theirs: ECDSA on P-256, X.509 version 3.

For simulated units alone: numbers come from a seed, so that the same unit has the same certificate after a restart.
Sources: FIPS 186-5 and SEC 1 for the signature, RFC 5280 and RFC 5915 for the forms.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
import tempfile
from pathlib import Path
from random import Random

Point = tuple[int, int]

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G: Point = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_SIZE = 32

_SEQUENCE, _SET, _INTEGER, _BITS, _OCTETS, _OID, _TEXT, _UTC_TIME = 0x30, 0x31, 0x02, 0x03, 0x04, 0x06, 0x0C, 0x17
_ECDSA_SHA256 = bytes.fromhex("2a8648ce3d040302")
_EC_KEY, _P256 = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d030107")
_COMMON_NAME = bytes.fromhex("550403")
_SHORT_LENGTH = 0x80


def context(name: str, random: Random) -> ssl.SSLContext:
    """A server's TLS context with a new key and a certificate for ``name`` that it signed itself."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "unit.pem")
        path.write_text(_pem(name, random))
        made.load_cert_chain(path)
    return made


def _pem(name: str, random: Random) -> str:
    secret = random.randrange(1, _N)
    public = _times(secret, _G)
    point = b"\x04" + b"".join(each.to_bytes(_SIZE, "big") for each in public)
    certificate = _signed(_to_be_signed(name, point, random), secret, random)
    key = _der(_SEQUENCE, _integer(1), _der(_OCTETS, secret.to_bytes(_SIZE, "big")), _der(0xA0, _der(_OID, _P256)))
    return _block("EC PRIVATE KEY", key) + _block("CERTIFICATE", certificate)


def _to_be_signed(name: str, point: bytes, random: Random) -> bytes:
    subject = _der(_SEQUENCE, _der(_SET, _der(_SEQUENCE, _der(_OID, _COMMON_NAME), _der(_TEXT, name.encode()))))
    validity = _der(_SEQUENCE, *(_der(_UTC_TIME, each) for each in (b"200101000000Z", b"490101000000Z")))
    key = _der(_SEQUENCE, _der(_SEQUENCE, _der(_OID, _EC_KEY), _der(_OID, _P256)), _der(_BITS, b"\0" + point))
    algorithm = _der(_SEQUENCE, _der(_OID, _ECDSA_SHA256))
    version = _der(0xA0, _integer(2))
    return _der(_SEQUENCE, version, _integer(random.getrandbits(63) + 1), algorithm, subject, validity, subject, key)


def _signed(data: bytes, secret: int, random: Random) -> bytes:
    digest = int.from_bytes(hashlib.sha256(data).digest(), "big")
    once = random.randrange(1, _N)
    r = _times(once, _G)[0] % _N
    s = pow(once, -1, _N) * (digest + r * secret) % _N
    signature = _der(_SEQUENCE, _integer(r), _integer(s))
    return _der(_SEQUENCE, data, _der(_SEQUENCE, _der(_OID, _ECDSA_SHA256)), _der(_BITS, b"\0" + signature))


def _times(factor: int, point: Point) -> Point:
    """A point of the curve added to itself so many times."""
    total: Point | None = None
    while factor:
        if factor & 1:
            total = point if total is None else _plus(total, point)
        point = _plus(point, point)
        factor >>= 1
    assert total is not None, "a factor of 0 gives no point"  # noqa: S101 - never asked for
    return total


def _plus(one: Point, other: Point) -> Point:
    if one == other:
        slope = (3 * one[0] ** 2 - 3) * pow(2 * one[1], -1, _P) % _P
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _P) % _P
    x = (slope**2 - one[0] - other[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P


def _integer(value: int) -> bytes:
    return _der(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < _SHORT_LENGTH:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, _SHORT_LENGTH | len(length)]) + length + body


def _block(label: str, der: bytes) -> str:
    lines = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{lines}-----END {label}-----\n"
