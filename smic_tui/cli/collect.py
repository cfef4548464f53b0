"""Reads sources once, for a command that needs them now."""

from __future__ import annotations

import asyncio
import gc
import logging
from argparse import Namespace
from collections.abc import Collection

from smic_tui.cache.cache import Cache
from smic_tui.cli import log
from smic_tui.config.load import Loaded
from smic_tui.insight.assessor import Assessor
from smic_tui.model.snapshot import Snapshot
from smic_tui.wiring import make_collector

_log = logging.getLogger(__name__)


def collect_once(
    options: Namespace,
    loaded: Loaded,
    cache: Cache,
    names: Collection[str],
    assessor: Assessor | None = None,
) -> Snapshot:
    """Read these sources once; what the cache knows afterwards, assessed by `assessor`."""
    gc.enable()  # which `cli.main` has stopped
    log.start(options.verbose)
    _log.info("reading %s into %s", ", ".join(names), cache.folder)

    async def collect() -> Snapshot:
        collector = make_collector(loaded, cache, lambda _snapshot: None, assessor=assessor)
        try:
            return await collector.sync_once(names)
        finally:
            await collector.close()

    return asyncio.run(collect())
