"""The counts and their forecast say at each moment what assessing anew would say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from smic_tui.config.schema import Person, Settings
from smic_tui.insight import forecast as forecasting
from smic_tui.insight.assess import assess
from smic_tui.insight.forecast import LONGEST, TICK, forecast_of
from smic_tui.insight.status_counts import count
from smic_tui.model.alert_store import AlertEntry
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.states import BackupState
from smic_tui.model.status_counts import counts_at
from smic_tui.model.user_state import Acknowledgement, UserState
from smic_tui.records import Record, RunResult, Stage, TicketStatus
from tests.insight.insight_examples import NOW, ago, job, request, run, site, snapshot, ticket

SETTINGS = Settings(me=Person(names=("moi",)))
PLANS: tuple[dict[str, Any], ...] = (
    {"period": 3600},
    {"period": 86400, "holidays": True},
    {"calendar": "30 22 * * *"},
    {},
)

minutes = st.integers(-3000, 3000)
moments = minutes.map(lambda m: NOW + timedelta(minutes=m))


@st.composite
def backups(draw: st.DrawFn, number: int) -> list[Record]:
    key = f"j{number}"
    plan = draw(st.sampled_from(PLANS))
    grace = draw(st.sampled_from((0, 600, 7200)))
    # Of some jobs only their runs tell.
    found: list[Record] = [job(key, grace=grace, **plan)] if draw(st.integers(0, 4)) else []
    sizes = st.sampled_from((None, None, 0, 10, 1000))
    results = st.sampled_from(RunResult)
    starts = st.integers(-90, 90) | st.integers(-120, 3000) | st.integers(42000, 43300)
    for back, result, size in draw(st.lists(st.tuples(starts, results, sizes), max_size=5)):
        found.append(run(ago(minutes=back), result, job=key, size=size))
    return found


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Snapshot, UserState]:
    records: list[Record] = [site("17300", "La Rochelle")]
    for number in range(draw(st.integers(0, 4))):
        records += draw(backups(number))
    for number, due in enumerate(draw(st.lists(moments, max_size=3))):
        status = draw(st.sampled_from(TicketStatus))
        records.append(ticket(str(number), due=due, owner="moi", status=status))
    for number, due in enumerate(draw(st.lists(moments, max_size=3))):
        records.append(request(str(number), due=due, stage=draw(st.sampled_from(Stage))))
    alerts, acks = {}, {}
    for number, until in enumerate(draw(st.lists(moments, max_size=3))):
        key = f"down/{number}"
        alerts[key] = AlertEntry(
            fingerprint=key,
            rule="down",
            subject="sites",
            source="members",
            key=str(number),
            since=ago(hours=1),
            fired=draw(st.sampled_from((None, ago(hours=1)))),
        )
        acks[key] = Acknowledgement(fingerprint=key, by="moi", at=ago(minutes=5), until=until)
    found = snapshot(*records, alerts=alerts)
    sources = tuple(
        replace(
            one,
            status=replace(
                one.status,
                stale_after=draw(st.sampled_from((*(864000.0,) * 6, 3600.0, 5.0))),
                last_good=draw(st.sampled_from((*(one.status.last_good,) * 9, None))),
            ),
        )
        for one in found.sources
    )
    return replace(found, sources=sources), UserState(acknowledgements=acks)


def interesting(picture: Snapshot, user: UserState) -> Sequence[datetime]:
    """The moments around each that anything in the picture could turn at."""
    first = assess(picture, user, SETTINGS, NOW)
    found = [first.now + LONGEST]
    for backup in first.backups:
        grace = timedelta(seconds=backup.job.grace)
        starts = [one.started for one in backup.runs]
        for start in (*starts, *([backup.due] if backup.due else [])):
            found += [start, start + grace, start - timedelta(hours=1)]
            found += [start + timedelta(days=1) + grace, start + timedelta(hours=1) + grace]
            found += [start + timedelta(days=30)]
    found += [one.ticket.due for one in first.tickets if one.ticket.due]
    found += [one.request.due for one in first.requests if one.request.due]
    found += [one.until for one in user.acknowledgements.values() if one.until]
    found += [end for one in first.sources if (end := one.status.stale_from())]
    return [moment + tick for moment in found for tick in (-TICK, timedelta(), TICK)]


def anew(picture: Snapshot, user: UserState, now: datetime) -> Situation:
    """A whole pass, whatever was assessed before."""
    return assess(picture, user, SETTINGS, now)


@given(pictures(), st.lists(st.integers(0, 1440), max_size=5))
@settings(max_examples=150, deadline=None)
def test_the_forecast_is_what_comes(picture: tuple[Snapshot, UserState], later: list[int]) -> None:
    first = anew(*picture, NOW)
    counts, forecast = count(first), forecast_of(first, SETTINGS)
    asked = [*interesting(*picture), *(NOW + timedelta(minutes=minute) for minute in later)]
    for now in asked:
        if NOW <= now < forecast.until:
            assert counts_at(counts, forecast, now) == count(anew(*picture, now)), now


def test_nothing_is_told_beyond_a_day() -> None:
    first = anew(snapshot(site("1", "Ars")), UserState(), NOW)
    quiet = replace(
        first.sources[0], status=replace(first.sources[0].status, stale_after=10 * 86400.0)
    )
    assert forecast_of(replace(first, sources=(quiet,)), SETTINGS).until == NOW + LONGEST


def test_a_source_that_becomes_stale_ends_the_forecast() -> None:
    first = anew(snapshot(site("1", "Ars")), UserState(), NOW)
    end = first.sources[0].status.stale_from()
    assert end is not None
    assert forecast_of(first, SETTINGS).until == end + TICK
    assert not anew(snapshot(site("1", "Ars")), UserState(), end).sources[0].stale
    assert anew(snapshot(site("1", "Ars")), UserState(), end + TICK).sources[0].stale


def test_a_forecast_is_no_longer_than_a_small_file() -> None:
    records = [ticket(str(number), due=NOW + timedelta(seconds=number)) for number in range(60)]
    first = anew(snapshot(*records), UserState(), NOW)
    with patch.object(forecasting, "MOST", 50):
        forecast = forecast_of(first, SETTINGS)
    assert forecast.until == NOW + timedelta(seconds=50) + TICK
    assert len(forecast.tickets) == 50
    assert counts_at(count(first), forecast, forecast.until - TICK).tickets.overdue == 50


def test_what_turns_bad_needs_attention() -> None:
    picture = snapshot(job("a", period=3600, grace=600), run(ago(minutes=30), job="a"))
    picture = replace(
        picture,
        sources=tuple(
            replace(one, status=replace(one.status, stale_after=86400.0)) for one in picture.sources
        ),
    )
    first = anew(picture, UserState(), NOW)
    counts, forecast = count(first), forecast_of(first, SETTINGS)
    assert [turn[2] for turn in forecast.backups] == [BackupState.LATE, BackupState.OVERDUE]
    late = counts_at(counts, forecast, NOW + timedelta(minutes=30))
    assert (late.backups, late.attention) == ({BackupState.LATE: 1}, False)
    overdue = counts_at(counts, forecast, NOW + timedelta(minutes=40))
    assert (overdue.backups, overdue.attention) == ({BackupState.OVERDUE: 1}, True)
