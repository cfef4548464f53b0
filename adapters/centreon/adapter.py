"""Kind `centreon`: the health of sites from a Centreon central server.

Written from the documentation of its API v2 (22.04 to 24.10), not tried against a real
one; `probe` says so. What makes it particular, as that says:

- Each reading opens a session with the account's password, and closes it afterwards.
- An account sees what its access groups contain, and a list does not tell of the rest: a list
  without any host is taken for a missing right, never for a Centreon without hosts.
- Lists do not tell what changed: each reading reads the whole list, page by page, as `meta`
  counts it; the server decides how large a page is.
- Actions are orders to the monitoring engine. Centreon answers 204 before they are carried out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from adapters.centreon import downtimes
from adapters.centreon.options import CentreonOptions
from adapters.centreon.resources import Resource, decode, record
from adapters.http.adapter import HttpAdapter
from adapters.shared.check_times import remarks_on_ages
from smic_tui.contract.actions import Action, RecordSnapshot, Refused, Verb, refuse_impossible_times
from smic_tui.contract.adapter import Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError
from smic_tui.i18n import _
from smic_tui.records import Health, Stream

if TYPE_CHECKING:
    from adapters.http.session import Credentials, HttpSession

PAGE = 500
_API = "/api/latest"
_RESOURCES = f"{_API}/monitoring/resources"
# More downtimes than these are not ordered for one host between two readings.
_NEWEST = 50
_LONGEST = timedelta(days=365)
_REFUSALS = (400, 401, 403, 404, 500)


class _Security(Struct):
    token: str


class _Contact(Struct):
    alias: str = ""


class _Login(Struct):
    security: _Security
    contact: _Contact


class _Meta(Struct):
    total: int
    limit: int


class _Page(Struct):
    result: list[msgspec.Raw]
    meta: _Meta


class _Downtimes(Struct):
    result: list[downtimes.Downtime]


class _Allowed(Struct):
    acknowledgement: bool = False
    disacknowledgement: bool = False
    downtime: bool = False


class _Actions(Struct):
    host: _Allowed
    service: _Allowed


class _Error(Struct):
    message: str = ""


class CentreonAdapter(HttpAdapter[CentreonOptions]):
    """The hosts and services that one account sees."""

    kind: ClassVar[str] = "centreon"
    config_type: ClassVar[type[Struct]] = CentreonOptions
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.HEALTH})

    def __init__(self, config: CentreonOptions, context: Context) -> None:
        super().__init__(config, context)
        self._capabilities: frozenset[Verb] = frozenset()
        # When each host and service was checked, by key, as it was made out last.
        self._checked: dict[str, datetime] = {}

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read all hosts and services that the account sees. Always a full reading."""
        usable, rejected = 0, list[Rejected]()
        async with self._signed_in() as line:
            self._capabilities = await line.capabilities()
            for type_ in ("host", "service") if self.config.services else ("host",):
                seen = 0
                async for resources, odd in line.pages(type_):
                    seen += len(resources) + len(odd)
                    usable += len(resources)
                    rejected += odd
                    rows = self._records(resources)
                    yield Batch(upserts=rows, rejected=tuple(odd), full=True)
                if type_ == "host" and not seen:
                    raise _sees_nothing()
        if rejected and not usable:
            raise BadAnswer(
                _("None of Centreon's {count} resources could be read: {reason}").format(
                    count=len(rejected), reason=rejected[0].reason
                ),
                excerpt=rejected[0].sample.encode(),
            )
        yield Batch(cursor="all", full=True)

    def _records(self, resources: list[Resource]) -> tuple[Health, ...]:
        now = _now()
        rows = tuple(
            record(each, self.config, now, self._checked.get(each.key)) for each in resources
        )
        self._checked |= {row.key: row.checked for row in rows if row.checked is not None}
        return rows

    async def probe(self) -> Probe:
        """Sign in and see a host."""
        async with self._signed_in() as line:
            self._capabilities = await line.capabilities()
            rows: list[Health] = []
            async for resources, _odd in line.pages("host"):
                rows += self._records(resources)
            if not rows:
                raise _sees_nothing()
        http = self._session()
        written = _("This kind was written from its documentation, not tried against a real one.")
        return Probe(
            account=line.account,
            remote_time=http.remote_time,
            remarks=(*http.remarks(), written, *remarks_on_ages(rows, _now())),
        )

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """Return what the account's action access allows, for hosts and services alike."""
        return {Stream.HEALTH: self._capabilities} if self._capabilities else {}

    async def inspect(self, action: Action) -> RecordSnapshot:
        """Read the host or service anew, with its downtimes where the action is one."""
        async with self._signed_in() as line:
            resource = await line.one(action.key)
            if resource is None:
                return RecordSnapshot(record=None)
            ordered = await line.ordered(action.key) if action.verb is Verb.DOWNTIME else []
        (row,) = self._records([resource])
        baseline = action.baseline
        match action.verb:
            case Verb.ACKNOWLEDGE:
                done = row.acknowledged
            case Verb.UNACKNOWLEDGE:
                done = not row.acknowledged
            case _other:
                ours = downtimes.ours(action, ordered)
                done = bool(ours)
                if any(each.runs for each in ours):
                    row = replace(row, downtime=True)
                baseline = baseline or downtimes.baseline(ordered)
        return RecordSnapshot(record=row, done=done, baseline=baseline)

    async def apply(self, action: Action, snapshot: RecordSnapshot) -> None:
        """Give the order to the monitoring engine, which carries it out later."""
        refuse_impossible_times(action, datetime.now(UTC))
        if action.verb is Verb.DOWNTIME and (action.start or _now()) > _now() + timedelta(
            minutes=1
        ):
            raise Refused(
                _("Centreon shows a downtime only once it has begun"),
                hint=_("Give one that begins now, or plan it in Centreon itself."),
            )
        async with self._signed_in() as line:
            await line.order(action)

    def _credentials(self) -> Credentials:
        """Return no header: the password goes into the first request, and into no message."""
        from adapters.http.messages import Credentials

        return Credentials(headers={}, secrets=(self.context.secret(self.config.password),))

    @asynccontextmanager
    async def _signed_in(self) -> AsyncIterator[_Line]:
        http = self._session()
        password = await asyncio.to_thread(self.context.secret, self.config.password)
        credentials = {"login": self.config.user, "password": password}
        async with http.signed_in():
            answer = await http.request(
                "POST",
                f"{_API}/login",
                body={"security": {"credentials": credentials}},
                expect=(200, 401, 403),
            )
            if answer.status != 200:
                raise AuthFailed(
                    _("Centreon refuses the account {user}").format(user=self.config.user),
                    hint=_("Check the password, and that the account may reach the API."),
                )
            login = await http.decode(_Login, answer)
            line = _Line(http, login.security.token, login.contact.alias or self.config.user)
            try:
                yield line
            finally:
                await line.sign_out()


class _Line:
    """An open session."""

    def __init__(self, http: HttpSession, token: str, account: str) -> None:
        self.account = account
        self._http = http
        self._headers = {"X-AUTH-TOKEN": token}

    async def sign_out(self) -> None:
        """End the session; if that fails, it expires by itself."""
        try:
            await self._http.request(
                "GET", f"{_API}/logout", headers=self._headers, expect=(200, 204)
            )
        except SourceError:
            return

    async def capabilities(self) -> frozenset[Verb]:
        """Return what may be ordered for hosts and for services."""
        answer = await self._http.request(
            "GET", f"{_API}/users/acl/actions", headers=self._headers, expect=(200, 403, 404)
        )
        if answer.status != 200:
            return frozenset()
        allowed = await self._http.decode(_Actions, answer)
        verbs = {
            Verb.ACKNOWLEDGE: allowed.host.acknowledgement and allowed.service.acknowledgement,
            Verb.UNACKNOWLEDGE: (
                allowed.host.disacknowledgement and allowed.service.disacknowledgement
            ),
            Verb.DOWNTIME: allowed.host.downtime and allowed.service.downtime,
        }
        return frozenset(verb for verb, may in verbs.items() if may)

    async def page(self, type_: str, number: int, size: int) -> _Page:
        """Return one page of the hosts or of the services, by number."""
        params = {
            "types": f'["{type_}"]',
            "sort_by": '{"id":"ASC"}',
            "limit": str(size),
            "page": str(number),
        }
        return await self._http.json(_Page, "GET", _RESOURCES, params=params, headers=self._headers)

    async def pages(self, type_: str) -> AsyncIterator[tuple[list[Resource], list[Rejected]]]:
        """Yield all hosts or services, each once, also when others go while the pages are read."""
        number, read = 1, 0
        seen: set[str] = set()
        while True:
            page = await self.page(type_, number, PAGE)
            resources, rejected = await asyncio.to_thread(decode, page.result)
            new = [each for each in resources if each.key not in seen]
            seen.update(each.key for each in new)
            if new or rejected:
                yield new, rejected
            read += len(page.result)
            if not page.result or read >= page.meta.total:
                return
            number += 1

    async def one(self, key: str) -> Resource | None:
        """Return a host or service by its key; None if there is none that the account sees."""
        answer = await self._http.request(
            "GET", f"{_RESOURCES}/{_path(key)}", headers=self._headers, expect=(200, 403, 404)
        )
        if answer.status != 200:
            return None
        resources, rejected = decode([msgspec.Raw(answer.body)])
        if not resources:
            raise BadAnswer(rejected[0].reason, excerpt=answer.body[:400])
        return resources[0]

    async def ordered(self, key: str) -> list[downtimes.Downtime]:
        """Return the newest downtimes of a host or service, ordered by any person."""
        params = {"sort_by": '{"id":"DESC"}', "limit": str(_NEWEST)}
        path = f"{_API}/monitoring/{_path(key)}/downtimes"
        page = await self._http.json(_Downtimes, "GET", path, params=params, headers=self._headers)
        return page.result

    async def order(self, action: Action) -> None:
        """Order an acknowledgement, the end of one, or a downtime."""
        host, _slash, service = action.key.partition("/")
        target: dict[str, Any] = (
            {"type": "service", "id": int(service), "parent": {"id": int(host)}}
            if service
            else {"type": "host", "id": int(host), "parent": None}
        )
        comment = downtimes.comment(action)
        match action.verb:
            case Verb.ACKNOWLEDGE:
                what = "acknowledgement"
                method, path = "POST", "acknowledge"
                details: dict[str, Any] = {
                    "comment": comment,
                    "is_notify_contacts": False,
                    "is_persistent_comment": True,
                    "is_sticky": True,
                    "with_services": False,
                }
            case Verb.UNACKNOWLEDGE:
                what = "disacknowledgement"
                method, path = "DELETE", "acknowledgements"
                details = {"with_services": False}
            case Verb.DOWNTIME:
                what = "downtime"
                method, path = "POST", "downtime"
                start = action.start or _now()
                end = action.until or start + _LONGEST
                details = {
                    "comment": comment,
                    "start_time": start.isoformat(timespec="seconds"),
                    "end_time": end.isoformat(timespec="seconds"),
                    "is_fixed": True,
                    "duration": 0,
                    "with_services": False,
                }
            case _other:
                raise Refused(_("Centreon cannot do this from here"))
        answer = await self._http.request(
            method,
            f"{_RESOURCES}/{path}",
            body={what: details, "resources": [target]},
            headers=self._headers,
            expect=(200, 204, *_REFUSALS),
        )
        if answer.status not in (200, 204):
            said = (await self._http.decode(_Error, answer)).message
            raise Refused(said or _("Centreon refuses the order"))


def _path(key: str) -> str:
    host, slash, service = key.partition("/")
    if not host.isdecimal() or (slash and not service.isdecimal()):
        raise Refused(_("{key} is no number of a host or service").format(key=key))
    return f"hosts/{host}/services/{service}" if service else f"hosts/{host}"


def _sees_nothing() -> AuthFailed:
    return AuthFailed(
        _("Centreon shows no host at all"),
        hint=_("Put the account into an access group with the hosts to read."),
    )


def _now() -> datetime:
    return datetime.now(UTC)
