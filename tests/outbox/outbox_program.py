"""A whole program that sends one outbox, for tests that kill it.

    python outbox_program.py FOLDER URL SETTLE

It collects from the Redmine at URL, whose key is in REDMINE_KEY, until it is killed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from smic_tui.cache.cache import Cache
from smic_tui.collecting import backoff
from smic_tui.collecting import sender as sending
from smic_tui.collecting.collector import Collector
from smic_tui.config.schema import Settings, Source


def settings_for(url: str) -> Settings:
    options = {
        "url": url,
        "api_key": {"env": "REDMINE_KEY"},
        "projects": ["assistance"],
        "request_timeout": "10s",
    }
    source = Source(name="desk", kind="redmine", refresh="60s", options=options)
    return Settings(sources={"desk": source})


async def main(folder: Path, url: str, settle: float) -> None:
    sending.SETTLE = settle
    # The line comes back within moments here.
    backoff.FIRST = backoff.LONGEST = 0.3
    collector = Collector(
        settings_for(url),
        folder,
        Cache(folder),
        on_change=lambda _snapshot: None,
        secret=lambda secret: os.environ[secret.env],
    )
    await collector.run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
