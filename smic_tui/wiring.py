"""How the parts are put together, the same for the dashboard and every command."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from smic_tui import i18n
from smic_tui.cache.cache import Cache
from smic_tui.config.errors import KeyPath
from smic_tui.config.load import Loaded, load
from smic_tui.i18n import _
from smic_tui.model.alert_store import AlertStore
from smic_tui.model.snapshot import Snapshot

if TYPE_CHECKING:
    from smic_tui.cache.file_ops import Signature
    from smic_tui.collecting.collector import Collector
    from smic_tui.config.schema import Settings
    from smic_tui.contract.adapter import Adapter
    from smic_tui.insight.assessor import Assessor


def load_settings(
    path: Path | None,
    overrides: Mapping[KeyPath, tuple[Any, str]] | None = None,
    *,
    write_sample: bool = True,
    examine: bool = True,
) -> Loaded:
    """Read the configuration, speak its language, have the sample that it reads written.

    Where `write_sample` is false, nothing is written. Where `examine` is false, one that
    was found good before is not examined again.
    Raises `ConfigError`; `SampleError` when the sample cannot be written.
    """
    from smic_tui.config import known_good

    loaded = load(
        path,
        kinds=_InstalledKinds(),
        check_filter=check_filter,
        overrides=overrides,
        is_known_good=None if examine else known_good.is_known_good,
    )
    # Other packages may change without a sign: their kinds are examined each time.
    if write_sample and loaded.examined and _are_ours(loaded.settings):
        known_good.remember(loaded.digest)
    i18n.use(loaded.settings.display.language)
    if loaded.sample is not None and write_sample:
        from smic_tui.sample.ensure import ensure

        ensure(loaded.sample)
    return loaded


class _InstalledKinds:
    """The registry, which is imported when it is first asked."""

    def kinds(self) -> Collection[str]:
        from smic_tui.collecting import registry

        return registry.kinds()

    def find(self, kind: str) -> type[Adapter[Any]]:
        from smic_tui.collecting import registry

        return registry.find(kind)


def _are_ours(settings: Settings) -> bool:
    from smic_tui.collecting import registry

    return all(registry.is_ours(source.kind) for source in settings.sources.values())


def check_filter(subject: str, text: str) -> str:
    """What is wrong with a filter of the configuration, for people; empty when nothing is."""
    from smic_tui.query.parser import QuerySyntaxError, parse
    from smic_tui.query.subjects.all import fields_for

    try:
        parse(text, fields_for(subject), "UTC")
    except QuerySyntaxError as error:
        return _("column {column}: {message}").format(
            column=error.column + 1, message=error.message
        )
    return ""


class CollectorOf(Protocol):
    """Makes what keeps the cache fresh; see `make_collector`."""

    def __call__(
        self,
        on_change: Callable[[Snapshot], None],
        /,
        *,
        assessor: Assessor,
    ) -> Collector: ...


def make_collector(
    loaded: Loaded,
    cache: Cache,
    on_change: Callable[[Snapshot], None],
    *,
    assessor: Assessor | None = None,
) -> Collector:
    """What reads the sources into the cache and evaluates the alert rules after it.

    `assessor` is the program's, where it has one: what is assessed here is assessed for all.
    """
    from smic_tui.collecting.collector import Collector
    from smic_tui.config.secrets import reveal
    from smic_tui.duty.alert_rules import AlertRules
    from smic_tui.insight.assessor import Assessor
    from smic_tui.startup.first_rows_writer import FirstRowsWriter
    from smic_tui.startup.status_counts_writer import StatusCountsWriter

    settings = loaded.settings
    shared = assessor or Assessor(settings)
    rules = AlertRules(settings)
    counts = StatusCountsWriter(loaded, cache)
    first_rows = FirstRowsWriter(loaded.digest, cache.folder)

    def after_commit(snapshot: Snapshot) -> AlertStore:
        now = datetime.now(UTC)
        situation = shared.assess_once(snapshot, cache.user.load(), now)
        return rules.evaluate(situation, snapshot.alerts, now)

    def keep(snapshot: Snapshot, seen: Mapping[str, Signature | None]) -> None:
        user = cache.user.load()
        situation = shared.assess_once(snapshot, user, datetime.now(UTC))
        counts.keep(snapshot, user, situation, seen)
        first_rows.keep(snapshot, situation)

    return Collector(
        settings,
        loaded.folder,
        cache,
        on_change=on_change,
        after_commit=after_commit,
        keep=keep,
        secret=partial(reveal, folder=loaded.folder),
    )
