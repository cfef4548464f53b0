"""Gives the adapter of one source what it needs to be probed by a command."""

from __future__ import annotations

from smic_tui.config.load import Loaded
from smic_tui.config.schema import Source
from smic_tui.config.secrets import reveal
from smic_tui.contract.adapter import Context
from smic_tui.contract.redaction import Redactor
from smic_tui.contract.secret import Secret


def context_of(loaded: Loaded, source: Source, redact: Redactor) -> Context:
    """Returns the context of a source; `redact` learns each secret that the adapter asks for."""

    def secret(asked: Secret) -> str:
        value = reveal(asked, loaded.folder)
        redact.remember(value)
        return value

    return Context(
        source=source.name,
        folder=loaded.folder,
        timezone=loaded.settings.display.timezone,
        secret=secret,
    )
