"""One non-blocking datagram socket on the event loop: receives in batches, sends without a queue, reads ICMP errors.

Theory of operation. The event loop's own datagram endpoint is not used, for three reasons: it queues without a bound
what a full socket buffer does not take, it hands over one datagram a turn, and it cannot attribute an ICMP error. Here
`IP_RECVERR` (ip(7), ipv6(7)) makes Linux keep each ICMP error with the address that it concerns in the socket's error
queue. A pending error also fails the next call on the socket, whomever that call concerns; so every failed call reads
the error queue and tries again. An error queue that was read leaves uvloop's watch of the socket stopped; `_rearm`
begins it anew, which costs nothing elsewhere. `SO_RXQ_OVFL` (socket(7)) counts what Linux dropped because the socket's
buffer was full. Where a system has neither option, errors and drops stay unknown.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Address = tuple[str, int]
"""Host as the system writes it (an IPv6 address with its scope, ``fe80::1%2``) and port."""

SocketAddress = tuple[Any, ...]
"""What the system calls an address: two items for IPv4, four for IPv6."""

MOST_BYTES = 65_535
"""No datagram is longer."""
BUFFER_BYTES = 1 << 20
"""Receive buffer to ask for: answers of a scan come in bursts. The system may grant less (net.core.rmem_max)."""
BATCH_S = 0.001
"""How long one turn may receive before other work of the event loop goes on."""
SEND_TRIES = 4
"""A call may fail for another address's error; each try takes at least one such error away."""

_LINUX = sys.platform == "linux"
_IP_RECVERR, _IPV6_RECVERR, _SO_RXQ_OVFL = 11, 25, 40
"""linux/in.h, linux/in6.h, asm-generic/socket.h; the socket module does not name them."""
_EXTENDED_ERROR = struct.Struct("=I")
"""The first field of struct sock_extended_err: the error's number."""
_DROPS = struct.Struct("=I")
_ANCILLARY_BYTES = 512

FULL = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS})
"""The system has no room for a datagram now: neither the socket nor the peer is to blame."""


@dataclass(slots=True)
class Counters:
    """What a `DatagramSocket` has counted since it opened, in datagrams unless a line names another unit."""

    sent: int = 0
    received: int = 0
    unsent: int = 0
    """The system did not take them: the buffer was full, or there was no route."""
    overrun: int = 0
    """The system dropped them because the bridge was too slow to receive."""
    unknown: int = 0
    """From senders that no peer is registered for."""
    duplicate: int = 0
    """An answer that came before, byte for byte."""
    late: int = 0
    """An answer to a question that was given up."""
    repeated: int = 0
    """Questions sent again because no answer came."""
    unanswered: int = 0
    """Questions given up."""
    refused: int = 0
    """ICMP messages that nothing listens at a peer's port."""


class Endpoint:
    """A bound socket. ``received`` gets each datagram and its sender, ``failed`` each ICMP error's number and peer."""

    def __init__(
        self, received: Callable[[bytes, Address], None], failed: Callable[[int, Address], None], counters: Counters
    ) -> None:
        self._received = received
        self._failed = failed
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._sock: socket.socket | None = None
        self._buffer = bytearray(MOST_BYTES)
        self._view = memoryview(self._buffer)
        self._drops = 0

    def open(self, family: socket.AddressFamily, local: SocketAddress) -> None:
        """Bind and begin to receive. Raises `OSError`."""
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if _LINUX:
                sock.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
                else:
                    sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
            sock.bind(local)
        except BaseException:
            sock.close()
            raise
        self._sock = sock
        self._loop.add_reader(sock, self._readable)

    def close(self) -> None:
        """Stop receiving; harmless when it is closed already."""
        if self._sock is not None:
            self._loop.remove_reader(self._sock)
            self._sock.close()
            self._sock = None

    @property
    def port(self) -> int:
        """The local port; 0 when closed."""
        return int(self._sock.getsockname()[1]) if self._sock is not None else 0

    def send(self, data: bytes, to: SocketAddress) -> int:
        """Send; return 0, or the number of the error that kept the system from taking the datagram."""
        sock, number = self._sock, errno.EBADF
        if sock is None:
            return number
        for _ in range(SEND_TRIES):
            try:
                sock.sendto(data, to)
            except OSError as error:
                number = error.errno or errno.EIO
                if number not in FULL and self._read_errors():
                    continue
                self._counters.unsent += 1
                return number
            self._counters.sent += 1
            return 0
        self._counters.unsent += 1
        return number

    def _readable(self) -> None:
        """Called by the event loop: receive what is there, for `BATCH_S` at most; the loop calls again for the rest."""
        until = self._loop.time() + BATCH_S
        progress = False
        while (sock := self._sock) is not None:
            try:
                length, ancillary, _, sender = sock.recvmsg_into((self._view,), _ANCILLARY_BYTES)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                if not self._read_errors():
                    break
                progress = True
                continue
            progress = True
            if ancillary:
                self._count_drops(ancillary)
            self._counters.received += 1
            self._received(bytes(self._view[:length]), address_of(sender))
            if self._loop.time() > until:
                return
        if not progress and not self._read_errors():
            self._rearm()

    def _count_drops(self, ancillary: list[tuple[int, int, bytes]]) -> None:
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL and len(data) >= _DROPS.size:
                (drops,) = _DROPS.unpack_from(data)
                self._counters.overrun += (drops - self._drops) % 2**32
                self._drops = drops

    def _read_errors(self) -> bool:
        """Empty the error queue; whether there was anything in it."""
        failures: list[tuple[int, Address]] = []
        while _LINUX and self._sock is not None:
            try:
                _, ancillary, _, about = self._sock.recvmsg(0, _ANCILLARY_BYTES, socket.MSG_ERRQUEUE)
            except OSError:
                break
            failures.extend(
                (_EXTENDED_ERROR.unpack_from(data)[0], address_of(about))
                for level, kind, data in ancillary
                if (level, kind) in {(socket.IPPROTO_IP, _IP_RECVERR), (socket.IPPROTO_IPV6, _IPV6_RECVERR)}
                if len(data) >= _EXTENDED_ERROR.size and about
            )
        if failures:
            self._rearm()
            # not from here: a sender must not find itself answered before its call has returned
            self._loop.call_soon(self._report, failures)
        return bool(failures)

    def _report(self, failures: list[tuple[int, Address]]) -> None:
        for number, about in failures:
            self._failed(number, about)

    def _rearm(self) -> None:
        if self._sock is not None:
            self._loop.remove_reader(self._sock)
            self._loop.add_reader(self._sock, self._readable)


def address_of(address: SocketAddress) -> Address:
    """The key of a sender: equal for the address that a name was resolved to and for what comes from there."""
    host, port = address[0], address[1]
    scope = address[3] if len(address) > 3 else 0  # noqa: PLR2004 - an IPv6 address's fourth item, see SocketAddress
    return (f"{host}%{scope}" if scope else str(host)), int(port)


def port_owner(port: int) -> str:
    """The program of this machine that holds a UDP port, ``name (process 123)``; empty where that cannot be seen.

    Reads /proc (proc(5)), which takes milliseconds: call it in a thread.
    """
    inodes = {
        fields[9]
        for table in ("/proc/net/udp", "/proc/net/udp6")
        for fields in map(str.split, _lines(table)[1:])
        if len(fields) > 9 and int(fields[1].rpartition(":")[2], 16) == port  # noqa: PLR2004 - inode column of proc(5)
    }
    sockets = {f"socket:[{inode}]" for inode in inodes}
    for process in filter(str.isdigit, _entries("/proc")):
        folder = f"/proc/{process}/fd"
        if any(_target(f"{folder}/{number}") in sockets for number in _entries(folder)):
            name = "".join(_lines(f"/proc/{process}/comm")).strip()
            return f"{name or 'a program'} (process {process})"
    return ""


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - /proc, read in a thread
            return file.readlines()
    except OSError:
        return []


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - thousands of names, no need of objects
    except OSError:
        return []


def _target(link: str) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115 - as above
    except OSError:
        return ""
