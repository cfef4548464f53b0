"""Draws the pictures of the README from the real program: python docs/make_screens.py [LANGUAGE]

It writes the sample syndicate into a temporary folder and reads it, runs the dashboard
without a terminal, and saves screens as SVG.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from smic_tui.app import SmicApp
from smic_tui.cache.cache import Cache
from smic_tui.sample.writer import write
from smic_tui.wiring import load_settings, make_collector

SIZE = (110, 32)
FOLDER = Path(__file__).parent / "screens"
# A pane whose time has passed may lie over the first screen: d dismisses it.
KEYS = {"overview": "d 1", "backups": "3", "site": "2 down enter"}


async def draw(folder: Path, language: str) -> None:
    """Fills a cache in `folder`, runs the dashboard over it and saves each screen."""
    write(folder / "sample")
    overrides = {("display", "language"): (language, "")}
    loaded = load_settings(folder / "sample" / "config.toml", overrides)
    cache = Cache(folder / "cache")
    collector = make_collector(loaded, cache, lambda _snapshot: None)
    await collector.sync_once()
    await collector.close()
    app = SmicApp(loaded.settings, cache, partial(make_collector, loaded, cache), person="")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(3)
        for name, keys in KEYS.items():
            for key in keys.split():
                await pilot.press(key)
                await pilot.pause(0.5)
            await pilot.pause(2)
            (FOLDER / f"{name}.svg").write_text(app.export_screenshot(title="smic-tui"))
            await pilot.press("escape")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as temporary:
        asyncio.run(draw(Path(temporary), sys.argv[1] if len(sys.argv) > 1 else "en"))
