"""smic-tui act: changes a record at the source that owns it, by way of the outbox."""

from __future__ import annotations

import uuid
from argparse import Namespace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from smic_tui.cache.cache import Cache
from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.say import say
from smic_tui.cli.settings import cache_folder, open_settings
from smic_tui.config.errors import nearest, unknown_word, with_guess
from smic_tui.config.load import Loaded
from smic_tui.config.person import author
from smic_tui.contract.actions import Action, Verb
from smic_tui.duty.until import parse_until
from smic_tui.i18n import _, labelled
from smic_tui.model.snapshot import Snapshot
from smic_tui.outbox import box
from smic_tui.outbox.rights import Rights, rights
from smic_tui.records import Record, Stream
from smic_tui.text import clean, clean_lines
from smic_tui.views.look import Look
from smic_tui.views.outbox import VERBS, effect, title

# In characters: as long as the system lets one argument be, so that nothing is cut in silence.
_LONGEST = 1 << 17
_WORK = (Stream.TICKETS, Stream.REQUESTS)
# By verb of the command line: the verb of the contract, and the streams that it is for.
_VERBS: dict[str, tuple[Verb, tuple[Stream, ...]]] = {
    "comment": (Verb.COMMENT, _WORK),
    "assign": (Verb.ASSIGN, _WORK),
    "status": (Verb.SET_STATUS, (Stream.TICKETS,)),
    "resolve": (Verb.RESOLVE, _WORK),
    "stage": (Verb.SET_STAGE, (Stream.REQUESTS,)),
    "ack": (Verb.ACKNOWLEDGE, (Stream.HEALTH,)),
    "unack": (Verb.UNACKNOWLEDGE, (Stream.HEALTH,)),
    "downtime": (Verb.DOWNTIME, (Stream.HEALTH,)),
    "end-downtime": (Verb.END_DOWNTIME, (Stream.HEALTH,)),
    "silence": (Verb.SILENCE, (Stream.HEALTH,)),
    "unsilence": (Verb.UNSILENCE, (Stream.HEALTH,)),
}


def run(options: Namespace) -> int:
    """Puts one action into the outbox, sends it, and waits for the source to confirm it.

    With --later the command ends before it sends the action.
    """
    loaded = open_settings(options, examine=False)
    cache = Cache(cache_folder(options, loaded))
    snapshot = cache.snapshot(loaded.settings)
    verb, streams = _VERBS[options.verb]
    shown = _shown_source(options.source, loaded, snapshot)
    stream, record = _find(snapshot, shown, options.key, streams)
    may = rights(loaded.settings, {one.status.name: one.status for one in snapshot.sources}, shown)
    if may.why:
        raise CommandError(Exit.USAGE, may.why)
    if not may.may(stream, verb):
        message = _("the account of {source} may not do that: {what}")
        raise CommandError(Exit.USAGE, message.format(source=may.source, what=_(VERBS[verb])))
    look = _look(loaded)
    action = _action(options, loaded, look, verb, stream, may)
    what = labelled(shown, labelled(title(record), effect(action, look)))
    if options.dry_run:
        print(_("would be done: {what}").format(what=what))
        return Exit.FINE
    if not cache.user.change_outbox(box.add(action, shown, record)):
        raise CommandError(Exit.OUTPUT, "\n".join(cache.notices))
    say(_("in the outbox: {what}").format(what=what))
    if options.later:
        return Exit.FINE
    from smic_tui.cli.outbox import send, told

    return told(send(options, loaded, cache, {action.id}), look)


def _shown_source(given: str, loaded: Loaded, snapshot: Snapshot) -> str:
    """Return the source under which the records are shown that the person means.

    Behind a hub that may be named as at the head office, or by the source of one's own that
    acts for it.
    """
    names = [one.status.name for one in snapshot.sources]
    own = loaded.settings.sources.get(given)
    meant = own.actions_for if own is not None and own.actions_for else given
    if meant in names:
        return meant
    found = [name for name in names if name.endswith(f"/{meant}")]
    if len(found) != 1:
        raise CommandError(Exit.USAGE, unknown_word(given, found or names, _("no such source")))
    return found[0]


def _find(
    snapshot: Snapshot, source: str, key: str, streams: tuple[Stream, ...]
) -> tuple[Stream, Record]:
    """Return the stream and the row; the source is that under which it is shown here."""
    contents = {one.status.name: one for one in snapshot.sources}
    keys: list[str] = []
    for stream in streams:
        rows = contents[source].of(stream)
        if key in rows:
            return stream, rows[key]
        keys += rows
    message = _("{source} has no record {key} of that kind").format(source=source, key=key)
    raise CommandError(Exit.USAGE, with_guess(message, nearest(key, keys)))


def _action(
    options: Namespace, loaded: Loaded, look: Look, verb: Verb, stream: Stream, may: Rights
) -> Action:
    value = getattr(options, "value", "") or getattr(options, "person", "")
    text = clean_lines(getattr(options, "text", "").strip(), _LONGEST)
    if verb is Verb.COMMENT and not text:
        raise CommandError(Exit.USAGE, _("a comment needs words"))
    start = _moment(options, "start", "--from", look.now, look.zone)
    # It lasts from its beginning, not from now.
    until = _moment(options, "until", "--until", start or look.now, look.zone)
    by = author(loaded.settings.me, options.by)
    return Action(
        id=uuid.uuid4().hex,
        source=may.source,
        stream=stream,
        key=options.key,
        verb=verb,
        text=may.words(verb, text, by),
        value=clean(value),
        start=start,
        until=until,
        by=by,
        at=datetime.now(UTC),
    )


def _moment(
    options: Namespace, name: str, flag: str, begin: datetime, zone: ZoneInfo
) -> datetime | None:
    """Returns the time that was given; a duration counts from `begin`."""
    given: str | None = getattr(options, name, None)
    if given is None:
        return None
    try:
        until = parse_until(given, begin, zone)
    except ValueError as error:
        raise CommandError(Exit.USAGE, labelled(flag, str(error))) from None
    if until.moment is None or until.comment:
        raise CommandError(Exit.USAGE, _("{flag}: a duration or a time").format(flag=flag))
    return until.moment


def _look(loaded: Loaded) -> Look:
    display = loaded.settings.display
    zone = ZoneInfo(display.timezone)
    return Look(now=datetime.now(UTC), zone=zone, ascii=display.ascii)
