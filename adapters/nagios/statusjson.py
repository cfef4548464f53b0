"""Asks Nagios's statusjson.cgi and objectjson.cgi.

Facts are those of Nagios 4.4 as measured. What makes these CGIs particular:

- Errors are HTTP 200 with `type_code` other than 0.
- States are bits: a host is 1 pending, 2 up, 4 down, 8 unreachable; a service 1 pending, 2 ok,
  4 warning, 8 unknown, 16 critical. Times are milliseconds.
- A text with accents comes as "", and the name of a service with accents as the key "(null)":
  two such services of one host cannot be told apart.
- An account that may see nothing gets empty lists and no error, and yet any single host by its
  name. A Nagios without hosts does not start, so an empty list means that a right is missing.
- The CGIs go on answering when Nagios was killed; `last_data_update` shows it. After an orderly
  end there is no status file, and they answer 200 with nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from adapters.nagios.rows import Downtime, Row, Status
from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.i18n import _
from smic_tui.records import HealthState

if TYPE_CHECKING:
    from adapters.http.session import HttpSession

LOST_NAME = "(null)"
_STATUS, _OBJECTS = "/statusjson.cgi", "/objectjson.cgi"
_HOST_STATES = {
    1: HealthState.PENDING,
    2: HealthState.UP,
    4: HealthState.DOWN,
    8: HealthState.UNREACHABLE,
}
_SERVICE_STATES = {
    1: HealthState.PENDING,
    2: HealthState.OK,
    4: HealthState.WARNING,
    8: HealthState.UNKNOWN,
    16: HealthState.CRITICAL,
}
# type_code when a file cannot be read, and when there is no object of a name.
_NO_FILE = 2
_NO_SUCH = 6


class _Result(Struct):
    type_code: int
    query_time: float = 0
    last_data_update: float = 0
    program_start: float = 0
    user: str = ""
    type_text: str = ""
    message: str = ""


class _Answer(Struct):
    result: _Result
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _Details(Struct):
    """The details that hosts and services share."""

    status: int
    plugin_output: str = ""
    last_check: float = 0
    last_state_change: float = 0
    last_hard_state_change: float = 0
    next_check: float = 0
    checks_enabled: bool = True
    problem_has_been_acknowledged: bool = False
    scheduled_downtime_depth: int = 0


class _Program(Struct, frozen=True):
    version: str = ""


class _Comment(Struct):
    host_name: str = ""
    service_description: str = ""


class _DowntimeDetails(Struct):
    downtime_id: int
    host_name: str = ""
    service_description: str = ""
    start_time: float = 0
    end_time: float = 0
    author: str = ""
    comment: str = ""
    is_in_effect: bool = False


class _HostObject(Struct):
    custom_variables: dict[str, str] = {}


class _Data(Struct):
    """The part of an answer that was asked for; the others are empty."""

    hostlist: dict[str, msgspec.Raw] = {}
    servicelist: dict[str, dict[str, msgspec.Raw]] = {}
    count: dict[str, int] = {}
    host: msgspec.Raw = msgspec.Raw(b"{}")
    service: msgspec.Raw = msgspec.Raw(b"{}")
    commentlist: dict[str, _Comment] = {}
    downtimelist: dict[str, _DowntimeDetails] = {}
    programstatus: _Program = _Program()


class Flags(Struct, frozen=True):
    """The comments of acknowledgements and the downtimes in effect, by object.

    `last_check` does not tell of them; they are few.
    """

    acknowledged: dict[str, tuple[str, str]] = {}
    in_downtime: dict[str, tuple[str, str]] = {}

    def changed_since(self, before: Flags) -> set[tuple[str, str]]:
        """Return the objects on which one came or went, as host and service."""
        mine = {("a", *item) for item in self.acknowledged.items()}
        mine |= {("d", *item) for item in self.in_downtime.items()}
        its = {("a", *item) for item in before.acknowledged.items()}
        its |= {("d", *item) for item in before.in_downtime.items()}
        return {of for _kind, _id, of in mine ^ its}


# How many hosts there are in each state, then services, in the order of the states' bits.
Counts = tuple[int, ...]


def counts_of(states: Mapping[str, HealthState]) -> Counts:
    """Return the counts of these states by the keys of records."""
    found = Counter(("!" in key, state) for key, state in states.items())
    hosts = [found[False, state] for state in _HOST_STATES.values()]
    return (*hosts, *(found[True, state] for state in _SERVICE_STATES.values()))


class NagiosJson:
    """Asks the two CGIs; each question raises one of the contract's three errors."""

    def __init__(self, http: HttpSession) -> None:
        self._http = http

    async def program(self) -> Status:
        """Return what answers, our account there, and when Nagios last wrote its status."""
        result, data = await self._ask(_STATUS, {"query": "programstatus"})
        return Status(
            version=data.programstatus.version,
            started=result.program_start / 1000,
            written=result.last_data_update / 1000,
            now=result.query_time / 1000,
            account=result.user,
        )

    async def everything(self, since: float = 0) -> Status:
        """Return hosts and services; only those checked since `since`, unless it is 0.

        A row that cannot be read is set aside.
        """
        rows: list[Row] = []
        rejected: list[Rejected] = []
        results = []
        for kind in ("host", "service"):
            wanted = {"query": f"{kind}list", "details": "true"}
            if since:
                wanted |= {"starttime": str(int(since)), f"{kind}timefield": "lastcheck"}
            result, data = await self._ask(_STATUS, wanted)
            results.append(result)
            done = await asyncio.to_thread(_hosts if kind == "host" else _services, data)
            rows += done[0]
            rejected += done[1]
            if kind == "host" and not since:
                self._refuse_nothing(data, done, result)
        first = results[0]
        return Status(
            version="",
            started=first.program_start / 1000,
            # The older of the two: nothing is fresher than that.
            written=min(result.last_data_update for result in results) / 1000,
            now=first.query_time / 1000,
            account=first.user,
            rows=tuple(rows),
            rejected=tuple(rejected),
        )

    async def flags(self) -> Flags:
        """Return acknowledgements and downtimes in effect."""
        _result, comments = await self._ask(
            _STATUS,
            {"query": "commentlist", "details": "true", "entrytypes": "acknowledgement"},
        )
        return Flags(
            {
                id: (comment.host_name, comment.service_description)
                for id, comment in comments.commentlist.items()
            },
            {
                str(each.id): (each.host, each.service)
                for each in await self.downtimes()
                if each.in_effect
            },
        )

    async def downtimes(self, host: str = "") -> list[Downtime]:
        """Return all downtimes, or those of a host and its services."""
        wanted = {"query": "downtimelist", "details": "true"}
        if host:
            wanted["hostname"] = host
        _result, data = await self._ask(_STATUS, wanted)
        return [
            Downtime(
                id=each.downtime_id,
                host=each.host_name,
                service=each.service_description,
                start=each.start_time / 1000,
                end=each.end_time / 1000,
                author=each.author,
                comment=each.comment,
                in_effect=each.is_in_effect,
            )
            for each in data.downtimelist.values()
        ]

    async def count(self) -> int:
        """Return how many hosts the account sees."""
        _result, data = await self._ask(_STATUS, {"query": "hostcount"})
        return sum(data.count.values())

    async def counts(self) -> Counts:
        """Return how many hosts and services the account sees in each state."""
        found = []
        for kind, states in (("host", _HOST_STATES), ("service", _SERVICE_STATES)):
            _result, data = await self._ask(_STATUS, {"query": f"{kind}count"})
            found += [data.count.get(state.value, 0) for state in states.values()]
        return tuple(found)

    async def one(self, host: str, service: str = "") -> Row | None:
        """Return a host or service as it is now, None when there is none or we may not see it."""
        wanted = {"query": "service" if service else "host", "hostname": host}
        if service:
            wanted["servicedescription"] = service
        found = await self._ask_if_there(wanted)
        if found is None:
            return None
        raw = found.service if service else found.host
        if not bytes(raw).strip(b"{} \r\n\t"):
            return None
        try:
            return _row(host, service, raw)
        except (msgspec.DecodeError, ValueError) as error:
            raise self._http.bad_answer(
                _("Nagios's {name} cannot be read: {reason}").format(
                    name=service or host, reason=error
                ),
                bytes(raw),
            ) from None

    async def variables(self) -> dict[str, Mapping[str, str]]:
        """Return the custom variables of all hosts, which only Nagios's configuration has."""
        _result, data = await self._ask(_OBJECTS, {"query": "hostlist", "details": "true"})

        def read() -> dict[str, Mapping[str, str]]:
            return {
                name: msgspec.json.decode(raw, type=_HostObject).custom_variables
                for name, raw in data.hostlist.items()
            }

        try:
            return await asyncio.to_thread(read)
        except msgspec.DecodeError as error:
            raise self._http.bad_answer(
                _("Nagios's host objects have another form than expected: {reason}").format(
                    reason=error
                )
            ) from None

    async def _ask_if_there(self, wanted: Mapping[str, str]) -> _Data | None:
        try:
            _result, data = await self._ask(_STATUS, wanted, may_lack=True)
        except _NoSuchObject:
            return None
        return data

    async def _ask(
        self, cgi: str, wanted: Mapping[str, str], *, may_lack: bool = False
    ) -> tuple[_Result, _Data]:
        answer = await self._http.request("GET", cgi, params=wanted)
        if not answer.body.strip():
            raise Unavailable(
                _("Nagios's CGI says nothing: it finds no status file"),
                hint=_("Is Nagios running?"),
            )
        decoded = await self._http.decode(_Answer, answer)
        result = decoded.result
        if result.type_code == _NO_FILE:
            raise Unavailable(
                _("Nagios's CGI cannot read its status: {reason}").format(
                    reason=result.message or result.type_text
                ),
                hint=_("Is Nagios running?"),
            )
        if may_lack and result.type_code == _NO_SUCH:
            raise _NoSuchObject
        if result.type_code:
            message = _("Nagios's CGI answers {query} with an error: {reason}").format(
                query=wanted["query"], reason=result.message or result.type_text
            )
            raise self._http.bad_answer(message, answer.body)
        try:
            if len(decoded.data) > 65_536:
                return result, await asyncio.to_thread(
                    msgspec.json.decode, decoded.data, type=_Data
                )
            return result, msgspec.json.decode(decoded.data, type=_Data)
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._http.bad_answer(
                _("Nagios's answer to {query} has another form than expected: {reason}").format(
                    query=wanted["query"], reason=error
                ),
                answer.body,
            ) from None

    def _refuse_nothing(
        self, data: _Data, done: tuple[list[Row], list[Rejected]], result: _Result
    ) -> None:
        if not data.hostlist:
            raise no_host_shown(result.user)
        if not done[0]:
            raise self._http.bad_answer(
                _("None of Nagios's {count} hosts could be read: {reason}").format(
                    count=len(data.hostlist), reason=done[1][0].reason
                )
            )


def no_host_shown(account: str) -> AuthFailed:
    """Return the error for a list without hosts: Nagios does not start without any."""
    return AuthFailed(
        _("Nagios shows no host to {user}").format(
            user=account or _("somebody who is not logged in")
        ),
        hint=_("Add it to authorized_for_all_hosts and _services in cgi.cfg."),
    )


class _NoSuchObject(Exception):
    """The CGI knows no object of that name."""


def _hosts(data: _Data) -> tuple[list[Row], list[Rejected]]:
    rows: list[Row] = []
    rejected: list[Rejected] = []
    for host, raw in data.hostlist.items():
        _take(rows, rejected, host, "", raw)
    return rows, rejected


def _services(data: _Data) -> tuple[list[Row], list[Rejected]]:
    rows: list[Row] = []
    rejected: list[Rejected] = []
    for host, services in data.servicelist.items():
        for service, raw in services.items():
            _take(rows, rejected, host, service, raw)
    return rows, rejected


def _take(
    rows: list[Row], rejected: list[Rejected], host: str, service: str, raw: msgspec.Raw
) -> None:
    try:
        if LOST_NAME in (host, service):
            raise ValueError(
                _("Nagios's CGI loses names with accents: read `path`, or rename the service")
            )
        rows.append(_row(host, service, raw))
    except (msgspec.DecodeError, ValueError) as error:
        where = f"{host}!{service}" if service else host
        sample = bytes(raw)[:200].decode(errors="replace")
        rejected.append(Rejected(where=where, reason=str(error), sample=sample))


def _row(host: str, service: str, raw: msgspec.Raw) -> Row:
    details = msgspec.json.decode(raw, type=_Details)
    state = (_SERVICE_STATES if service else _HOST_STATES).get(details.status)
    if state is None:
        raise ValueError(_("status {status} is none that is known").format(status=details.status))
    return Row(
        host=host,
        service=service,
        state=state,
        output=details.plugin_output,
        last_check=details.last_check / 1000,
        last_state_change=details.last_state_change / 1000,
        last_hard_state_change=details.last_hard_state_change / 1000,
        next_check=details.next_check / 1000,
        is_active=details.checks_enabled,
        acknowledged=details.problem_has_been_acknowledged,
        downtime_depth=details.scheduled_downtime_depth,
    )
