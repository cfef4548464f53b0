"""Kind `nagios`: the health of hosts and services from Nagios Core 4.

Facts are those of Nagios 4.4 as measured: `statusjson` has those of its CGIs, `statusdat` of its
status file, `actions` of its commands. What makes this kind particular:

- Nagios does not tell what was removed. A removal needs a restart, which `program_start` shows:
  then everything is read.
- Every check of an object moves its `last_check`, so by HTTP "checked since" finds what changed,
  apart from acknowledgements and downtimes, which are read as lists of their own, and from
  results that are handed in with a time that lies behind the last reading (NSCA): where the
  counts of each state are not explained by what was read, everything is read.
- What nobody checks or hands in any more keeps its last state: each check has an age of its own.
- A Nagios that was killed or is frozen leaves its last status behind, and CGIs and file go on
  showing it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec import Struct

from adapters.http.adapter import HttpAdapter
from adapters.nagios import actions as nagios_actions
from adapters.nagios.options import NagiosOptions
from adapters.nagios.rows import Downtime, Records, Row, Status
from adapters.nagios.statusdat import read_status
from adapters.nagios.statusjson import Counts, Flags, NagiosJson, counts_of, no_host_shown
from adapters.shared.check_times import clock_difference, remarks_on_ages
from adapters.shared.cursors import decoded
from adapters.shared.durations import seconds
from smic_tui.contract.actions import Action, RecordSnapshot, Refused, Verb, refuse_impossible_times
from smic_tui.contract.adapter import Context, Probe
from smic_tui.contract.batch import Batch
from smic_tui.contract.errors import BadAnswer, Unavailable
from smic_tui.i18n import _
from smic_tui.records import HealthState, Stream

if TYPE_CHECKING:
    from adapters.http.session import Credentials

BATCH = 500
# A check that began before the last reading may end after it.
OVERLAP_SECONDS = 60
# When more objects than these changed, everything is read.
_ONE_BY_ONE = 20


class _Cursor(Struct, frozen=True, kw_only=True):
    """How far the last reading by HTTP came; times are epoch seconds on Nagios's clock."""

    since: float
    newest: float
    started: float
    flags: Flags
    counts: Counts = ()
    # By how much Nagios counts more in each state than we know; None while we know not all.
    unseen: Counts | None = None


class NagiosAdapter(HttpAdapter[NagiosOptions]):
    """One Nagios."""

    kind: ClassVar[str] = "nagios"
    config_type: ClassVar[type[Struct]] = NagiosOptions
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.HEALTH})

    def __init__(self, config: NagiosOptions, context: Context) -> None:
        super().__init__(config, context)
        self._records = Records(config)
        self._proven = False
        # The states of all that was read, by key; None until everything was.
        self._states: dict[str, HealthState] | None = None

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read hosts and services: by file all, by HTTP those that changed since the cursor."""
        if self.config.path:
            status, after, full = await self._by_file(), "", True
        else:
            async with self._session().signed_in():
                status, after, full = await self._by_http(decoded(cursor, _Cursor))
        self._proven = True
        records, rejected = await asyncio.to_thread(self._records.of, status.rows)
        for start in range(0, len(records), BATCH):
            yield Batch(upserts=tuple(records[start : start + BATCH]), full=full)
        rejected = [*status.rejected, *rejected]
        yield Batch(cursor=after or f"{status.written}", full=full, rejected=tuple(rejected))

    async def probe(self) -> Probe:
        """Prove the rights; tell whether Nagios works and whether it takes commands."""
        remarks: list[str] = []
        if self.config.path:
            status = await self._by_file()
            account = ""
        else:
            http = self._session()
            async with http.signed_in():
                program = await NagiosJson(http).program()
                self._refuse_old_status(program)
                self._records.ahead = clock_difference(program.now, time.time())
                status = await NagiosJson(http).everything()
            status = msgspec.structs.replace(status, version=program.version)
            account = status.account
            remarks += http.remarks()
            lost = sum(not row.output for row in status.rows if row.last_check)
            if status.rejected or lost:
                remarks.append(
                    _(
                        "The CGI loses texts with accents ({services} services, {outputs} "
                        "outputs): `path` would show them."
                    ).format(services=len(status.rejected), outputs=lost)
                )
        records, _rejected = await asyncio.to_thread(self._records.of, status.rows)
        remarks += remarks_on_ages(records, datetime.now(UTC))
        remarks += self._remarks_on_the_unit(status.rows)
        commands = self.config.command_file
        if commands and not nagios_actions.writable(Path(commands)):
            remarks.append(
                _("{path} is no pipe that this account may write to: actions will fail.").format(
                    path=commands
                )
            )
        self._proven = True
        return Probe(
            version=status.version,
            account=account,
            remote_time=datetime.fromtimestamp(status.now, UTC) if account else None,
            remarks=tuple(remarks),
        )

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """Return all verbs by HTTP, where Nagios tells no rights; else what the file permits."""
        if not self._proven:
            return {}
        if self.config.command_file:
            takes_commands = nagios_actions.writable(Path(self.config.command_file))
        else:
            takes_commands = bool(self.config.url)
        return {Stream.HEALTH: nagios_actions.VERBS} if takes_commands else {}

    async def inspect(self, action: Action) -> RecordSnapshot:
        """Read one host or service, with its downtimes."""
        row, downtimes = await self._inspect(action)
        record = None if row is None else self._records.one(row)
        return nagios_actions.snapshot_of(action, row, record, downtimes)

    async def apply(self, action: Action, snapshot: RecordSnapshot) -> None:
        """Give Nagios the command; its status shows some seconds later whether it obeyed."""
        refuse_impossible_times(action, datetime.now(UTC))
        row, downtimes = await self._inspect(action)
        if row is None:
            raise Refused(_("It is gone from Nagios"))
        order = nagios_actions.Order(action, row, downtimes)
        if self.config.command_file:
            await nagios_actions.through_file(Path(self.config.command_file), order)
        elif self.config.url:
            http = self._session()
            async with http.signed_in():
                await nagios_actions.through_cgi(http, order, self.context.timezone)
        else:
            raise Refused(_("Without `command_file` or `url` nothing can be said to Nagios"))

    def _remarks_on_the_unit(self, rows: tuple[Row, ...]) -> list[str]:
        """Say so where Nagios plans its checks by another unit of time than configured."""
        units = sorted(
            (row.next_check - row.last_check) / row.check_interval
            for row in rows
            if row.check_interval > 0 and row.is_active and row.next_check > row.last_check > 0
        )
        if not units:
            return []
        usual, told = units[len(units) // 2], self.config.interval_length
        if told / 4 <= usual <= told * 4:
            return []
        return [
            _(
                "Checks are planned as if Nagios's unit of time were about {seconds} s: compare "
                "`interval_length` with nagios.cfg."
            ).format(seconds=max(1, round(usual)))
        ]

    # -- by file ---------------------------------------------------------------

    async def _by_file(self) -> Status:
        path = self.context.folder / self.config.path
        variables: dict[str, Mapping[str, str]] = {}
        status = await asyncio.to_thread(read_status, path, variables)
        self._records.variables = variables
        self._refuse_old_status(status)
        if not status.rows:
            raise BadAnswer(
                _("{path} shows no host, and a Nagios without hosts does not start").format(
                    path=path
                )
            )
        self._refuse_old_checks(max(row.last_check for row in status.rows), status)
        return status

    # -- by HTTP ---------------------------------------------------------------

    @property
    def _has_account(self) -> bool:
        return bool(self.config.user)

    def _credentials(self) -> Credentials:
        from adapters.http.session import basic

        assert self.config.password is not None
        return basic(self.config.user, self.context.secret(self.config.password))

    async def _by_http(self, before: _Cursor | None) -> tuple[Status, str, bool]:
        cgi = NagiosJson(self._session())
        program = await cgi.program()
        self._refuse_old_status(program)
        self._records.ahead = clock_difference(program.now, time.time())
        flags = await cgi.flags()
        lacks_variables = self._records.wants_variables and not self._records.variables
        if before is not None and (
            lacks_variables or before.started != program.started or before.since > program.now
        ):
            before = None
        changed = flags.changed_since(before.flags) if before is not None else set()
        if len(changed) > _ONE_BY_ONE:
            before = None
        if before is None:
            status, counts = await self._everything(cgi)
        else:
            status, counts = await self._news(cgi, before, changed)
            if not self._is_explained(before, counts):
                # A new status may have been written between the rows and the counts.
                status, counts = await self._news(cgi, before, changed)
            if not self._is_explained(before, counts):
                before = None
                status, counts = await self._everything(cgi)
        # What was read is as old as the status was then.
        self._refuse_old_status(status)
        newest = max((row.last_check for row in status.rows), default=0)
        newest = max(newest, before.newest if before else 0)
        self._refuse_old_checks(newest, status)
        after = _Cursor(
            since=program.written - OVERLAP_SECONDS,
            newest=newest,
            started=program.started,
            flags=flags,
            counts=counts,
            unseen=self._uncounted(counts),
        )
        return status, msgspec.json.encode(after).decode(), before is None

    async def _everything(self, cgi: NagiosJson) -> tuple[Status, Counts]:
        if self._records.wants_variables:
            self._records.variables = await cgi.variables()
        status = await cgi.everything()
        self._states = {row.key: row.state for row in status.rows}
        return status, await cgi.counts()

    async def _news(
        self, cgi: NagiosJson, before: _Cursor, changed: set[tuple[str, str]]
    ) -> tuple[Status, Counts]:
        status = await cgi.everything(before.since)
        seen = {(row.host, row.service) for row in status.rows}
        again = [await cgi.one(*each) for each in sorted(changed - seen) if each[0]]
        rows = (*status.rows, *(row for row in again if row is not None))
        if self._states is not None:
            self._states |= {row.key: row.state for row in rows}
        return msgspec.structs.replace(status, rows=rows), await cgi.counts()

    def _is_explained(self, before: _Cursor, counts: Counts) -> bool:
        """Whether what was read since `before` explains the counts; a new process knows too
        little to tell, so for it they must be equal.
        """
        if self._states is None or before.unseen is None:
            return counts == before.counts
        return self._uncounted(counts) == before.unseen

    def _uncounted(self, counts: Counts) -> Counts | None:
        """By how much Nagios counts more in each state than we know."""
        if self._states is None:
            return None
        known = counts_of(self._states)
        return tuple(total - seen for total, seen in zip(counts, known, strict=True))

    # -- both ------------------------------------------------------------------

    async def _inspect(self, action: Action) -> tuple[Row | None, list[Downtime]]:
        host, _mark, service = action.key.partition("!")
        if self.config.path:
            status = await self._by_file()
            rows = (row for row in status.rows if (row.host, row.service) == (host, service))
            return next(rows, None), list(status.downtimes)
        http = self._session()
        async with http.signed_in():
            cgi = NagiosJson(http)
            program = await cgi.program()
            self._refuse_old_status(program)
            if self._records.wants_variables and not self._records.variables:
                self._records.variables = await cgi.variables()
            if not await cgi.count():
                raise no_host_shown(program.account)
            row = await cgi.one(host, service)
            return row, [] if row is None else await cgi.downtimes(host)

    def _refuse_old_status(self, status: Status) -> None:
        silent = status.now - status.written
        if silent > seconds(self.config.updated_within):
            raise Unavailable(
                _("Nagios has not written its status for {minutes} min").format(
                    minutes=max(1, int(silent // 60))
                ),
                hint=_("It is dead or frozen; what the CGIs and the file show is old."),
            )

    def _refuse_old_checks(self, newest: float, status: Status) -> None:
        silent = status.now - newest
        if newest > 0 and silent > seconds(self.config.checks_within):
            raise Unavailable(
                _("Nagios runs, but its newest check is {minutes} min old").format(
                    minutes=int(silent // 60)
                ),
                hint=_("Are execute_host_checks and execute_service_checks on?"),
            )
