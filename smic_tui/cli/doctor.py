"""smic-tui doctor: probes each source, and says what to do about its problems."""

from __future__ import annotations

import asyncio
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from smic_tui.cache.cache import Cache
from smic_tui.cli import log, sources, terminal
from smic_tui.cli.exits import Exit
from smic_tui.cli.json_text import print_json
from smic_tui.cli.probing import context_of
from smic_tui.cli.settings import cache_folder, open_settings
from smic_tui.collecting import registry
from smic_tui.collecting.failure import Overdue, failure_of
from smic_tui.config import duration
from smic_tui.config.load import Loaded
from smic_tui.config.schema import Source
from smic_tui.contract.actions import ActsOnRecords, Verb
from smic_tui.contract.adapter import Context, Understood
from smic_tui.contract.batch import Rejected
from smic_tui.contract.redaction import Redactor
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.contract.view import Narrowed, Sight, narrower
from smic_tui.i18n import _, labelled, ngettext, pgettext
from smic_tui.records import Actor
from smic_tui.text import clean
from smic_tui.views import human
from smic_tui.views.cells import Cell, Role
from smic_tui.views.fit import fit
from smic_tui.views.narrowed import narrowed_hint, narrowed_text
from smic_tui.views.outbox import VERBS
from smic_tui.views.words import word

# In seconds: with a larger difference of clocks, a reading of what changed since the last
# one may miss tickets.
CLOCK_LIMIT = 5.0
_LABEL = 10
# How many statuses, or parts of a source, are listed.
_LISTED = 200


class Finding(Struct, frozen=True, kw_only=True):
    """What the doctor found out about one source.

    `state` is how the probe just now ended, `latency` how many seconds it took. `clock` is
    by how many seconds the source's clock is ahead of ours, None if the source did not tell.
    `notes` are plain facts that ask for nothing.
    `may` lists the verbs that both the account and the configuration allow. `rows`,
    `rejected` and `rejects` belong to the last reading, `last_good` (UTC) to the last good
    one. `understood` tells what each status of the source is taken to mean, `sees` what the
    account sees; `narrowed` is set while that is less than before. `to_do` is advice for the
    person. A source that acts for another (`actions_for`) has no rows of its own.
    """

    name: str
    kind: str
    state: SourceState
    error: str = ""
    version: str = ""
    account: str = ""
    latency: float = 0.0
    clock: float | None = None
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    last_good: datetime | None = None
    rows: int = 0
    rejected: int = 0
    rejects: tuple[Rejected, ...] = ()
    to_do: tuple[str, ...] = ()
    may: tuple[Verb, ...] = ()
    understood: tuple[Understood, ...] = ()
    sees: tuple[Sight, ...] = ()
    narrowed: Narrowed | None = None
    actions_for: str = ""


def run(options: Namespace) -> int:
    """Probes the sources; returns `Exit.SOURCE` if one fails.

    Returns `Exit.ATTENTION` if there is advice about one.
    """
    loaded = open_settings(options)
    names = sources.named(loaded.settings, options.sources)
    cache = Cache(cache_folder(options, loaded))
    known = {one.status.name: one.status for one in cache.snapshot(loaded.settings).sources}
    log.start(options.verbose)
    findings = asyncio.run(_examine_all(loaded, names, known))
    if options.json:
        print_json({"sources": findings})
    else:
        for finding in findings:
            _print(finding)
    if any(finding.state is not SourceState.OK for finding in findings):
        return Exit.SOURCE
    return Exit.ATTENTION if any(finding.to_do for finding in findings) else Exit.FINE


async def _examine_all(
    loaded: Loaded, names: list[str], known: dict[str, SourceStatus]
) -> list[Finding]:
    return await asyncio.gather(*(_examine(loaded, name, known[name]) for name in names))


async def _examine(loaded: Loaded, name: str, status: SourceStatus) -> Finding:
    source = loaded.settings.sources[name]
    if loaded.settings.read_only:
        source = replace(source, read_only=True)
    redact = Redactor()
    context = replace(
        context_of(loaded, source, redact), deadline=duration.seconds(source.deadline)
    )
    finding = Finding(
        name=name,
        kind=source.kind,
        state=SourceState.OK,
        last_good=status.last_good,
        rows=status.rows,
        rejected=status.rejected_count,
        rejects=status.in_words().rejected,
        narrowed=status.narrowed,
        actions_for=source.actions_for,
    )
    try:
        return await _probed(source, context, finding, partial(_tidy, redact), status.view)
    except Exception as error:
        failure = failure_of(error, redact)
        to_do = (failure.hint,) if failure.hint else ()
        return replace(finding, state=failure.state, error=failure.error, to_do=to_do)


def _tidy(redact: Redactor, text: str) -> str:
    return clean(redact(text), 400)


async def _probed(
    source: Source,
    context: Context,
    finding: Finding,
    tidy: Callable[[str], str],
    seen: tuple[Sight, ...],
) -> Finding:
    adapter = await asyncio.to_thread(registry.make, source, context)
    deadline = duration.seconds(source.deadline)
    may: frozenset[Verb] = frozenset()
    began, asked = time.monotonic(), datetime.now(UTC)
    try:
        async with asyncio.timeout(deadline):
            probe = await adapter.probe()
        if isinstance(adapter, ActsOnRecords) and not source.read_only:
            may = frozenset().union(*adapter.capabilities().values())
    except TimeoutError:
        raise Overdue(deadline) from None
    finally:
        await adapter.close()
    latency = time.monotonic() - began
    clock = None
    if probe.remote_time is not None:
        middle = asked + timedelta(seconds=latency / 2)
        clock = (probe.remote_time - middle).total_seconds()
    finding = replace(
        finding,
        version=tidy(probe.version),
        account=tidy(probe.account),
        latency=latency,
        clock=clock,
        remarks=tuple(map(tidy, probe.remarks)),
        notes=tuple(map(tidy, probe.notes)),
        may=tuple(verb for verb in Verb if verb in may),
        understood=tuple(
            replace(each, name=tidy(each.name)) for each in probe.understood[:_LISTED]
        ),
        sees=tuple(
            replace(each, part=tidy(each.part), told=tidy(each.told))
            for each in probe.sees[:_LISTED]
        ),
    )
    lost, less = narrower(seen, finding.sees)
    if (lost or less) and finding.sees and finding.narrowed is None:
        narrowed = Narrowed(since=datetime.now(UTC), lost=lost, less=less)
        finding = replace(finding, narrowed=narrowed)
    return replace(finding, to_do=tuple(_advice(finding)))


def _advice(finding: Finding) -> Iterator[str]:
    if finding.last_good is None and finding.rows:
        yield _("this machine's clock is behind that of its last reading: set it right (NTP)")
    elif finding.last_good is None and not finding.actions_for:
        yield _("it was never read: smic-tui sync {source}").format(source=finding.name)
    if finding.clock is not None and abs(finding.clock) > CLOCK_LIMIT:
        text = _("set the clocks right on both machines (NTP): they differ by {seconds:.0f} s")
        yield text.format(seconds=abs(finding.clock))
    if finding.narrowed is not None:
        yield f"{narrowed_text(finding.narrowed)}. {narrowed_hint(finding.name)}"
    if finding.rejected:
        yield _("correct the rows that were set aside, or the mapping of their columns")
    yield from finding.remarks


def _print(finding: Finding) -> None:
    fine = finding.state is SourceState.OK
    role = Role.CRITICAL if not fine else Role.NOTICE if finding.to_do else Role.FINE
    print(
        terminal.painted(Cell("", Role.TITLE), finding.name),
        terminal.painted(Cell("", Role.MUTED), finding.kind),
        terminal.painted(Cell("", role), word(finding.state) if not fine else _("reached")),
    )
    for label, text in _lines(finding):
        print(f"  {fit(label, _LABEL)}  {text}")


def _lines(finding: Finding) -> Iterator[tuple[str, str]]:
    if finding.error:
        yield _("error"), finding.error
    if finding.state is SourceState.OK:
        yield _("latency"), f"{finding.latency * 1000:.0f} ms"
    if finding.version:
        yield _("version"), finding.version
    if finding.account:
        yield _("account"), finding.account
    if finding.may:
        yield _("may"), ", ".join(_(VERBS[verb]) for verb in finding.may)
    if finding.clock is not None:
        yield _("clock"), _("{seconds:+.1f} s").format(seconds=finding.clock)
    for index, text in enumerate(map(_sight, finding.sees)):
        yield _("sees") if not index else "", text
    for index, text in enumerate(map(_understood, finding.understood)):
        yield _("statuses") if not index else "", text
    for index, note in enumerate(finding.notes):
        yield _("noted") if not index else "", note
    yield _("rows"), _rows(finding)
    for reject in finding.rejects[:5]:
        yield "", labelled(reject.where, reject.reason)
    for index, advice in enumerate(finding.to_do):
        yield _("to do") if not index else "", advice


def _sight(sight: Sight) -> str:
    return labelled(sight.part, sight.told) if sight.told else sight.part


def _understood(each: Understood) -> str:
    """A status and what it is taken to mean; a guess is marked, as it may be wrong."""
    meaning = each.status or each.stage
    text = f"{each.name} = {word(meaning) if meaning else _('unknown')}"
    if each.waiting_on is not Actor.NOBODY:
        text += ", " + _("waiting on: {who}").format(who=word(each.waiting_on))
    return text + (" " + _("(guessed)") if each.guessed else "")


def _rows(finding: Finding) -> str:
    if finding.actions_for:
        return _("none: it carries out actions on {source}").format(source=finding.actions_for)
    if finding.last_good is None and finding.rows:
        text = ngettext(
            "{n} row, read at a time that is still to come",
            "{n} rows, read at a time that is still to come",
            finding.rows,
        )
        return text.format(n=finding.rows)
    if finding.last_good is None:
        return pgettext("rows", "never read")
    ago = human.ago((datetime.now(UTC) - finding.last_good).total_seconds())
    text = ngettext("{n:,} row, read {ago}", "{n:,} rows, read {ago}", finding.rows)
    text = text.format(n=finding.rows, ago=ago)
    if finding.rejected:
        text += ", " + ngettext(
            "{count} row set aside", "{count} rows set aside", finding.rejected
        ).format(count=finding.rejected)
    return text
