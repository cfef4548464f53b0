"""A secret is named in the configuration, never written in it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Secret(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a secret is found: exactly one of the three.

    The value is asked for at the moment of use through `Context.secret` and is
    kept nowhere: not in the cache, not in logs, not in a dump of the settings.
    """

    env: Annotated[str, Meta(description="Name of an environment variable.")] = ""
    file: Annotated[
        str,
        Meta(description="A file whose first line is the secret. Refused when others can read it."),
    ] = ""
    command: Annotated[
        tuple[str, ...],
        Meta(description="A command and its arguments; the first line it prints is the secret."),
    ] = ()
