"""A self-signed certificate, made by the program ``openssl`` when the first simulated server of a process starts."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import tempfile
import threading
from pathlib import Path

_MADE: dict[str, tuple[bytes, bytes]] = {}
"""Name -> certificate and key, as PEM."""
_TURN = threading.Lock()


def certified(name: str) -> tuple[ssl.SSLContext, str]:
    """TLS for a server with the certificate of this name, and its SHA-256 as hexadecimal digits.

    Takes a while: call it in a thread. Raises `OSError` where it cannot be made.
    """
    with _TURN, tempfile.TemporaryDirectory() as folder:
        certificate, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        if name not in _MADE:
            _make(name, certificate, key)
            _MADE[name] = certificate.read_bytes(), key.read_bytes()
        certificate.write_bytes(_MADE[name][0])
        key.write_bytes(_MADE[name][1])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        der = ssl.PEM_cert_to_DER_cert(_MADE[name][0].decode())
        return context, hashlib.sha256(der).hexdigest()


def _make(name: str, certificate: Path, key: Path) -> None:
    what = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"]
    where = ["-subj", f"/CN={name}", "-out", str(certificate), "-keyout", str(key)]
    try:
        done = subprocess.run(["openssl", *what, *where], capture_output=True, check=False)  # noqa: S603, S607 - a word of ours, found as everything is
    except FileNotFoundError as error:
        raise OSError(error.errno, "a simulated server needs the program openssl: install it") from error
    if done.returncode:
        raise OSError(f"openssl makes no certificate: {done.stderr.decode('utf-8', 'replace').strip()}")
