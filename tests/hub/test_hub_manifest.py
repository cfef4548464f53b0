"""The manifest: ways to the latest publication, and what cannot be one."""

from __future__ import annotations

import gzip
import itertools
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.hub import manifest as hub
from smic_tui.hub.manifest import Malformed, Manifest, Segment, cheapest, cost

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def segment(after: int, to: int, size: int = 100) -> Segment:
    return Segment(after, to, size, hub.digest_of(f"{after} {to}".encode()))


def manifest(*segments: Segment, base: int = 1, size: int = 100_000) -> Manifest:
    return Manifest(
        schema=hub.SCHEMA, hub="x", written=NOON, base=segment(0, base, size), segments=segments
    )


_SEGMENTS = st.lists(
    st.builds(
        lambda after, length, size: segment(after, after + length, size),
        st.integers(1, 8),
        st.integers(1, 6),
        st.integers(0, 2000),
    ),
    max_size=7,
)


@given(_SEGMENTS, st.integers(1, 12))
def test_the_way_is_the_cheapest_of_all(segments: list[Segment], start: int) -> None:
    latest = max((one.to for one in segments), default=start)
    ways = [
        way
        for count in range(len(segments) + 1)
        for way in itertools.permutations(segments, count)
        if _leads(way, start, latest)
    ]
    found = cheapest(segments, start, latest)
    if found is None:
        assert not ways
    else:
        assert _leads(found, start, latest)
        assert cost(found) == min(map(cost, ways))


def _leads(way: tuple[Segment, ...], start: int, latest: int) -> bool:
    for one in way:
        if not one.after <= start < one.to:
            return False
        start = one.to
    return start == latest


def test_the_base_is_taken_where_it_is_the_smaller_load() -> None:
    found = manifest(segment(1, 9, 5000), segment(8, 9, 10), base=8, size=2000)
    assert found.latest == 9
    assert found.way(2) is None
    assert found.from_base() == (found.base, segment(8, 9, 10))
    assert found.way(8) == (segment(8, 9, 10),)
    assert found.way(9) == ()
    assert found.way(10) is None
    assert found.way(None) is None


@pytest.mark.parametrize(
    "broken",
    [
        manifest(segment(1, 3), segment(5, 9)),  # none leads from 3 to 5
        manifest(segment(5, 9)),
        manifest(segment(3, 3)),
        manifest(segment(4, 2)),
        manifest(*(segment(1, to) for to in range(2, 3 + hub.MOST_SEGMENTS))),
    ],
)
def test_segments_that_make_no_way_are_refused(broken: Manifest) -> None:
    with pytest.raises(Malformed):
        hub.decode(hub.encode(broken))


def test_what_sources_have_nothing_to_say_about_is_not_written() -> None:
    statuses = (
        SourceStatus(name="a", kind="csv"),
        SourceStatus(name="b", kind="json", state=SourceState.OK, last_good=NOON, rows=3),
    )
    written = hub.encode(msgspec.structs.replace(manifest(), sources=statuses))
    assert hub.decode(written).sources == statuses
    told = msgspec.json.decode(gzip.decompress(written))["sources"]
    assert told[0] == {"name": "a", "kind": "csv"}


def test_another_schema_says_which_program_is_too_old() -> None:
    with pytest.raises(Malformed, match="schema 1, not 2: update the older program"):
        hub.decode(gzip.compress(b'{"schema":1}'))
