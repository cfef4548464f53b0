"""Knocks at one address, without any right: by a TCP connection, or an ICMP echo request.

Linux lets ordinary accounts send echo requests through datagram sockets where
`net.ipv4.ping_group_range` allows their group; most distributions allow all.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from contextlib import suppress

from msgspec import Struct

from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.i18n import _

_ECHO = {socket.AF_INET: (8, 0), socket.AF_INET6: (128, 129)}
_PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
# Errors on our own side, which say nothing about a site.
_OURS = (errno.ENETUNREACH, errno.ENETDOWN, errno.EMFILE, errno.ENFILE, errno.ENOBUFS)


class Knock(Struct, frozen=True, kw_only=True):
    """Whether anything answered, and within how many seconds.

    `refused` is an answer, too: something is there.
    """

    answered: bool
    refused: bool = False
    took: float = 0.0
    reason: str = ""


async def knock(address: str, port: int, timeout: float) -> Knock:
    """Try once.

    Raises `AuthFailed` where the account may send no echo request at all, and `Unavailable` where
    our own network is missing.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with asyncio.timeout(timeout):
            if port:
                _reader, writer = await asyncio.open_connection(address, port)
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
            else:
                await _echo(address)
    except TimeoutError:
        return Knock(answered=False, reason=_("no answer"))
    except ConnectionRefusedError:
        return Knock(answered=True, refused=True, took=loop.time() - began)
    except socket.gaierror as error:
        return Knock(
            answered=False,
            reason=_("the name leads nowhere: {reason}").format(reason=error.strerror),
        )
    except UnicodeError:
        return Knock(answered=False, reason=_("this is no name of a host"))
    except OSError as error:
        if error.errno in _OURS:
            raise Unavailable(
                _("Nothing can be probed from here: {reason}").format(
                    reason=error.strerror or error
                )
            ) from None
        return Knock(answered=False, reason=error.strerror or str(error))
    return Knock(answered=True, took=loop.time() - began)


async def _echo(address: str) -> None:
    """Send an echo request and wait for its answer, without an end."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(address, None, type=socket.SOCK_DGRAM)
    family, _type, _proto, _name, where = found[0]
    try:
        line = socket.socket(family, socket.SOCK_DGRAM, _PROTOCOL[family])
    except PermissionError:
        raise AuthFailed(
            _("This account may not send echo requests (ICMP)"),
            hint=_(
                "Let it: sysctl net.ipv4.ping_group_range='0 2147483647'. Or give each target a "
                "`port` to connect to."
            ),
        ) from None
    with line:
        line.setblocking(False)
        # Not by the event loop: it would look up the name again, and cannot for this protocol.
        line.connect(where)
        asked, answered = _ECHO[family]
        mark = os.urandom(16)
        # The kernel puts in its own identifier and the checksum.
        await loop.sock_sendall(line, struct.pack("!BBHHH", asked, 0, 0, 0, 1) + mark)
        while True:
            answer = await loop.sock_recv(line, 256)
            if answer[:1] == bytes([answered]) and answer.endswith(mark):
                return
