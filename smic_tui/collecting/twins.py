"""Keeps a record of one system from being open in two of our sources that read it.

A ticket that is requalified or moved comes to one source before the other has missed it. Two
records are the same where their web address is, and the one that was changed later is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smic_tui.config.schema import Source
from smic_tui.model.snapshot import SourceContents
from smic_tui.records import CatalogueRequest, Record, Stream, Ticket, is_open

Losers = dict[Stream, set[str]]

_STREAMS = (Stream.TICKETS, Stream.REQUESTS)


def system_of(source: Source) -> tuple[str, str] | None:
    """Return what sources of the same system have in common; None for one without an address."""
    options: Any = source.options
    url = options.get("url", "") if isinstance(options, Mapping) else getattr(options, "url", "")
    return (source.kind, url.rstrip("/").lower()) if isinstance(url, str) and url else None


def settle_with_twins(
    twin: SourceContents,
    upserts: dict[Stream, dict[str, Record]],
    deletes: dict[Stream, set[str]],
) -> Losers:
    """Decide which of two sources keeps a record that both know; return what `twin` must forget.

    A record that is not newer here is left out of `upserts` and goes into `deletes`: what was
    changed at the same moment stays where it is.
    """
    here = {
        row.url: (stream, key, row)
        for stream in _STREAMS
        for key, row in upserts.get(stream, {}).items()
        if isinstance(row, Ticket | CatalogueRequest) and row.url
    }
    forget: Losers = {}
    if not here:
        return forget
    for stream in _STREAMS:
        for key, theirs in twin.of(stream).items():
            if not isinstance(theirs, Ticket | CatalogueRequest) or theirs.url not in here:
                continue
            our_stream, our_key, ours = here[theirs.url]
            if not (is_open(ours) or is_open(theirs)):
                continue
            if ours.updated > theirs.updated:
                forget.setdefault(stream, set()).add(key)
            else:
                del upserts[our_stream][our_key]
                deletes.setdefault(our_stream, set()).add(our_key)
    return forget
