"""Works out which actions are possible on the records of a source, and through which account."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from smic_tui.config.schema import Settings, Source
from smic_tui.contract.actions import Verb
from smic_tui.contract.status import SourceStatus
from smic_tui.i18n import _
from smic_tui.records import Stream

_COMMENTS = (Verb.COMMENT, Verb.SET_STATUS, Verb.RESOLVE, Verb.SET_STAGE)


class Rights(Struct, frozen=True, kw_only=True):
    """The actions that are possible, by stream, and the `source` that carries them out.

    `why` tells people why none is possible. `signed` says that comments end with the
    person's name.
    """

    source: str = ""
    verbs: Mapping[Stream, Collection[Verb]] = {}
    why: str = ""
    signed: bool = False

    def may(self, stream: Stream, verb: Verb) -> bool:
        """Whether the account may do this to records of the stream."""
        return verb in self.verbs.get(stream, ())

    def words(self, verb: Verb, text: str, person: str) -> str:
        """Return the text of an action as it is sent, signed where the source wants it.

        Monitoring systems are told the author apart.
        """
        if not text or not self.signed or verb not in _COMMENTS:
            return text
        return f"{text}\n\n— {person}"


def rights(settings: Settings, statuses: Mapping[str, SourceStatus], shown: str) -> Rights:
    """Return the actions that are possible on records shown under the source `shown`.

    Actions on a source that came through a hub go through the local source whose
    `actions_for` names it. `statuses` are all sources as they are known now.
    """
    if settings.read_only:
        return Rights(why=_("the configuration allows no action at all (read_only)"))
    source = acting_source(settings, shown)
    if source is None:
        return Rights(
            why=_(
                "{source} comes through a hub; a source of your own with "
                "actions_for = {source!r} would carry actions out"
            ).format(source=shown)
            if shown not in settings.sources
            else _("{source} is not enabled").format(source=shown)
        )
    if source.read_only:
        return Rights(
            source=source.name,
            why=_("the configuration allows no action at {source} (read_only)").format(
                source=source.name
            ),
        )
    status = statuses.get(source.name)
    if status is None or status.last_good is None:
        return Rights(
            source=source.name,
            why=_("{source} has not answered yet: what the account may do is not known").format(
                source=source.name
            ),
        )
    if not status.actions:
        return Rights(
            source=source.name,
            why=_("{source} can only be read: its kind or its account allows no action").format(
                source=source.name
            ),
        )
    return Rights(source=source.name, verbs=status.actions, signed=source.signed)


def acting_source(settings: Settings, shown: str) -> Source | None:
    """Return the configured source that carries out actions on records shown under `shown`."""
    own = settings.sources.get(shown)
    if own is not None:
        return own if own.enabled and not own.actions_for else None
    origin = shown.partition("/")[2]
    return next(
        (
            source
            for source in settings.sources.values()
            if source.enabled and source.actions_for and source.actions_for in (shown, origin)
        ),
        None,
    )
