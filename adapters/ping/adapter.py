"""Kind `ping`: whether sites answer that no monitoring watches.

A site is up when anything answers at its address, even with a refusal. Where nothing was sent,
because the name has no address here or no way leads there from us, nothing is known of the site:
it keeps its last state, as one of the past. When none of all the addresses answers, our own line
may be down: then the adapter says nothing about any site. It shows the time of an answer only
where the answer is too slow, as otherwise every row would change with each reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import msgspec
from msgspec import Struct

from adapters.ping.options import PingOptions, Target
from adapters.ping.probe import Knock, knock
from adapters.shared.durations import seconds
from adapters.shared.files import content
from adapters.shared.row_by_row import refuse_to_empty_the_cache
from adapters.tables.delimited import Line, read_delimited
from smic_tui.contract.adapter import Adapter, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import BadAnswer, Unavailable
from smic_tui.i18n import _, ngettext
from smic_tui.records import Health, HealthState, Stream

# In bytes: a thousand times the table of a large site.
_LARGEST_FILE = 1 << 26
_GOOD = (HealthState.UP, HealthState.OK, HealthState.WARNING)


class _State(Struct, frozen=True):
    state: HealthState
    since: datetime | None = None
    output: str = ""
    outdated: bool = False


class _Row(Struct, frozen=True):
    """What one probe found: a record, and whether it was one at all."""

    health: Health
    tried: bool


class PingAdapter(Adapter[PingOptions]):
    """Some addresses, probed from here."""

    kind: ClassVar[str] = "ping"
    config_type: ClassVar[type[Struct]] = PingOptions
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.HEALTH})

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Probe all, and bring what changed since the last time; without a cursor, all.

        Since when an address is down is known only if it answered before.
        """
        targets, rejected = await asyncio.to_thread(self._targets)
        before = _decoded(cursor)
        found = await self._probe_all(targets, seconds(self.config.spread))
        _refuse_our_own_fault(found)
        if len(targets) > 1 and not any(row.health.state in _GOOD for row in found):
            raise Unavailable(
                _("None of {count} addresses answers").format(count=len(targets)),
                hint=_("It may be the line from here: name a `witness` that tells them apart."),
            )
        now = datetime.now(UTC).replace(microsecond=0)
        rows = [row.health if row.tried else _of_the_past(row.health, before) for row in found]
        known = {
            row.key: _State(row.state, _since(row, before, now), row.output, row.outdated)
            for row in rows
        }
        told = tuple(
            msgspec.structs.replace(row, since=known[row.key].since)
            for row in rows
            if before is None or before.get(row.key) != known[row.key]
        )
        yield Batch(
            upserts=told,
            deletes=() if before is None else tuple(before.keys() - known.keys()),
            rejected=tuple(rejected),
            cursor=msgspec.json.encode(known).decode(),
            full=before is None,
        )

    async def probe(self) -> Probe:
        """Probe all at once; remark on how many answer."""
        targets, rejected = await asyncio.to_thread(self._targets)
        rows = await self._probe_all(targets, 0.0)
        _refuse_our_own_fault(rows)
        good = sum(row.tried and row.health.state in _GOOD for row in rows)
        if rows and not good:
            raise Unavailable(_("None of {count} addresses answers").format(count=len(rows)))
        remarks = []
        untried = [row.health for row in rows if not row.tried]
        if untried:
            remarks.append(
                ngettext(
                    "{count} address could not be probed from here: {reason}.",
                    "{count} addresses could not be probed from here, the first one: {reason}.",
                    len(untried),
                ).format(count=len(untried), reason=untried[0].output)
            )
        if good < len(rows):
            remarks.append(
                _("{good} of {count} addresses answer.").format(good=good, count=len(rows))
            )
        if rejected:
            remarks.append(
                _("{count} lines of {path} cannot be used.").format(
                    count=len(rejected), path=self.config.path
                )
            )
        if not self.config.witness:
            remarks.append(
                _("No `witness`: a break of the line here looks like sites that are down.")
            )
        return Probe(remarks=tuple(remarks))

    async def _probe_all(self, targets: list[Target], spread: float) -> list[_Row]:
        await self._ask_witness()
        slots = asyncio.Semaphore(self.config.parallel)
        pause = spread / len(targets) if targets else 0.0

        async def one(number: int, target: Target) -> _Row:
            await asyncio.sleep(number * pause)
            async with slots:
                found = await self._knock(target.address, target.port)
                return _Row(self._row(target, found), tried=found.tried)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(one(number, target)) for number, target in enumerate(targets)
                ]
        except BaseExceptionGroup as group_error:
            # An error on our side is the same for all addresses.
            raise group_error.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _ask_witness(self) -> None:
        witness = self.config.witness
        if not witness:
            return
        address, _colon, port = witness.partition(":")
        found = await self._knock(address, int(port) if port.isdecimal() else 0)
        if not found.tried:
            raise Unavailable(
                _("The witness {address} cannot be asked: {reason}").format(
                    address=witness, reason=found.reason
                ),
                hint=_("The fault is on this machine or its line, not at the sites."),
            )
        if not found.answered:
            raise Unavailable(
                _("The witness {address} does not answer: {reason}").format(
                    address=witness, reason=found.reason
                ),
                hint=_("It is our own line that is down, or the witness."),
            )

    async def _knock(self, address: str, port: int) -> Knock:
        found = Knock(answered=False)
        for _attempt in range(self.config.attempts):
            found = await knock(address, port, seconds(self.config.timeout))
            if found.answered:
                break
        return found

    def _row(self, target: Target, found: Knock) -> Health:
        service = target.service
        state, bad = (
            (HealthState.OK, HealthState.CRITICAL)
            if service
            else (HealthState.UP, HealthState.DOWN)
        )
        slow = self.config.slow
        if not found.tried:
            state, output = HealthState.UNKNOWN, found.reason
        elif not found.answered:
            state, output = bad, found.reason
        elif found.refused and service:
            state, output = bad, _("refuses port {port}").format(port=target.port)
        elif slow is not None and found.took >= seconds(slow):
            state, output = HealthState.WARNING, _("answers only after {time}").format(time=slow)
        elif found.refused:
            output = _("is there, and refuses port {port}").format(port=target.port)
        else:
            output = _("answers")
        return Health(
            key=target.key,
            site=target.site,
            host=target.address,
            service=service,
            state=state,
            output=output,
        )

    def _targets(self) -> tuple[list[Target], list[Rejected]]:
        """Return all targets of settings and file. Reads the file: not for the event loop."""
        targets = {target.key: target for target in self.config.targets}
        rejected: list[Rejected] = []
        if self.config.path:
            path = self.context.folder / self.config.path
            header, lines = _table(path)
            for line in lines:
                try:
                    if line.problem:
                        raise ValueError(line.problem)
                    cells = dict(zip(header, line.cells, strict=False))
                    given = {name: text.strip() for name, text in cells.items() if text.strip()}
                    target = msgspec.convert(given, Target, strict=False)
                    if target.key in targets:
                        raise ValueError(
                            _("the target {key} is there twice").format(key=target.key)
                        )
                except ValueError as error:
                    where = _("{file}, line {number}").format(file=path.name, number=line.number)
                    rejected.append(
                        Rejected(where=where, reason=str(error), sample=line.text[:200])
                    )
                else:
                    targets[target.key] = target
            refuse_to_empty_the_cache(
                len(targets),
                rejected,
                lambda first: BadAnswer(
                    _("No line of {path} can be used: {reason}").format(
                        path=path, reason=first.reason
                    )
                ),
            )
        return list(targets.values()), rejected


def _table(path: Path) -> tuple[list[str], list[Line]]:
    try:
        text = content(path, _LARGEST_FILE).decode("utf-8-sig", "replace")
    except OSError as error:
        raise Unavailable(
            _("{path} cannot be read: {reason}").format(path=path, reason=error.strerror)
        ) from None
    lines = list(read_delimited(text, ";"))
    header = [cell.strip() for cell in lines[0].cells] if lines else []
    if not {"site", "address"} <= set(header):
        raise BadAnswer(
            _("{path} must begin with the line site;address;port;service").format(path=path)
        )
    return header, lines[1:]


def _refuse_our_own_fault(rows: list[_Row]) -> None:
    """Raise when nothing at all could be probed: all reasons are then on our side."""
    if rows and not any(row.tried for row in rows):
        raise Unavailable(
            rows[0].health.output,
            hint=_("The fault is on this machine or its line, not at the sites."),
        )


def _of_the_past(row: Health, before: dict[str, _State] | None) -> Health:
    """Return what was known of a target that could not be probed, as a state of the past."""
    known = (before or {}).get(row.key)
    if known is None or known.state is HealthState.UNKNOWN:
        return row
    return msgspec.structs.replace(row, state=known.state, outdated=True)


def _since(row: Health, before: dict[str, _State] | None, now: datetime) -> datetime | None:
    known = (before or {}).get(row.key)
    if known is None:
        return None
    return known.since if known.state is row.state else now


def _decoded(cursor: str | None) -> dict[str, _State] | None:
    """Return what was known; None for a cursor of another version."""
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(cursor, type=dict[str, _State]) or None
    except msgspec.DecodeError:
        return None
