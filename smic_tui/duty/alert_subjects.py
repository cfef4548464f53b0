"""What an alert rule can be true of: facts, and sites down together behind a supplier.

The digest of a fact is that of `digest`; the digest of sites behind a supplier
is their number in powers of two: acknowledged until it changes, an outage comes
back when it doubles, not with each site.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from smic_tui.duty.fact_digest import digest_of
from smic_tui.i18n import _, recording
from smic_tui.insight.since import backup_since, request_since, ticket_since
from smic_tui.insight.supplier_groups import SupplierGroup
from smic_tui.insight.trouble import group_line, site_line, source_line
from smic_tui.model.facts import BackupFact, RequestFact, SiteFact, SourceFact, TicketFact
from smic_tui.model.trouble import SiteTrouble
from smic_tui.query.words import BACKUP_LABELS, SITE_LABELS

SUPPLIER = "supplier/"

Fact = SiteFact | BackupFact | TicketFact | RequestFact | SourceFact


class AlertSubject(Struct, frozen=True, kw_only=True):
    """Something that a rule is true of.

    `key` ends the fingerprint: "source/key" of a fact, or "supplier/name".
    `began` is since when it is in trouble, None where nobody knows.
    `blind` says that part of it rests on a stale source or is hidden by an outdated check.
    """

    key: str
    source: str
    record_key: str
    site: str
    summary: str
    digest: str
    blind: bool
    began: datetime | None = None


def _in_words(line: SiteTrouble | None, otherwise: str) -> str:
    return " · ".join(item.words for item in line.items) if line else otherwise


def is_blind(fact: Fact) -> bool:
    """Whether something that a rule may ask of this fact rests on a stale source, or is hidden by
    an outdated check: what was the matter then may still be.
    """
    if isinstance(fact, SourceFact):
        return False
    if isinstance(fact, SiteFact):
        return (
            fact.stale
            or (fact.outdated and fact.last_state is not fact.state)
            or any(part.stale for part in fact.backups)
            or any(part.stale for part in fact.tickets)
            or any(part.stale for part in fact.requests)
        )
    return fact.stale


def _of_site(fact: SiteFact) -> AlertSubject:
    return AlertSubject(
        key=fact.key,
        source=fact.source,
        record_key=fact.site.key,
        site=fact.key,
        summary=_in_words(site_line(fact), _(SITE_LABELS[fact.state])),
        digest=digest_of(fact),
        blind=is_blind(fact),
        began=fact.trouble_since or fact.since,
    )


def _placed(
    fact: BackupFact | TicketFact | RequestFact,
    record_key: str,
    summary: str,
    began: datetime | None,
) -> AlertSubject:
    if not fact.site and fact.site_ref:
        summary = _("{what}: {words}").format(what=fact.site_ref, words=summary)
    return AlertSubject(
        key=fact.key,
        source=fact.source,
        record_key=record_key,
        site=fact.site,
        summary=summary,
        digest=digest_of(fact),
        blind=fact.stale,
        began=began,
    )


def _of_backup(fact: BackupFact) -> AlertSubject:
    summary = _("backup of {what}: {state}").format(
        what=fact.job.application or fact.job.key, state=_(BACKUP_LABELS[fact.state])
    )
    return _placed(fact, fact.job.key, summary, backup_since(fact))


def _of_ticket(fact: TicketFact) -> AlertSubject:
    ticket = fact.ticket
    return _placed(fact, ticket.key, f"#{ticket.key} {ticket.subject}", ticket_since(fact))


def _of_request(fact: RequestFact) -> AlertSubject:
    request = fact.request
    return _placed(fact, request.key, f"#{request.key} {request.subject}", request_since(fact))


def _of_source(fact: SourceFact) -> AlertSubject:
    words = _in_words(source_line(fact), _("nothing is the matter"))
    return AlertSubject(
        key=fact.key,
        source=fact.key,
        record_key="",
        site="",
        summary=_("{what}: {words}").format(what=fact.key, words=words),
        digest=digest_of(fact),
        blind=False,
        began=fact.status.lost_since,
    )


def subject_of(fact: Fact) -> AlertSubject:
    """The subject that a fact is, with a summary that can be stored."""
    with recording():
        return _subject_of(fact)


def _subject_of(fact: Fact) -> AlertSubject:
    if isinstance(fact, SiteFact):
        return _of_site(fact)
    if isinstance(fact, BackupFact):
        return _of_backup(fact)
    if isinstance(fact, TicketFact):
        return _of_ticket(fact)
    if isinstance(fact, RequestFact):
        return _of_request(fact)
    return _of_source(fact)


def subject_of_group(group: SupplierGroup) -> AlertSubject:
    """The one subject that sites down together are."""
    with recording():
        words = _("{what}: {words}").format(
            what=group.supplier, words=_in_words(group_line(group), "")
        )
    return AlertSubject(
        key=SUPPLIER + group.key,
        source="",
        record_key=SUPPLIER + group.key,
        site="",
        summary=words,
        digest=str(len(group.sites).bit_length()),
        blind=any(is_blind(fact) for fact in group.sites),
        began=group.since,
    )
