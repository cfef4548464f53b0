"""Makes tickets or catalogue requests of Redmine's issues.

Times come as UTC with `Z`; a due date is a day, which ends at midnight in the configured zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
from msgspec import Struct

from adapters.redmine.options import RedmineOptions
from adapters.redmine.words import Status, Words
from adapters.shared.json_text import decode_json
from adapters.shared.row_by_row import read_each
from smic_tui.contract.batch import Rejected
from smic_tui.i18n import _
from smic_tui.records import CatalogueRequest, Ticket

# What a field named in the configuration may be, besides a custom one.
REFERENCES = ("author", "category", "project", "subject", "tracker", "version")


class Named(Struct, frozen=True):
    """A reference to a project, tracker, person and the like."""

    id: int
    name: str = ""


class CustomValue(Struct, frozen=True):
    """A custom field of an issue; its value is text, several texts, or nothing."""

    id: int
    name: str = ""
    value: Any = None


class Issue(Struct, frozen=True):
    """The parts of an issue that are used, as the list gives them."""

    id: int
    project: Named
    tracker: Named
    status: Status
    created_on: datetime
    updated_on: datetime
    subject: str = ""
    priority: Named | None = None
    author: Named | None = None
    assigned_to: Named | None = None
    category: Named | None = None
    fixed_version: Named | None = None
    due_date: date | None = None
    closed_on: datetime | None = None
    custom_fields: tuple[CustomValue, ...] = ()

    def value(
        self, name: str, shown: Callable[[CustomValue], str | None] = lambda _custom: None
    ) -> str:
        """Return what a field named in the configuration holds; see `FieldName`.

        `shown` tells what the numbers of a field stand for, None where it does not know.
        """
        for custom in self.custom_fields:
            if name and name in (custom.name, str(custom.id)):
                text = shown(custom)
                return _text(custom.value) if text is None else text
        referred = {
            "author": self.author,
            "category": self.category,
            "project": self.project,
            "tracker": self.tracker,
            "version": self.fixed_version,
        }.get(name)
        if referred is not None:
            return referred.name
        return self.subject if name == "subject" else ""


class Page(Struct):
    """One answer of /issues.json. Redmine decides how many issues it has, whatever was asked."""

    issues: list[msgspec.Raw]
    total_count: int


class _Numbered(Struct):
    id: int


def decode(raws: Iterable[msgspec.Raw]) -> tuple[list[Issue], list[Rejected], int]:
    """Return the issues, those that cannot be read, and the highest number of either."""
    numbers: list[int] = []

    def place(_number: int, raw: msgspec.Raw) -> str:
        number = _number_of(raw)
        numbers.append(number)
        return _("issue {number}").format(number=number) if number else _("an issue")

    issues, rejected = read_each(raws, _issue, place)
    numbers += [issue.id for issue in issues]
    return issues, rejected, max(numbers, default=0)


def _issue(raw: msgspec.Raw) -> Issue:
    issue = decode_json(raw, Issue)
    if issue.created_on.tzinfo is None or issue.updated_on.tzinfo is None:
        raise ValueError(_("its times have no time zone"))
    return issue


class Converter:
    """Makes records of issues, as one source is configured."""

    def __init__(
        self,
        options: RedmineOptions,
        timezone: str,
        shown: Callable[[CustomValue], str | None] = lambda _custom: None,
    ) -> None:
        from zoneinfo import ZoneInfo

        self._shown = shown
        self._options = options
        self._zone = ZoneInfo(timezone)
        self._base = options.url.rstrip("/")

    def record(self, issue: Issue, words: Words) -> Ticket | CatalogueRequest:
        """Return the issue as the record that this source gives."""
        as_request = self._options.as_ == "requests"
        return self._request(issue, words) if as_request else self._ticket(issue, words)

    def _ticket(self, issue: Issue, words: Words) -> Ticket:
        options = self._options
        return Ticket(
            key=str(issue.id),
            subject=issue.subject,
            status=words.ticket_status(issue.status),
            status_label=issue.status.name,
            priority=words.priority(issue.priority.id if issue.priority else None),
            requester=issue.value(options.requester_field, self._shown),
            owner=issue.assigned_to.name if issue.assigned_to else "",
            site=issue.value(options.site_field, self._shown),
            queue=issue.project.name,
            created=issue.created_on.astimezone(UTC),
            updated=issue.updated_on.astimezone(UTC),
            due=self._end_of(issue.due_date),
            supplier=issue.value(options.supplier_field, self._shown),
            waiting_on=words.ticket_actor(issue.status),
            url=f"{self._base}/issues/{issue.id}",
        )

    def _request(self, issue: Issue, words: Words) -> CatalogueRequest:
        options = self._options
        return CatalogueRequest(
            key=str(issue.id),
            subject=issue.subject,
            software=issue.value(options.software_field, self._shown),
            stage=words.stage(issue.status),
            stage_label=issue.status.name,
            site=issue.value(options.site_field, self._shown),
            member=issue.value(options.member_field, self._shown),
            requester=issue.value(options.requester_field, self._shown),
            owner=issue.assigned_to.name if issue.assigned_to else "",
            waiting_on=words.request_actor(issue.status),
            created=issue.created_on.astimezone(UTC),
            updated=issue.updated_on.astimezone(UTC),
            due=self._end_of(issue.due_date),
            url=f"{self._base}/issues/{issue.id}",
        )

    def _end_of(self, day: date | None) -> datetime | None:
        if day is None:
            return None
        return datetime.combine(day, time(23, 59, 59), self._zone).astimezone(UTC)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(part) for part in value if part not in (None, ""))
    return "" if value is None else str(value)


def _number_of(raw: msgspec.Raw) -> int:
    try:
        return decode_json(raw, _Numbered).id
    except msgspec.DecodeError:
        return 0
