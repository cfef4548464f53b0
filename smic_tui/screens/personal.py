"""What a person decides on screen, on its way to the person's own file."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from smic_tui.cache.user_file import UserFile
from smic_tui.contract.actions import Action
from smic_tui.i18n import _
from smic_tui.model.facts import AlertFact
from smic_tui.model.user_state import Acknowledgement, Note, PaneSeen
from smic_tui.outbox import box
from smic_tui.records import Record
from smic_tui.text import clean

# Does the change off the event loop, and tells the first text once it is on the disk.
Remember = Callable[[str, Callable[[], bool]], None]


class Personal:
    """Acknowledgements, notes, panes seen and filters of whoever sits here."""

    def __init__(self, file: UserFile, person: str, remember: Remember) -> None:
        self._file = file
        self.person = person
        self._remember = remember

    def acknowledge(
        self, alert: AlertFact, *, until: datetime | None, until_change: bool, comment: str
    ) -> None:
        """Keep an alert quiet until a time (UTC), or until the fact changes."""
        entry = Acknowledgement(
            fingerprint=alert.fingerprint,
            by=self.person,
            at=datetime.now(UTC),
            until=until,
            digest=alert.digest if until_change else "",
            comment=clean(comment),
        )
        self._remember(_("Acknowledged."), lambda: self._file.acknowledge(entry))

    def unacknowledge(self, fingerprint: str) -> None:
        """Remove an acknowledgement."""
        self._remember(_("Acknowledgement removed."), lambda: self._file.unacknowledge(fingerprint))

    def add_note(self, site: str, text: str) -> None:
        """Leave a remark on a site, by its code, for colleagues."""
        note = Note(
            id=uuid.uuid4().hex[:12],
            site=site,
            by=self.person,
            at=datetime.now(UTC),
            text=clean(text),
        )
        self._remember(_("Note kept."), lambda: self._file.add_note(note))

    def remove_note(self, note_id: str) -> None:
        """Take a note away."""
        self._remember(_("Note removed."), lambda: self._file.remove_note(note_id))

    def dismiss_pane(self, pane: str, due: datetime, listed: dict[str, str]) -> None:
        """A scheduled pane that came due at `due` (UTC) has been seen."""
        seen = PaneSeen(
            pane=pane, due=due, dismissed=datetime.now(UTC), by=self.person, listed=listed
        )
        self._remember(_("Pane dismissed."), lambda: self._file.pane_seen(seen))

    def want(self, actions: Sequence[Action], shown: str, seen: Sequence[Record]) -> None:
        """Put actions on records of the source called `shown` here into the outbox."""
        changes = [
            box.add(action, shown, record) for action, record in zip(actions, seen, strict=True)
        ]

        def change() -> bool:
            kept = [self._file.change_outbox(each) for each in changes]
            return all(kept)

        self._remember(_("In the outbox (O)."), change)

    def change_outbox(self, done: str, change: box.Change) -> None:
        """Decide about an entry of the outbox."""
        self._remember(done, lambda: self._file.change_outbox(change))

    def save_filter(self, name: str, text: str) -> None:
        """Keep a filter under a name; an empty text removes it."""
        if text:
            kept, where = clean(name), clean(text)
            self._remember(_("Filter kept."), lambda: self._file.save_filter(kept, where))
        else:
            self._remember(_("Filter removed."), lambda: self._file.remove_filter(name))
