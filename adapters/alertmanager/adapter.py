"""Kind `alertmanager`: firing alerts as the health of sites, and silences back to it.

Facts about the API are those of Alertmanager 0.25 (v2) as measured; `mutedBy`, which 0.28 added, is
from its documentation. What makes it particular:

- Alertmanager shows an alert only while it fires. When Prometheus is dead, all alerts end, which
  looks like good news. So an alert that always fires must be among them.
- Alertmanager has no accounts and no ETag, and does not compress: each reading is the whole list.
- A silence is an object of its own with matchers, which may hide other alerts as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec import Struct

from adapters.alertmanager import silences
from adapters.alertmanager.options import AlertmanagerOptions
from adapters.http.adapter import AccountAdapter
from adapters.shared.epochs import not_before
from adapters.shared.row_by_row import read_each
from smic_tui.contract.actions import Action, RecordSnapshot, Refused, Verb, refuse_impossible_times
from smic_tui.contract.adapter import Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import Unavailable
from smic_tui.i18n import _
from smic_tui.records import Health, HealthState, Stream

if TYPE_CHECKING:
    from adapters.http.session import HttpSession

_ALERTS = "/api/v2/alerts"


class Status(Struct, rename="camel"):
    """What keeps an alert from being sent: silences, other alerts, time intervals (from 0.28)."""

    state: str = ""
    silenced_by: list[str] = []
    inhibited_by: list[str] = []
    muted_by: list[str] = []

    @property
    def is_quiet(self) -> bool:
        """Whether Alertmanager tells nobody of it; later versions may have further reasons."""
        return self.state == "suppressed" or bool(
            self.silenced_by or self.inhibited_by or self.muted_by
        )


class Alert(Struct, rename="camel"):
    """An alert that fires."""

    fingerprint: str
    labels: dict[str, str]
    starts_at: datetime
    updated_at: datetime | None = None
    annotations: dict[str, str] = {}
    status: Status = msgspec.field(default_factory=Status)
    generator_url: str = msgspec.field(name="generatorURL", default="")

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "")


class _VersionInfo(Struct):
    version: str = ""


class _Config(Struct):
    original: str = ""


class _ServerStatus(Struct, rename="camel"):
    version_info: _VersionInfo
    config: _Config = msgspec.field(default_factory=_Config)

    @property
    def hides_mutes(self) -> bool:
        """Whether it may mute alerts by time intervals, and is too old to tell which."""
        numbers = [int(each) for each in self.version_info.version.split(".")[:2] if each.isdigit()]
        return "time_intervals:" in self.config.original and numbers < [0, 28]


class AlertmanagerAdapter(AccountAdapter[AlertmanagerOptions]):
    """The alerts of one Alertmanager."""

    kind: ClassVar[str] = "alertmanager"
    config_type: ClassVar[type[Struct]] = AlertmanagerOptions
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.HEALTH})

    def __init__(self, config: AlertmanagerOptions, context: Context) -> None:
        super().__init__(config, context)
        self._proven = False

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read all alerts that fire, silenced ones too. Always a full reading."""
        http = self._session()
        async with http.signed_in():
            await self._watchdog(http)
            alerts, rejected = await self._alerts(http, self.config.filters)
        self._proven = True
        rows = await asyncio.to_thread(lambda: tuple(self._row(each) for each in alerts))
        if rejected and not rows:
            raise http.bad_answer(
                _("None of the {count} alerts could be read: {reason}").format(
                    count=len(rejected), reason=rejected[0].reason
                ),
                rejected[0].sample.encode(),
            )
        yield Batch(upserts=rows, rejected=tuple(rejected), cursor="all", full=True)

    async def probe(self) -> Probe:
        """Reach it, see the alert that always fires, and say what it cannot prove."""
        http = self._session()
        async with http.signed_in():
            status = await http.json(_ServerStatus, "GET", "/api/v2/status")
            await self._watchdog(http)
        self._proven = True
        remarks = list(http.remarks())
        if not self.config.watchdog:
            remarks.append(
                _(
                    "No `watchdog`: when Prometheus is dead its alerts end, and that looks as if "
                    "all were well."
                )
            )
        if status.hides_mutes:
            remarks.append(
                _(
                    "Alertmanager tells which alerts its time intervals mute only from 0.28 on: "
                    "until then they look like any other."
                )
            )
        return Probe(
            version=status.version_info.version,
            account=self.config.user,
            remote_time=http.remote_time,
            remarks=tuple(remarks),
        )

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """Return all verbs: Alertmanager has no rights, though a proxy before it may refuse."""
        if not self._proven:
            return {}
        return {Stream.HEALTH: frozenset({Verb.SILENCE, Verb.UNSILENCE})}

    async def inspect(self, action: Action) -> RecordSnapshot:
        """Read the alert and the silences that hide it."""
        http = self._session()
        async with http.signed_in():
            alert = await self._find(http, action.key)
            if alert is None:
                # An alert that does not fire any more needs no silence.
                return RecordSnapshot(record=None, at_once=True)
            known = await silences.of_alert(http, alert.status.silenced_by, alert.labels)
        return RecordSnapshot(
            record=self._row(alert), done=silences.is_done(action, known), at_once=True
        )

    async def apply(self, action: Action, snapshot: RecordSnapshot) -> None:
        """Silence exactly this alert, or end the silences that hide nothing else."""
        refuse_impossible_times(action, datetime.now(UTC))
        http = self._session()
        async with http.signed_in():
            alert = await self._find(http, action.key)
            if alert is None:
                raise Refused(_("This alert does not fire any more"))
            if action.verb is Verb.SILENCE:
                await silences.silence(http, action, alert.labels, self.config.silence_for)
            else:
                await silences.end(http, alert.status.silenced_by, alert.labels)

    async def _watchdog(self, http: HttpSession) -> None:
        name = self.config.watchdog
        if not name:
            return
        found, _rejected = await self._alerts(http, (f"alertname={silences.quoted(name)}",))
        if not found:
            raise Unavailable(
                _("The alert {name}, which always fires, is not among the alerts").format(
                    name=name
                ),
                hint=_(
                    "Either Prometheus is dead and nothing can be said, or no rule has this name: "
                    "add one with expr: vector(1), or set `watchdog`."
                ),
            )

    async def _alerts(
        self, http: HttpSession, filters: tuple[str, ...]
    ) -> tuple[list[Alert], list[Rejected]]:
        from urllib.parse import urlencode

        query = urlencode([("filter", each) for each in filters])
        raws = await http.json(list[msgspec.Raw], "GET", f"{_ALERTS}?{query}" if query else _ALERTS)
        return await asyncio.to_thread(_decode, raws)

    async def _find(self, http: HttpSession, key: str) -> Alert | None:
        alerts, _rejected = await self._alerts(http, ())
        return next((alert for alert in alerts if alert.fingerprint == key), None)

    def _row(self, alert: Alert) -> Health:
        config, labels = self.config, alert.labels
        host = labels.get(config.host_label, "")
        severity = labels.get(config.severity_label)
        if severity is None:
            state = HealthState.CRITICAL
        else:
            state = config.severities.get(severity, HealthState.WARNING)
        texts = (alert.annotations.get(each) for each in ("summary", "description", "message"))
        return Health(
            key=alert.fingerprint,
            site=labels.get(config.site_label) or host,
            host=host,
            service=alert.name,
            state=state,
            since=alert.starts_at.astimezone(UTC),
            output=next((each for each in texts if each), alert.name),
            downtime=alert.status.is_quiet,
            checked=not_before(alert.updated_at.astimezone(UTC)) if alert.updated_at else None,
            url=alert.generator_url,
        )


def _decode(raws: list[msgspec.Raw]) -> tuple[list[Alert], list[Rejected]]:
    return read_each(raws, _alert, lambda _number, _raw: _("an alert"))


def _alert(raw: msgspec.Raw) -> Alert:
    alert = msgspec.json.decode(raw, type=Alert)
    if None in (alert.starts_at.tzinfo, (alert.updated_at or alert.starts_at).tzinfo):
        raise ValueError(_("its times have no time zone"))
    return alert
