"""What a rule is true of is the same whether it is followed or looked for anew."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from smic_tui.config.schema import Settings
from smic_tui.duty.alert_selection import Selections
from smic_tui.duty.alert_subjects import subject_of
from smic_tui.insight.assessor import Assessor
from smic_tui.model.user_state import UserState
from smic_tui.query.parser import parse
from smic_tui.query.subjects.all import fields_for
from smic_tui.records import TicketStatus
from tests.insight.insight_examples import NOW, snapshot, ticket

STATUSES = st.sampled_from([TicketStatus.OPEN, TicketStatus.WAITING, TicketStatus.CLOSED])
TICKETS = st.dictionaries(st.sampled_from("abcdef"), STATUSES)


@settings(max_examples=50)
@given(steps=st.lists(TICKETS, min_size=1, max_size=5))
def test_after_any_changes_it_is_what_the_query_selects(
    steps: list[dict[str, TicketStatus]],
) -> None:
    for text in ("status:waiting", "is:open age>1h"):
        query = parse(text, fields_for("tickets"))
        selections, assessor = Selections(), Assessor(Settings())
        for step in steps:
            rows = (ticket(key, status=status) for key, status in step.items())
            known = assessor.assess(snapshot(*rows, empty=["redmine"]), UserState(), NOW)
            found = selections.chosen(query, "tickets", known.tickets, known, NOW)
            selected = query.select(known.tickets, NOW, known.freshness)
            expected = [(fact, subject_of(fact)) for fact in selected]
            assert sorted(found, key=lambda pair: pair[0].key) == sorted(
                expected, key=lambda pair: pair[0].key
            )
