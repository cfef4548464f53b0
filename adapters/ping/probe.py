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
from typing import Any

from msgspec import Struct

from adapters.shared.names import why_no_address
from smic_tui.contract.errors import AuthFailed
from smic_tui.i18n import _

_ECHO = {socket.AF_INET: (8, 0), socket.AF_INET6: (128, 129)}
_PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
# Errors on our own side, which say nothing about a site: no way from here, a firewall of our own,
# nothing left of what the kernel has.
_OURS = (
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
    errno.EAFNOSUPPORT,
    errno.EPERM,
    errno.EACCES,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOBUFS,
    errno.ENOMEM,
)


class Knock(Struct, frozen=True, kw_only=True):
    """Whether anything answered, and within how many seconds.

    `refused` is an answer, too: something is there. `tried` is false when nothing was sent, for a
    reason on our own side, which says nothing about the site.
    """

    answered: bool
    refused: bool = False
    tried: bool = True
    took: float = 0.0
    reason: str = ""


async def knock(address: str, port: int, timeout: float) -> Knock:
    """Try once. Raises `AuthFailed` where the account may send no echo request at all."""
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
        # Of a name that cannot be looked up nobody was asked whether he is there.
        reason = await asyncio.to_thread(why_no_address, address, error)
        return Knock(answered=False, tried=False, reason=reason)
    except UnicodeError:
        return Knock(answered=False, tried=False, reason=_("this is no name of a host"))
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _OURS:
            reason = _("nothing can be probed from here: {reason}").format(reason=reason)
            return Knock(answered=False, tried=False, reason=reason)
        return Knock(answered=False, reason=reason)
    return Knock(answered=True, took=loop.time() - began)


async def _echo(address: str) -> None:
    """Send an echo request and wait for its answer, without an end.

    Of a name with several addresses the first one is asked to which a way leads from here.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(address, None, type=socket.SOCK_DGRAM)
    for number, (family, _type, _proto, _name, where) in enumerate(found, start=1):
        try:
            await _echo_to(family, where)
        except OSError as error:
            if error.errno not in _OURS or number == len(found):
                raise
        else:
            return


async def _echo_to(family: int, where: tuple[Any, ...]) -> None:
    loop = asyncio.get_running_loop()
    try:
        line = socket.socket(family, socket.SOCK_DGRAM, _PROTOCOL[socket.AddressFamily(family)])
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
        asked, answered = _ECHO[socket.AddressFamily(family)]
        mark = os.urandom(16)
        # The kernel puts in its own identifier and the checksum.
        await loop.sock_sendall(line, struct.pack("!BBHHH", asked, 0, 0, 0, 1) + mark)
        while True:
            answer = await loop.sock_recv(line, 256)
            if answer[:1] == bytes([answered]) and answer.endswith(mark):
                return
