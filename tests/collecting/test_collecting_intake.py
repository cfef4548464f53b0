"""Nothing gets past the boundary that is not clean, typed, dated and stamped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from types import GenericAlias
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smic_tui.collecting.intake import admit, clean_key
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.records import (
    RECORD_TYPES,
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Contact,
    Health,
    HealthState,
    Record,
    RunResult,
    Site,
    Stage,
    Stream,
    Ticket,
    TicketStatus,
)
from smic_tui.text import clean
from tests.collecting.collecting_doubles import run_of, site, ticket

# Nobody checks the types of a third party's adapter.
site_of: Any = site
run_with: Any = run_of

STREAM_OF = {kind: stream for stream, kind in RECORD_TYPES.items()}


def admit_one(record: Any, stream: Stream | None = None) -> Record:
    admitted = admit("desk", stream or STREAM_OF[type(record)], Batch(upserts=(record,)))
    assert admitted.rejected == ()
    (row,) = admitted.upserts.values()
    return row


def refuse_one(record: Any, stream: Stream | None = None) -> str:
    admitted = admit("desk", stream or STREAM_OF[type(record)], Batch(upserts=(record,)))
    assert admitted.upserts == {}
    (rejected,) = admitted.rejected
    assert rejected.reason
    assert rejected.where
    for text in (rejected.reason, rejected.where, rejected.sample):
        assert clean(text) == text
    return rejected.reason


def test_a_good_record_gets_in_stamped() -> None:
    assert admit_one(ticket("1")) == msgspec.structs.replace(ticket("1"), source="desk")


def test_a_source_that_an_adapter_claims_does_not_count() -> None:
    assert admit_one(site("1", source="somebody else")).source == "desk"


def test_every_text_is_cleaned_however_deep() -> None:
    evil = "a\x1b[31m\u202eb\ud800\x9b"
    row = admit_one(
        Site(
            key="1",
            code=evil,
            name=evil,
            contacts=(Contact(name=evil, email=evil), Contact(phone=evil)),
            equipment=(evil,),
            applications=(evil, "état civil"),
        )
    )
    assert isinstance(row, Site)
    expected = clean(evil)
    assert "\x1b" not in expected
    assert row.name == row.code == row.contacts[0].email == row.contacts[1].phone == expected
    assert row.equipment == (expected,)
    assert row.applications == (expected, "état civil")


def test_keys_that_are_cleaned_stay_different_and_references_follow() -> None:
    keys = ["a\x1b", "a\x9b", "a\x00", "a"]
    jobs = tuple(BackupJob(key=key, site="1", application="x") for key in keys)
    admitted = admit("desk", Stream.BACKUP_JOBS, Batch(upserts=jobs, deletes=("a\x07",)))
    assert len(admitted.upserts) == 4
    runs = tuple(run_of(f"r{key}", 1, job=key) for key in keys)
    rows = admit("desk", Stream.BACKUP_RUNS, Batch(upserts=runs)).upserts.values()
    assert {row.job for row in rows if isinstance(row, BackupRun)} == admitted.upserts.keys()
    assert admitted.deletes == {clean_key("a\x07")}
    assert all(key.isprintable() for key in admitted.upserts)


def test_times_become_utc() -> None:
    paris = timezone(timedelta(hours=2))
    row = admit_one(ticket("1", updated=datetime(2026, 7, 1, 12, 0, tzinfo=paris)))
    assert isinstance(row, Ticket)
    assert row.updated == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    assert row.updated.tzinfo is UTC


class Nowhere(tzinfo):
    def utcoffset(self, _when: datetime | None) -> None:
        return None

    dst = tzname = utcoffset


@pytest.mark.parametrize(
    "when",
    [
        datetime(2026, 11, 24, 7, 30),
        datetime(2026, 11, 24, 7, 30, tzinfo=Nowhere()),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))),
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_times_that_mean_nothing_are_refused(when: datetime) -> None:
    assert "due" in refuse_one(ticket("1", due=when))


@pytest.mark.parametrize(
    ("record", "stream"),
    [
        (ticket("1"), Stream.SITES),
        ("a string", Stream.SITES),
        (None, Stream.SITES),
        ({"key": "1"}, Stream.SITES),
        (Contact(name="x"), Stream.SITES),
    ],
)
def test_another_type_is_refused(record: Any, stream: Stream) -> None:
    assert "expected Site" in refuse_one(record, stream)


class Odd:
    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __repr__


@pytest.mark.parametrize(
    "record",
    [
        site(""),
        site_of("1", name=None),
        site_of("1", name=3),
        site_of("1", name=b"bytes"),
        site_of("1", name=Odd()),
        site("1", population="many"),
        site("1", population=-1),
        site("1", population=2**70),
        site("1", latitude=91.0),
        site("1", latitude=float("nan")),
        site("1", longitude=float("-inf")),
        site("1", longitude=181),
        site("1", contacts=("not a contact",)),
        site("1", contacts=Contact(name="alone")),
        site("1", equipment=(["nested"],)),
        site_of(Odd()),
        site_of(None),
        site_of(3),
        ticket("1", status="no such status"),
        ticket("1", priority=0),
        ticket("1", priority=6),
        ticket("1", priority="urgent"),
        ticket("1", created=None),
        ticket("1", created="2026-11-24 7h30"),
        ticket("1", waiting_on="Godot"),
        run_of("1", 0, size=-1),
        run_with("1", 0, result="exploded"),
        BackupJob(key="1", site="1", application="x", period=0),
        BackupJob(key="1", site="1", application="x", grace=-1),
        BackupJob(key="1", site="1", application="x", closed=(7,)),
    ],
    ids=lambda record: type(record).__name__,
)
def test_absurd_values_are_refused(record: Any) -> None:
    refuse_one(record)


def test_a_bad_record_does_not_touch_the_others() -> None:
    batch = Batch(
        upserts=(site("1"), site("2", latitude=1000.0), site("3"), site("")),
        rejected=(Rejected(where="line 7\x1b", reason="no\ndate", sample="x" * 10_000),),
    )
    admitted = admit("desk", Stream.SITES, batch)
    assert admitted.upserts.keys() == {"1", "3"}
    assert admitted.refused == {"2"}
    assert len(admitted.rejected) == 3
    own = admitted.rejected[0]
    assert own.where.startswith("line 7")
    assert "\x1b" not in own.where
    assert "\n" not in own.reason
    assert len(own.sample) <= 160


def test_a_key_that_also_came_in_a_good_record_is_not_refused() -> None:
    admitted = admit("desk", Stream.SITES, Batch(upserts=(site("1", latitude=999.0), site("1"))))
    assert admitted.upserts.keys() == {"1"}
    assert admitted.refused == set()


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://desk.example/1", True),
        ("HTTP://desk.example/1", True),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("--help", False),
        ("", False),
    ],
)
def test_only_addresses_of_the_web_are_kept(url: str, kept: bool) -> None:
    row = admit_one(ticket("1", url=url))
    assert isinstance(row, Ticket)
    assert bool(row.url) is kept


TEXT = st.text(
    st.characters() | st.sampled_from("\x1b\x9b\x00\ud800\udc00\u202e\u200b"), max_size=30
)
TIMES = st.datetimes(timezones=st.timezones()) | st.datetimes()
RECORDS = st.one_of(
    st.builds(Site, key=TEXT, code=TEXT, name=TEXT, population=st.none() | st.integers()),
    st.builds(
        Health,
        key=TEXT,
        site=TEXT,
        host=TEXT,
        output=TEXT,
        state=st.sampled_from(HealthState),
        since=st.none() | TIMES,
        checked=st.none() | TIMES,
    ),
    st.builds(
        BackupJob,
        key=TEXT,
        site=TEXT,
        application=TEXT,
        period=st.none() | st.integers(),
        grace=st.integers(),
        closed=st.lists(st.integers()).map(tuple),
    ),
    st.builds(
        BackupRun,
        key=TEXT,
        job=TEXT,
        started=TIMES,
        ended=st.none() | TIMES,
        result=st.sampled_from(RunResult),
        size=st.none() | st.integers(),
    ),
    st.builds(
        Ticket,
        key=TEXT,
        subject=TEXT,
        status=st.sampled_from(TicketStatus) | TEXT,
        created=TIMES,
        updated=TIMES,
        priority=st.integers(),
    ),
    st.builds(
        CatalogueRequest,
        key=TEXT,
        subject=TEXT,
        stage=st.sampled_from(Stage),
        created=TIMES,
        updated=TIMES,
    ),
)


@given(st.lists(RECORDS, max_size=4), st.sampled_from(Stream))
@settings(max_examples=300, deadline=None)
def test_whatever_comes_what_gets_in_is_clean_and_nothing_is_lost(
    records: list[Record], stream: Stream
) -> None:
    admitted = admit("desk", stream, Batch(upserts=tuple(records)))
    good = {clean_key(record.key) for record in records} - {clean_key("")}
    assert admitted.upserts.keys() <= good
    assert len(good - admitted.upserts.keys()) <= len(admitted.rejected) <= len(records)
    encoded = msgspec.json.encode(admitted.upserts)
    rows_type = GenericAlias(dict, (str, RECORD_TYPES[stream]))
    assert msgspec.json.decode(encoded, type=rows_type) == admitted.upserts
    for row in admitted.upserts.values():
        assert row.source == "desk"
        for value in msgspec.structs.asdict(row).values():
            if isinstance(value, str):
                assert "\x1b" not in value
                assert "\ud800" not in value
            if isinstance(value, datetime):
                assert value.tzinfo is UTC
