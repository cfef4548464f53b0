"""The alerts: acknowledge them, take it back."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType

from smic_tui.duty.until import parse_until
from smic_tui.i18n import N_, _
from smic_tui.model.facts import AlertFact
from smic_tui.model.states import AlertStatus
from smic_tui.screens.listing import ListScreen
from smic_tui.views.cells import Cell, Role
from widgets.prompt import Prompt

ACKNOWLEDGE = "acknowledge"

F = TypeVar("F")


class AlertsScreen(ListScreen[F]):
    """The list of alerts, or one in which there may be alerts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "acknowledge", N_("Acknowledge")),
        Binding("u", "unacknowledge", N_("Remove acknowledgement"), show=False),
    ]

    def source_of(self, fact: F | None) -> str:
        if not isinstance(fact, AlertFact):
            return super().source_of(fact)
        known = {source.key for source in self.services.situation.sources}
        return next((part for part in fact.fingerprint.split("/") if part in known), "")

    def action_acknowledge(self) -> None:
        """Ask until when, and for a comment."""
        if isinstance(self.fact, AlertFact) and self.fact.status is not AlertStatus.CLEARED:
            self.prompt.ask(ACKNOWLEDGE, _("Acknowledge until (4h, 18:00, change): "), "4h ")

    def action_unacknowledge(self) -> None:
        """Remove acknowledgement."""
        fact = self.fact
        if isinstance(fact, AlertFact) and fact.status is AlertStatus.ACKNOWLEDGED:
            self.services.personal.unacknowledge(fact.fingerprint)

    def on_prompt_done(self, event: Prompt.Done) -> None:
        if event.purpose != ACKNOWLEDGE:
            return
        try:
            until = parse_until(event.value, self.services.look.now, self.services.look.zone)
        except ValueError as error:
            self.keys.show_left(Cell(str(error), Role.WARNING))
            return
        fact = self.fact
        if isinstance(fact, AlertFact):
            self.services.personal.acknowledge(
                fact, until=until.moment, until_change=until.change, comment=until.comment
            )
            self.table.let_go()
        self.close_prompt()
