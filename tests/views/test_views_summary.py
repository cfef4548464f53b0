"""The words that sum a list up, and those at the corners of every screen."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from smic_tui.contract.status import SourceState
from smic_tui.insight.status_counts import count, count_sources
from smic_tui.model.facts import Situation
from smic_tui.model.states import AlertStatus, BackupState, Level, SiteState
from smic_tui.model.status_counts import RequestCounts, StatusCounts, TicketCounts
from smic_tui.records import Actor, Stream
from smic_tui.views.cells import Cell, Role
from smic_tui.views.counts import freshness
from smic_tui.views.summary import (
    alarm,
    summary_of_alerts,
    summary_of_backups,
    summary_of_requests,
    summary_of_sites,
    summary_of_sources,
    summary_of_tickets,
)
from tests.views.view_examples import (
    LOOK,
    NOW,
    ago,
    alert,
    backup,
    request,
    site,
    source,
    ticket,
    words,
)


def counted(**facts: Any) -> Situation:
    """A situation with its counts, as the assessor hands it out."""
    situation = Situation(now=NOW, **facts)
    return replace(situation, counts=count(situation))


SITUATION = counted(
    sites=(site(), site(state=SiteState.UP)),
    backups=(backup(BackupState.FAILED), backup(BackupState.LATE), backup()),
    tickets=(ticket(overdue=True), ticket(mine=True)),
    requests=(request(record={"waiting_on": Actor.US}),),
    alerts=(alert(), alert(AlertStatus.ACKNOWLEDGED), alert(AlertStatus.CLEARED)),
    sources=(source({"rejected_count": 2}), source(stale=True, level=Level.WARNING)),
)
COUNTS = StatusCounts(
    sites={SiteState.UP: 711, SiteState.DOWN: 1},
    site_levels={SiteState.UP: Level.FINE, SiteState.DOWN: Level.CRITICAL},
    backups={BackupState.FRESH: 2000},
    tickets=TicketCounts(open=40, overdue=3, mine=2),
    requests=RequestCounts(open=9, overdue=0, waiting_on_us=4),
    alerts={AlertStatus.FIRING: 6},
    sources=(),
    attention=True,
)


def test_what_is_as_it_should_be_is_not_counted_apart() -> None:
    assert words(summary_of_sites(SITUATION, LOOK)) == "2 sites ■ 1 down"
    assert words(summary_of_backups(SITUATION, LOOK)) == "3 backups ▲ 1 failed ○ 1 late"
    assert words(summary_of_tickets(SITUATION, LOOK)) == "2 open tickets ▲ 1 overdue ○ 1 mine"
    assert words(summary_of_requests(SITUATION, LOOK)) == "1 request ○ 1 waiting on us"
    assert words(summary_of_alerts(SITUATION, LOOK)) == "1 firing ○ 1 acknowledged · 1 cleared"
    assert words(summary_of_sources(SITUATION, LOOK)) == "2 sources ▲ 1 stale ○ 2 set aside"


def test_a_count_is_as_loud_as_its_rows() -> None:
    states = tuple(backup(state, level=state.level) for state in BackupState)
    quiet = site(level=Level.NOTICE, acknowledged=True)
    both = counted(
        backups=states, sites=(quiet, site(state=SiteState.DEGRADED, level=Level.NOTICE))
    )
    assert words(summary_of_backups(both, LOOK)).startswith(
        "8 backups ▲ 1 failed ▲ 1 overdue ▲ 1 never ran ▲ 1 suspect ○ 1 late ? 1 unknown"
    )
    assert words(summary_of_sites(both, LOOK)) == "2 sites ○ 1 down ○ 1 degraded"


def test_the_signs_are_those_of_the_reader() -> None:
    ascii_look = replace(LOOK, ascii=True)
    assert words(summary_of_sites(SITUATION, ascii_look)) == "2 sites # 1 down"


def test_of_a_partial_situation_all_is_told_or_that_it_is_being_read() -> None:
    begun = replace(SITUATION, is_partial=True, counts=None)
    assert summary_of_sites(begun, LOOK) == [
        Cell("first rows shown, loading the rest…", Role.MUTED)
    ]
    known = replace(begun, counts=COUNTS)
    assert words(summary_of_sites(known, LOOK)) == "712 sites ■ 1 down"
    assert words(summary_of_tickets(known, LOOK)) == "40 open tickets ▲ 3 overdue ○ 2 mine"


def test_that_there_is_none_is_not_said_of_what_was_never_read() -> None:
    never = source({"state": SourceState.NEVER, "last_good": None})
    empty = counted(sources=(never,))
    assert words(summary_of_tickets(empty, LOOK)) == "tickets: nothing read yet"
    # One that tells of no tickets is not waited for.
    other = source({"streams": (Stream.SITES,), "last_good": None})
    assert words(summary_of_tickets(counted(sources=(other,)), LOOK)) == "0 open tickets"
    read = source({"streams": (Stream.TICKETS,)})
    assert words(summary_of_tickets(counted(sources=(read,)), LOOK)) == "0 open tickets"


def test_the_alarm_is_as_loud_as_the_worst_that_fires() -> None:
    quiet = counted(alerts=(alert(AlertStatus.ACKNOWLEDGED),))
    assert alarm(quiet, LOOK) == [Cell("10:30", Role.MUTED)]
    two = counted(alerts=(alert(severity=Level.WARNING), alert()))
    assert alarm(two, LOOK)[0] == Cell("■2 ", Role.CRITICAL)
    assert alarm(replace(two, is_partial=True, counts=None), LOOK)[0].text == "■… "
    assert alarm(replace(two, is_partial=True, counts=COUNTS), LOOK)[0].text == "■6 "


def test_fresh_sources_are_summed_up_where_there_is_no_room() -> None:
    sources = count_sources(
        (
            source({"name": "members"}),
            source({"name": "icinga", "last_good": ago(hours=3)}),
            source({"name": "redmine", "last_good": ago(days=3)}, stale=True, level=Level.WARNING),
        )
    )
    wide = words(freshness(sources, LOOK, 80))
    assert wide == "▲ redmine 3 d members 12 min icinga 3 h"
    narrow = words(freshness(sources, LOOK, 20))
    assert narrow == "▲ redmine 3 d 2 sources fresh, oldest 3 h"
