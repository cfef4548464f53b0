"""A short text that changes when a fact changes in a way that somebody should see.

    site       the state of each host and service and since when; the states of
               its backups
    backup     its state and its newest run
    ticket     its status, owner, priority and last change
    request    its stage, who must act, owner and last change
    source     how the last attempt ended, and whether it is stale
    alert      its life, and the digest of its fact

Ages, outputs and the answers of sources that bring nothing new leave it alone.
"""

from __future__ import annotations

from smic_tui.model.facts import (
    AlertFact,
    BackupFact,
    RequestFact,
    SiteFact,
    SourceFact,
    TicketFact,
)

AnyFact = SiteFact | BackupFact | TicketFact | RequestFact | SourceFact | AlertFact


def _parts(fact: AnyFact) -> tuple[object, ...]:
    if isinstance(fact, SiteFact):
        health = sorted(f"{h.host}/{h.service} {h.state} {h.since}" for h in fact.health)
        return (*health, *sorted(f"{backup.key} {backup.state}" for backup in fact.backups))
    if isinstance(fact, BackupFact):
        newest = fact.runs[0] if fact.runs else None
        run = (newest.source, newest.key, newest.result) if newest else ()
        return (fact.state, *run)
    if isinstance(fact, TicketFact):
        ticket = fact.ticket
        return ticket.status, ticket.owner, ticket.priority, ticket.updated
    if isinstance(fact, RequestFact):
        request = fact.request
        return request.stage, request.waiting_on, request.owner, request.updated
    if isinstance(fact, SourceFact):
        return fact.status.state, fact.stale
    return fact.status, fact.digest


def digest_of(fact: AnyFact) -> str:
    """The digest of a fact, sixteen hexadecimal digits."""
    from hashlib import blake2b  # loads OpenSSL: not at start

    text = "\x1f".join(map(str, _parts(fact)))
    return blake2b(text.encode(), digest_size=8).hexdigest()
