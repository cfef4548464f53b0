"""What changed at a site in the last days, read from the times in its facts.

It is not a log: sources tell only the newest state of most things. What can be
read from them is

    when a host or service came into the state that it is in,
    every run of a backup that failed or ended with a warning, and the first
    success after a failure,
    when a ticket was created, and when it was resolved or last changed,
    the same of catalogue requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from smic_tui.i18n import _, labelled
from smic_tui.insight.site_state import levels_at
from smic_tui.model.facts import BackupFact, RequestFact, SiteFact, TicketFact
from smic_tui.model.states import Level
from smic_tui.model.trouble import Part
from smic_tui.query.words import HEALTH_LABELS
from smic_tui.records import Health, RunResult, Stage, TicketStatus


class Event(Struct, frozen=True, kw_only=True):
    """Something happened at `at` (UTC). `words` are translated, without their time.

    `key` is the key of the fact it is about, empty for health.
    """

    at: datetime
    kind: Part
    level: Level
    words: str
    key: str = ""


def _name(health: Health) -> str:
    return f"{health.host} / {health.service}" if health.service else health.host


def _health(fact: SiteFact) -> Iterator[Event]:
    for health, level in levels_at(fact):
        if health.since is not None:
            yield Event(
                at=health.since,
                kind=Part.HEALTH,
                level=level,
                words=labelled(_name(health), _(HEALTH_LABELS[health.state])),
            )


def _backup(fact: BackupFact) -> Iterator[Event]:
    what = fact.job.application or fact.job.key
    failed_before = False
    for run in reversed(fact.runs):
        level = Level.FINE
        if run.result is RunResult.FAILED:
            level = Level.WARNING
            words = _("backup of {what} failed")
        elif run.result is RunResult.WARNING:
            level = Level.NOTICE
            words = _("backup of {what} ended with a warning")
        elif run.result is RunResult.OK and failed_before:
            words = _("backup of {what} restored")
        else:
            continue
        failed_before = run.result is RunResult.FAILED
        yield Event(
            at=run.ended or run.started,
            kind=Part.BACKUP,
            level=level,
            words=words.format(what=what),
            key=fact.key,
        )


def _ticket(fact: TicketFact) -> Iterator[Event]:
    ticket = fact.ticket
    name = f"#{ticket.key} {ticket.subject}"

    def event(at: datetime, words: str, level: Level) -> Event:
        return Event(
            at=at, kind=Part.TICKET, level=level, words=words.format(ticket=name), key=fact.key
        )

    yield event(ticket.created, _("ticket opened: {ticket}"), fact.level)
    if not ticket.status.is_open:
        closed = ticket.status is TicketStatus.CLOSED
        words = _("ticket closed: {ticket}") if closed else _("ticket resolved: {ticket}")
        yield event(ticket.updated, words, Level.FINE)
    elif ticket.updated > ticket.created:
        yield event(ticket.updated, _("ticket changed: {ticket}"), fact.level)


def _request(fact: RequestFact) -> Iterator[Event]:
    request = fact.request
    name = request.software or request.subject

    def event(at: datetime, words: str, level: Level) -> Event:
        return Event(
            at=at, kind=Part.REQUEST, level=level, words=words.format(what=name), key=fact.key
        )

    yield event(request.created, _("request made: {what}"), fact.level)
    if request.stage is Stage.DONE:
        yield event(request.updated, _("request done: {what}"), Level.FINE)
    elif request.stage is Stage.REFUSED:
        yield event(request.updated, _("request refused: {what}"), Level.FINE)
    elif request.updated > request.created:
        yield event(request.updated, _("request moved on: {what}"), fact.level)


def _all(fact: SiteFact) -> Iterator[Event]:
    yield from _health(fact)
    for backup in fact.backups:
        yield from _backup(backup)
    for ticket in fact.tickets:
        yield from _ticket(ticket)
    for request in fact.requests:
        yield from _request(request)


def recent(fact: SiteFact, now: datetime, days: int = 7) -> tuple[Event, ...]:
    """What changed at the site in the `days` before `now`, the newest first."""
    first = now - timedelta(days=days)
    events = [event for event in _all(fact) if first <= event.at <= now]
    events.sort(key=lambda event: (event.at, event.level, event.words), reverse=True)
    return tuple(events)
