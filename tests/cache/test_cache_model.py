"""Whatever is committed, the cache equals a dictionary."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from smic_tui.cache.cache import Cache
from smic_tui.cache.layout import Cursor
from smic_tui.cache.lock import Outcome
from smic_tui.collecting.intake import admit
from smic_tui.contract.batch import Batch
from smic_tui.contract.status import SourceStatus
from smic_tui.records import Contact, Record, Site, Stream
from smic_tui.text import clean
from tests.cache.cache_examples import NOW, status, ticket

KEYS = st.sampled_from(["1", "2", "é", "a/b", "_meta", "", "default", "10"])
# Everything that UTF-8 can hold; the intake lets nothing else through.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(clean)
# And everything that Python can hold, for the way through the intake.
HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x9b\x00\x07\r\n\u202e\u2066\u200b\u0301\ud800\udfff[]@"),
    ),
    max_size=40,
)

tickets = st.builds(lambda key, subject: ticket(key, subject), KEYS, TEXTS)
sites = st.builds(
    lambda key, name, contact, equipment: Site(
        key=key,
        source="desk",
        code=key,
        name=name,
        contacts=(Contact(name=contact),),
        equipment=tuple(equipment),
    ),
    KEYS,
    TEXTS,
    TEXTS,
    st.lists(TEXTS, max_size=2),
)


class CacheIsADictionary(RuleBasedStateMachine):
    """Commits by one program, seen by it, by a reader, and after a restart."""

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)
        self.model: dict[Stream, dict[str, Record]] = {}
        self.cursors: dict[Stream, Cursor] = {}
        self.status = SourceStatus(name="desk", kind="")
        self.reader = Cache(self.folder)

    @initialize()
    def start(self) -> None:
        self.writer = Cache(self.folder)
        assert self.writer.lock.try_acquire() is Outcome.HELD
        self.writer.open(["desk"])

    @rule(
        new_tickets=st.lists(tickets, max_size=4),
        new_sites=st.lists(sites, max_size=4),
        gone_tickets=st.sets(KEYS, max_size=3),
        gone_sites=st.sets(KEYS, max_size=3),
        cursor=st.none() | TEXTS,
        error=TEXTS,
    )
    def commit(
        self,
        new_tickets: list[Record],
        new_sites: list[Record],
        gone_tickets: set[str],
        gone_sites: set[str],
        cursor: str | None,
        error: str,
    ) -> None:
        upserts = {
            Stream.TICKETS: {row.key: row for row in new_tickets},
            Stream.SITES: {row.key: row for row in new_sites},
        }
        deletes = {Stream.TICKETS: gone_tickets, Stream.SITES: gone_sites}
        cursors = {Stream.TICKETS: Cursor(value=cursor, full_at=NOW)}
        self.status = status("desk", error=error)
        assert self.writer.source("desk").commit(upserts, deletes, cursors, self.status)
        for stream, keys in deletes.items():
            for key in keys:
                self.model.get(stream, {}).pop(key, None)
        for stream, rows in upserts.items():
            self.model.setdefault(stream, {}).update(rows)
        self.cursors.update(cursors)

    @rule()
    def restart(self) -> None:
        self.writer.close()
        self.start()

    @invariant()
    def agrees(self) -> None:
        rows = {stream: of_stream for stream, of_stream in self.model.items() if of_stream}
        expected = msgspec.structs.replace(self.status, rows=sum(map(len, rows.values())))
        for cache in (self.writer, self.reader, Cache(self.folder)):
            file = cache.source("desk")
            contents = file.load()
            assert {stream: dict(of) for stream, of in contents.rows.items() if of} == rows
            assert contents.status == expected
            assert file.cursors == self.cursors

    def teardown(self) -> None:
        self.writer.close()
        self.temporary.cleanup()


CacheIsADictionary.TestCase.settings = settings(
    max_examples=40, stateful_step_count=12, deadline=None
)
TestCacheIsADictionary = CacheIsADictionary.TestCase


@given(st.lists(st.tuples(HOSTILE, HOSTILE), max_size=5, unique_by=lambda pair: pair[0]))
@settings(max_examples=150, deadline=None)
def test_hostile_text_survives_the_round_trip_once_cleaned(rows: list[tuple[str, str]]) -> None:
    batch = Batch(
        upserts=tuple(
            Site(
                key=key,
                code=text,
                name=text,
                contacts=(Contact(name=text, phone=text),),
                equipment=(text, key),
            )
            for key, text in rows
        )
    )
    admitted = admit("desk", Stream.SITES, batch)
    # Only an empty key is no key; no two rows become one.
    assert len(admitted.upserts) == sum(1 for key, _text in rows if key)
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder))
        cache.lock.try_acquire()
        cache.open(["desk"])
        assert cache.source("desk").commit(
            {Stream.SITES: admitted.upserts}, {}, {}, SourceStatus(name="desk", kind="csv")
        )
        cache.close()
        found = Cache(Path(folder)).source("desk").load().of(Stream.SITES)
        assert found == admitted.upserts
        text = Cache(Path(folder)).source("desk").path.read_text(encoding="utf-8")
        assert not any(char in text for char in "\x1b\x9b\x00\x07\r\n\u202e\u2066\u200b")
