"""Kind `icinga2`: the health of hosts and services from Icinga 2's API.

Facts about the API are those of Icinga 2.13 as measured, and of its REST API
documentation. What makes this kind particular:

- Queries are POSTs with `X-HTTP-Method-Override: GET`: in an address, a blank
  becomes `+`, which Icinga does not decode.
- Icinga answers with the same 404 "No objects found" where a permission is missing, an object is
  unknown or a filter is wrong; a valid query that finds nothing is 200 with an empty list. So
  each reading reads the rights from /v1.
- Every check of an object moves its `last_check`, so "checked since" finds nearly every change of
  state, and with the next check the end of acknowledgements and downtimes. It cannot find
  objects that are gone, flags that were removed from objects without checks, and results
  that satellites replay with times that lie behind the last reading.
  /v1/status/CIB (1.3 kB) counts objects, flags and each state: when a count shows that something
  like that happened, everything is read. Equal counts prove nothing; the full readings that the
  program asks for now and then find the rest.
- A daemon whose checker stands still goes on answering with old states. The newest
  `last_check` shows it. What a satellite checks that is away keeps its last state, too: each
  check has an age of its own.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec
from msgspec import Struct

from adapters.http.adapter import HttpAdapter
from adapters.icinga2 import actions as icinga2_actions
from adapters.icinga2.objects import (
    HOST_ATTRS,
    SERVICE_ATTRS,
    Conversion,
    Converted,
    Results,
    SiteNames,
    WebLinks,
)
from adapters.icinga2.options import Icinga2Options
from adapters.icinga2.remarks import remarks_on_checks, silent_endpoints
from adapters.icinga2.status import (
    HOSTS_RIGHT,
    SERVICES_RIGHT,
    STATUS_RIGHT,
    Account,
    Counts,
    Listener,
    Status,
)
from adapters.shared.check_times import clock_difference
from adapters.shared.cursors import decoded
from adapters.shared.durations import seconds
from smic_tui.contract.actions import Action, RecordSnapshot, Verb, refuse_impossible_times
from smic_tui.contract.adapter import Context, Probe
from smic_tui.contract.batch import Batch
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.i18n import _
from smic_tui.records import Stream

if TYPE_CHECKING:
    from adapters.http.session import Credentials, HttpSession

BATCH = 500
# Results of satellites and of our own last question may arrive a little late.
OVERLAP_SECONDS = 120.0


class _Cursor(Struct, frozen=True, kw_only=True):
    """Where the last reading stood; times are epoch seconds on Icinga's clock."""

    since: float
    newest: float
    started: float = 0
    objects: tuple[float, float] | None = None
    flags: tuple[float, float, float, float] | None = None
    # By how much Icinga counts more in each state than we know: objects that we do not see.
    unseen: tuple[int, ...] | None = None


class Icinga2Adapter(HttpAdapter[Icinga2Options]):
    """One Icinga 2 server."""

    kind: ClassVar[str] = "icinga2"
    config_type: ClassVar[type[Struct]] = Icinga2Options
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.HEALTH})

    def __init__(self, config: Icinga2Options, context: Context) -> None:
        super().__init__(config, context)
        self._sites = SiteNames(config.site)
        links = WebLinks(config.web_url, config.web_module)
        self._conversion = Conversion(self._sites, links, seconds(config.passive_within))
        # Icinga's number of the state of all that was read, by key.
        self._states: dict[str, int] = {}
        self._known_as: Account | None = None

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read hosts, then services: those checked since the cursor, or all."""
        http = self._session()
        async with http.signed_in():
            account = await self._account(http)
            status = await self._status(http, account)
            before = decoded(cursor, _Cursor)
            if before is not None and self._must_read_all(before, status):
                before = None
            hosts, services = await self._both(http, before, account, status)
            if before is not None and not await self._is_explained(http, before, account, status):
                before = None
                hosts, services = await self._both(http, before, account, status)
        newest = max(hosts.newest, services.newest, before.newest if before else 0)
        self._refuse_old_states(newest, status)
        after = _Cursor(
            since=status.now - OVERLAP_SECONDS,
            newest=newest,
            started=status.started,
            objects=status.counts.objects if status.counts else None,
            flags=status.counts.flags if status.counts else None,
            unseen=self._unseen(status.counts, account),
        )
        full = before is None
        rejected = (*hosts.rejected, *services.rejected)
        records = hosts.records + services.records
        for start in range(0, len(records), BATCH):
            yield Batch(upserts=tuple(records[start : start + BATCH]), full=full)
        yield Batch(cursor=msgspec.json.encode(after).decode(), full=full, rejected=rejected)

    async def probe(self) -> Probe:
        """Prove the account and its rights; tell whether checks are being executed."""
        http = self._session()
        async with http.signed_in():
            account = await self._account(http)
            status = await self._status(http, account)
            remarks = [*http.remarks()]
            if not account.may(STATUS_RIGHT):
                remarks.append(
                    _(
                        "The account lacks {right}: removals are found only by full readings."
                    ).format(right=STATUS_RIGHT)
                )
            elif status.counts is not None and not status.counts.checks_15min:
                remarks.append(_("Icinga has executed no check within the last 15 minutes."))
            if account.may(STATUS_RIGHT):
                remarks += silent_endpoints(await self._listener(http))
            checks = [
                await self._objects(http, type_, None, account, status, more=("zone",))
                for type_ in ("hosts", "services")
            ]
            remarks += remarks_on_checks(checks, datetime.now(UTC))
            if any(account.may(right) for right in ("actions/any", "objects/modify/any")):
                remarks.append(_("The account may do more than read: give it less."))
        return Probe(
            version=account.version,
            account=account.user,
            remote_time=datetime.fromtimestamp(status.now, UTC) if status.counts else None,
            remarks=tuple(remarks),
        )

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """Return what the permissions of the ApiUser allow; a filter of theirs may allow less."""
        return {} if self._known_as is None else icinga2_actions.capabilities(self._known_as)

    async def inspect(self, action: Action) -> RecordSnapshot:
        """Read one host or service, with its downtimes where the action is about them."""
        http = self._session()
        async with http.signed_in():
            account = await self._account(http)
            if "!" in action.key and not self._sites.learned:
                # The site of a service is that of its host, which tells it.
                host = action.key.partition("!")[0]
                of_host = msgspec.structs.replace(action, key=host, verb=Verb.ACKNOWLEDGE)
                await self._inspect(http, of_host, account)
            return icinga2_actions.snapshot_of(action, await self._inspect(http, action, account))

    async def apply(self, action: Action, snapshot: RecordSnapshot) -> None:
        """Call Icinga's action."""
        refuse_impossible_times(action, datetime.now(UTC))
        http = self._session()
        async with http.signed_in():
            inspected = icinga2_actions.Inspected(None)
            if action.verb is Verb.END_DOWNTIME:
                account = self._known_as or await self._account(http)
                inspected = await self._inspect(http, action, account)
            await icinga2_actions.apply(http, action, inspected)

    async def _inspect(
        self, http: HttpSession, action: Action, account: Account
    ) -> icinga2_actions.Inspected:
        def convert(is_host: bool, rows: list[msgspec.Raw]) -> Converted:
            return (self._conversion.hosts if is_host else self._conversion.services)(rows)

        with_vars = self.config.site.startswith("vars.")
        return await icinga2_actions.inspect_record(http, action, account, with_vars, convert)

    @property
    def _has_account(self) -> bool:
        return bool(self.config.user)

    def _credentials(self) -> Credentials:
        from adapters.http.session import basic

        assert self.config.password is not None
        return basic(self.config.user, self.context.secret(self.config.password))

    async def _account(self, http: HttpSession) -> Account:
        """Return our account, and prove that it may read."""
        account: Account = await self._only(http, "/v1", Account)
        missing = [right for right in (HOSTS_RIGHT, SERVICES_RIGHT) if not account.may(right)]
        if missing:
            raise AuthFailed(
                _("The Icinga account {user} lacks the permission {rights}").format(
                    user=account.user, rights=", ".join(missing)
                ),
                hint=_("Add it to `permissions` of the ApiUser and reload Icinga."),
            )
        self._known_as = account
        return account

    async def _status(self, http: HttpSession, account: Account) -> Status:
        if not account.may(STATUS_RIGHT):
            return Status(now=time.time())
        cib = await self._only(http, "/v1/status/CIB", dict[str, Any])
        app = await self._only(http, "/v1/status/IcingaApplication", dict[str, Any])
        try:
            counts = msgspec.convert(cib["status"], Counts)
            started = float(app["status"]["icingaapplication"]["app"]["program_start"])
            # Icinga sends no Date header: its clock is its start and how long it runs.
            now = datetime.fromtimestamp(started + counts.uptime, UTC).timestamp()
        except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
            raise http.bad_answer(
                _("Icinga's status has another form than expected"), repr(error).encode()
            ) from None
        self._conversion.ahead = clock_difference(now, time.time())
        return Status(now=now, started=started, counts=counts)

    async def _listener(self, http: HttpSession) -> Listener:
        """Return which endpoints are connected, nothing where the version does not tell."""
        answer = await self._only(http, "/v1/status/ApiListener", dict[str, Any])
        try:
            return msgspec.convert(answer["status"]["api"], Listener)
        except (KeyError, TypeError, ValueError):
            return Listener()

    async def _only(self, http: HttpSession, path: str, type_: type[Any]) -> Any:
        """Return the single result of a GET."""
        answer = await http.request("GET", path)
        results = (await http.decode(Results, answer)).results
        if len(results) != 1:
            raise http.bad_answer(
                _("Icinga answered {path} with {count} results instead of one").format(
                    path=path, count=len(results)
                ),
                answer.body,
            )
        try:
            return msgspec.json.decode(results[0], type=type_)
        except msgspec.DecodeError as error:
            raise http.bad_answer(
                _("Icinga's answer to {path} has another form than expected: {reason}").format(
                    path=path, reason=error
                ),
                answer.body,
            ) from None

    def _must_read_all(self, before: _Cursor, status: Status) -> bool:
        """Whether something happened that "checked since" does not show."""
        if not self._sites.learned:
            return True  # a new process does not know the sites of the services' hosts
        if before.since > status.now:
            return True  # Icinga's clock was set back
        counts = status.counts
        if counts is None or before.objects is None or before.flags is None:
            return False
        fallen = any(now < then for now, then in zip(counts.flags, before.flags, strict=True))
        return status.started != before.started or counts.objects != before.objects or fallen

    async def _both(
        self, http: HttpSession, before: _Cursor | None, account: Account, status: Status
    ) -> tuple[Converted, Converted]:
        hosts = await self._objects(http, "hosts", before, account, status)
        services = await self._objects(http, "services", before, account, status)
        if before is None:
            self._states = {}
        self._states |= hosts.states
        self._states |= services.states
        return hosts, services

    def _unseen(self, counts: Counts | None, account: Account) -> tuple[int, ...] | None:
        if counts is None:
            return None
        if not self.config.filter and account.sees_all():
            return (0,) * len(counts.states)
        return self._uncounted(counts)

    def _uncounted(self, counts: Counts) -> tuple[int, ...]:
        """By how much Icinga counts more objects in each state than we know."""
        known = Counter(("!" in key, state) for key, state in self._states.items())
        ours = [known[False, 0], known[False, 1], *(known[True, state] for state in range(4))]
        return tuple(total - seen for total, seen in zip(counts.states, ours, strict=True))

    async def _is_explained(
        self, http: HttpSession, before: _Cursor, account: Account, status: Status
    ) -> bool:
        """Whether what was read since `before` explains the counts of each state."""
        if before.unseen is None or status.counts is None:
            return True
        if self._uncounted(status.counts) == before.unseen:
            return True
        # A check may have ended between the counts and the objects.
        again = (await self._status(http, account)).counts
        return again is None or self._uncounted(again) == before.unseen

    async def _objects(
        self,
        http: HttpSession,
        type_: Literal["hosts", "services"],
        before: _Cursor | None,
        account: Account,
        status: Status,
        *,
        more: tuple[str, ...] = (),
    ) -> Converted:
        kind = type_[:-1]
        attrs = [*(HOST_ATTRS if type_ == "hosts" else SERVICE_ATTRS), *more]
        if type_ == "hosts" and self.config.site.startswith("vars."):
            attrs.append("vars")
        body: dict[str, Any] = {"attrs": attrs}
        filters = [f"({self.config.filter})"] if self.config.filter else []
        if before is not None:
            filters.append(
                f"({kind}.last_check >= since || {kind}.last_state_change >= since"
                f" || {kind}.acknowledgement != 0 || {kind}.downtime_depth != 0"
                # Outside its check period a check is not made, and still planned.
                f' || ({kind}.check_period != "" && {kind}.next_check >= now'
                f" && {kind}.last_check + 2 * {kind}.check_interval < now))"
            )
            body["filter_vars"] = {"since": before.since, "now": status.now}
        if filters:
            body["filter"] = " && ".join(filters)
        answer = await http.request(
            "POST",
            f"/v1/objects/{type_}",
            body=body,
            headers={"X-HTTP-Method-Override": "GET"},
            expect=(200, 404),
        )
        if answer.status == 404:
            # The rights have been proven and what we add to the filter is right.
            hint = _("Check `filter`: {filter}").format(filter=self.config.filter)
            raise http.bad_answer(
                _("Icinga answered 404 to a query for {type} that the account may make").format(
                    type=type_
                ),
                answer.body,
                hint=hint if self.config.filter else "",
            )
        rows = (await http.decode(Results, answer)).results
        convert = self._conversion.hosts if type_ == "hosts" else self._conversion.services
        import asyncio  # here, because a command that only reads the settings does not need it

        done = await asyncio.to_thread(convert, rows)
        if before is None and rows and not done.records:
            # A full reading without a record would empty the cache.
            raise http.bad_answer(
                _("None of Icinga's {count} {type} could be read: {reason}").format(
                    count=len(rows), type=type_, reason=done.rejected[0].reason
                ),
                answer.body,
            )
        whole = before is None and not self.config.filter and account.sees_all()
        if whole and not rows and status.counts is not None:
            counted = status.counts.objects[0 if type_ == "hosts" else 1]
            if counted:
                raise http.bad_answer(
                    _("Icinga counts {count} {type} and shows none").format(
                        count=int(counted), type=type_
                    ),
                    answer.body,
                )
        return done

    def _refuse_old_states(self, newest: float, status: Status) -> None:
        silent = status.now - newest
        if newest <= 0 or silent <= seconds(self.config.checks_within):
            return
        if status.counts is not None and status.counts.checks_1min:
            return
        raise Unavailable(
            _("Icinga answers, but its newest check is {minutes} minutes old").format(
                minutes=int(silent // 60)
            ),
            hint=_("Its checker stands still: look at the `checker` feature and at icinga2.log."),
        )
