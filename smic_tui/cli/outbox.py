"""smic-tui outbox: what is on its way to the sources, and deciding about it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from smic_tui.cache.cache import Cache
from smic_tui.cli import log, terminal
from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.json_text import print_json
from smic_tui.cli.say import say
from smic_tui.cli.settings import cache_folder, open_settings
from smic_tui.config.load import Loaded
from smic_tui.i18n import _, labelled, phrase
from smic_tui.model.outbox_entry import Entry, EntryState
from smic_tui.outbox import box
from smic_tui.views.cells import Line
from smic_tui.views.fit import cut
from smic_tui.views.look import Look
from smic_tui.views.outbox import details, effect, entry_line, state_cell, title

_LOOK = 0.2
_UNDER_WAY = (EntryState.WAITING, EntryState.SENDING, EntryState.SENT)

_CHANGES: dict[str, Callable[[str], box.Change]] = {
    "withdraw": box.withdraw,
    "keep": box.resend,
    "dismiss": box.dismiss,
}


def run(options: Namespace) -> int:
    """List, or change what is named; `Exit.ATTENTION` when something wants a person."""
    loaded = open_settings(options, examine=False)
    cache = Cache(cache_folder(options, loaded))
    display = loaded.settings.display
    look = Look(now=datetime.now(UTC), zone=ZoneInfo(display.timezone), ascii=display.ascii)
    entries = _chosen(cache, options.numbers)
    if options.action in _CHANGES:
        return _change(options, cache, entries, look)
    if options.action == "send" and not options.dry_run:
        wanted = {entry.id for entry in entries if entry.state in _UNDER_WAY}
        return told(send(options, loaded, cache, wanted), look)
    if options.action == "send":
        entries = [entry for entry in entries if entry.state in _UNDER_WAY]
    if options.json:
        print_json([_object(entry) for entry in entries])
    else:
        for entry in entries:
            for line in details(entry, look) if options.action == "show" else ():
                _print(line)
            if options.action == "show":
                print()
            else:
                _print(entry_line(entry, look))
        if not entries:
            say(_("the outbox is empty"))
    return Exit.ATTENTION if any(entry.state.wants_person for entry in entries) else Exit.FINE


def send(options: Namespace, loaded: Loaded, cache: Cache, ids: Collection[str]) -> list[Entry]:
    """Send the outbox, or wait until the program that collects has; these entries afterwards."""
    import asyncio  # listing does without, and is quicker for it

    from smic_tui.wiring import make_collector

    log.start(options.verbose)

    async def go() -> None:
        collector = make_collector(loaded, cache, lambda _snapshot: None)
        try:
            if not await collector.send_once(options.wait):
                await _wait_for_others(cache, ids, options.wait)
        finally:
            await collector.close()

    if ids:
        asyncio.run(go())
    for notice in cache.notices:
        say(notice)
    outbox = cache.user.load().outbox
    return box.in_order(outbox[id] for id in ids if id in outbox)


def told(entries: Collection[Entry], look: Look) -> Exit:
    """Say what became of the entries; the exit code that means it."""
    code = Exit.FINE
    for entry in entries:
        say(labelled(f"{entry.number} {title(entry.seen_record)}", state_cell(entry).text))
        if entry.error:
            say(f"  {phrase(entry.error)}")
        if entry.hint:
            say(f"  → {phrase(entry.hint)}")
    if any(entry.state is not EntryState.CONFIRMED for entry in entries):
        code = Exit.ATTENTION
    if any(entry.state is EntryState.REFUSED for entry in entries):
        code = Exit.SOURCE
    return code


async def _wait_for_others(cache: Cache, ids: Collection[str], seconds: float) -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    give_up = loop.time() + seconds
    while loop.time() < give_up:
        outbox = (await asyncio.to_thread(cache.user.load)).outbox
        if not any(id in outbox and outbox[id].state in _UNDER_WAY for id in ids):
            return
        if await asyncio.to_thread(cache.lock.holder) is None:
            return
        await asyncio.sleep(_LOOK)


def _chosen(cache: Cache, numbers: Collection[int]) -> list[Entry]:
    entries = box.in_order(cache.user.load().outbox.values())
    for notice in cache.notices:
        say(notice)
    known = {entry.number for entry in entries}
    for number in numbers:
        if number not in known:
            message = _("the outbox has no entry {number}").format(number=number)
            raise CommandError(Exit.USAGE, message)
    return [entry for entry in entries if not numbers or entry.number in numbers]


def _change(options: Namespace, cache: Cache, entries: list[Entry], look: Look) -> Exit:
    if not options.numbers:
        raise CommandError(Exit.USAGE, _("name the entries by their numbers"))
    left = []
    for entry in entries:
        what = labelled(f"{entry.number} {title(entry.seen_record)}", effect(entry.action, look))
        change = _CHANGES[options.action](entry.id)
        if not change({entry.id: entry}):
            left.append(entry)
        elif options.dry_run:
            print(_("would be done: {what}").format(what=f"{options.action} {what}"))
        elif not cache.user.change_outbox(change):
            raise CommandError(Exit.OUTPUT, "\n".join(cache.notices))
        else:
            after = cache.user.load().outbox.get(entry.id)
            if after is None:
                say(_("{what}: no longer in the outbox").format(what=what))
            elif after.state is entry.state:
                left.append(after)  # somebody, or the sender, was quicker
            else:
                say(labelled(what, state_cell(after).text))
    for entry in left:
        say(
            _("{number} cannot be changed like that: {state}").format(
                number=entry.number, state=state_cell(entry).text
            )
        )
    return Exit.ATTENTION if left else Exit.FINE


def _print(line: Line) -> None:
    left = terminal.columns() if terminal.is_terminal() else None
    pieces = []
    for cell in line.cells:
        text = cell.text if left is None else cut(cell.text, left)
        if left is not None:
            left -= len(text)
        pieces.append(terminal.painted(cell, text))
    print("".join(pieces).rstrip())


def _object(entry: Entry) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(entry)
    return plain
