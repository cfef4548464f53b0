"""The values that go to a server and come back from it. Public."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct


class Credentials(Struct, frozen=True, kw_only=True):
    """What a request carries to prove who asks; `secrets` are hidden in every message."""

    headers: Mapping[str, str]
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return "Credentials(***)"


def basic(user: str, password: str) -> Credentials:
    """Return credentials for HTTP Basic authentication (RFC 7617, UTF-8)."""
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Credentials(
        headers={"Authorization": f"Basic {token}"}, secrets=(password, f"{user}:{password}", token)
    )


class Validators(Struct, frozen=True, omit_defaults=True):
    """What a server told about the version of an answer; with it one asks whether it changed."""

    etag: str = ""
    last_modified: str = ""

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)

    def headers(self) -> dict[str, str]:
        """The headers of a request that wants an answer only if it changed."""
        headers = {}
        if self.etag:
            headers["If-None-Match"] = self.etag
        if self.last_modified:
            headers["If-Modified-Since"] = self.last_modified
        return headers


class Answer(Struct, frozen=True, kw_only=True):
    """A complete answer with an expected status.

    `date` is the server's clock (UTC) when it answered. `end_announced` tells
    whether the length was known beforehand: without it (HTTP/1.0, `Connection:
    close`) an answer that was cut off looks like a whole one.
    """

    status: int
    content_type: str
    body: bytes
    date: datetime | None
    validators: Validators
    headers: Mapping[str, str]
    end_announced: bool

    @property
    def not_modified(self) -> bool:
        """Whether the server said that nothing changed (304)."""
        return self.status == 304
