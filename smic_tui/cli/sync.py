"""smic-tui sync: runs the collector without a screen."""

from __future__ import annotations

import asyncio
import signal
import time
from argparse import Namespace
from pathlib import Path

import msgspec

from smic_tui.cache.cache import Cache
from smic_tui.cli import log, sources
from smic_tui.cli.collect import collect_once
from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.say import say
from smic_tui.cli.settings import cache_folder, open_settings
from smic_tui.config import folders
from smic_tui.config.load import Loaded
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.i18n import _, labelled, ngettext, phrase
from smic_tui.model.snapshot import Snapshot
from smic_tui.views.narrowed import narrowed_hint, narrowed_text
from smic_tui.wiring import make_collector


def run(options: Namespace) -> int:
    """Reads once and says what came; with --watch it reads until interrupted or terminated."""
    loaded = open_settings(options)
    cache = Cache(cache_folder(options, loaded))
    if options.watch:
        if options.sources:
            raise CommandError(Exit.USAGE, _("--watch reads all sources: name none"))
        log.start(options.verbose)
        if options.publish:
            loaded = _publishing(loaded, folders.home_path(options.publish).absolute())
        return asyncio.run(_watch(loaded, cache))
    if options.publish:
        raise CommandError(Exit.USAGE, _("--publish goes with --watch"))
    names = sources.named(loaded.settings, options.sources)
    if options.accept_fewer:
        _agree(cache, options.sources)
    began = time.monotonic()
    snapshot = collect_once(options, loaded, cache, names)
    read = sources.statuses(snapshot, names)
    for status in read:
        if status.state is SourceState.OK:
            say(_reading_text(status))
        if status.narrowed is not None:
            say(labelled(status.name, narrowed_text(status.narrowed)))
            say(f"  → {narrowed_hint(status.name)}")
    for notice in snapshot.notices:
        say(notice)
    code = sources.say_failures(read)
    say(_("{seconds:.1f} s").format(seconds=time.monotonic() - began))
    return code if _is_on_disk(cache.folder, loaded, read) else Exit.OUTPUT


def _agree(cache: Cache, names: list[str]) -> None:
    """Notes that the sources may show less than before; the next reading drops the rest."""
    if not names:
        raise CommandError(
            Exit.USAGE, _("--accept-fewer needs the names of the sources: agree with each")
        )
    try:
        for name in names:
            cache.requests.agree(name)
    except OSError as error:
        raise CommandError(
            Exit.OUTPUT,
            _("{folder} cannot be written: {reason}").format(
                folder=cache.folder, reason=error.strerror or error
            ),
        ) from None


def _publishing(loaded: Loaded, folder: Path) -> Loaded:
    publish = msgspec.structs.replace(loaded.settings.publish, folder=str(folder))
    settings = msgspec.structs.replace(loaded.settings, publish=publish)
    return msgspec.structs.replace(loaded, settings=settings)


def _is_on_disk(folder: Path, loaded: Loaded, read: list[SourceStatus]) -> bool:
    """Whether the cache files hold what was read; reads them again to be sure."""
    names = [status.name for status in read]
    kept = sources.statuses(Cache(folder).snapshot(loaded.settings), names)
    return [status.last_try for status in kept] == [status.last_try for status in read]


def _reading_text(status: SourceStatus) -> str:
    rows = ngettext("{n:,} row", "{n:,} rows", status.rows).format(n=status.rows)
    took = _("{seconds:.1f} s").format(seconds=status.took)
    text = labelled(status.name, f"{rows}, {took}")
    if status.rejected_count:
        text += ", " + ngettext(
            "{count} row set aside", "{count} rows set aside", status.rejected_count
        ).format(count=status.rejected_count)
    return text


async def _watch(loaded: Loaded, cache: Cache) -> int:
    """Collects until a signal comes, and says which sources are lost or found meanwhile."""
    reporter = _Reporter()
    collector = make_collector(loaded, cache, reporter.report)
    running = asyncio.create_task(collector.run())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    stopped_by: list[signal.Signals] = []

    def on_signal(signum: signal.Signals) -> None:
        stopped_by.append(signum)
        stop.set()

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(signum, on_signal, signum)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    await collector.close()
    await running
    return Exit.INTERRUPTED if signal.SIGINT in stopped_by else Exit.FINE


class _Reporter:
    """Says each change of the sources, and of the program that collects, once."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def report(self, snapshot: Snapshot) -> None:
        """Says what is new in a snapshot; called with every one."""
        if snapshot.writer:
            self._once(
                "writer", _("{program} collects; following it").format(program=snapshot.writer)
            )
        for notice in snapshot.notices:
            self._once(notice, notice)
        for source in snapshot.sources:
            status = source.status
            if status.state is SourceState.OK:
                self._once(status.name, _("{source}: read").format(source=status.name))
                if status.narrowed is not None:
                    text = labelled(status.name, narrowed_text(status.narrowed))
                    self._once(f"{status.name}\n", text)
            elif status.last_try is not None:
                text = _("{source}: {error}").format(source=status.name, error=phrase(status.error))
                self._once(status.name, text)

    def _once(self, topic: str, text: str) -> None:
        if self._said.get(topic) != text:
            self._said[topic] = text
            say(text)
