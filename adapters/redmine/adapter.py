"""Kind `redmine`: support tickets or catalogue requests from Redmine's issues.

Facts about the API are those of Redmine 5.0.4 as measured, and of its REST API
documentation. What makes this kind particular:

- With a bad key, without one or with the API switched off, /issues.json answers 200 with no
  issues. So each reading proves the account by /users/current.json, and the right to each
  project by its address (403, 404).
- Redmine ignores a filter that it does not know, and sends everything. So the adapter compares
  what came with what it asked for.
- A page begins at an issue's number (`issue_id>=`), not at an offset: an issue that is closed
  meanwhile would move the others from one page to the page before, and a full reading would
  take one of them for deleted. Redmine also cuts `limit` without saying so.
- What changed does not tell of issues that were deleted or moved. Redmine counts what a question
  is true of, so a reading asks how many of the known ones are there (`exits`). Journals cost one
  request for each issue: only actions read them (`adapters.redmine.actions`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec import Struct

from adapters.http.adapter import HttpAdapter
from adapters.redmine import actions as redmine_actions
from adapters.redmine.account import Account
from adapters.redmine.fields import missing_fields
from adapters.redmine.issues import REFERENCES, Converter, Issue, Page, decode
from adapters.redmine.options import RedmineOptions
from adapters.redmine.references import References
from adapters.redmine.scope import Scope, find_scope
from adapters.redmine.words import Priority, Status, Words
from adapters.shared.cursors import decoded_of, newest_until, setup_of, usable
from adapters.ticketing.exits import exits_of
from adapters.ticketing.tally import ReadingTally
from adapters.ticketing.understood import understood
from smic_tui.contract.actions import Action, ChangedMeanwhile, RecordSnapshot, Refused, Verb
from smic_tui.contract.adapter import Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.view import Sight
from smic_tui.i18n import _
from smic_tui.records import CatalogueRequest, Stream, Ticket

if TYPE_CHECKING:
    from adapters.http.messages import Validators
    from adapters.http.session import Credentials, HttpSession

# Redmine may give fewer: it has a limit of its own.
PAGE = 100
# A change that was begun earlier may become visible later.
OVERLAP = timedelta(minutes=2)
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


class _Statuses(Struct):
    issue_statuses: list[Status]


class _Priorities(Struct):
    issue_priorities: list[Priority]


class _Cursor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`since` is on Redmine's clock; `setup` tells which configuration it was read with.

    `etags` are those of answers to the same question, by address.
    """

    since: datetime
    setup: str
    etags: dict[str, str] = {}


class RedmineAdapter(HttpAdapter[RedmineOptions]):
    """One selection of the issues of one Redmine."""

    kind: ClassVar[str] = "redmine"
    config_type: ClassVar[type[Struct]] = RedmineOptions
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.TICKETS, Stream.REQUESTS})

    def __init__(self, config: RedmineOptions, context: Context) -> None:
        super().__init__(config, context)
        self._words: Words | None = None
        self._scope: Scope | None = None
        self._account = Account()
        self._references = References(_fields_of(config))
        self._converter = Converter(config, context.timezone, self._references.shown)

    def offered(self) -> frozenset[Stream]:
        """Tickets or requests, as configured."""
        return frozenset({Stream(self.config.as_)})

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read the issues that changed since the cursor, or all that are open or just closed."""
        http = self._session()
        async with http.signed_in():
            await self._account.read(http)
            # On Redmine's clock, before any question whose answer it bounds.
            clock = http.remote_time
            before = usable(decoded_of(setup_of(self.config), cursor, _Cursor), clock)
            reading = _Reading(self.config, self._converter, before, clock)
            self._scope = scope = await find_scope(http, self.config)
            if reading.full or self._words is None:
                self._words = await self._read_words(http)
            for path in scope.paths:
                for question in reading.questions():
                    async for issues, rejected in self._pages(http, reading, scope, path, question):
                        if not all(self._words.knows(issue.status) for issue in issues):
                            self._words = await self._read_words(http)
                        await self._references.learn(http, issues)
                        yield reading.batch(issues, rejected, self._words)
        reading.tally.refuse_to_empty_the_cache(
            http, _("None of Redmine's {count} issues could be read: {reason}")
        )
        yield Batch(cursor=reading.cursor(setup_of(self.config)), full=reading.full)

    async def exits(self, stream: Stream, keys: Collection[str]) -> Collection[str]:
        """Return which of the open issues are not among those that are read any more."""
        http, scope, words = self._session(), self._scope, self._words
        if scope is None or words is None:
            return ()
        # Those that make a record open; Redmine's "open" has what waits to be closed, too.
        statuses = "|".join(
            str(status.id) for status in words.statuses if words.is_open(status, stream)
        )
        async with http.signed_in():

            async def as_many(first: int, last: int, known: int) -> bool:
                asked = {"status_id": statuses, "issue_id": f"><{first}|{last}"}
                return bool(statuses) and await _count(http, scope, asked) == known

            async def present(numbers: Sequence[int]) -> Collection[int]:
                return await _present(http, scope, numbers)

            return await exits_of(keys, as_many, present)

    def view(self) -> tuple[Sight, ...]:
        """What the roles of the account show of each project that is read."""
        return self._account.view(self._scope.projects) if self._scope is not None else ()

    async def probe(self) -> Probe:
        """Prove the key and the right to each project; remark on what the settings miss."""
        http = self._session()
        async with http.signed_in():
            user = await self._account.read(http)
            self._scope = scope = await find_scope(http, self.config)
            words = await self._read_words(http)
            missing = await missing_fields(http, self.config, scope)
        remarks = [*http.remarks(), *_unknown_names(self.config, words), *missing]
        if user.admin:
            remarks.append(_("The account is an administrator: reading needs far less."))
        stream = Stream(self.config.as_)
        return Probe(
            account=user.login,
            remote_time=http.remote_time,
            remarks=tuple(remarks),
            understood=understood(words.desk, map(words.candidate, words.statuses), stream),
            sees=self.view(),
        )

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """What the roles of the account allow; the workflow may allow less."""
        return self._account.capabilities(Stream(self.config.as_))

    async def inspect(self, action: Action) -> RecordSnapshot:
        """Read the issue with its journals."""
        http = self._session()
        async with http.signed_in():
            user = await self._account.read(http)
            found = await self._inspect(http, action)
            if found is not None:
                await self._references.learn(http, [found.issue])
        assert self._words is not None
        return redmine_actions.snapshot_of(action, found, user, self._words, self._converter)

    async def apply(self, action: Action, snapshot: RecordSnapshot) -> None:
        """Change the issue, after reading it once more: Redmine has no conditional writes."""
        http = self._session()
        async with http.signed_in():
            user = self._account.user if self._account.user.id else await self._account.read(http)
            found = await self._inspect(http, action)
            assert self._words is not None
            if found is None:
                raise Refused(_("Redmine has no issue {number} any more").format(number=action.key))
            if snapshot.version and found.version != snapshot.version:
                raise ChangedMeanwhile(
                    _("Issue {number} was changed at the same time").format(number=action.key)
                )
            await redmine_actions.apply(http, action, found, user, self._words)

    def _credentials(self) -> Credentials:
        from adapters.http.messages import Credentials

        key = self.context.secret(self.config.api_key)
        return Credentials(headers={"X-Redmine-API-Key": key}, secrets=(key,))

    async def _inspect(self, http: HttpSession, action: Action) -> redmine_actions.Inspected | None:
        if self._words is None:
            self._words = await self._read_words(http)
        found = await redmine_actions.inspect_record(http, action.key)
        if found is not None and not self._words.knows(found.issue.status):
            self._words = await self._read_words(http)
        return found

    async def _read_words(self, http: HttpSession) -> Words:
        statuses = await http.json(_Statuses, "GET", "/issue_statuses.json")
        path = "/enumerations/issue_priorities.json"
        priorities = await http.json(_Priorities, "GET", path)
        return Words(self.config, statuses.issue_statuses, priorities.issue_priorities)

    async def _pages(
        self,
        http: HttpSession,
        reading: _Reading,
        scope: Scope,
        path: str,
        question: Mapping[str, str],
    ) -> AsyncIterator[tuple[list[Issue], list[Rejected]]]:
        """Read page after page; each begins with the number after the last one's."""
        following = 1
        while True:
            params = {**scope.params, **question, "sort": "id:asc", "limit": str(PAGE)}
            if following > 1:
                params["issue_id"] = f">={following}"
            unless = reading.validators(path, params)
            answer = await http.request("GET", path, params=params, unless=unless)
            if answer.not_modified:
                reading.keep(path, params, unless)
                return
            page = await http.decode(Page, answer)
            issues, rejected, last = decode(page.issues)
            if following == 1 and len(page.issues) >= page.total_count and not rejected:
                reading.keep(path, params, answer.validators)
            if not page.issues:
                return
            await scope.verify(http, issues, following, answer.body)
            yield issues, rejected
            if len(page.issues) >= page.total_count:
                return
            if last < following:
                raise http.bad_answer(
                    _("A page of Redmine's issues has no number to go on from"), answer.body
                )
            following = last + 1


class _Reading:
    """One `fetch`: what it asks for, and what it has found so far."""

    def __init__(
        self,
        config: RedmineOptions,
        converter: Converter,
        before: _Cursor | None,
        clock: datetime | None,
    ) -> None:
        self.full = before is None
        self._before = before
        self._converter = converter
        self._clock = clock
        self._closed_after = datetime.now(UTC) - timedelta(days=config.closed_days)
        self._newest: datetime | None = None
        self.tally = ReadingTally(full=self.full)
        self._etags: dict[str, str] = {}

    def questions(self) -> list[dict[str, str]]:
        """Return the filters whose answers make up the reading.

        A full one asks for what is open and for what was closed lately; an
        issue reopened in between is missed by both and found by the next.
        """
        if self._before is not None:
            return [{"status_id": "*", "updated_on": f">={self._before.since:{MOMENT}}"}]
        closed = {"status_id": "closed", "closed_on": f">={self._closed_after:{MOMENT}}"}
        return [{"status_id": "open"}, closed]

    def batch(self, issues: list[Issue], rejected: list[Rejected], words: Words) -> Batch:
        """Return the issues as records, without those that were closed too long ago."""
        upserts: list[Ticket | CatalogueRequest] = []
        deletes: list[str] = []
        for issue in issues:
            # A change ahead of Redmine's clock tells nothing of where the next reading starts.
            self._newest = newest_until(self._clock, self._newest, issue.updated_on)
            closed = issue.closed_on if words.is_closed(issue.status) else None
            if closed is not None and closed < self._closed_after:
                deletes.append(str(issue.id))
            else:
                upserts.append(self._converter.record(issue, words))
        self.tally.add(len(issues), rejected)
        return Batch(
            upserts=tuple(upserts),
            deletes=() if self.full else tuple(deletes),
            rejected=tuple(rejected),
            full=self.full,
        )

    def cursor(self, setup: str) -> str:
        """Return where the next reading starts: at the newest change seen, on Redmine's clock.

        While nothing changes the cursor stays the same, so that the next question is the same,
        too, and Redmine can answer 304.
        """
        since = self._newest - OVERLAP if self._newest else None
        if self._before is not None and (since is None or since <= self._before.since):
            since = self._before.since
        # Nothing is there yet: a day leaves room for any difference between the clocks.
        since = since or datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        return msgspec.json.encode(_Cursor(since=since, setup=setup, etags=self._etags)).decode()

    def validators(self, path: str, params: Mapping[str, str]) -> Validators:
        """Return what the server told about the version of its last answer to the same question."""
        from adapters.http.messages import Validators

        return Validators(
            self._before.etags.get(_question(path, params), "") if self._before else ""
        )

    def keep(self, path: str, params: Mapping[str, str], validators: Validators) -> None:
        """Remember the version of a whole answer to an incremental question.

        One with issues that could not be read is asked for again, so that they
        are reported as long as they stand there.
        """
        if not self.full and validators.etag:
            self._etags[_question(path, params)] = validators.etag


async def _count(http: HttpSession, scope: Scope, asked: Mapping[str, str]) -> int:
    """Return how many issues of the scope a question is true of; the answer has one of them."""
    count = 0
    for path in scope.paths:
        params = {**scope.params, **asked, "sort": "id:asc", "limit": "1"}
        count += (await http.json(Page, "GET", path, params=params)).total_count
    return count


async def _present(http: HttpSession, scope: Scope, numbers: Sequence[int]) -> set[int]:
    """Return which issues are in the scope, open or not. Redmine shows whole issues only: so the
    half is looked for that has less."""
    there: set[int] = set()
    parts = [list(numbers)]
    while parts:
        part = parts.pop()
        asked = {"status_id": "*", "issue_id": ",".join(map(str, part))}
        count = await _count(http, scope, asked)
        if count >= len(part):
            there.update(part)
        elif count:
            middle = len(part) // 2
            parts += [part[:middle], part[middle:]]
    return there


def _fields_of(config: RedmineOptions) -> tuple[str, ...]:
    names = (
        config.site_field,
        config.requester_field,
        config.supplier_field,
        config.software_field,
        config.member_field,
    )
    return tuple(name for name in names if name not in REFERENCES)


def _question(path: str, params: Mapping[str, str]) -> str:
    return path + "?" + "&".join(f"{name}={value}" for name, value in params.items())


def _unknown_names(config: RedmineOptions, words: Words) -> list[str]:
    statuses = {status.name.casefold() for status in words.statuses}
    priorities = {name.casefold() for name in words.priority_names}
    tables: list[tuple[str, Mapping[str, Any], set[str]]] = [
        ("statuses", config.statuses, statuses),
        ("stages", config.stages, statuses),
        ("waiting_on", config.waiting_on, statuses),
        ("priorities", config.priorities, priorities),
    ]
    return [
        _("{table} names '{name}', which this Redmine does not have.").format(
            table=table, name=name
        )
        for table, mapping, known in tables
        for name in mapping
        if name.casefold() not in known
    ]
