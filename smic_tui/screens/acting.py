"""Keys that change a record at its source: only where the account may, and never at once.

A key asks for what the action needs, then shows source, record and effect; only a
yes puts it into the outbox.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from smic_tui.contract.actions import Action, Verb
from smic_tui.i18n import N_, _
from smic_tui.outbox.rights import Rights
from smic_tui.records import CatalogueRequest, Record, Stage, Stream, TicketStatus
from smic_tui.screens.frame import FrameScreen
from smic_tui.text import clean, fold
from smic_tui.views.cells import Cell, Role
from smic_tui.views.outbox import stage_word, status_word
from smic_tui.views.targets import Target, targets
from widgets.prompt import Prompt

ACT = "act/"
TAKE = "take"

# What each key does. Where a source has no downtimes, its silences stand for them.
_VERBS: dict[str, tuple[Verb, ...]] = {
    "comment": (Verb.COMMENT,),
    TAKE: (Verb.ASSIGN,),
    "assign": (Verb.ASSIGN,),
    "status": (Verb.SET_STATUS, Verb.SET_STAGE),
    "resolve": (Verb.RESOLVE,),
    "acknowledge": (Verb.ACKNOWLEDGE,),
    "unacknowledge": (Verb.UNACKNOWLEDGE,),
    "downtime": (Verb.DOWNTIME, Verb.SILENCE),
    "end_downtime": (Verb.END_DOWNTIME, Verb.UNSILENCE),
}
_NEXT: dict[Stage, Stage] = {
    Stage.ASKED: Stage.ANALYSED,
    Stage.ANALYSED: Stage.WORKING_GROUP,
    Stage.WORKING_GROUP: Stage.ORDERED,
    Stage.ORDERED: Stage.INSTALLING,
    Stage.INSTALLING: Stage.DONE,
}


class Wish:
    """What a key would do: to which records, shown where, through which account."""

    def __init__(self, verb: Verb, shown: str, may: Rights, found: list[Target]) -> None:
        self.verb = verb
        self.shown = shown
        self.may = may
        self.records = [record for _stream, record in found]
        self.stream: Stream = found[0][0]


class ActingScreen(FrameScreen):
    """A screen whose lines may be acted upon. `acted_on` is the fact under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "act('comment')", N_("Comment")),
        Binding("m", f"act('{TAKE}')", N_("Take"), show=False),
        Binding("M", "act('assign')", N_("Assign to…"), show=False),
        Binding("t", "act('status')", N_("Change status or stage"), show=False),
        Binding("e", "act('resolve')", N_("Resolve")),
        Binding("A", "act('acknowledge')", N_("Ack. at source")),
        Binding("U", "act('unacknowledge')", N_("Remove the ack. at its source"), show=False),
        Binding("D", "act('downtime')", N_("Downtime"), show=False),
        Binding("E", "act('end_downtime')", N_("End the downtime at its source"), show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._wish: Wish | None = None
        self._offered: tuple[str, ...] = ()

    @property
    def acted_on(self) -> object:
        """The fact under the cursor, or one of its records."""
        raise NotImplementedError

    @property
    def home(self) -> Widget:
        """The widget that has the focus when nobody types."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key is there only where the source can do it and the account may."""
        if action == "act":
            return self._wish_for(str(parameters[0])) is not None
        return super().check_action(action, parameters)

    def update(self) -> None:
        super().update()
        self.follow_offers()

    def follow_offers(self) -> None:
        """Name other keys when other actions are possible than before."""
        offered = tuple(key for key in _VERBS if self._wish_for(key) is not None)
        if offered != self._offered:
            self._offered = offered
            if not self.prompt.is_open and not self.telling:
                self.show_keys()

    def _wish_for(self, key: str) -> Wish | None:
        for verb in _VERBS[key]:
            found = targets(self.acted_on, verb, self.services.situation)
            by_source: dict[str, list[Target]] = {}
            for stream, record in found:
                by_source.setdefault(record.source, []).append((stream, record))
            for shown, those in by_source.items():
                may = self.services.rights(shown)
                if may.may(those[0][0], verb):
                    return Wish(verb, shown, may, those)
        return None

    def action_act(self, key: str) -> None:
        """Ask for what the action needs."""
        wish = self._wish = self._wish_for(key)
        if wish is None:
            return
        label, value, hint = _question(wish, take=key == TAKE)
        if not label:
            self._confirm(self._actions(wish))
            return
        self.prompt.ask(ACT, label, value)
        if hint:
            self.keys.show_left(Cell(hint, Role.MUTED))

    def on_prompt_done(self, event: Prompt.Done) -> None:
        """Understand what was typed, and show what it would do."""
        wish = self._wish
        if event.purpose != ACT or wish is None:
            return
        try:
            actions = self._meant(wish, clean(event.value.strip()))
        except ValueError as error:
            self.keys.show_left(Cell(str(error), Role.WARNING))
            return
        self.leave_prompt(self.home)
        self._confirm(actions)

    def on_prompt_cancelled(self, event: Prompt.Cancelled) -> None:
        """Nothing is done."""
        if event.purpose == ACT:
            self._wish = None
            self.leave_prompt(self.home)

    def _meant(self, wish: Wish, typed: str) -> list[Action]:
        """The actions that the text means; `ValueError` with words for the reader."""
        look = self.services.look
        match wish.verb:
            case Verb.COMMENT if not typed:
                raise ValueError(_("A comment needs words."))
            case Verb.ASSIGN if not typed:
                raise ValueError(_("Name a person."))
            case Verb.ASSIGN:
                return self._actions(wish, value=typed)
            case Verb.SET_STATUS:
                words = {status.value: status_word(status.value) for status in TicketStatus}
                value, text = _choice(typed, words)
                return self._actions(wish, value=value, text=text)
            case Verb.SET_STAGE:
                words = {stage.value: stage_word(stage.value) for stage in Stage}
                value, text = _choice(typed, words)
                return self._actions(wish, value=value, text=text)
            case Verb.DOWNTIME | Verb.SILENCE:
                from smic_tui.duty.until import parse_until

                until = parse_until(typed, datetime.now(UTC), look.zone)
                if until.moment is None:
                    raise ValueError(_("It needs an end: a duration (4h, 2d) or a time (18:00)."))
                return self._actions(wish, until=until.moment, text=until.comment)
        return self._actions(wish, text=typed)

    def _actions(self, wish: Wish, text: str = "", **fields: Any) -> list[Action]:
        import uuid

        by = self.services.personal.person
        return [
            Action(
                id=uuid.uuid4().hex,
                source=wish.may.source,
                stream=wish.stream,
                key=record.key,
                verb=wish.verb,
                text=wish.may.words(wish.verb, text, by),
                by=by,
                at=datetime.now(UTC),
                **fields,
            )
            for record in wish.records
        ]

    def _confirm(self, actions: list[Action]) -> None:
        from smic_tui.screens.confirm import ConfirmScreen

        wish = self._wish
        assert wish is not None
        records: list[Record] = list(wish.records)
        self.app.push_screen(ConfirmScreen(actions, wish.shown, records))


def _question(wish: Wish, *, take: bool) -> tuple[str, str, str]:
    """The label of the prompt, what stands there already, and a hint; no label: no question."""
    match wish.verb:
        case Verb.COMMENT:
            return _("Comment: "), "", ""
        case Verb.ASSIGN:
            return ("", "", "") if take else (_("Assign to: "), "", "")
        case Verb.SET_STATUS:
            words = ", ".join(status_word(status.value) for status in TicketStatus)
            return _("Status, and a comment: "), "", words
        case Verb.SET_STAGE:
            words = ", ".join(stage_word(stage.value) for stage in Stage)
            return _("Stage, and a note: "), _next_stage(wish.records[0]), words
        case Verb.RESOLVE:
            return _("What solved it: "), "", ""
        case Verb.ACKNOWLEDGE:
            return _("Acknowledge at the source; a word: "), "", ""
        case Verb.DOWNTIME | Verb.SILENCE:
            return _("Downtime until (4h, 18:00), and why: "), "2h ", ""
    return "", "", ""


def _next_stage(record: Record) -> str:
    if isinstance(record, CatalogueRequest) and record.stage in _NEXT:
        return stage_word(_NEXT[record.stage].value) + " "
    return ""


def _choice(typed: str, words: dict[str, str]) -> tuple[str, str]:
    """The value whose word the text begins with, and the rest; a beginning of it suffices."""
    folded = fold(typed)
    whole = [value for value, word in words.items() if folded.startswith(fold(word))]
    if whole:
        value = max(whole, key=lambda each: len(words[each]))
        rest = typed[len(words[value]) :]
        if not rest or rest[0] in " ,:;":
            return value, rest.lstrip(" ,:;")
    first, _blank, rest = typed.partition(" ")
    begun = [v for v, word in words.items() if first and fold(word).startswith(fold(first))]
    if len(begun) == 1:
        return begun[0], rest.strip()
    raise ValueError(_("One of: {words}").format(words=", ".join(words.values())))
