"""Kind `prometheus`: the health of sites from the samples of a Prometheus server.

Facts about the API are those of Prometheus 2.42 as measured. What makes it particular:

- When an exporter is dead, Prometheus answers "success" with no sample: all looks green. So the
  adapter also asks for the targets of the job that brings the samples (`up`): a target that does
  not answer becomes a row of unknown state, and a job without targets, or with a last scrape
  long ago, makes the source unavailable. Each target has been asked at a time of its own, and is
  as old as that.
- Prometheus has no accounts and does not tell what changed: each reading asks for all samples
  of the moment. Prometheus compresses them (some 98 kB for 700 samples become a few).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec import Struct

from adapters.http.adapter import AccountAdapter
from adapters.prometheus.options import Check, PrometheusOptions
from adapters.shared.durations import seconds
from adapters.shared.epochs import COARSE, not_before
from smic_tui.contract.adapter import Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import BadAnswer, Unavailable
from smic_tui.i18n import _
from smic_tui.records import Health, HealthState, Stream

if TYPE_CHECKING:
    from adapters.http.session import HttpSession

_QUERY = "/api/v1/query"


class _Sample(Struct):
    metric: dict[str, str]
    value: tuple[float, str]


class _Data(Struct, rename="camel"):
    result_type: str
    result: msgspec.Raw


class _Answer(Struct):
    status: str
    data: _Data | None = None
    error: str = ""
    warnings: list[str] = []


class _BuildInfo(Struct):
    version: str = ""


class _BuildAnswer(Struct):
    data: _BuildInfo


class _Target(Struct, frozen=True):
    """A target of a scrape job: whether it answers, and when it was last asked."""

    site: str
    answers: bool
    scraped: datetime | None = None


class PrometheusAdapter(AccountAdapter[PrometheusOptions]):
    """Some questions to one Prometheus."""

    kind: ClassVar[str] = "prometheus"
    config_type: ClassVar[type[Struct]] = PrometheusOptions
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.HEALTH})

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Ask every question, and for the targets behind them. Always a full reading."""
        http = self._session()
        async with http.signed_in():
            jobs = await self._jobs(http)
            for check in self.config.checks:
                samples = await self._ask(http, check.query)
                targets = jobs.get(check.job, {})
                rows, rejected = await asyncio.to_thread(self._rows, check, samples, targets)
                if not rows:
                    raise Unavailable(
                        _("Prometheus has no sample for {query}").format(query=check.query),
                        hint=_("An empty answer is no good news: is the exporter still scraped?"),
                    )
                yield Batch(upserts=tuple(rows), rejected=tuple(rejected), full=True)
        yield Batch(cursor="all", full=True)

    async def probe(self) -> Probe:
        """Ask every question once; remark on those that a dead exporter would silence."""
        http = self._session()
        async with http.signed_in():
            build = await http.json(_BuildAnswer, "GET", "/api/v1/status/buildinfo")
            await self._jobs(http)
            for check in self.config.checks:
                await self._ask(http, check.query)
        remarks = list(http.remarks())
        remarks += [
            _("The check {query} names no job: a dead exporter would not be noticed.").format(
                query=check.query
            )
            for check in self.config.checks
            if not check.job
        ]
        return Probe(
            version=build.data.version,
            account=self.config.user,
            remote_time=http.remote_time,
            remarks=tuple(remarks),
        )

    async def _ask(self, http: HttpSession, query: str) -> list[_Sample]:
        answer = await http.request(
            "GET", _QUERY, params={"query": query}, expect=(200, 400, 422, 503)
        )
        decoded = await http.decode(_Answer, answer)
        if decoded.status != "success" or decoded.data is None:
            said = decoded.error or answer.body[:200].decode(errors="replace")
            if answer.status == 503:
                raise Unavailable(_("Prometheus cannot answer: {said}").format(said=said))
            raise http.bad_answer(
                _("Prometheus does not understand {query}: {said}").format(query=query, said=said)
            )
        if decoded.data.result_type != "vector":
            raise BadAnswer(
                _("{query} gives a {type}, not one sample for each thing").format(
                    query=query, type=decoded.data.result_type
                )
            )
        try:
            return await asyncio.to_thread(
                msgspec.json.decode, decoded.data.result, type=list[_Sample]
            )
        except msgspec.DecodeError as error:
            raise http.bad_answer(
                _("Prometheus sent samples of another form than expected: {reason}").format(
                    reason=error
                ),
                bytes(decoded.data.result)[:4096],
            ) from None

    async def _jobs(self, http: HttpSession) -> dict[str, dict[str, _Target]]:
        """Return the targets of each job, by host; raises if a job has none or is not scraped."""
        found: dict[str, dict[str, _Target]] = {}
        for job in sorted({check.job for check in self.config.checks if check.job}):
            selector = f"up{{job={msgspec.json.encode(job).decode()}}}"
            samples = await self._ask(http, selector)
            if not samples:
                raise Unavailable(
                    _("Prometheus knows no target of the job {job}").format(job=job),
                    hint=_("Was the job renamed, or its targets' file emptied? See /targets."),
                )
            times = await self._ask(http, f"timestamp({selector})")
            ages = {self._host(each.metric): each.value[0] - float(each.value[1]) for each in times}
            age = min(ages.values(), default=float("inf"))
            if age > seconds(self.config.scraped_within):
                raise Unavailable(
                    _("The job {job} was last scraped {age} ago").format(
                        job=job, age=timedelta(seconds=round(age)) if times else "?"
                    ),
                    hint=_("Prometheus answers, but asks its exporters no more."),
                )
            now = datetime.now(UTC)
            found[job] = {
                host: _Target(
                    site=self._site(each.metric),
                    answers=each.value[1] != "0",
                    scraped=not_before(now - timedelta(seconds=ages[host]))
                    if host in ages
                    else None,
                )
                for each in samples
                for host in [self._host(each.metric)]
            }
        return found

    def _rows(
        self, check: Check, samples: Iterable[_Sample], targets: dict[str, _Target]
    ) -> tuple[list[Health], list[Rejected]]:
        rows: dict[str, Health] = {}
        rejected: list[Rejected] = []
        for sample in samples:
            host = self._host(sample.metric)
            target = targets.get(host)
            if target is not None and not target.answers:
                continue  # its samples are old
            key = _key(host, check)
            problem = ""
            if not host:
                problem = _("the label {label} is missing").format(label=self.config.host_label)
            elif key in rows:
                problem = _("the query gives this host twice")
            if problem:
                sampled = msgspec.json.encode(sample.metric).decode()[:200]
                rejected.append(Rejected(where=check.query, reason=problem, sample=sampled))
                continue
            scraped = target.scraped if target is not None else None
            rows[key] = self._row(check, host, self._site(sample.metric), sample, scraped)
        for host, target in targets.items():
            key = _key(host, check)
            if key in rows or target.answers or not host:
                continue
            rows[key] = Health(
                key=key,
                site=target.site,
                host=host,
                service=check.service,
                state=HealthState.UNKNOWN,
                output=_("The exporter of the job {job} does not answer").format(job=check.job),
                checked=target.scraped,
                url=self._url(check),
            )
        return list(rows.values()), rejected

    def _row(
        self, check: Check, host: str, site: str, sample: _Sample, scraped: datetime | None
    ) -> Health:
        state, output = _judge(check, sample.value[1])
        return Health(
            key=_key(host, check),
            site=site,
            host=host,
            service=check.service,
            state=state,
            output=output,
            checked=scraped,
            valid_for=self._valid_for if scraped else None,
            url=self._url(check),
        )

    @property
    def _valid_for(self) -> int:
        return round(seconds(self.config.scraped_within) + COARSE.total_seconds())

    def _host(self, labels: dict[str, str]) -> str:
        return labels.get(self.config.host_label, "")

    def _site(self, labels: dict[str, str]) -> str:
        return labels.get(self.config.site_label) or labels.get(self.config.host_label, "")

    def _url(self, check: Check) -> str:
        from urllib.parse import quote

        base = self.config.url.rstrip("/")
        return f"{base}/graph?g0.tab=1&g0.expr={quote(check.query)}"


def _key(host: str, check: Check) -> str:
    return f"{host}!{check.service}" if check.service else host


def _judge(check: Check, text: str) -> tuple[HealthState, str]:
    """Return what a sample's value means; it may be NaN or infinite."""
    value = float(text)
    if value != value:
        return HealthState.UNKNOWN, _("no number (NaN)")
    good, bad = (
        (HealthState.OK, HealthState.CRITICAL)
        if check.service
        else (HealthState.UP, HealthState.DOWN)
    )
    if not check.has_thresholds:
        return (good if value >= 1 else bad), f"{check.query} = {text}"

    def beyond(threshold: float | None) -> bool:
        if threshold is None:
            return False
        return value <= threshold if check.falling else value >= threshold

    output = f"{value:g} {check.unit}".strip()
    if beyond(check.critical):
        return bad, output
    return (HealthState.WARNING if beyond(check.warning) else good), output
