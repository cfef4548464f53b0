"""Tells why a name leads to no address: there is no such name, or our resolver fails. Public."""

from __future__ import annotations

import socket
from pathlib import Path

from smic_tui.i18n import _

_RESOLVERS = Path("/etc/resolv.conf")
_LONGEST = 1 << 16
# What getaddrinfo says when no resolver gives an answer. That a name does not exist is an answer.
_OURS = (socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM, socket.EAI_MEMORY)


def is_our_resolver(error: socket.gaierror) -> bool:
    """Whether name resolution does not work here, rather than that there is no such name."""
    return error.errno in _OURS


def resolvers() -> str:
    """Return the addresses of the resolvers of this machine, "" if they are not told."""
    try:
        with _RESOLVERS.open(encoding="utf-8", errors="replace") as file:
            lines = file.read(_LONGEST).splitlines()
    except OSError:
        return ""
    found = [line.split()[1] for line in lines if line.startswith("nameserver ") and line[11:]]
    return ", ".join(found[:3])


def why_no_address(name: str, error: socket.gaierror) -> str:
    """Return what is wrong, for people; names the resolver where it is the one that fails."""
    if not is_our_resolver(error):
        return _("The name {host} leads nowhere: {reason}").format(
            host=name, reason=error.strerror or error
        )
    asked = resolvers()
    if asked:
        return _("Name resolution does not work here: {resolver} does not tell {host}").format(
            resolver=asked, host=name
        )
    return _("Name resolution does not work here: no resolver tells {host}").format(host=name)
